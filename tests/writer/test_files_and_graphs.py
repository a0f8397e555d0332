"""The client's calls for files and Knowledge Graphs, over HTTP and against the project's own sandbox."""

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn

from services.errors import AnswerLostError, FileError, KeyRefusedError, RequestRefusedError, UnknownToWriterError
from services.models import Graph, WriterFile, WriterFilePage, WriterFileState
from services.sandbox import SandboxOptions, create_app
from services.writer import transport as transport_module
from services.writer.client import Writer
from services.writer.disposition import attachment
from tests.support.fault_server import Fault, Reply, reply
from tests.support.threaded import ThreadedServer
from tests.writer.talking import KEY, pieces, talking_to
from tests.writer.test_client import CALLS

FILE = {
    "id": "f1",
    "name": "tea.txt",
    "created_at": "2026-05-01T10:00:00Z",
    "graph_ids": ["g1", "g2"],
    "status": "completed",
}
TEN = datetime(2026, 5, 1, 10, tzinfo=UTC)


@contextmanager
def serving(path: Path, **options: float) -> Iterator[str]:
    """Serve a sandbox over HTTP from a thread; gives its address."""
    app = create_app(path, SandboxOptions(**{"file_seconds": 0, "job_seconds": (0, 0), **options}))  # type: ignore[arg-type]
    with ThreadedServer(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none")) as server:
        yield server.url


# What leaves


async def test_an_upload_streams_its_content_under_its_name() -> None:
    content = pieces(b"green ", b"", b"tea")
    async with talking_to(reply(200, FILE)) as (writer, server):
        file = await writer.upload_file("Grüner Tee.txt", "text/plain", 9, content, graph_id="g/1")
    (request,) = server.received
    assert (request.method, request.target, request.body) == ("POST", "/v1/files?graphId=g%2F1", b"green tea")
    sent = {name: request.headers.get(name) for name in ("content-type", "content-length", "transfer-encoding")}
    assert sent == {"content-type": "text/plain", "content-length": "9", "transfer-encoding": None}
    assert request.headers["content-disposition"] == (
        "attachment; filename=\"Gruner Tee.txt\"; filename*=UTF-8''Gr%C3%BCner%20Tee.txt"
    )
    assert file == WriterFile("f1", "tea.txt", WriterFileState.COMPLETED, TEN, ("g1", "g2"))


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("blue mug.png", 'attachment; filename="blue mug.png"'),
        ("café.png", "attachment; filename=\"cafe.png\"; filename*=UTF-8''caf%C3%A9.png"),
        ("写真.jpg", "attachment; filename=\"__.jpg\"; filename*=UTF-8''%E5%86%99%E7%9C%9F.jpg"),
        ('7" tablet.jpg', "attachment; filename=\"7_ tablet.jpg\"; filename*=UTF-8''7%22%20tablet.jpg"),
        ("a\r\nX-Evil: 1\0.txt", 'attachment; filename="a__X-Evil: 1_.txt"'),
        ("half\ud83d.png", "attachment; filename=\"half_.png\"; filename*=UTF-8''half%EF%BF%BD.png"),
    ],
)
def test_a_name_is_written_for_every_reader(name: str, header: str) -> None:
    assert attachment(name) == header


async def test_files_are_asked_for_by_state_graph_and_cursor() -> None:
    async with talking_to(reply(200, {"data": [], "has_more": False})) as (writer, server):
        await writer.files(WriterFileState.FAILED, "g1", "f9")
    assert server.received[0].target == "/v1/files?status=failed&graph_id=g1&after=f9&limit=100"


async def test_bodies_have_the_documented_fields() -> None:
    answer = {"id": "x", "graph_ids": []}
    async with talking_to(reply(200, answer)) as (writer, server):
        await writer.retry_files(("f1", "f2"))
        await writer.create_graph("Brand book", "How we sound")
        await writer.add_to_graph("g1", "f1")
        await writer.set_agent_graphs("a1", ("g1", "g2"))
    assert [json.loads(request.body) for request in server.received] == [
        {"file_ids": ["f1", "f2"]},
        {"name": "Brand book", "description": "How we sound"},
        {"file_id": "f1"},
        {"graph_ids": ["g1", "g2"]},
    ]


