"""Knowledge Graphs on the desk, against a sandbox over HTTP that refuses, loses answers, and is changed by others."""

import io
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from services.desk import Desk, Upload
from services.engine import embedded, graph_uploads
from services.errors import GraphError
from services.models import Agent, FailedFile, Graph, GraphChange, GraphName, GraphProgress, GraphUploadState
from services.settings import load
from tests.store.making import wait_until
from tests.support.sandbox import ServedSandbox

AGENT_GRAPHS = r"/applications/[^/]+/graphs$"
CHAT_ONLY = "So “Brief summary” can't use Knowledge Graphs."


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look ten times as often as in earnest."""
    monkeypatch.setattr(embedded, "_STORE_CHECK_INTERVAL_S", 0.1)
    monkeypatch.setattr(graph_uploads, "_MIN_POLL_INTERVAL_S", 0.1)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[ServedSandbox]:
    with ServedSandbox(tmp_path / "sandbox.db") as served:
        yield served


def open_desk(folder: Path, url: str) -> Desk:
    database = f"sqlite:///{folder / 'copydesk.db'}"
    settings = {"DATABASE_URL": database, "WRITER_API_KEY": "a-key", "WRITER_BASE_URL": url, "WRITER_RPM": "9999"}
    desk = Desk(load(settings, env_file=folder / "none.env"))
    desk.start()
    return desk


@pytest.fixture
def desk(tmp_path: Path, sandbox: ServedSandbox) -> Iterator[Desk]:
    desk = open_desk(tmp_path, sandbox.url)
    yield desk
    desk.stop()


@pytest.fixture
def agent(desk: Desk) -> Agent:
    return named_agent(desk, "Product description")


def named_agent(desk: Desk, name: str) -> Agent:
    return next(agent for agent in desk.agents.list() if agent.name == name)


def ids(desk: Desk) -> dict[str, str]:
    return {graph.name: graph.id for graph in desk.graphs.all(refresh=True)}


def set_elsewhere(sandbox: ServedSandbox, agent: Agent, *graph_ids: str) -> None:
    """Change what an agent uses, as somebody else would."""
    url = f"{sandbox.url}/v1/applications/{agent.id}/graphs"
    httpx.put(url, json={"graph_ids": graph_ids}, headers={"Authorization": "Bearer other"}).raise_for_status()


def puts(sandbox: ServedSandbox) -> int:
    return sandbox.count("PUT", AGENT_GRAPHS)


# which ones an agent uses


def test_an_agent_gets_one_more_and_loses_it_again(desk: Desk, agent: Agent) -> None:
    book, catalog = ids(desk)["Brand book"], ids(desk)["Product catalog"]
    assert desk.graphs.of_agent(agent) == (book,)
    assert desk.graphs.add_to_agent(agent, [book], catalog) == GraphChange(is_made=True, ids=(book, catalog))
    assert desk.graphs.of_agent(agent) == (book, catalog)
    both = [catalog, book]
    assert desk.graphs.remove_from_agent(agent, both, book) == GraphChange(is_made=True, ids=(catalog,))


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    desk: Desk, agent: Agent, sandbox: ServedSandbox
) -> None:
    book, catalog = ids(desk)["Brand book"], ids(desk)["Product catalog"]
    set_elsewhere(sandbox, agent, book, catalog)
    own = puts(sandbox)
    assert desk.graphs.remove_from_agent(agent, [book], book) == GraphChange(is_made=False, ids=(book, catalog))
    assert puts(sandbox) == own
    assert desk.graphs.of_agent(agent) == (book, catalog)


def test_a_refusal_is_told_in_writers_words_and_what_they_mean(desk: Desk, sandbox: ServedSandbox) -> None:
    summary = named_agent(desk, "Brief summary")
    with pytest.raises(GraphError) as refused:
        desk.graphs.add_to_agent(summary, [], ids(desk)["Brand book"])
    words = "Writer refused the request: Only agents with chat capabilities can have associated Knowledge Graphs, and "
    assert str(refused.value).startswith(words)
    assert str(refused.value).endswith(CHAT_ONLY)
    assert desk.graphs.of_agent(summary) == ()
    sandbox.refuse("PUT", AGENT_GRAPHS, 400, "No.")
    with pytest.raises(GraphError) as refused:
        desk.graphs.add_to_agent(summary, [], ids(desk)["Brand book"])
    assert str(refused.value) == (
        "Writer refused the request: No. Writer lets only agents with chat capabilities use Knowledge Graphs."
    )


def test_a_key_that_may_not_use_knowledge_graphs_stays_good_for_batches(
    desk: Desk, agent: Agent, sandbox: ServedSandbox
) -> None:
    sandbox.refuse("PUT", AGENT_GRAPHS, 403, "No permission for graphs.")
    with pytest.raises(GraphError) as refused:
        desk.graphs.add_to_agent(agent, desk.graphs.of_agent(agent), ids(desk)["Product catalog"])
    assert str(refused.value) == (
        "Your API key may not do this. Ask whoever manages it in Writer for access to Knowledge Graphs. "
        "Writer says: No permission for graphs."
    )
    assert desk.health().key_refused_at is None


def test_after_a_lost_answer_writer_is_asked_what_is_so(desk: Desk, agent: Agent, sandbox: ServedSandbox) -> None:
    book, catalog = ids(desk)["Brand book"], ids(desk)["Product catalog"]
    sandbox.lose("PUT", AGENT_GRAPHS)
    assert desk.graphs.add_to_agent(agent, [book], catalog) == GraphChange(is_made=True, ids=(book, catalog))
    sandbox.lose("PUT", AGENT_GRAPHS, done=False)
    with pytest.raises(GraphError, match="“Product description” hasn't been changed so far"):
        desk.graphs.remove_from_agent(agent, [book, catalog], book)
    assert desk.graphs.of_agent(agent) == (book, catalog)


def test_after_a_lost_answer_and_another_change_the_person_decides_again(
    desk: Desk, agent: Agent, sandbox: ServedSandbox
) -> None:
    book, catalog = ids(desk)["Brand book"], ids(desk)["Product catalog"]
    shown = desk.graphs.of_agent(agent)
    sandbox.lose("PUT", AGENT_GRAPHS, done=False)
    # the second question is the one after the lost answer
    sandbox.before("GET", AGENT_GRAPHS, lambda: None)
    sandbox.before("GET", AGENT_GRAPHS, lambda: set_in_file(sandbox, agent, catalog))
    assert desk.graphs.add_to_agent(agent, shown, catalog) == GraphChange(is_made=False, ids=(catalog,))
    assert shown == (book,)


def set_in_file(sandbox: ServedSandbox, agent: Agent, *graph_ids: str) -> None:
    """The same as `set_elsewhere` while the sandbox is answering a request, and so can't be asked."""
    sandbox.graphs.set_for_agent(agent.id, graph_ids)


