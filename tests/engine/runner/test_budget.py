"""The request budget, by the books of the other side."""

import asyncio
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from services.engine.budget import Budget
from services.models import RowState
from tests.engine.runner.conftest import Play, slow
from tests.engine.runner.stage import CONNECTION, Stage
from tests.support.double import Fault, Kind, Overload

COMPLETED, FAILED = RowState.COMPLETED, RowState.FAILED


@pytest.mark.parametrize(
    "latency", [pytest.param(0.0, id="at once"), pytest.param((0.0, 1.5), id="jittered", marks=pytest.mark.slow)]
)
def test_a_thousand_rows_never_go_over_the_limit_in_any_minute(play: Play, latency: tuple[float, float]) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(1000)
        await stage.settled(batch)
        stage.check(batch)
        assert stage.states(batch) == {COMPLETED: 1000}
        assert stage.books.most_in(60) <= 400
        # two and a half minutes of sending at the limit, a minute less with the burst at the start
        assert elapsed(stage, batch) < 210

    play(main, latency=latency, duration=(2.0, 20.0))


@pytest.mark.parametrize("rpm", [7, *slow(1)])
def test_an_hour_at_a_small_limit(play: Play, rpm: int) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(45 * rpm)
        await stage.until(lambda: elapsed(stage, batch) > 3600, step=60)
        assert stage.books.most_in(60) <= rpm
        assert len(stage.books.requests) > 45 * rpm
        assert stage.states(batch)[COMPLETED] > (10 if rpm == 1 else 250)

    play(main, rpm=rpm, duration=(2.0, 20.0))


