"""Learning results by listing: one request for many rows, whatever the list looks like."""

from typing import Any

import pytest

from services.models import RowState
from tests.runner.conftest import Play, slow
from tests.runner.stage import Stage
from tests.support.double import Kind, Order

COMPLETED = RowState.COMPLETED


@pytest.mark.parametrize("order", [Order.NEWEST, Order.OLDEST, Order.RANDOM])
@pytest.mark.parametrize("described", [False, *slow(True)], ids=["neither", "total and pagination"])
def test_results_are_found_in_any_order_among_the_jobs_of_strangers(play: Play, order: Order, described: bool) -> None:
    async def main(stage: Stage) -> None:
        stage.double.stranger(230)
        await stage.clock.sleep(60)
        batch = stage.launch(70)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 70}
        stage.check(batch)

    options: dict[str, Any] = {
        "order": order,
        "total_count": described,
        "pagination": described,
        "strangers_per_minute": 20.0,
    }
    play(main, page_cap=50, lag=3, duration=(1.0, 20.0), **options)


def test_a_shuffled_list_costs_time_and_no_result(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.stranger(100)
        batch = stage.launch(40)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 40}
        stage.check(batch)

    play(main, order=Order.SHUFFLED, page_cap=50)


def test_a_job_that_the_list_never_shows_is_asked_for_alone(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(12)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 12}
        assert len(stage.books.of(Kind.JOB)) >= 12
        stage.check(batch)

    play(main, lag=100_000.0)


def test_few_requests_are_spent_on_polls(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(500)
        await stage.settled(batch)
        stage.check(batch)
        assert len(stage.books.requests) < 500 * 1.25
        assert stage.books.of(Kind.JOB) == []

    play(main, duration=(3.0, 8.0), latency=0.3)


@pytest.mark.parametrize("id_name", ["id", "job_id", "both"])
def test_either_name_of_a_jobs_id_will_do(play: Play, id_name: str) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(3)
        await stage.settled(batch)
        stage.retry(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 3}

    play(main, id_name=id_name, fail_share=1.0)