def test_who_uses_which_is_read_in_the_background(desk: Desk, agent: Agent) -> None:
    agents = desk.agents.list()
    wait_until(lambda: desk.graphs.use(agents).is_complete)
    used = {agent_id: used for agent_id, used in desk.graphs.use(agents).by_agent.items() if used}
    assert used == {agent.id: (ids(desk)["Brand book"],)}


# new ones, and their files


def test_a_knowledge_graph_is_created_once_although_the_answer_is_lost(desk: Desk, sandbox: ServedSandbox) -> None:
    sandbox.lose("POST", "/graphs$")
    created = desk.graphs.create(" Catalog 2026 ", "What we sell.")
    assert (created.name, created.description) == ("Catalog 2026", "What we sell.")
    sandbox.lose("POST", "/graphs$", done=False)
    with pytest.raises(GraphError, match=r"“Glossary” isn't in the list so far\."):
        desk.graphs.create("Glossary", "")
    assert sorted(ids(desk)) == ["Brand book", "Catalog 2026", "Product catalog"]


@pytest.mark.parametrize(("name", "description"), [(" ", ""), ("n" * 256, ""), ("Name", "d" * 256)])
def test_names_and_descriptions_have_writers_length(desk: Desk, name: str, description: str) -> None:
    with pytest.raises(GraphError, match="up to 255 characters"):
        desk.graphs.create(name, description)


def put(desk: Desk, graph: Graph, **files: bytes) -> list[str]:
    """Upload files, with an underscore for the dot in each name, and wait until they've ended."""
    uploads = [Upload(name.replace("_", "."), io.BytesIO(content)) for name, content in files.items()]
    notes = desk.graphs.upload(graph.id, uploads, lambda _: None)
    wait_until(lambda: not desk.graphs.progress(graph.id).is_moving)
    return notes


def fresh(desk: Desk, graph: Graph) -> Graph:
    return next(each for each in desk.graphs.all(refresh=True) if each.id == graph.id)


