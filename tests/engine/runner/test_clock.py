"""The system's clock is set, forward or back: nothing is sent twice, and nothing waits for it to catch up."""

import asyncio
import subprocess
import sys
import time

import pytest

from services.clock import Clock
from services.models import RowState
from tests.engine.runner.conftest import Play, slow
from tests.engine.runner.stage import Stage
from tests.support.double import Fault, Kind
from tests.support.double.jobs import Job
from tests.support.server import ROOT
from tests.support.virtual_time import EPOCH, VirtualClock

COMPLETED, IN_PROGRESS, UNCONFIRMED = RowState.COMPLETED, RowState.IN_PROGRESS, RowState.UNCONFIRMED
FORWARD, BACK = 3600.0, -3600.0


@pytest.mark.parametrize("jump", [FORWARD, BACK])
def test_a_process_does_not_see_that_the_clock_is_set_while_it_runs(
    monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    clock = Clock()
    before = clock.now()
    assert abs(before - time.time()) < 1
    jumped = time.time() + jump
    monkeypatch.setattr(time, "time", lambda: jumped)
    assert 0 <= clock.now() - before < 1


def test_seconds_are_counted_the_same_in_all_processes() -> None:
    command = [sys.executable, "-c", "from services.clock import Clock; print(Clock().steady())"]
    before = Clock().steady()
    there = float(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)
    assert before < there < Clock().steady()


@pytest.mark.parametrize("jump", [FORWARD, BACK])
def test_the_limit_is_kept_though_the_clock_was_set_since_the_last_process_used_it_up(play: Play, jump: float) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(150)
        await stage.until(lambda: len(stage.books.requests) > 50, step=0.1)
        await stage.kill()
        stage.jump(jump)
        await stage.settled(batch)
        stage.check(batch)
        assert stage.books.most_in(60) <= 60

    play(main, rpm=60, latency=0.1)


@pytest.mark.parametrize("jump", [FORWARD, BACK])
@pytest.mark.parametrize("killed", [True, False], ids=["killed", "canceled"])
def test_a_job_that_is_late_in_coming_is_waited_for_though_the_clock_was_set(
    play: Play, jump: float, killed: bool
) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.RESET_AFTER)
        batch = stage.launch(1)
        await stage.until(lambda: bool(stage.store.work.lost(batch)), step=0.1)
        await (stage.kill() if killed else stage.end())
        stage.jump(jump)
        began = asyncio.get_running_loop().time()
        await stage.settled(batch)
        assert asyncio.get_running_loop().time() - began < 60
        stage.check(batch)
        assert stage.states(batch) == {UNCONFIRMED: 1}

    play(main, effect_delay=10.0, lag=10)


@pytest.mark.parametrize("jump", [FORWARD, BACK])
def test_results_are_looked_for_though_the_clock_was_set_since_the_rows_were_sent(play: Play, jump: float) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(20)
        await stage.until(lambda: stage.states(batch) == {IN_PROGRESS: 20})
        await stage.end()
        stage.jump(jump)
        began = asyncio.get_running_loop().time()
        await stage.settled(batch)
        assert asyncio.get_running_loop().time() - began < 60
        assert stage.states(batch) == {COMPLETED: 20}

    play(main, duration=(15.0, 25.0), latency=0.2)


@pytest.mark.parametrize("jump", [BACK, *slow(FORWARD)])
@pytest.mark.parametrize("skew", [0.0, *slow(900.0, -900.0)])
def test_a_clock_that_is_set_again_and_again_between_processes(play: Play, jump: float, skew: float) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(120, retries=1)
        for seconds in (1.3, 2.9, 0.2, 33.0, 0.7, 5.0):
            stage.begin()
            await asyncio.sleep(seconds)
            await stage.kill()
            stage.jump(jump if seconds > 1 else -jump)
        began = asyncio.get_running_loop().time()
        await stage.settled(batch)
        assert asyncio.get_running_loop().time() - began < 300
        stage.check(batch)

    faults = {Fault.RESET_BEFORE: 0.05, Fault.RESET_AFTER: 0.05}
    play(main, faults=faults, fail_share=0.2, latency=(0.1, 1.0), duration=(1.0, 10.0), effect_delay=(0.0, 5.0), lag=5)


def test_writers_clock_that_is_set_back_does_not_make_a_second_job(play: Play) -> None:
    async def main(stage: Stage) -> None:
        await stage.settled(stage.launch(5))
        stage.double.options.skew = -5.0
        await stage.settled(stage.launch(50))
        batch = await stage.settled_losing(Fault.RESET_AFTER)
        assert stage.states(batch) == {COMPLETED: 4, UNCONFIRMED: 1}
        stage.check(batch)

    play(main, latency=0.1)


class FastClock(VirtualClock):
    """Gains 5 seconds a day, as without a time server."""

    def now(self) -> float:
        now = super().now()
        return now + (now - EPOCH) * 60e-6


def test_a_clock_that_runs_fast_does_not_make_a_second_job(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.clock = FastClock()
        await stage.settled(stage.launch(5))
        await asyncio.sleep(4 * 3600)
        stage.clock.jump(20 * 3600 * 60e-6)
        batch = await stage.settled_losing(Fault.RESET_AFTER)
        assert stage.states(batch) == {COMPLETED: 4, UNCONFIRMED: 1}
        stage.check(batch)

    play(main, latency=0.1)


def test_jobs_that_are_stamped_by_another_clock_of_writers_are_not_taken_for_older(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is 4 seconds behind the one that answers tell."""
    shown = Job.shown
    monkeypatch.setattr(Job, "shown", lambda job, now, skew: shown(job, now, skew - 4.0))

    async def main(stage: Stage) -> None:
        batch = await stage.settled_losing(Fault.RESET_AFTER, lost=3)
        assert stage.states(batch) == {COMPLETED: 4, UNCONFIRMED: 1}
        stage.check(batch)

    play(main, latency=0.1)
