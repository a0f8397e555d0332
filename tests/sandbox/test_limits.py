"""The key, the limits, and the delay of answers."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from services.sandbox import SandboxOptions
from tests.sandbox.conftest import Caller, Clock


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic abc", "abc"])
async def test_without_a_bearer_token_nothing_is_answered(sandbox: Caller, header: str | None) -> None:
    del sandbox.http.headers["Authorization"]
    response = await sandbox.http.get("/v1/applications", headers={} if header is None else {"Authorization": header})
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert response.json()["errors"][0]["key"] == "fail.unauthorized"


async def test_any_bearer_token_is_a_key(sandbox: Caller) -> None:
    response = await sandbox.http.get("/v1/applications", headers={"Authorization": "bearer x"})
    assert response.status_code == 200


async def test_requests_above_the_limit_get_429_until_a_minute_has_passed_since_the_oldest(
    opened: Callable[..., Any], clock: Clock
) -> None:
    caller = await opened(requests_per_minute=3)
    clock.advance(10)
    statuses = []
    for seconds in (0, 0, 0, 49.5, 0.5, 0, 9, 1, 0, 0):
        clock.advance(seconds)
        statuses.append((await caller.http.get("/v1/applications")).status_code)
    assert statuses == [200, 200, 429, 429, 200, 429, 429, 200, 200, 429]


async def test_retry_after_tells_the_second_from_which_there_is_room(opened: Callable[..., Any], clock: Clock) -> None:
    caller = await opened(requests_per_minute=2)
    clock.advance(20.5)
    await caller.http.get("/v1/applications")
    response = await caller.http.get("/v1/applications")
    words = "The limit of 2 requests per minute is reached. Try again in 40 seconds."
    assert (response.status_code, response.headers["retry-after"]) == (429, "40")
    assert response.json() == {
        "tpe": "TooManyRequests",
        "errors": [{"description": words, "key": "fail.too_many_requests", "extras": {}}],
        "extras": {},
    }
    clock.advance(40)
    assert (await caller.http.get("/v1/applications")).status_code == 200


async def test_what_is_refused_for_want_of_a_key_does_not_count(opened: Callable[..., Any]) -> None:
    caller = await opened(requests_per_minute=2)
    for _ in range(5):
        await caller.http.get("/v1/applications", headers={"Authorization": ""})
    assert (await caller.http.get("/v1/applications")).status_code == 200


async def test_by_default_400_requests_a_minute_are_answered(opened: Callable[..., Any]) -> None:
    caller = await opened()
    statuses = [(await caller.http.get("/v1/nothing")).status_code for _ in range(401)]
    assert (statuses.count(404), statuses[399:]) == (399, [429, 429])


async def test_jobs_above_the_limit_of_tokens_get_429_and_are_not_created(
    opened: Callable[..., Any], clock: Clock
) -> None:
    caller = await opened(tokens_per_minute=100)
    inputs = [{"id": "Product", "value": ["M" * 200]}, {"id": "Channel", "value": ["X"]}]
    statuses = [(await caller.post_job("Social post", inputs)).status_code for _ in range(3)]
    clock.advance(31)
    refused = await caller.post_job("Social post", inputs)
    assert (statuses, refused.status_code, refused.headers["retry-after"]) == ([202, 429, 429], 429, "29")
    assert refused.json()["errors"][0]["key"] == "fail.too_many_tokens"
    assert (await caller.posts())["totalCount"] == 1
    clock.advance(29)
    assert (await caller.post_job("Social post", inputs)).status_code == 202


async def test_a_job_above_the_whole_limit_of_tokens_runs_alone(opened: Callable[..., Any]) -> None:
    caller = await opened(tokens_per_minute=1)
    assert await caller.create_post("Mug")


async def test_a_retry_uses_tokens_too(opened: Callable[..., Any], clock: Clock) -> None:
    caller = await opened(tokens_per_minute=1, fail_rate=1, slow_rate=0)
    job_id = await caller.create_post("Mug")
    clock.advance(59)
    assert (await caller.retry(job_id)).status_code == 429
    clock.advance(1)
    assert (await caller.retry(job_id)).status_code == 202


async def test_300_sample_like_rows_are_within_a_minutes_tokens(opened: Callable[..., Any]) -> None:
    caller = await opened()
    features = "hand-thrown stoneware; dishwasher safe; holds 350 ml; made in Limoges"
    for n in range(300):
        values = {"Product_name": [f"Linden Café Mug No. {n}"], "Tone": ["Expert"], "Key_features": [features]}
        await caller.create("Product description", **values)


async def test_latency_delays_each_answer_but_not_one_behind_the_other(opened: Callable[..., Any]) -> None:
    caller = await opened(latency=0.1)
    start = time.monotonic()
    await asyncio.gather(*(caller.http.get("/v1/applications") for _ in range(10)))
    assert 0.1 <= time.monotonic() - start < 0.5


async def test_a_job_exists_although_nobody_waited_for_the_delayed_answer(opened: Callable[..., Any]) -> None:
    patient, hasty = await opened(), await opened(latency=0.3)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(hasty.create_post("Mug"), 0.15)
    assert (await patient.posts())["totalCount"] == 1


@pytest.mark.parametrize(
    "options",
    [
        {"requests_per_minute": 0},
        {"tokens_per_minute": 0},
        {"page_cap": 0},
        {"fail_rate": 1.1},
        {"slow_rate": -0.1},
        {"latency": -1},
        {"file_seconds": -1},
        {"job_seconds": (2, 1)},
        {"job_seconds": (-1, 1)},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        SandboxOptions(**options)
