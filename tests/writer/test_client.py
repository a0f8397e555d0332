"""The client of Writer's API, against servers that answer well, badly, or not at all."""

import asyncio
import gzip
import json
import logging
import socket
import ssl
import time
import tomllib
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.errors import (
    AnswerLostError,
    CopydeskError,
    KeyRefusedError,
    PaymentRequiredError,
    RequestRefusedError,
    SlowDownError,
    UnknownToWriterError,
    UnreachableError,
    WriterError,
)
from services.models import (
    Agent,
    AgentInput,
    Graph,
    InputType,
    Job,
    JobPage,
    JobState,
    WriterFile,
    WriterFilePage,
)
from services.writer import client as client_module
from services.writer import transport as transport_module
from services.writer.client import Writer
from services.writer.transport import USER_AGENT
from services.writer.wire.values import MAX_ERROR_LENGTH
from tests.support.fault_server import Fault, FaultServer, Reply, reply
from tests.writer.talking import KEY, pieces, talking_to

Call = Callable[[Writer], Awaitable[object]]

CALLS: dict[str, Call] = {
    "agents": lambda writer: writer.agents(),
    "agent": lambda writer: writer.agent("a1"),
    "create_job": lambda writer: writer.create_job("a1", {"Topic": ["tea"]}),
    "job": lambda writer: writer.job("j1"),
    "jobs": lambda writer: writer.jobs("a1"),
    "retry_job": lambda writer: writer.retry_job("j1"),
    "upload_file": lambda writer: writer.upload_file("tea.txt", "text/plain", 3, pieces(b"tea")),
    "file": lambda writer: writer.file("f1"),
    "files": lambda writer: writer.files(),
    "delete_file": lambda writer: writer.delete_file("f1"),
    "retry_files": lambda writer: writer.retry_files(["f1", "f2"]),
    "graphs": lambda writer: writer.graphs(),
    "create_graph": lambda writer: writer.create_graph("Brand book", "How we sound"),
    "graph": lambda writer: writer.graph("g1"),
    "add_to_graph": lambda writer: writer.add_to_graph("g1", "f1"),
    "remove_from_graph": lambda writer: writer.remove_from_graph("g1", "f1"),
    "agent_graphs": lambda writer: writer.agent_graphs("a1"),
    "set_agent_graphs": lambda writer: writer.set_agent_graphs("a1", ["g1"]),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@asynccontextmanager
async def answered(body: object, status: int = 200, **headers: str) -> AsyncIterator[Writer]:
    """Give a Writer that gets the same answer to everything, without a network."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = httpx.MockTransport(lambda _: httpx.Response(status, content=content, headers=headers))
    writer = Writer("http://writer.test", KEY, answer)
    try:
        yield writer
    finally:
        await writer.aclose()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "TIMEOUTS", httpx.Timeout(0.2))


@pytest.fixture
def far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Kathmandu")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Give a port that nobody listens on, and that nobody else gets meanwhile."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


# What leaves


async def test_creating_a_job_sends_the_documented_request() -> None:
    async with talking_to(reply(202, {"id": "j1"})) as (writer, server):
        await writer.create_job("a/1?", {"Topic": ["tea", "Grüße 🫖"], "Tone": ["warm"]})
    (request,) = server.received
    assert (request.method, request.target) == ("POST", "/v1/applications/a%2F1%3F/jobs")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["user-agent"] == USER_AGENT
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {
        "inputs": [{"id": "Topic", "value": ["tea", "Grüße 🫖"]}, {"id": "Tone", "value": ["warm"]}]
    }


async def test_text_that_utf8_cannot_carry_is_mended_before_it_is_sent() -> None:
    async with talking_to(reply(202, {"id": "j1"})) as (writer, server):
        await writer.create_job("a1", {"Topic": ["a\ud800b\0c"]})
    assert json.loads(server.received[0].body) == {"inputs": [{"id": "Topic", "value": ["a\ufffdb\ufffdc"]}]}


@pytest.mark.parametrize(
    ("call", "answer", "expected"),
    [
        ("agents", {"data": []}, "GET /v1/applications"),
        ("agent", {"id": "a1"}, "GET /v1/applications/a1"),
        ("job", {"id": "j1", "status": "failed"}, "GET /v1/applications/jobs/j1"),
        ("jobs", {"result": []}, "GET /v1/applications/a1/jobs?offset=0&limit=100"),
        ("retry_job", {"id": "j1"}, "POST /v1/applications/jobs/j1/retry"),
        ("upload_file", {"id": "f1"}, "POST /v1/files"),
        ("file", {"id": "f1"}, "GET /v1/files/f1"),
        ("files", {"data": []}, "GET /v1/files?limit=100"),
        ("delete_file", {"id": "f1", "deleted": True}, "DELETE /v1/files/f1"),
        ("retry_files", {"success": True}, "POST /v1/files/retry"),
        ("graphs", {"data": []}, "GET /v1/graphs?limit=100"),
        ("create_graph", {"id": "g1"}, "POST /v1/graphs"),
        ("graph", {"id": "g1"}, "GET /v1/graphs/g1"),
        ("add_to_graph", {"id": "f1"}, "POST /v1/graphs/g1/file"),
        ("remove_from_graph", {"id": "f1", "deleted": True}, "DELETE /v1/graphs/g1/file/f1"),
        ("agent_graphs", {"graph_ids": []}, "GET /v1/applications/a1/graphs"),
        ("set_agent_graphs", {"graph_ids": []}, "PUT /v1/applications/a1/graphs"),
    ],
)
async def test_each_call_is_one_request_to_the_documented_address(call: str, answer: object, expected: str) -> None:
    async with talking_to(reply(200, answer)) as (writer, server):
        await CALLS[call](writer)
    assert [f"{each.method} {each.target}" for each in server.received] == [expected]


async def test_a_base_url_with_a_path_is_kept() -> None:
    async with FaultServer(reply(200, {"result": []})) as server:
        writer = Writer(server.url + "/gateway", KEY)
        await writer.jobs("a1", offset=20, limit=5)
        await writer.aclose()
    assert server.received[0].target == "/gateway/v1/applications/a1/jobs?offset=20&limit=5"


def test_the_user_agent_names_the_version_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert f"Copydesk/{project['version']}" == USER_AGENT


# What comes back


@pytest.mark.parametrize("call", ["create_job", "retry_job"])
@pytest.mark.parametrize("name", ["id", "job_id"])
async def test_an_accepted_job_has_its_id_under_either_name(call: str, name: str) -> None:
    body = {name: "j9", "status": "in_progress", "created_at": "2026-05-01T10:00:00Z", "novelty": 1}
    async with answered(body, 202, Date="Fri, 01 May 2026 10:00:03 GMT") as writer:
        assert await CALLS[call](writer) == Job(
            "j9",
            JobState.IN_PROGRESS,
            created_at=datetime(2026, 5, 1, 10, tzinfo=UTC),
            server_time=datetime(2026, 5, 1, 10, 0, 3, tzinfo=UTC),
        )


@pytest.mark.parametrize("status", ["completed", "failed", "queued", None])
async def test_an_accepted_job_is_in_progress_whatever_its_receipt_says(status: str | None) -> None:
    """A receipt carries no result: taking its status at its word would complete a row with an empty suggestion."""
    async with answered({"id": "j1", "status": status}, 202) as writer:
        assert await writer.create_job("a1", {}) == Job("j1", JobState.IN_PROGRESS)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"status": "in_progress", "data": None}, Job("j1", JobState.IN_PROGRESS)),
        ({"status": "in_progress", "data": {"suggestion": "half"}}, Job("j1", JobState.IN_PROGRESS)),
        ({"status": "completed", "data": {"suggestion": "Tea"}}, Job("j1", JobState.COMPLETED, suggestion="Tea")),
        ({"status": "completed", "data": {"suggestion": None}}, Job("j1", JobState.COMPLETED, suggestion="")),
        ({"status": "completed", "data": {}}, Job("j1", JobState.COMPLETED, suggestion="")),
        ({"status": "completed", "data": None}, Job("j1", JobState.COMPLETED, unreadable="it has no data")),
        ({"status": "completed"}, Job("j1", JobState.COMPLETED, unreadable="it has no data")),
        ({"status": "completed", "data": "Tea"}, Job("j1", JobState.COMPLETED, unreadable="it has no data")),
        *(
            (
                {"status": "completed", "data": {"suggestion": odd}},
                Job("j1", JobState.COMPLETED, unreadable="its suggestion isn't text"),
            )
            for odd in (5, 0, False, ["Tea"], {"text": "Tea"})
        ),
        ({"status": "queued"}, Job("j1", JobState.IN_PROGRESS, unreadable="its status, “queued”, is unknown")),
        ({}, Job("j1", JobState.IN_PROGRESS, unreadable="it has no status")),
        ({"id": "", "job_id": 7, "status": "completed", "data": {}}, Job("j1", JobState.COMPLETED, suggestion="")),
        ({"status": "failed", "error": "Out of words"}, Job("j1", JobState.FAILED, error="Out of words")),
        ({"status": "failed", "error": {"odd": 1}}, Job("j1", JobState.FAILED)),
        ({"status": "failed"}, Job("j1", JobState.FAILED)),
    ],
)
async def test_a_job_is_read_as_it_stands(body: dict[str, object], expected: Job) -> None:
    async with answered({"id": "j1", **body}) as writer:
        assert await writer.job("j1") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-01T10:00:00Z", datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ("2026-05-01T12:00:00+02:00", datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ("2026-05-01T10:00:00", datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ("2026-05-01T10:00:00.1Z", datetime(2026, 5, 1, 10, 0, 0, 100_000, tzinfo=UTC)),
        ("2026-05-01T10:00:00.123456789Z", datetime(2026, 5, 1, 10, 0, 0, 123_456, tzinfo=UTC)),
        ("0001-01-01T00:00:00+05:00", None),
        ("yesterday", None),
        (1_777_629_600, None),
        (None, None),
    ],
)
async def test_a_time_is_read_in_every_form(far_from_utc: None, text: object, expected: datetime | None) -> None:
    async with answered({"id": "j1", "status": "failed", "created_at": text}) as writer:
        assert (await writer.job("j1")).created_at == expected


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (["j1"], "an object was expected"),
        (b'{"id": "j1", "sta', "valid JSON"),
        (b"", "valid JSON"),
        (b"<html>Welcome</html>", "valid JSON"),
        (b"\xff\xfe\xff", "valid JSON"),
        (b"[" * 100_000, "valid JSON"),
    ],
)
async def test_an_answer_that_is_no_job_at_all_is_an_error_in_words(body: object, words: str) -> None:
    async with answered(body) as writer:
        with pytest.raises(AnswerLostError, match=words):
            await writer.job("j1")


@pytest.mark.parametrize("body", [{}, {"status": "in_progress"}, b"", b"<html>OK</html>", b'{"id": "j'])
async def test_a_receipt_that_cannot_be_read_is_a_lost_answer(body: object) -> None:
    async with answered(body, 202) as writer:
        with pytest.raises(AnswerLostError):
            await writer.create_job("a1", {})


async def test_a_page_of_jobs_without_anything_optional() -> None:
    async with answered({"result": [{"id": "j1", "status": "failed"}]}) as writer:
        assert await writer.jobs("a1") == JobPage((Job("j1", JobState.FAILED),))


async def test_a_page_of_jobs_with_everything() -> None:
    jobs = [{"id": "j1", "status": "completed", "data": {"title": "T", "suggestion": "Tea"}, "novelty": {}}]
    body = {"result": jobs, "totalCount": 31, "pagination": {"offset": 30, "limit": 1}}
    async with answered(body, Date="Fri, 01 May 2026 10:00:00 GMT") as writer:
        assert await writer.jobs("a1") == JobPage(
            jobs=(Job("j1", JobState.COMPLETED, suggestion="Tea", title="T"),),
            total=31,
            server_time=datetime(2026, 5, 1, 10, tzinfo=UTC),
        )


@pytest.mark.parametrize("total", [None, True, "31", 1.5])
async def test_a_total_that_is_not_a_number_counts_as_absent(total: object) -> None:
    async with answered({"result": [], "totalCount": total}) as writer:
        assert await writer.jobs("a1") == JobPage(())


async def test_a_page_has_every_job_even_those_that_cannot_be_read() -> None:
    """A job that is left out looks like one that doesn't exist, and its row might be sent twice."""
    odd = ["j1", None, {"status": "failed"}, {"status": "failed", "error": "No"}, {"id": "j2", "status": 7}]
    good = {"id": "j3", "status": "completed", "data": {"suggestion": "Tea"}}
    async with answered({"result": [*odd, good]}) as writer:
        jobs = (await writer.jobs("a1")).jobs
    assert [(job.state, job.unreadable) for job in jobs] == [
        (JobState.IN_PROGRESS, "it isn't an object"),
        (JobState.IN_PROGRESS, "it isn't an object"),
        (JobState.FAILED, ""),
        (JobState.FAILED, ""),
        (JobState.IN_PROGRESS, "its status, “7”, is unknown"),
        (JobState.COMPLETED, ""),
    ]
    assert len({job.id for job in jobs}) == 6
    assert jobs[-1] == Job("j3", JobState.COMPLETED, suggestion="Tea")


@pytest.mark.parametrize("body", [{}, {"result": None}, {"result": {"id": "j1"}}, []])
async def test_a_page_without_a_list_is_a_lost_answer(body: object) -> None:
    async with answered(body) as writer:
        with pytest.raises(AnswerLostError, match="can't be read"):
            await writer.jobs("a1")


async def test_an_agent_with_every_kind_of_input() -> None:
    file_options = {"max_files": 3, "file_types": ["pdf"], "upload_types": ["file_id", "url"]}
    inputs = [
        {"name": "Topic", "input_type": "text", "required": True, "description": "What about"},
        {"name": "Facts", "input_type": "text", "required": False, "options": {"min_fields": 0, "max_fields": 5}},
        {"name": "Odd", "input_type": "text", "description": None, "options": {"max_fields": -1}},
        {"name": "Tone", "input_type": "dropdown", "options": {"list": ["warm", "dry", 3]}},
        {"name": "Empty", "input_type": "dropdown", "options": None},
        {"name": "Brief", "input_type": "file", "required": True, "options": file_options},
        {"name": "Paper", "input_type": "file", "options": {"max_file_size_mb": 25, "max_word_count": 900}},
        {
            "name": "Photo",
            "input_type": "media",
            "options": {"file_types": ["png"], "max_files": 9, "max_image_size_mb": 1.5},
        },
    ]
    async with answered({"id": "a1", "name": "Tea writer", "status": "deployed", "inputs": inputs}) as writer:
        assert await writer.agent("a1") == Agent(
            "a1",
            "Tea writer",
            (
                AgentInput("Topic", InputType.TEXT, required=True, description="What about"),
                AgentInput("Facts", InputType.TEXT, max_values=5),
                AgentInput("Odd", InputType.TEXT),
                AgentInput("Tone", InputType.DROPDOWN, options=("warm", "dry")),
                AgentInput("Empty", InputType.DROPDOWN),
                AgentInput("Brief", InputType.FILE, True, max_values=3, file_types=("pdf",), takes_urls=True),
                AgentInput("Paper", InputType.FILE, max_megabytes=25, max_words=900),
                AgentInput("Photo", InputType.MEDIA, file_types=("png",), max_megabytes=1.5),
            ),
        )


def odd_agent(agent_id: str, *, required: bool) -> dict[str, object]:
    return {"id": agent_id, "inputs": [{"name": "Voice", "input_type": "audio", "required": required}]}


async def test_an_optional_input_of_an_unknown_kind_is_left_out_of_its_agent() -> None:
    async with answered(odd_agent("a1", required=False)) as writer:
        assert await writer.agent("a1") == Agent("a1", "a1", ())


async def test_a_required_input_of_an_unknown_kind_is_named() -> None:
    async with answered(odd_agent("a1", required=True)) as writer:
        with pytest.raises(
            AnswerLostError, match='agent "a1" requires the input "Voice" of an unknown kind, \'audio\''
        ):
            await writer.agent("a1")


async def test_an_agent_that_cannot_be_used_does_not_hide_the_others(caplog: pytest.LogCaptureFixture) -> None:
    data = [odd_agent("odd", required=True), {"name": "no id"}, {"id": "a1", "name": "Good", "inputs": None}]
    async with answered({"data": data, "has_more": False}) as writer:
        assert await writer.agents() == [Agent("a1", "Good", ())]
    assert len(caplog.messages) == 2
    assert 'requires the input "Voice"' in caplog.messages[0]


# Pages of agents


def agents_reply(*ids: str, **more: object) -> bytes:
    return reply(200, {"data": [{"id": each, "name": each, "inputs": []} for each in ids], **more})


async def ids_and_targets(*replies: bytes) -> tuple[list[str], list[str]]:
    async with talking_to(*replies) as (writer, server):
        ids = [agent.id for agent in await asyncio.wait_for(writer.agents(), 5)]
    return ids, [request.target for request in server.received]


async def test_all_pages_of_agents_are_followed() -> None:
    first = agents_reply("a", "b", has_more=True, first_id="a", last_id="b")
    second = agents_reply("c", has_more=True)
    last = agents_reply("d", has_more=False, last_id="d")
    assert await ids_and_targets(first, second, last) == (
        ["a", "b", "c", "d"],
        ["/v1/applications", "/v1/applications?after=b", "/v1/applications?after=c"],
    )


async def test_a_server_that_repeats_a_page_ends_the_list() -> None:
    same = agents_reply("a", "b", has_more=True, last_id="b")
    assert await ids_and_targets(same) == (["a", "b"], ["/v1/applications", "/v1/applications?after=b"])


async def test_a_server_that_goes_round_in_circles_ends_the_list() -> None:
    one, two = agents_reply("a", has_more=True, last_id="a"), agents_reply("b", has_more=True, last_id="b")
    ids, targets = await ids_and_targets(one, two, one, two)
    assert (ids, len(targets)) == (["a", "b"], 3)


@pytest.mark.parametrize("last_id", ["b", None, 7])
async def test_an_empty_page_ends_the_list(last_id: object) -> None:
    first, empty = agents_reply("a", has_more=True), agents_reply(has_more=True, last_id=last_id)
    ids, targets = await ids_and_targets(first, empty)
    assert (ids, len(targets)) == (["a"], 2)


async def test_a_list_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MAX_PAGES", 3)
    ids, _ = await ids_and_targets(*(agents_reply(each, has_more=True) for each in "abcdefg"))
    assert ids == ["a", "b", "c"]


async def test_the_hook_is_awaited_before_each_page_is_asked_for() -> None:
    seen: list[int] = []
    replies = [agents_reply("a", has_more=True), agents_reply("b", has_more=False)]
    async with talking_to(*replies) as (writer, server):

        async def before_request() -> None:
            seen.append(len(server.received))

        await writer.agents(before_request)
    assert (seen, len(server.received)) == ([0, 1], 2)


# Refusals

WORDS = {"tpe": "bad", "errors": [{"description": "Tone must be\none of: warm"}, {"key": "x"}, {"description": "No"}]}
SAYS = "Tone must be one of: warm; No"


@each_call
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RequestRefusedError),
        (401, KeyRefusedError),
        (402, PaymentRequiredError),
        (403, KeyRefusedError),
        (404, UnknownToWriterError),
        (408, AnswerLostError),
        (409, RequestRefusedError),
        (422, RequestRefusedError),
        (429, SlowDownError),
        (500, AnswerLostError),
        (503, AnswerLostError),
        (504, AnswerLostError),
        (302, AnswerLostError),
    ],
)
async def test_each_status_is_the_error_that_says_what_to_do(call: Call, status: int, kind: type[WriterError]) -> None:
    async with answered(WORDS, status) as writer:
        with pytest.raises(WriterError, match=SAYS) as caught:
            await call(writer)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (400, "Writer refused the request with HTTP status 400 and gave no reason."),
        (401, "Writer refuses the API key. Set WRITER_API_KEY to a valid key and start Copydesk again."),
        (404, "Writer doesn't know this job (any more)."),
        (402, "Writer refuses requests until a quota is renewed or a balance is topped up."),
        (429, "Writer asked us to slow down. Sending resumes automatically."),
        (503, "Writer answered with HTTP status 503, so it's unknown whether the request took effect."),
    ],
)
@pytest.mark.parametrize(
    "body", [b"<html><h1>Bad</h1></html>", b"", b"[" * 100_000, b'{"errors": "no"}', b'{"errors": [1]}']
)
async def test_a_body_without_words_gives_a_plain_sentence(status: int, sentence: str, body: bytes) -> None:
    async with answered(body, status) as writer:
        with pytest.raises(WriterError) as caught:
            await writer.retry_job("j1")
    assert str(caught.value) == sentence


