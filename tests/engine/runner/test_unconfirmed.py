"""How many rows a server that loses many answers leaves unconfirmed, and what is said of them."""

from typing import Any

import pytest

from services.engine.runner.windows import most_with_jobs
from services.models import RowState
from tests.engine.runner.conftest import Play, slow
from tests.engine.runner.stage import Stage
from tests.support.double import Fault, Kind, Order

ROWS = 400
MAX_UNCONFIRMED = 48
NINETEEN_PERCENT = {Fault.RESET_BEFORE: 0.05, Fault.ERROR_500: 0.05, Fault.HTML_503: 0.05, Fault.RESET_AFTER: 0.04}
EVERY_KIND = dict.fromkeys(
    [
        *(Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.ERROR_500, Fault.ERROR_500_AFTER),
        *(Fault.HTML_503, Fault.GATEWAY_504, Fault.SILENT),
    ],
    0.19 / 7,
)
QUICK: dict[str, Any] = {"latency": (0.05, 0.4), "duration": (1.0, 10.0)}
LATE: dict[str, Any] = {"effect_delay": (0.0, 10.0), "lag": 10.0, **QUICK}


def bound(stage: Stage, batch_id: str) -> int:
    """How many of the unconfirmed rows may have a job, as the page says."""
    unconfirmed = stage.store.evidence.unconfirmed_rows(batch_id)
    return most_with_jobs(unconfirmed.windows, unconfirmed.created_at)


def with_jobs(stage: Stage, batch_id: str) -> int:
    """How many of the unconfirmed rows really have a job."""
    return sum(stage.books.created[row.values[0]] for row in stage.rows(batch_id, RowState.UNCONFIRMED))


@pytest.mark.parametrize("seed", [1, *slow(2, 3, 4, 5)])
def test_of_400_rows_few_are_unconfirmed_where_19_percent_of_all_requests_break(play: Play, seed: int) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(ROWS)
        await stage.settled(batch)
        stage.check(batch)
        assert stage.states(batch)[RowState.UNCONFIRMED] <= MAX_UNCONFIRMED
        assert with_jobs(stage, batch) <= bound(stage, batch) <= MAX_UNCONFIRMED

    play(main, faults=NINETEEN_PERCENT, seed=seed, **QUICK)


@pytest.mark.parametrize("seed", [1, *slow(2, 3, 4, 5)])
@pytest.mark.parametrize("order", [Order.NEWEST, *slow(Order.OLDEST)])
def test_nothing_is_sent_twice_whatever_breaks_and_however_late_effects_come(
    play: Play, seed: int, order: Order
) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(150)
        await stage.settled(batch)
        stage.check(batch)
        assert with_jobs(stage, batch) <= bound(stage, batch)

    play(main, faults=EVERY_KIND, seed=seed, order=order, skew=-7.0, strangers_per_minute=1.0, **LATE)


def test_a_row_that_was_sent_long_before_an_unknown_job_was_created_is_sent_again(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.ERROR_500, text="batch 1 row 0")
        stage.double.script(Kind.CREATE, Fault.RESET_AFTER, text="batch 2 row 0")
        first = stage.launch(3)
        await stage.until(lambda: stage.books.asked("batch 1 row 0") == 1)
        await stage.clock.sleep(15)
        second = stage.launch(3)
        await stage.settled(first, second)
        stage.check(first, second)
        assert stage.states(first) == {RowState.COMPLETED: 3}
        assert stage.states(second) == {RowState.COMPLETED: 2, RowState.UNCONFIRMED: 1}

    play(main, latency=0.2)


def test_the_bound_is_the_number_of_jobs_that_fit(play: Play) -> None:
    async def main(stage: Stage) -> None:
        for row in range(4):
            fault = Fault.RESET_AFTER if row == 0 else Fault.RESET_BEFORE
            stage.double.script(Kind.CREATE, fault, text=f"batch 1 row {row}")
        batch = stage.launch(4)
        await stage.settled(batch)
        assert stage.states(batch) == {RowState.UNCONFIRMED: 4}
        assert bound(stage, batch) == 1

    play(main, latency=0.2)


def test_all_unconfirmed_rows_can_be_sent_at_once(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = await stage.settled_losing(Fault.RESET_AFTER)
        assert stage.send_all(batch, RowState.UNCONFIRMED) == 1
        await stage.settled(batch)
        assert stage.states(batch) == {RowState.COMPLETED: 5}
        assert bound(stage, batch) == 0

    play(main, latency=0.2)


def test_canceled_rows_can_be_sent_at_once_and_the_batch_runs_again(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(10)
        stage.cancel(batch)
        assert stage.states(batch) == {RowState.CANCELED: 10}
        assert stage.send_all(batch, RowState.CANCELED) == 10
        await stage.settled(batch)
        assert stage.states(batch) == {RowState.COMPLETED: 10}
        stage.check(batch)

    play(main, latency=0.2)