def test_several_batches_share_one_limit_and_take_turns(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batches = [stage.launch(200), stage.launch(200)]
        await stage.until(lambda: any(stage.states(batch)[COMPLETED] == 200 for batch in batches))
        done = sorted(stage.states(batch)[COMPLETED] for batch in batches)
        assert done[0] > 120, done
        await stage.settled(*batches)
        stage.check(*batches)
        assert stage.books.most_in(60) <= 400

    play(main, latency=(0.1, 0.6))


@pytest.mark.parametrize("wait", [8, *slow(20, 45)])
def test_a_small_batch_does_not_wait_behind_a_large_one_that_has_used_up_the_window(play: Play, wait: int) -> None:
    async def main(stage: Stage) -> None:
        large = stage.launch(3000)
        await stage.until(lambda: stage.states(large)[RowState.WAITING] < 2650)
        await asyncio.sleep(wait)
        began = stage.clock.now()
        small = stage.launch(5)
        await stage.until(lambda: stage.states(small)[COMPLETED] == 5)
        # alone they take 3 s and a poll
        assert stage.clock.now() - began < 1.5 * 5 + 5

    play(main, latency=0.3)


@pytest.mark.parametrize("retry_after", ["date", *slow(None, "seconds")])
def test_after_a_429_everybody_holds(play: Play, retry_after: str | None) -> None:
    async def main(stage: Stage) -> None:
        batches = [stage.launch(150), stage.launch(150)]
        await stage.settled(*batches)
        stage.check(*batches)
        assert all(stage.states(batch) == {COMPLETED: 150} for batch in batches)
        refused = [entry for entry in stage.books.requests if entry.status == 429]
        assert refused
        # at each refusal a group that is in flight already may be refused with it, but nobody hammers
        assert len(refused) < 150

    play(main, latency=0.1, writers_rpm=150, retry_after=retry_after)


def test_another_client_that_uses_half_of_the_limit_is_coped_with(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(400)
        await stage.settled(batch)
        stage.check(batch)
        assert stage.states(batch) == {COMPLETED: 400}
        assert stage.books.statuses()[429] < 100

    play(main, latency=0.1, writers_rpm=400, other_share=0.5)


def test_a_hold_that_writer_asks_for_is_kept_by_every_request(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batches = [stage.launch(100), stage.launch(100)]
        await stage.until(lambda: stage.states(batches[0])[COMPLETED] > 0)
        stage.double.script(Kind.LIST, Fault.LIMIT_UNTIL)
        await stage.settled(*batches)
        at = next(entry.time for entry in stage.books.requests if entry.status == 429)
        after = [entry.time - at for entry in stage.books.requests if entry.time > at + 0.3]
        assert 4.9 <= min(after) < 8, "5 s were asked for; what was in flight when the answer came is not counted"
        stage.check(*batches)

    play(main, latency=0.2)


FIFTY_A_MINUTE: dict[str, Any] = {"tokens_per_minute": 25_000, "tokens_per_job": 500, "latency": (0.1, 0.3)}
FLOOR = 300.0
"""Seconds from the first of 300 rows to the last at 50 a minute, the first 50 of them at once."""
ANOTHER_CLIENT: dict[str, Any] = {"strangers_per_minute": 50 / 3, "strangers_take_tokens": True}
"""Uses a third of the limit on tokens."""


def share_refused(stage: Stage) -> float:
    return stage.books.statuses()[429] / len(stage.books.of())


@pytest.mark.parametrize("retry_after", [None, *slow("seconds")])
@pytest.mark.parametrize("other_share", [0.0, *slow(1 / 3)])
def test_rows_go_on_at_the_pace_that_the_limit_on_tokens_allows(
    play: Play, retry_after: str | None, other_share: float
) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(300)
        await stage.settled(batch)
        stage.check(batch)
        assert stage.states(batch) == {COMPLETED: 300}
        assert elapsed(stage, batch) < 1.25 * FLOOR
        assert share_refused(stage) < 0.05

    play(main, writers_rpm=400, retry_after=retry_after, other_share=other_share, **FIFTY_A_MINUTE)


@pytest.mark.parametrize("retry_after", [None, *slow("seconds")])
def test_another_client_that_uses_a_third_of_the_tokens_is_coped_with(play: Play, retry_after: str | None) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(300)
        await stage.settled(batch)
        stage.check(batch)
        assert stage.states(batch) == {COMPLETED: 300}
        # 50 at once, then 33 a minute
        assert elapsed(stage, batch) < 1.25 * 480
        after = [entry for entry in stage.books.of() if entry.time > stage.books.requests[0].time + 90]
        assert sum(entry.status == 429 for entry in after) < 0.02 * len(after), "once the pace is found"

    play(main, retry_after=retry_after, **FIFTY_A_MINUTE, **ANOTHER_CLIENT)


def test_the_pace_rises_again_when_writer_accepts_more(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(1200)
        await stage.until(lambda: elapsed(stage, batch) > 100, step=10)
        assert stage.load().jobs_per_minute in (49, 50)
        stage.double.options.tokens_per_minute = None
        await stage.until(lambda: elapsed(stage, batch) > 100 + 9 * 60, step=10)
        assert stage.load().jobs_per_minute is None
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 1200}
        assert len([entry for entry in stage.books.of() if entry.status == 429]) < 20

    play(main, rpm=200, **FIFTY_A_MINUTE)


def test_while_writer_refuses_the_load_says_so(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(100)
        await stage.until(lambda: stage.books.statuses()[429] > 5, step=0.1)
        await asyncio.sleep(0.5)  # what was in flight has its answer
        load = stage.load()
        assert load.holding_until is not None
        assert 0 < load.holding_until.timestamp() - stage.clock.now() <= 60
        assert load.last_minute == len(stage.books.of())
        assert (load.limit, load.jobs_per_minute) == (396, stage.books.statuses(Kind.CREATE)[202])
        await stage.until(lambda: stage.load().holding_until is None)
        stage.cancel(batch)

    play(main, retry_after="seconds", **FIFTY_A_MINUTE)


def test_two_batches_launched_a_minute_apart_come_to_equal_shares(play: Play) -> None:
    async def main(stage: Stage) -> None:
        first = stage.launch(1000)
        await stage.until(lambda: elapsed(stage, first) > 60)
        second = stage.launch(1000)
        await stage.until(lambda: elapsed(stage, second) > 130)
        since = stage.clock.now() - 61
        sent = Counter(entry.text[:7] for entry in stage.books.of() if entry.time > since)
        assert sent.keys() == {"batch 1", "batch 2", ""}
        assert 0.8 < sent["batch 1"] / sent["batch 2"] < 1.25, sent
        assert sent.total() > 360, "with the polls, which are nobody's"

    play(main, latency=0.3, duration=(2.0, 20.0))


def test_jobs_that_fail_for_capacity_fail_in_writers_words_and_can_be_retried(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(80)
        await stage.settled(batch)
        assert stage.load().jobs_per_minute == 56, "of 80 that were started in a minute, seven tenths"
        for _ in range(5):
            if stage.states(batch)[FAILED]:
                assert {row.error for row in stage.rows(batch, FAILED)} == {"Too many tokens per minute."}
                await asyncio.sleep(60)
                stage.retry(batch)
                await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 80}
        stage.check(batch)

    play(main, tokens_per_minute=15_000, overload=Overload.FAIL, capacity_words="Too many tokens per minute.")


def test_the_pauses_grow_while_writer_goes_on_refusing(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.options.faults = {Fault.LIMIT: 1.0}
        batch = stage.launch(1)
        await stage.until(lambda: elapsed(stage, batch) > 600, step=10)
        gaps = [later.time - earlier.time for earlier, later in pairwise(stage.books.requests)]
        assert 8 <= len(gaps) <= 30
        assert gaps[0] < 3
        assert max(gaps) > 30
        stage.double.options.faults = {}
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 1}

    play(main)


def test_no_pause_of_our_own_lasts_longer_than_half_of_what_was_sent_counts(play: Play) -> None:
    async def main(stage: Stage) -> None:
        budget = Budget(stage.store, CONNECTION, 400, stage.clock)
        began = stage.clock.now()
        assert (await budget.reserve("a batch", 100)).number == 100
        seconds = 0.0
        while seconds < 60:
            await budget.hold(None)
            held_until = budget.load().holding_until
            assert held_until is not None
            seconds = held_until.timestamp() - began
            await asyncio.sleep(began + seconds - stage.clock.now() + 0.01)
        # half of it leaves the window then, unless a pause ended a moment before: no pause is shorter than a second
        assert 60.5 <= seconds + 1e-4 < 61.5

    play(main)


@pytest.mark.parametrize(("asked", "held"), [(0.0, 1.0), (0.4, 1.0), (5.0, 5.0)])
def test_a_hold_lasts_a_second_at_the_least(play: Play, asked: float, held: float) -> None:
    async def main(stage: Stage) -> None:
        budget = Budget(stage.store, CONNECTION, 400, stage.clock)
        began = stage.clock.now()
        await budget.hold(asked)
        await budget.acquire()
        assert stage.clock.now() - began == pytest.approx(held, abs=0.1)

    play(main)


def elapsed(stage: Stage, batch_id: str) -> float:
    return stage.clock.now() - stage.batch(batch_id).created_at.timestamp()