async def test_long_words_are_cut() -> None:
    async with answered({"errors": [{"description": "é" * 5000}]}, 400) as writer:
        with pytest.raises(RequestRefusedError) as caught:
            await writer.create_job("a1", {})
    assert str(caught.value) == "Writer refused the request: " + "é" * (MAX_ERROR_LENGTH - 1) + "…"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "86400"}, 3600.0),
        ({"Retry-After": "inf"}, 3600.0),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "Fri, 01 May 2026 10:00:30 GMT", "Date": "Fri, 01 May 2026 10:00:00 GMT"}, 30.0),
        ({"Retry-After": "Fri, 01 May 2026 10:00:30 GMT", "Date": "Fri, 01 May 2026 10:00:00 -0000"}, 30.0),
        ({"Retry-After": "Fri, 01 May 2026 09:59:00 GMT", "Date": "Fri, 01 May 2026 10:00:00 GMT"}, 0.0),
        ({"Retry-After": "Fri, 01 May 2015 10:00:00 GMT", "Date": "gone"}, 0.0),
    ],
)
async def test_retry_after_is_read_in_every_form(
    far_from_utc: None, headers: dict[str, str], seconds: float | None
) -> None:
    async with answered({}, 429, **headers) as writer:
        with pytest.raises(SlowDownError) as caught:
            await writer.create_job("a1", {})
    assert caught.value.retry_after == seconds


