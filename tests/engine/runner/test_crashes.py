"""A process that ends at any moment: the next one goes on, and sends nothing twice."""

import asyncio
import random

import pytest

from services.models import RowState
from tests.engine.runner.conftest import Play, slow
from tests.engine.runner.stage import Stage
from tests.support.double import Fault, Kind

COMPLETED, SENDING, UNCONFIRMED = RowState.COMPLETED, RowState.SENDING, RowState.UNCONFIRMED
UNSTORED = 0.05
"""Seconds in which an answer that came may not be stored yet."""


@pytest.mark.parametrize("after", [0.4, 3.0, *slow(0.05, 11.0)])
@pytest.mark.parametrize("killed", [True, False], ids=["killed", "canceled"])
def test_the_next_process_goes_on(play: Play, after: float, killed: bool) -> None:
    async def main(stage: Stage) -> None:
        batches = [stage.launch(80), stage.launch(40)]
        stage.begin()
        await asyncio.sleep(after)
        await (stage.kill() if killed else stage.end())
        await asyncio.sleep(5)
        await stage.settled(*batches)
        stage.check(*batches)
        assert sum(stage.states(batch)[COMPLETED] for batch in batches) >= 120 - 2 * 16

    play(main, latency=(0.1, 1.5), duration=(1.0, 10.0))


def test_a_row_that_was_being_sent_when_the_process_died_and_had_no_effect_is_sent_again(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.RESET_BEFORE)
        batch = stage.launch(1)
        await stage.until(lambda: stage.states(batch)[SENDING] == 1, step=0.01)
        await stage.kill()
        assert stage.states(batch) == {SENDING: 1}
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 1}
        stage.check(batch)

    play(main, latency=1.0)


def test_a_row_whose_job_was_created_while_the_process_died_is_not_sent_again(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(1)
        await stage.until(lambda: stage.books.created.total() == 1, step=0.01)
        await stage.kill()
        assert stage.states(batch) == {SENDING: 1}
        await stage.settled(batch)
        assert stage.states(batch) == {UNCONFIRMED: 1}
        stage.check(batch)

    play(main, latency=1.0)


@pytest.mark.parametrize("skew", [60.0, *slow(0.0, -60.0)])
def test_processes_that_die_again_and_again_lose_nothing(play: Play, skew: float) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(150)
        for seconds in (1.3, 2.9, 0.2, 40.0, 0.7, 5.0):
            stage.begin()
            await asyncio.sleep(seconds)
            await stage.kill()
        await stage.settled(batch)
        stage.check(batch)

    play(main, latency=(0.1, 1.0), duration=(1.0, 10.0), skew=skew, effect_delay=(0.0, 2.0))


@pytest.mark.parametrize("seed", [0, *slow(1, 2, 3)])
def test_twenty_processes_that_die_leave_unknown_only_what_was_in_flight(play: Play, seed: int) -> None:
    async def main(stage: Stage) -> None:
        moments = random.Random(seed)
        batch = stage.launch(300)
        unknown = 0
        for _ in range(20):
            stage.begin()
            await asyncio.sleep(moments.uniform(0.02, 0.5))
            now = stage.clock.now()
            await stage.kill()
            sending = stage.states(batch)[SENDING] - len(stage.store.work.lost(batch))
            await asyncio.sleep(1)  # so that all that was in flight is in the books
            assert sending <= stage.books.in_flight(since=now - UNSTORED, until=now)
            unknown += sending
        await stage.settled(batch)
        stage.check(batch)
        states = stage.states(batch)
        assert states.keys() <= {COMPLETED, UNCONFIRMED}
        assert states[UNCONFIRMED] <= unknown < 300

    play(main, rpm=3000, latency=(0.1, 0.6), duration=(0.5, 2.0))


def test_a_retry_that_was_being_sent_when_the_process_died_is_settled_by_its_old_job(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(1)
        await stage.settled(batch)
        stage.retry(batch)
        await stage.until(lambda: stage.books.retried.total() == 1, step=0.01)
        await stage.kill()
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 1}
        assert stage.books.retried.total() == 1
        stage.check(batch)

    play(main, fail_share=1.0, latency=1.0)


def test_a_process_that_begins_anew_counts_what_the_last_one_sent(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(120)
        for _ in range(6):
            stage.begin()
            await asyncio.sleep(7)
            await stage.kill()
        await stage.settled(batch)
        stage.check(batch)
        assert stage.books.most_in(60) <= 60

    play(main, rpm=60, latency=(0.0, 0.5))


def test_a_clock_that_is_set_back_between_two_processes_does_not_make_a_second_job(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(1)
        await stage.until(lambda: stage.books.created.total() == 1, step=0.01)
        await stage.kill()
        stage.jump(-3600)
        other = stage.launch(3)
        await stage.settled(batch, other)
        stage.check(batch, other)

    play(main, latency=1.0)


def test_a_new_process_whose_clock_is_far_ahead_of_writers_does_not_make_a_second_job(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(1)
        await stage.until(lambda: stage.books.created.total() == 1, step=0.01)
        await stage.kill()
        await stage.settled(batch)
        stage.check(batch)

    play(main, latency=1.0, skew=-900.0)


def test_a_clock_that_is_set_back_does_not_stop_a_batch_for_long(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(150)
        stage.begin()
        await asyncio.sleep(20)
        await stage.end()
        stage.jump(-600)
        began = asyncio.get_running_loop().time()
        await stage.settled(batch)
        assert asyncio.get_running_loop().time() - began < 300

    play(main, rpm=60, latency=0.2)


def test_a_runner_that_is_asked_to_stop_ends_when_what_is_in_flight_has_its_answers(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(100)
        stage.begin()
        assert stage.process is not None
        await asyncio.sleep(2)
        await stage.process.stop()
        states = stage.states(batch)
        assert states[SENDING] == 0
        assert states[RowState.WAITING] > 0
        await stage.end()
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 100}
        stage.check(batch)

    play(main, latency=(0.5, 3.0), duration=20.0)
