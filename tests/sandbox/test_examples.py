"""What a new sandbox has in it."""

from collections.abc import Callable
from typing import Any

from tests.sandbox.conftest import Caller, Clock


async def product_jobs(caller: Caller) -> list[dict[str, Any]]:
    address = f"/v1/applications/{caller.agents['Product description']}/jobs"
    return list((await caller.http.get(address)).json()["result"])


async def test_a_new_sandbox_has_jobs_of_others_from_earlier_days(opened: Callable[..., Any], clock: Clock) -> None:
    jobs = await product_jobs(await opened(examples=True))
    days = [job["created_at"][:10] for job in jobs]
    assert days == ["2026-05-27", "2026-05-26", "2026-05-25", "2026-05-23", "2026-05-23", "2026-05-22"]
    assert [job["status"] for job in jobs] == ["completed", "failed", "completed", "completed", "failed", "completed"]
    assert [bool(job.get("error")) for job in jobs] == [job["status"] == "failed" for job in jobs]
    assert all(job["data"]["suggestion"] for job in jobs if job["status"] == "completed")


async def test_a_failed_example_can_be_retried(opened: Callable[..., Any], clock: Clock) -> None:
    sandbox = await opened(examples=True)
    failed = next(job for job in await product_jobs(sandbox) if job["status"] == "failed")
    assert (await sandbox.retry(failed["id"])).status_code == 202
    clock.advance(5)
    assert (await sandbox.job(failed["id"]))["status"] == "completed"


async def test_a_new_sandbox_has_two_graphs_and_one_is_in_use(opened: Callable[..., Any]) -> None:
    sandbox = await opened(examples=True)
    graphs = (await sandbox.http.get("/v1/graphs")).json()["data"]
    assert [(graph["name"], graph["file_status"]) for graph in graphs] == [
        ("Product catalog", {"in_progress": 0, "completed": 3, "failed": 1, "total": 4}),
        ("Brand book", {"in_progress": 0, "completed": 3, "failed": 0, "total": 3}),
    ]
    used = {
        name: (await sandbox.http.get(f"/v1/applications/{agent_id}/graphs")).json()["graph_ids"]
        for name, agent_id in sandbox.agents.items()
    }
    assert used == {
        "Product description": [graphs[1]["id"]],
        "Social post": [],
        "Image alt text": [],
        "Brief summary": [],
    }


async def test_examples_come_once_and_never_behind_jobs_that_are_there(opened: Callable[..., Any]) -> None:
    plain = await opened()
    await plain.create("Product description", Product_name=["Mug"], Tone=["Warm"])
    with_examples = await opened(examples=True)
    await with_examples.http.put(
        f"/v1/applications/{plain.agents['Product description']}/graphs", json={"graph_ids": []}
    )
    again = await opened(examples=True)
    assert len(await product_jobs(again)) == 1
    assert len((await again.http.get("/v1/graphs")).json()["data"]) == 2
    used = await again.http.get(f"/v1/applications/{plain.agents['Product description']}/graphs")
    assert used.json() == {"graph_ids": []}


async def test_without_being_asked_a_sandbox_is_empty(sandbox: Caller) -> None:
    assert [await product_jobs(sandbox), (await sandbox.http.get("/v1/graphs")).json()["data"]] == [[], []]
