"""Reading an agent's list for a proof: all jobs since some time, or the answer that they cannot be had."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.engine.runner.proof import MAX_PAGES, jobs_since
from services.errors import AnswerLostError
from services.models import Job, JobPage, JobState

EPOCH = datetime(2026, 11, 24, tzinfo=UTC)

Order = Callable[[list[Job]], list[Job]]


def newest_first(jobs: list[Job]) -> list[Job]:
    return jobs[::-1]


def oldest_first(jobs: list[Job]) -> list[Job]:
    return jobs


def any_order(jobs: list[Job]) -> list[Job]:
    """Any, but always the same."""
    return sorted(jobs, key=lambda job: random.Random(job.id).random())


class Server:
    """A list of jobs, one a second, that others may add to while it is read."""

    def __init__(self, number: int, order: Order, *, cap: int = 50, total: bool = True, coming: int = 0) -> None:
        self.jobs = [_job(n) for n in range(number)]
        self.asked: list[int] = []
        self._order, self._cap, self._total, self._coming = order, cap, total, coming

    async def page(self, offset: int) -> JobPage:
        self.asked.append(offset)
        jobs = self._order(self.jobs)
        page = JobPage(tuple(jobs[offset : offset + self._cap]), len(jobs) if self._total else None)
        self.jobs += [_job(len(self.jobs) + n) for n in range(self._coming)]
        return page


def _job(second: int) -> Job:
    return Job(f"j{second}", JobState.COMPLETED, EPOCH + timedelta(seconds=second))


async def since(second: int, server: Server) -> set[str] | None:
    jobs = await jobs_since(EPOCH.timestamp() + second, server.page)
    return None if jobs is None else {job.id for job in jobs}


@given(
    number=st.integers(0, 200),
    ago=st.integers(0, 250),
    order=st.sampled_from([newest_first, oldest_first, any_order]),
    cap=st.integers(1, 5) | st.integers(6, 60),
    total=st.booleans(),
    coming=st.integers(0, 3),
)
async def test_either_all_jobs_since_then_are_reported_or_it_is_said_that_they_cannot_be(
    number: int, ago: int, order: Order, cap: int, total: bool, coming: int
) -> None:
    server = Server(number, order, cap=cap, total=total, coming=coming)
    second = number - ago
    told = await since(second, server)
    assert len(server.asked) <= MAX_PAGES
    assert told is None or {f"j{n}" for n in range(max(0, second), number)} <= told
    assert told is None or all(int(job_id[1:]) >= second for job_id in told)


@pytest.mark.parametrize(
    ("order", "asked"),
    [(newest_first, [0, 50, 100]), (oldest_first, [0, 9950, 10000, 9900, 9850])],
    ids=["newest", "oldest"],
)
async def test_of_a_list_in_order_only_the_pages_since_then_are_read(order: Order, asked: list[int]) -> None:
    server = Server(10_000, order)
    assert await since(9880, server) == {f"j{n}" for n in range(9880, 10_000)}
    assert server.asked == asked


async def test_a_job_that_comes_while_a_list_with_its_newest_last_is_read_is_reported_too() -> None:
    server = Server(1000, oldest_first, coming=1)
    assert await since(940, server) == {f"j{n}" for n in range(940, 1002)}
    assert server.asked == [0, 950, 1000, 900]


@pytest.mark.parametrize("order", [oldest_first, any_order])
async def test_a_list_without_a_total_that_is_longer_than_is_read_proves_nothing(order: Order) -> None:
    assert await since(1090, Server(1100, order, total=False)) is None


async def test_a_list_that_begins_in_order_and_does_not_go_on_so_proves_nothing() -> None:
    def turned(jobs: list[Job]) -> list[Job]:
        return [*jobs[:950], *jobs[975:], *jobs[950:975]]

    assert await since(990, Server(1000, turned)) is None


@pytest.mark.parametrize("order", [newest_first, oldest_first])
async def test_jobs_without_a_time_may_be_those_in_question(order: Order) -> None:
    server = Server(30, order)
    server.jobs[7] = Job("timeless", JobState.COMPLETED)
    told = await since(20, server)
    assert told == {"timeless", *(f"j{n}" for n in range(20, 30))}


async def test_a_page_that_cannot_be_had_is_the_readers_to_deal_with() -> None:
    async def lost(_: int) -> JobPage:
        raise AnswerLostError

    with pytest.raises(AnswerLostError):
        await jobs_since(0.0, lost)