# What comes back


async def test_a_file_without_anything_optional_is_in_progress() -> None:
    async with talking_to(reply(200, {"id": "f1", "status": "queued"})) as (writer, _):
        assert await writer.file("f1") == WriterFile("f1", "f1", WriterFileState.IN_PROGRESS)


async def test_a_page_of_files_leaves_out_what_cannot_be_read(caplog: pytest.LogCaptureFixture) -> None:
    body = {"data": [{"name": "no id"}, None, FILE], "has_more": True, "last_id": "f1"}
    async with talking_to(reply(200, body)) as (writer, _):
        page = await writer.files()
    assert page == WriterFilePage((WriterFile("f1", "tea.txt", WriterFileState.COMPLETED, TEN, ("g1", "g2")),), "f1")
    assert [message.partition(".")[0] for message in caplog.messages if "left out" in message] == [
        "A file is left out of the list",
        "A file is left out of the list",
    ]


async def test_all_pages_of_graphs_are_followed() -> None:
    status = {"in_progress": 1, "completed": 2, "failed": 3, "total": 6}
    whole = {"id": "g1", "name": "One", "description": "First", "type": "web", "file_status": status}
    first = {"data": [{**whole, "created_at": "2026-05-01T10:00:00Z"}], "has_more": True, "last_id": "g1"}
    last = {"data": [{"id": "g2", "file_status": None}], "has_more": False}
    asked: list[int] = []
    async with talking_to(reply(200, first), reply(200, last)) as (writer, server):

        async def before_request() -> None:
            asked.append(len(server.received))

        assert await writer.graphs(before_request) == [
            Graph("g1", "One", "First", "web", TEN, 1, 2, 3, 6),
            Graph("g2", "g2", "", "", None, 0, 0, 0, 0),
        ]
    assert asked == [0, 1]
    assert [request.target for request in server.received] == [
        "/v1/graphs?limit=100",
        "/v1/graphs?limit=100&after=g1",
    ]


@pytest.mark.parametrize("answer", [b"", b'{"deleted": true}', b"{}"])
async def test_a_deletion_without_content_counts(answer: bytes) -> None:
    async with talking_to(reply(200 if answer else 204, answer)) as (writer, _):
        await writer.delete_file("f1")


async def test_what_writer_says_it_did_not_do_is_a_refusal() -> None:
    async with talking_to(reply(200, {"deleted": False, "success": False})) as (writer, _):
        for call in (writer.delete_file("f1"), writer.remove_from_graph("g1", "f1"), writer.retry_files(["f1"])):
            with pytest.raises(RequestRefusedError, match="is false"):
                await call


@pytest.mark.parametrize("answer", [{"graph_ids": None}, {}, []])
async def test_an_answer_without_a_list_of_graphs_is_lost(answer: object) -> None:
    async with talking_to(reply(200, answer)) as (writer, _):
        with pytest.raises(AnswerLostError, match="can't be read"):
            await writer.agent_graphs("a1")


@pytest.mark.parametrize(
    ("call", "subject"),
    [
        ("upload_file", "this Knowledge Graph"),
        ("file", "this file"),
        ("files", "this Knowledge Graph"),
        ("delete_file", "this file"),
        ("retry_files", "one of these files"),
        ("graph", "this Knowledge Graph"),
        ("add_to_graph", "this file or this Knowledge Graph"),
        ("remove_from_graph", "this file in this Knowledge Graph"),
        ("agent_graphs", "this agent"),
        ("set_agent_graphs", "this agent or one of these Knowledge Graphs"),
    ],
)
async def test_a_404_names_what_writer_does_not_know(call: str, subject: str) -> None:
    async with talking_to(reply(404)) as (writer, _):
        with pytest.raises(UnknownToWriterError) as caught:
            await CALLS[call](writer)
    assert str(caught.value) == f"Writer doesn't know {subject} (any more)."