# The network


@each_call
async def test_a_refused_connection_surely_had_no_effect(call: Call, closed_port: int) -> None:
    writer = Writer(f"http://127.0.0.1:{closed_port}", KEY)
    with pytest.raises(UnreachableError, match="Can't reach Writer"):
        await call(writer)
    await writer.aclose()


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (httpx.ConnectTimeout, UnreachableError),
        (httpx.ProxyError, UnreachableError),
        (httpx.WriteTimeout, AnswerLostError),
        (httpx.WriteError, AnswerLostError),
        (httpx.RemoteProtocolError, AnswerLostError),
    ],
)
async def test_only_what_fails_before_sending_surely_had_no_effect(
    raised: type[httpx.TransportError], expected: type[WriterError]
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise raised("")

    writer = Writer("http://writer.test", KEY, httpx.MockTransport(fail))
    with pytest.raises(WriterError, match=raised.__name__) as caught:
        await writer.create_job("a1", {})
    assert type(caught.value) is expected
    await writer.aclose()


async def test_an_unknown_host_surely_had_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    writer = Writer("http://writer.invalid", KEY)
    with pytest.raises(UnreachableError, match="Name or service not known"):
        await writer.create_job("a1", {})
    await writer.aclose()


async def test_a_failed_tls_handshake_surely_had_no_effect() -> None:
    async with FaultServer(Fault.RESET_UNREAD) as server:
        writer = Writer(server.url.replace("http:", "https:"), KEY)
        with pytest.raises(UnreachableError):
            await writer.create_job("a1", {})
        await writer.aclose()
    assert server.connections == 1


async def test_every_pool_asks_for_a_trusted_certificate_of_the_servers_own_name() -> None:
    writer = Writer("https://writer.test", KEY)
    contexts = [client._transport._pool._ssl_context for client in writer._transport._clients]  # type: ignore[attr-defined]
    await writer.aclose()
    asked = {(context.verify_mode, context.check_hostname, context.get_ca_certs() != []) for context in contexts}
    assert asked == {(ssl.CERT_REQUIRED, True, True)}


async def test_waiting_for_a_connection_in_vain_surely_had_no_effect(
    impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport_module, "TIMEOUTS", httpx.Timeout(2, pool=0.1))
    monkeypatch.setattr(transport_module, "LIMITS", httpx.Limits(max_connections=1))
    monkeypatch.setattr(transport_module, "POOLS", 1)
    async with talking_to(Fault.SILENCE) as (writer, server):
        first = asyncio.create_task(writer.job("j1"))
        await server.arrived.wait()
        with pytest.raises(UnreachableError, match="PoolTimeout"):
            await writer.create_job("a1", {})
        first.cancel()
        await asyncio.wait([first])
    assert len(server.received) == 1


@each_call
@pytest.mark.parametrize(
    "fault",
    [
        Fault.RESET_UNREAD,
        Fault.RESET_READ,
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"garbage\r\n\r\n",
        reply(200, b"not gzip", {"Content-Encoding": "gzip"}),
    ],
    ids=["reset unread", "reset read", "closed", "cut short", "not HTTP", "not gzip"],
)
async def test_a_broken_connection_is_a_lost_answer_and_nothing_is_sent_again(call: Call, fault: Reply) -> None:
    async with talking_to(fault) as (writer, server):
        with pytest.raises(AnswerLostError, match="answer was lost"):
            await call(writer)
    assert len(server.received) == (0 if fault is Fault.RESET_UNREAD else 1)
    assert server.connections == 1


@pytest.mark.parametrize("call", ["job", "create_job"])
async def test_silence_is_a_lost_answer(call: str, impatient: None) -> None:
    async with talking_to(Fault.SILENCE) as (writer, server):
        with pytest.raises(AnswerLostError, match="ReadTimeout"):
            await CALLS[call](writer)
    assert len(server.received) == 1


async def test_a_server_that_drips_meets_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "DEADLINE_S", 0.2)
    async with talking_to(Fault.DRIP) as (writer, server):
        with pytest.raises(AnswerLostError, match="TimeoutError"):
            await asyncio.wait_for(writer.create_job("a1", {}), 5)
    assert len(server.received) == 1


