"""Lists that fail, are refused, or are not in the order they seem to be in: results come, and nothing is sent twice."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from services.models import BatchState, RowState
from tests.engine.runner.conftest import Play, slow
from tests.engine.runner.stage import Stage
from tests.support.double import Fault, Kind, Order
from tests.support.double import jobs as double_jobs
from tests.support.double.answers import Answer, Request, error
from tests.support.double.core import Double
from tests.support.double.works import Works

COMPLETED, UNCONFIRMED = RowState.COMPLETED, RowState.UNCONFIRMED
LOST = "batch 1 row 2"


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, bool], None]:
    """Have Writer answer lists with a status: all of them, or those of jobs in some state only."""
    read = Double._read

    def refuse(status: int, only_of_a_state: bool) -> None:
        def reading(double: Double, request: Request, kind: Kind, subject: Any) -> Answer:
            if kind is Kind.LIST and ("status" in request.query or not only_of_a_state):
                return error(status, "limit must not be more than 50")
            return read(double, request, kind, subject)

        monkeypatch.setattr(Double, "_read", reading)

    return refuse


@pytest.mark.parametrize("minutes", [2, 10, *slow(1, 5, 60)])
def test_a_list_that_is_out_of_order_for_some_time_costs_little_more_than_that_time(play: Play, minutes: int) -> None:
    """All jobs have ended by then, and are as old as no job before them was when it was looked at."""

    async def main(stage: Stage) -> None:
        began = stage.clock.now()
        stage.double.options.faults = {Fault.ERROR_500: {Kind.LIST: 1.0}}
        batch = stage.launch(1200)
        await stage.until(lambda: stage.clock.now() > began + 60 * minutes, step=5)
        stage.double.options.faults = {}
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 1200}
        assert stage.clock.now() - began < max(60 * minutes, 240) + 120

    play(main, latency=0.1)


@pytest.mark.parametrize("status", [400, 404, 429])
@pytest.mark.parametrize("only_of_a_state", [False, True])
def test_where_lists_are_refused_jobs_are_asked_for_alone(
    play: Play, refuse: Callable[[int, bool], None], status: int, only_of_a_state: bool
) -> None:
    refuse(status, only_of_a_state)

    async def main(stage: Stage) -> None:
        batch = stage.launch(150)
        async with asyncio.timeout(3600):
            await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 150}

    play(main, latency=0.1)


def test_a_person_decides_where_the_list_cannot_be_read_for_long(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.options.faults = {Fault.ERROR_500: {Kind.LIST: 1.0}}
        stage.double.script(Kind.CREATE, Fault.RESET_BEFORE, text=LOST)
        batch = stage.launch(20)
        async with asyncio.timeout(1200):
            await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 19, UNCONFIRMED: 1}
        assert len(stage.books.of(Kind.LIST)) < 400, "most of them 4 s apart"

    play(main, latency=0.1)


def test_a_person_decides_where_a_job_of_somebody_else_cannot_be_read(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = double_jobs.Job.shown

    def show(job: double_jobs.Job, now: float, skew: float) -> dict[str, Any]:
        return shown(job, now, skew) | ({} if job.ours else {"status": "postponed"})

    monkeypatch.setattr(double_jobs.Job, "shown", show)

    async def main(stage: Stage) -> None:
        stage.double.stranger()
        stage.double.script(Kind.CREATE, Fault.RESET_BEFORE, text=LOST)
        batch = stage.launch(20)
        async with asyncio.timeout(1800):
            await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 19, UNCONFIRMED: 1}

    play(main, latency=0.1)


def test_a_person_decides_where_the_agent_is_gone_with_its_list(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.RESET_BEFORE, text=LOST)
        batch = stage.launch(5)
        await stage.until(lambda: stage.states(batch)[COMPLETED] == 4, step=0.1)
        stage.double.remove_agent()
        stage.cancel(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 4, UNCONFIRMED: 1}
        assert stage.batch(batch).state is BatchState.CANCELED

    play(main, latency=0.1)


@pytest.mark.parametrize("page_cap", [20, *slow(50, 100)])
@pytest.mark.parametrize("number", [130, *slow(59)])
def test_a_list_by_last_change_does_not_pass_for_one_by_creation(
    play: Play, monkeypatch: pytest.MonkeyPatch, page_cap: int, number: int
) -> None:
    """The lost row's job ended at once, and those of the others later: it stands behind jobs that are older."""
    show = double_jobs.Shelf._show

    def showing(shelf: double_jobs.Shelf, now: float) -> None:
        shelf._now = now  # type: ignore[attr-defined]
        show(shelf, now)

    def cut(shelf: double_jobs.Shelf, jobs: list[double_jobs.Job], offset: int, limit: int) -> list[double_jobs.Job]:
        def changed(job: double_jobs.Job) -> float:
            is_running = job.status(shelf._now) == "in_progress"  # type: ignore[attr-defined]
            return job.started_at if is_running else job.ready_at

        return sorted(jobs, key=changed, reverse=True)[offset : offset + limit]

    monkeypatch.setattr(double_jobs.Shelf, "_show", showing)
    monkeypatch.setattr(double_jobs.Shelf, "_cut", cut)
    lost = f"batch 1 row {number}"

    async def main(stage: Stage) -> None:
        batch = await stage.settled_losing(Fault.RESET_AFTER, rows=number + 1, lost=number)
        assert stage.states(batch) == {COMPLETED: number, UNCONFIRMED: 1}
        stage.check(batch)

    play(main, latency=0.2, duration=20.0, durations={lost: 0.1}, page_cap=page_cap)


@pytest.mark.parametrize("order", [Order.NEWEST, Order.OLDEST])
def test_a_total_that_is_too_small_proves_nothing(play: Play, monkeypatch: pytest.MonkeyPatch, order: Order) -> None:
    """It is that of the page."""
    page = Works.page

    def of_the_page(*args: Any) -> tuple[list[Any], int]:
        jobs, _ = page(*args)
        return jobs, len(jobs)

    monkeypatch.setattr(Works, "page", of_the_page)

    async def main(stage: Stage) -> None:
        stage.double.stranger(150)
        await stage.clock.sleep(900)
        batch = await stage.settled_losing(Fault.RESET_AFTER)
        assert stage.states(batch) == {COMPLETED: 4, UNCONFIRMED: 1}
        stage.check(batch)

    play(main, latency=0.1, order=order)