# Uploads that fail


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (reply(413), RequestRefusedError, "Writer refused the request because it's too large."),
        (
            reply(413, {"errors": [{"description": "At most 20 MB"}]}),
            RequestRefusedError,
            "Writer refused the request: At most 20 MB",
        ),
        (
            reply(400, {"errors": [{"description": "Unsupported type"}]}),
            RequestRefusedError,
            "Writer refused the request: Unsupported type",
        ),
        (reply(403), KeyRefusedError, "Writer refuses the API key"),
        (reply(200, b"<html>Signed out</html>"), AnswerLostError, "it isn't valid JSON"),
        (reply(200, {"name": "tea.txt"}), AnswerLostError, "a file has no id"),
        (reply(502), AnswerLostError, "HTTP status 502"),
        (Fault.RESET_UNREAD, AnswerLostError, "answer was lost"),
        (Fault.RESET_READ, AnswerLostError, "answer was lost"),
        (b"", AnswerLostError, "answer was lost"),
    ],
)
async def test_an_upload_that_fails_says_what_to_do_and_is_not_repeated(
    answer: Reply, error: type[Exception], words: str
) -> None:
    content = b"x" * 300_000
    async with talking_to(answer) as (writer, server):
        with pytest.raises(error, match=words) as caught:
            await writer.upload_file("tea.txt", "text/plain", len(content), pieces(content[:99], content[99:]))
    assert (type(caught.value), server.connections) == (error, 1)


async def test_a_large_upload_has_a_later_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "DEADLINE_S", 0.1)

    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(4):
            await asyncio.sleep(0.1)
            yield b"x" * 500_000

    async with talking_to(reply(200, FILE)) as (writer, _):
        assert (await writer.upload_file("a.txt", "text/plain", 2_000_000, slowly())).id == "f1"


async def test_silence_after_an_upload_meets_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "DEADLINE_S", 0.2)
    async with talking_to(Fault.SILENCE) as (writer, server):
        with pytest.raises(AnswerLostError, match="TimeoutError"):
            await asyncio.wait_for(writer.upload_file("a.txt", "text/plain", 3, pieces(b"tea")), 5)
    assert len(server.received) == 1


async def test_an_error_while_reading_the_file_goes_through() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise PermissionError("no longer readable")

    async with talking_to(reply(200, FILE)) as (writer, server):
        with pytest.raises(PermissionError):
            await writer.upload_file("a.txt", "text/plain", 9, broken())
    assert server.received == []


@pytest.mark.parametrize("content", [(), (b"12", b""), (b"1234",), (b"123", b"4"), (b"12", b"", b"3", b"4")])
async def test_a_file_that_changed_is_never_sent_as_if_it_were_whole(content: tuple[bytes, ...]) -> None:
    async with talking_to(reply(200, FILE)) as (writer, server):
        with pytest.raises(FileError, match=r"“a\.txt” changed while it was being uploaded"):
            await writer.upload_file("a.txt", "text/plain", 3, pieces(*content))
    assert server.received == []


# The project's own sandbox


async def test_a_large_upload_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    """100 MB through one process that holds both the client and the sandbox."""
    piece, number = b"x" * 262_144, 400

    async def content() -> AsyncIterator[bytes]:
        for _ in range(number):
            yield piece

    with serving(tmp_path / "sandbox.db") as address:
        writer = Writer(address, KEY)
        tracemalloc.start()
        file = await writer.upload_file("film.mp4", "video/mp4", len(piece) * number, content())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        await writer.aclose()
    assert (file.name, peak < 8_000_000) == ("film.mp4", True), peak