async def test_a_redirect_is_not_followed() -> None:
    async with talking_to(reply(307, b"", {"Location": "/elsewhere"})) as (writer, server):
        with pytest.raises(AnswerLostError, match="Check WRITER_BASE_URL"):
            await writer.create_job("a1", {})
    assert [request.target for request in server.received] == ["/v1/applications/a1/jobs"]


async def test_an_answer_that_unpacks_to_too_much_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "MAX_ANSWER_BYTES", 1_000_000)
    bomb = gzip.compress(b" " * 5_000_000)
    async with talking_to(reply(200, bomb, {"Content-Encoding": "gzip"})) as (writer, _):
        with pytest.raises(AnswerLostError, match="too long"):
            await writer.job("j1")


async def test_giving_up_from_outside_is_not_an_error_of_writers() -> None:
    async with talking_to(Fault.SILENCE) as (writer, server):
        task = asyncio.create_task(writer.create_job("a1", {}))
        await server.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# The key


async def test_the_key_is_nowhere_but_in_the_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    echo = {"errors": [{"description": f"Bad key {KEY}"}], "tpe": KEY}
    seen = ""
    for answer in (*(reply(status, echo) for status in (400, 401, 404, 429, 500)), f"{KEY}\r\n\r\n".encode()):
        async with talking_to(answer) as (writer, _):
            with pytest.raises(CopydeskError) as caught:
                await writer.create_job("a1", {})
        seen += repr(writer) + repr(caught.value) + "".join(traceback.format_exception(caught.value))
    assert "Bad key [API key]" in seen
    assert "jobs" in caplog.text
    assert KEY not in seen + caplog.text


