"""The life of a job, and the lists of jobs."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from services.sandbox import create_app
from tests.sandbox.conftest import Caller, Clock, open_caller

X = {"id": "Channel", "value": ["X"]}


async def test_a_new_job_is_receipted_under_both_names_of_its_id(sandbox: Caller) -> None:
    response = await sandbox.post_job("Social post", [{"id": "Product", "value": ["Mug"]}, X])
    receipt = response.json()
    assert response.status_code == 202
    assert receipt["id"] == receipt["job_id"]
    assert receipt == {**receipt, "status": "in_progress", "created_at": "2026-05-28T20:26:40.000000Z"}
    assert len(receipt) == 4


async def test_a_job_is_in_progress_until_its_time_has_passed(sandbox: Caller, clock: Clock) -> None:
    job_id = await sandbox.create_post("Mug")
    clock.advance(1.99)
    assert await sandbox.job(job_id) == {
        "id": job_id,
        "status": "in_progress",
        "application_id": sandbox.agents["Social post"],
        "created_at": "2026-05-28T20:26:40.000000Z",
        "updated_at": "2026-05-28T20:26:40.000000Z",
    }
    clock.advance(0.01)
    job = await sandbox.job(job_id)
    assert job["data"]["title"] == "X post: Mug"
    assert "**Mug**" in job["data"]["suggestion"]
    assert job == {
        "id": job_id,
        "status": "completed",
        "application_id": sandbox.agents["Social post"],
        "created_at": "2026-05-28T20:26:40.000000Z",
        "updated_at": "2026-05-28T20:26:42.000000Z",
        "completed_at": "2026-05-28T20:26:42.000000Z",
        "data": job["data"],
    }


async def finished_after(caller: Caller, clock: Clock, job_ids: list[str]) -> list[float]:
    """Return the seconds each job took, as its timestamps tell."""
    clock.advance(3600)
    took = []
    for job_id in job_ids:
        at = (await caller.job(job_id))["updated_at"]
        took.append(int(at[14:16]) * 60 + float(at[17:-1]) - (26 * 60 + 40))
    return took


async def test_jobs_take_one_to_four_seconds_and_about_one_in_twenty_ten_to_fifteen(
    opened: Callable[..., Any], clock: Clock
) -> None:
    caller = await opened(requests_per_minute=1000)
    took = await finished_after(caller, clock, [await caller.create_post(f"Mug {n}") for n in range(200)])
    slow = [seconds for seconds in took if seconds > 4]
    assert len(took) - len(slow) == len([seconds for seconds in took if 1 <= seconds <= 4])
    assert 3 <= len(slow) <= 19
    assert all(10 <= seconds <= 15 for seconds in slow)
    assert len(set(took)) > 190


async def test_jobs_are_listed_newest_first_with_their_total_and_without_inputs(sandbox: Caller, clock: Clock) -> None:
    created = [await sandbox.create_post(f"Mug {n}") for n in range(5)]
    await sandbox.create("Image alt text", Image=[(await sandbox.upload("mug.png"))["id"]])
    clock.advance(5)
    page = await sandbox.posts()
    assert page["result"] == [await sandbox.job(job_id) for job_id in reversed(created)]
    assert (page["totalCount"], page["pagination"]) == (5, {"offset": 0, "limit": 50})
    page = await sandbox.posts(offset=1, limit=2)
    assert [job["id"] for job in page["result"]] == created[3:1:-1]
    assert (page["totalCount"], page["pagination"]) == (5, {"offset": 1, "limit": 2})
    page = await sandbox.posts(offset=9)
    assert (page["result"], page["totalCount"]) == ([], 5)


async def test_a_page_holds_no_more_than_the_cap_and_says_so(opened: Callable[..., Any]) -> None:
    caller = await opened()
    for n in range(101):
        await caller.create_post(f"Mug {n}")
    page = await caller.posts(limit=1000)
    assert (len(page["result"]), page["totalCount"], page["pagination"]) == (100, 101, {"offset": 0, "limit": 100})
    page = await (await opened(page_cap=7)).posts()
    assert (len(page["result"]), page["pagination"]) == (7, {"offset": 0, "limit": 7})


async def test_lists_by_status_hold_what_has_that_status_now(opened: Callable[..., Any], clock: Clock) -> None:
    good = await opened(fail_rate=0, slow_rate=0, job_seconds=(2, 2))
    bad = await opened(fail_rate=1, slow_rate=0, job_seconds=(2, 2))
    early = [await good.create_post("early 1"), await good.create_post("early 2"), await good.create_post("early 3")]
    failed = await bad.create_post("bad")
    clock.advance(1)
    late = await good.create_post("late")

    async def listed(**query: Any) -> tuple[list[str], int]:
        page = await good.posts(**query)
        return [job["id"] for job in page["result"]], page["totalCount"]

    assert await listed(status="in_progress") == ([late, failed, *early[::-1]], 5)
    assert await listed(status="completed") == ([], 0)
    clock.advance(1)
    assert await listed(status="in_progress") == ([late], 1)
    assert await listed(status="failed") == ([failed], 1)
    assert await listed(status="completed") == (early[::-1], 3)
    assert await listed(status="completed", offset=1, limit=1) == ([early[1]], 3)


async def test_the_failing_jobs_are_about_one_in_ten_and_the_same_in_every_sandbox(
    tmp_path: Path, opened: Callable[..., Any], clock: Clock
) -> None:
    async def failing(caller: Caller) -> dict[int, str]:
        ids = [await caller.create_post(f"Mug {n}") for n in range(200)]
        clock.advance(20)
        jobs = [await caller.job(job_id) for job_id in ids]
        return {n: job["error"] for n, job in enumerate(jobs) if job["status"] == "failed"}

    first = await failing(await opened(requests_per_minute=1000))
    second = await failing(await opened(tmp_path / "second.db", requests_per_minute=1000))
    assert first == second
    assert 8 <= len(first) <= 33
    assert len(set(first.values())) == 5


async def test_a_failed_job_keeps_its_id_when_retried_and_completes(opened: Callable[..., Any], clock: Clock) -> None:
    caller = await opened(fail_rate=1, slow_rate=1, job_seconds=(2, 2))
    job_id = await caller.create_post("Mug")
    clock.advance(7.5)
    failed = await caller.job(job_id)
    assert failed == {
        "id": job_id,
        "status": "failed",
        "application_id": caller.agents["Social post"],
        "created_at": "2026-05-28T20:26:40.000000Z",
        "updated_at": failed["updated_at"],
        "error": failed["error"],
    }
    response = await caller.retry(job_id)
    assert (response.status_code, response.json()) == (
        202,
        {"id": job_id, "job_id": job_id, "status": "in_progress", "created_at": "2026-05-28T20:26:40.000000Z"},
    )
    assert (await caller.job(job_id))["status"] == "in_progress"
    clock.advance(2)
    job = await caller.job(job_id)
    assert "**Mug**" in job["data"]["suggestion"]
    assert "error" not in job
    assert (job["status"], job["created_at"]) == ("completed", failed["created_at"])


async def test_only_a_failed_job_can_be_retried(opened: Callable[..., Any], clock: Clock) -> None:
    caller = await opened(fail_rate=1, slow_rate=0)
    job_id = await caller.create_post("Mug")
    refused = "Only a failed job can be retried, and this one is not."
    for status in ("in_progress", "completed"):
        if status == "completed":
            clock.advance(20)
            await caller.retry(job_id)
            clock.advance(20)
        assert (await caller.job(job_id))["status"] == status
        response = await caller.retry(job_id)
        assert (response.status_code, response.json()["errors"][0]["description"]) == (400, refused)


async def test_one_of_two_retries_at_the_same_time_is_refused(opened: Callable[..., Any], clock: Clock) -> None:
    callers = [await opened(fail_rate=1), await opened(fail_rate=1)]
    job_id = await callers[0].create_post("Mug")
    clock.advance(20)
    answers = await asyncio.gather(*(caller.retry(job_id) for caller in callers * 5))
    assert sorted(answer.status_code for answer in answers) == [202] + [400] * 9


async def test_a_new_job_for_inputs_whose_last_job_failed_succeeds_and_the_next_fails_again(
    opened: Callable[..., Any], clock: Clock
) -> None:
    caller = await opened(fail_rate=1)
    ids = [await caller.create_post("Mug") for _ in range(3)]
    clock.advance(20)
    assert [(await caller.job(job_id))["status"] for job_id in ids] == ["failed", "completed", "failed"]
    await caller.retry(ids[2])
    ids.append(await caller.create_post("Mug"))
    clock.advance(20)
    assert (await caller.job(ids[3]))["status"] == "failed"


async def test_inputs_in_another_order_are_the_same_inputs(sandbox: Caller, clock: Clock) -> None:
    product = {"id": "Product", "value": ["Mug"]}
    orders = ([product, X], [X, product])
    ids = [(await sandbox.post_job("Social post", inputs)).json()["id"] for inputs in orders]
    clock.advance(5)
    assert (await sandbox.job(ids[0]))["data"] == (await sandbox.job(ids[1]))["data"]


async def test_two_sandboxes_on_one_file_share_their_jobs(opened: Callable[..., Any]) -> None:
    first, second = await opened(fail_rate=0), await opened(fail_rate=0)
    made = await asyncio.gather(*(caller.create_post(f"Mug {n}") for n in range(20) for caller in (first, second)))
    assert (await first.posts())["totalCount"] == 40
    assert {job["id"] for job in (await second.posts())["result"]} == set(made)


def test_a_sandbox_works_in_any_event_loop(path: Path, clock: Clock) -> None:
    app = create_app(path, clock=clock)

    async def use() -> int:
        async with AsyncExitStack() as stack:
            caller = await open_caller(stack, app)
            await caller.create_post("Mug")
            return int((await caller.posts())["totalCount"])

    assert [asyncio.run(use()), asyncio.run(use())] == [1, 2]