async def test_a_refused_upload_is_read_to_its_end_so_that_its_sender_learns_why(tmp_path: Path) -> None:
    async def content() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 50_000

    with serving(tmp_path / "sandbox.db") as address:
        writer = Writer(address, KEY)
        with pytest.raises(RequestRefusedError, match='Files of the type "exe" aren\'t supported'):
            await writer.upload_file("a.exe", "application/x-msdownload", 10_000_000, content())
        with pytest.raises(UnknownToWriterError, match="this Knowledge Graph"):
            await writer.upload_file("a.pdf", "application/pdf", 10_000_000, content(), graph_id="nope")
        await writer.aclose()


async def test_files_and_graphs_of_the_sandbox_from_upload_to_deletion(tmp_path: Path) -> None:
    """The two share no code, so each of them checks the other's reading of Writer's documents."""
    now = [TEN.timestamp()]
    app = create_app(tmp_path / "sandbox.db", SandboxOptions(page_cap=2, fail_rate=0), lambda: now[0])
    writer = Writer("http://sandbox", KEY, httpx.ASGITransport(app))
    agents = {agent.name: agent.id for agent in await writer.agents()}

    graphs = [await writer.create_graph(f"Graph {n}", "Words") for n in range(3)]
    assert graphs[0] == Graph(graphs[0].id, "Graph 0", "Words", "", TEN, 0, 0, 0, 0)
    name = "Grüße „7“ 写真.png"
    uploaded = await writer.upload_file(name, "image/png", 3, pieces(b"tea"), graphs[0].id)
    assert uploaded == WriterFile(uploaded.id, name, WriterFileState.IN_PROGRESS, TEN)
    flaky = await writer.upload_file("flaky.png", "image/png", 3, pieces(b"tea"))
    assert (await writer.add_to_graph(graphs[0].id, flaky.id)).graph_ids == (graphs[0].id,)
    with pytest.raises(RequestRefusedError, match="is still being processed"):
        await writer.create_job(agents["Image alt text"], {"Image": [uploaded.id]})

    now[0] += 1
    ready = WriterFile(uploaded.id, name, WriterFileState.COMPLETED, TEN, (graphs[0].id,))
    assert await writer.file(uploaded.id) == ready
    assert await writer.files(WriterFileState.COMPLETED) == WriterFilePage((ready,), None)
    assert [graph.failed for graph in await writer.graphs()] == [0, 0, 1]
    await writer.retry_files([flaky.id])
    now[0] += 1
    assert await writer.graph(graphs[0].id) == Graph(graphs[0].id, "Graph 0", "Words", "manual", TEN, 0, 2, 0, 2)

    third = await writer.upload_file("third.pdf", "application/pdf", 3, pieces(b"tea"))
    first_page = await writer.files()
    assert ([file.id for file in first_page.files], first_page.next_after) == ([third.id, flaky.id], flaky.id)
    assert await writer.files(after=first_page.next_after) == WriterFilePage((ready,), None)

    job = await writer.create_job(agents["Image alt text"], {"Image": [uploaded.id]})
    now[0] += 60
    assert (await writer.job(job.id)).title == "Alt text: Grüße 写真"

    await writer.remove_from_graph(graphs[0].id, flaky.id)
    await writer.delete_file(uploaded.id)
    assert (await writer.graph(graphs[0].id)).total == 0
    with pytest.raises(UnknownToWriterError, match="this file"):
        await writer.file(uploaded.id)
    with pytest.raises(RequestRefusedError, match="exist or was deleted"):
        await writer.create_job(agents["Image alt text"], {"Image": [uploaded.id]})

    ids = (graphs[2].id, graphs[0].id)
    assert await writer.set_agent_graphs(agents["Social post"], ids) == ids
    assert await writer.agent_graphs(agents["Social post"]) == ids
    with pytest.raises(RequestRefusedError, match="Only agents with chat capabilities"):
        await writer.set_agent_graphs(agents["Brief summary"], ids)
    with pytest.raises(UnknownToWriterError, match="one of these Knowledge Graphs"):
        await writer.set_agent_graphs(agents["Social post"], ["nope"])
    await writer.aclose()