async def test_the_key_is_not_in_a_jobs_error_either() -> None:
    async with answered({"id": "j1", "status": "failed", "error": f"Bad key {KEY}"}) as writer:
        assert (await writer.job("j1")).error == "Bad key [API key]"


# Anything at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
WORD = st.sampled_from(
    ["in_progress", "completed", "failed", "text", "dropdown", "file", "media", "2026-05-01T10:00:00Z"]
)
INPUT = st.dictionaries(st.sampled_from(["name", "input_type", "required", "options"]), JSON | WORD)
FILE_NAMES = ["graph_ids", "file_status", "type", "deleted", "success", "total"]
JOB_NAMES = ["id", "job_id", "status", "created_at", "data", "error", "result", "totalCount"]
AGENT_NAMES = ["name", "inputs", "has_more", "last_id", "errors", "description"]
NAMES = st.sampled_from(JOB_NAMES + AGENT_NAMES + FILE_NAMES)
RECORD = st.dictionaries(NAMES, JSON | WORD | st.lists(INPUT, max_size=2))
BODY = JSON | RECORD | st.fixed_dictionaries({"data": st.lists(RECORD, max_size=3), "has_more": st.just(True)})
BODY |= st.fixed_dictionaries({"result": st.lists(RECORD, max_size=3)})
HEADER = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=30)