def archive(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w") as opened:
        for name, content in files.items():
            opened.writestr(name.replace("_", "."), content)
    return packed.getvalue()


def stored(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").glob("??/*") if path.is_file()]


def test_files_are_uploaded_processed_named_where_they_fail_and_retried(desk: Desk, tmp_path: Path) -> None:
    graph = desk.graphs.create("Catalog 2026", "")
    files = {"a_txt": b"a", "flaky_txt": b"f", "tool_exe": b"MZ"}
    packed = {"z_zip": archive(b_txt=b"b", c_zip=b"PK")}
    assert put(desk, graph, **files, **packed) == ["“c.zip” is an archive inside the archive, so it was left out."]
    assert desk.graphs.progress(graph.id) == GraphProgress(completed=2, failed=2)
    graph = fresh(desk, graph)
    assert (graph.completed, graph.failed) == (2, 1)
    failed = desk.graphs.failed(graph)
    assert failed[0].error.startswith("It isn't in the Knowledge Graph. Writer refused the request: The file")
    assert [(file.name, file.is_at_writer) for file in failed] == [("tool.exe", False), ("flaky.txt", True)]
    wait_until(lambda: len(stored(tmp_path)) == 1)  # only what may have to be uploaded again

    desk.graphs.forget_never_uploaded(graph.id)
    desk.graphs.retry_failed(fresh(desk, graph))
    wait_until(lambda: not desk.graphs.progress(graph.id).is_moving)
    assert desk.graphs.progress(graph.id) == GraphProgress(completed=1)
    graph = fresh(desk, graph)
    assert (graph.completed, graph.failed, desk.graphs.failed(graph)) == (3, 0, [])


def test_lost_answers_put_no_file_in_twice(desk: Desk, sandbox: ServedSandbox) -> None:
    graph = desk.graphs.create("Catalog 2026", "")
    sandbox.lose("POST", "/files$")
    sandbox.lose("POST", "/file$")
    put(desk, graph, a_txt=b"a")
    assert desk.graphs.progress(graph.id) == GraphProgress(completed=1)
    assert fresh(desk, graph).total == 1


def test_a_file_whose_answers_are_always_lost_can_be_retried(desk: Desk, sandbox: ServedSandbox) -> None:
    graph = desk.graphs.create("Catalog 2026", "")
    for _ in range(3):
        sandbox.lose("POST", "/files$", done=False)
    put(desk, graph, a_txt=b"a")
    why = "It may not be in the Knowledge Graph: 3 answers of Writer were lost."
    assert desk.graphs.failed(fresh(desk, graph)) == [FailedFile("a.txt", why, is_at_writer=False)]
    desk.graphs.retry_failed(fresh(desk, graph))
    wait_until(lambda: desk.graphs.progress(graph.id) == GraphProgress(completed=1))


def put_elsewhere(sandbox: ServedSandbox, graph: Graph) -> str:
    """Upload a file into a Knowledge Graph without Copydesk; gives its id."""
    headers = {"Authorization": "Bearer other", "Content-Type": "text/plain"}
    headers["Content-Disposition"] = 'attachment; filename="a.txt"'
    url = f"{sandbox.url}/v1/files?graphId={graph.id}"
    return str(httpx.post(url, content=b"a", headers=headers).raise_for_status().json()["id"])


def test_what_waits_when_the_process_ends_is_uploaded_by_the_next_one(tmp_path: Path, sandbox: ServedSandbox) -> None:
    desk = open_desk(tmp_path, sandbox.url)
    graph = desk.graphs.create("Catalog 2026", "")
    desk._engine.stop()  # from here on nothing is uploaded, as if the process had been killed
    desk.graphs.upload(graph.id, [Upload(name, io.BytesIO(name.encode())) for name in ("a.txt", "b.txt")], print)
    began = desk._store.graph_uploads.unfinished(desk.connection.id, GraphUploadState.WAITING, 1)[0]
    desk._store.graph_uploads.uploaded(began.id, put_elsewhere(sandbox, graph))
    desk._store.graph_uploads.arrived(began.id)  # and the process ended before it removed the bytes
    desk._vault.close()
    desk._store.close()
    again = open_desk(tmp_path, sandbox.url)
    try:
        wait_until(lambda: again.graphs.progress(graph.id) == GraphProgress(completed=2))
        wait_until(lambda: stored(tmp_path) == [])
    finally:
        again.stop()


# batches


def launched(desk: Desk) -> str:
    draft = desk.drafts.open_sample()
    desk.drafts.choose_agent(draft.id, named_agent(desk, "Product description"))
    return desk.drafts.launch(draft.id, "Spring")


def test_a_batch_remembers_what_its_agent_used_at_launch(desk: Desk) -> None:
    batch_id = launched(desk)
    wait_until(lambda: desk.batches.get(batch_id).batch.graphs is not None)
    assert desk.batches.get(batch_id).batch.graphs == (GraphName(ids(desk)["Brand book"], "Brand book"),)


def test_a_batch_says_nothing_of_them_where_writer_refuses(desk: Desk, sandbox: ServedSandbox) -> None:
    sandbox.refuse("GET", AGENT_GRAPHS, 404, "No such thing.")
    batch_id = launched(desk)
    wait_until(lambda: sandbox.count("GET", AGENT_GRAPHS) == 1)
    wait_until(lambda: desk.batches.get(batch_id).counts.unfinished == 0)
    assert desk.batches.get(batch_id).batch.graphs is None
