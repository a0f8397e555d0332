"""Learning results by listing: one request for many rows, whatever the list looks like."""

from typing import Any

import pytest

from services.models import RowState
from tests.engine.runner.conftest import Play, slow
from tests.engine.runner.stage import Stage
from tests.support.double import Fault, Kind, Order

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


def test_where_the_list_cannot_be_had_jobs_are_asked_for_alone(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(20)
        began = stage.clock.now()
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 20}
        assert stage.clock.now() - began < 300
        stage.check(batch)

    play(main, faults={Fault.ERROR_500: {Kind.LIST: 1.0}}, latency=0.2)


def test_few_requests_are_spent_on_polls(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(1000)
        await stage.settled(batch)
        stage.check(batch)
        assert len(stage.books.requests) < 1000 * 1.1
        assert len(stage.books.of(Kind.JOB)) < 10

    play(main, rpm=1200, duration=(3.0, 10.0), latency=(0.1, 0.3), page_cap=50)


def test_batches_of_one_agent_learn_from_each_others_pages(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batches = [stage.launch(60) for _ in range(5)]
        await stage.settled(*batches)
        stage.check(*batches)
        assert len(stage.books.of(Kind.LIST)) < 80

    play(main, rpm=1200, duration=(3.0, 10.0), latency=0.2)


@pytest.mark.parametrize(("lag", "median", "longest"), [(0.0, 1.0, 2.0), (10.0, 6.0, 8.0)])
def test_a_result_is_seen_soon_after_it_is_listed(play: Play, lag: float, median: float, longest: float) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(20)
        await stage.settled(batch)
        ends = [stage.store.rows.get(batch, n).attempts[-1].ended_at for n in range(20)]
        done = [job.ready_at for job in stage.double.jobs.values()]
        late = sorted(
            end.timestamp() - max(ready, ready - 3 + lag)
            for end, ready in zip(ends, done, strict=True)
            if end is not None
        )
        assert late[10] < median
        assert late[-1] < longest

    play(main, duration=3.0, latency=0.2, lag=lag)


def test_the_last_slow_jobs_of_a_large_batch_are_asked_for_alone_rather_than_by_long_lists(play: Play) -> None:
    slow = {f"batch 1 row {n}": 100.0 for n in (3, 300)}

    async def main(stage: Stage) -> None:
        batch = stage.launch(600)
        await stage.until(lambda: stage.states(batch)[COMPLETED] == 598)
        listed = len(stage.books.of(Kind.LIST))
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 600}
        assert len(stage.books.of(Kind.LIST)) - listed <= 2
        assert len(stage.books.of(Kind.JOB)) < 30

    play(main, rpm=1200, duration=(3.0, 5.0), durations=slow, latency=0.2)


def test_failed_jobs_are_found_as_soon_as_completed_ones(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(200)
        await stage.settled(batch)
        assert stage.states(batch)[RowState.FAILED] > 40
        assert stage.clock.now() - stage.batch(batch).created_at.timestamp() < 22
        stage.retry(batch)
        retried_at = stage.clock.now()
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 200}
        assert stage.clock.now() - retried_at < 22
        stage.check(batch)

    play(main, rpm=1200, duration=(3.0, 10.0), latency=0.2, fail_share=0.3)


def test_a_page_full_of_jobs_of_others_hides_no_result(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(10)
        await stage.until(lambda: stage.books.created.total() == 10, step=0.1)
        stage.double.stranger(300)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 10}
        assert stage.clock.now() - stage.batch(batch).created_at.timestamp() < 60

    play(main, duration=(3.0, 10.0), latency=0.2)


@pytest.mark.parametrize("id_name", ["id", "job_id", "both"])
def test_either_name_of_a_jobs_id_will_do(play: Play, id_name: str) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(3)
        await stage.settled(batch)
        stage.retry(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 3}

    play(main, id_name=id_name, fail_share=1.0)