@settings(max_examples=300, deadline=None)
@given(
    call=st.sampled_from(sorted(CALLS)),
    body=BODY.map(json.dumps).map(str.encode) | st.binary(max_size=30),
    status=st.sampled_from([200, 202, 204, 400, 401, 404, 429, 500]),
    date=HEADER,
    retry_after=HEADER,
)
async def test_whatever_is_answered_gives_a_record_or_an_error_of_ours(
    call: str, body: bytes, status: int, date: str, retry_after: str
) -> None:
    async with answered(body, status, **{"Date": date, "Retry-After": retry_after}) as writer:
        found: Any = None
        try:
            found = await CALLS[call](writer)
        except WriterError as error:
            found = str(error)
    kinds = (Job, JobPage, Agent, WriterFile, WriterFilePage, Graph, list, tuple, str, type(None))
    assert isinstance(found, kinds)
    repr(found).encode()


# The project's own sandbox


async def test_a_job_of_the_sandbox_from_creation_to_retry(tmp_path: Path) -> None:
    """The two share no code, so each of them checks the other's reading of Writer's documents."""
    from services.sandbox import SandboxOptions, create_app

    now = [1_777_629_600.0]
    options = SandboxOptions(fail_rate=1.0, slow_rate=0.0, page_cap=3)
    app = create_app(tmp_path / "sandbox.db", options, lambda: now[0])
    writer = Writer("http://sandbox", KEY, httpx.ASGITransport(app))
    agents = await writer.agents()
    assert {each.type for agent in agents for each in agent.inputs} == set(InputType)
    assert await writer.agent(agents[0].id) == agents[0]

    inputs = {"Product name": ["Kettle"], "Tone": [agents[0].inputs[1].options[0]], "Key features": ["red", "light"]}
    created = await writer.create_job(agents[0].id, inputs)
    moment = datetime.fromtimestamp(now[0], UTC)
    assert created == Job(created.id, JobState.IN_PROGRESS, moment, server_time=moment)
    now[0] += 60
    failed = await writer.job(created.id)
    assert (failed.id, failed.state, bool(failed.error)) == (created.id, JobState.FAILED, True)
    page = JobPage((replace(failed, server_time=None),), total=1, server_time=failed.server_time)
    assert await writer.jobs(agents[0].id) == page

    assert (await writer.retry_job(created.id)).id == created.id
    now[0] += 60
    done = await writer.job(created.id)
    assert (done.state, done.error, "Kettle" in (done.suggestion or "")) == (JobState.COMPLETED, None, True)
    with pytest.raises(RequestRefusedError, match="Only a failed job can be retried"):
        await writer.retry_job(created.id)
    with pytest.raises(UnknownToWriterError, match="this job"):
        await writer.job("00000000-0000-4000-8000-000000000000")
    await writer.aclose()
