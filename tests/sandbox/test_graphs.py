"""Knowledge Graphs, their files, and the agents that use them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.conftest import Caller, Clock


def words_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["description"]


async def create(caller: Caller, name: str, **more: str) -> dict[str, Any]:
    response = await caller.http.post("/v1/graphs", json={"name": name, **more})
    assert response.status_code == 200, response.text
    return dict(response.json())


async def counts(caller: Caller, graph_id: str) -> tuple[int, int, int, int]:
    status = (await caller.http.get(f"/v1/graphs/{graph_id}")).json()["file_status"]
    return status["in_progress"], status["completed"], status["failed"], status["total"]


async def test_a_created_graph_has_no_files_and_its_receipt_says_nothing_of_them(sandbox: Caller) -> None:
    receipt = await create(sandbox, "Brand book", description="How we sound")
    assert receipt == {
        "id": receipt["id"],
        "name": "Brand book",
        "description": "How we sound",
        "created_at": "2026-05-28T20:26:40.000000Z",
    }
    no_files = {"in_progress": 0, "completed": 0, "failed": 0, "total": 0}
    graph = {**receipt, "type": "manual", "file_status": no_files}
    assert (await sandbox.http.get(f"/v1/graphs/{receipt['id']}")).json() == graph
    assert (await sandbox.http.get("/v1/graphs")).json()["data"] == [graph]


async def test_graphs_are_listed_newest_first_in_pages(sandbox: Caller) -> None:
    made = [await create(sandbox, f"Graph {n}") for n in range(3)]
    page = (await sandbox.http.get("/v1/graphs", params={"limit": 2})).json()
    assert ([graph["name"] for graph in page["data"]], page["has_more"]) == (["Graph 2", "Graph 1"], True)
    rest = (await sandbox.http.get("/v1/graphs", params={"after": made[1]["id"]})).json()
    assert ([graph["name"] for graph in rest["data"]], rest["has_more"]) == (["Graph 0"], False)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, 'A Knowledge Graph needs a "name".'),
        ({"name": " "}, 'A Knowledge Graph needs a "name".'),
        ({"name": "n" * 256}, '"name" must be a text of at most 255 characters.'),
        ({"name": "n", "description": "d" * 256}, '"description" must be a text of at most 255 characters.'),
        ({"name": 7}, '"name" must be a text of at most 255 characters.'),
        (["n"], "The body of the request must be an object."),
    ],
)
async def test_a_graph_that_breaks_a_rule_is_refused(sandbox: Caller, body: object, words: str) -> None:
    assert words_of(await sandbox.http.post("/v1/graphs", json=body)) == (400, words)


async def test_a_graph_counts_its_files_by_their_status(opened: Callable[..., Any], clock: Clock) -> None:
    sandbox = await opened()
    graph_id = (await create(sandbox, "Catalog"))["id"]
    uploaded = await sandbox.upload("a.pdf", graphId=graph_id)
    corrupt = await sandbox.upload("corrupt.pdf")
    added = await sandbox.http.post(f"/v1/graphs/{graph_id}/file", json={"file_id": corrupt["id"]})
    assert added.json() == {**corrupt, "graph_ids": [graph_id]}
    await sandbox.http.post(f"/v1/graphs/{graph_id}/file", json={"file_id": corrupt["id"]})
    assert await counts(sandbox, graph_id) == (2, 0, 0, 2)
    clock.advance(1)
    assert await counts(sandbox, graph_id) == (0, 1, 1, 2)
    assert uploaded["graph_ids"] == []
    assert (await sandbox.file(uploaded["id"]))["graph_ids"] == [graph_id]
    listed = (await sandbox.http.get("/v1/files", params={"graph_id": graph_id, "status": "failed"})).json()["data"]
    assert [file["name"] for file in listed] == ["corrupt.pdf"]

    removed = await sandbox.http.delete(f"/v1/graphs/{graph_id}/file/{corrupt['id']}")
    assert removed.json() == {"id": corrupt["id"], "deleted": True}
    assert words_of(await sandbox.http.delete(f"/v1/graphs/{graph_id}/file/{corrupt['id']}")) == (
        404,
        f'There is no file in the Knowledge Graph "Catalog" with the id "{corrupt["id"]}".',
    )
    await sandbox.http.delete(f"/v1/files/{uploaded['id']}")
    assert await counts(sandbox, graph_id) == (0, 0, 0, 0)


async def test_what_does_not_exist_cannot_be_put_together(sandbox: Caller) -> None:
    graph_id, file_id = (await create(sandbox, "Catalog"))["id"], (await sandbox.upload("a.pdf"))["id"]
    no_graph, no_file = (f'There is no {kind} with the id "nope".' for kind in ("Knowledge Graph", "file"))
    post, put = sandbox.http.post, sandbox.http.put
    assert words_of(await post("/v1/graphs/nope/file", json={"file_id": file_id})) == (404, no_graph)
    assert words_of(await post(f"/v1/graphs/{graph_id}/file", json={"file_id": "nope"})) == (404, no_file)
    assert (await post(f"/v1/graphs/{graph_id}/file", json={"file_id": 7})).status_code == 400
    headers = {"Content-Type": "text/plain", "Content-Disposition": "attachment; filename=a.txt"}
    assert words_of(await post("/v1/files?graphId=nope", content=b"x", headers=headers)) == (404, no_graph)
    assert len((await sandbox.http.get("/v1/files")).json()["data"]) == 1
    agent = f"/v1/applications/{sandbox.agents['Social post']}/graphs"
    assert words_of(await put(agent, json={"graph_ids": [graph_id, "nope"]})) == (404, no_graph)
    assert (await put(agent, json={"graph_ids": None})).status_code == 400
    assert (await sandbox.http.get(agent)).json() == {"graph_ids": []}


async def test_the_graphs_of_an_agent_are_replaced_in_the_order_given(sandbox: Caller) -> None:
    one, two, three = [(await create(sandbox, name))["id"] for name in ("one", "two", "three")]
    address = f"/v1/applications/{sandbox.agents['Product description']}/graphs"
    for given, kept in (([two, one, two], [two, one]), ([three], [three]), ([], [])):
        assert (await sandbox.http.put(address, json={"graph_ids": given})).json() == {"graph_ids": kept}
        assert (await sandbox.http.get(address)).json() == {"graph_ids": kept}


async def test_an_agent_without_chat_refuses_graphs(sandbox: Caller) -> None:
    graph_id = (await create(sandbox, "Catalog"))["id"]
    address = f"/v1/applications/{sandbox.agents['Brief summary']}/graphs"
    assert words_of(await sandbox.http.put(address, json={"graph_ids": [graph_id]})) == (
        400,
        'Only agents with chat capabilities can have associated Knowledge Graphs, and "Brief summary" has none.',
    )
    assert (await sandbox.http.get(address)).json() == {"graph_ids": []}
