"""Reading an agent's list of jobs: whichever order it has and however long its pages are, what is new is found."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.engine.listing import Listing
from services.errors import AnswerLostError
from services.models import Job, JobPage, JobState

EPOCH = datetime(2026, 11, 24, tzinfo=UTC)


class Server:
    """A list of jobs that grows, in one of the orders."""

    def __init__(self, *, cap: int = 50, newest_first: bool = True, total: bool = True) -> None:
        self._cap, self._newest_first, self._total = cap, newest_first, total
        self.jobs: list[Job] = []
        self.asked: list[int] = []
        self.lost: set[int] = set()

    def add(self, number: int) -> list[str]:
        """Let so many more jobs be there; gives their ids."""
        start = len(self.jobs)
        made = [Job(f"j{n}", JobState.COMPLETED, EPOCH + timedelta(seconds=n)) for n in range(start, start + number)]
        self.jobs += made
        return [job.id for job in made]

    async def fetch(self, offset: int, state: JobState | None) -> JobPage:
        self.asked.append(offset)
        if offset in self.lost:
            raise AnswerLostError
        jobs = self.jobs[::-1] if self._newest_first else self.jobs
        return JobPage(tuple(jobs[offset : offset + self._cap]), len(jobs) if self._total else None)


class Missing:
    """Waits for some jobs."""

    def __init__(self, ids: Iterable[str]) -> None:
        self.ids = set(ids)

    def take(self, jobs: Sequence[Job]) -> bool:
        found = self.ids & {job.id for job in jobs}
        self.ids -= found
        return bool(found and self.ids)


async def look(listing: Listing, ids: Iterable[str], pages: int = 1) -> set[str]:
    """Read the list for these jobs; gives those that were not found."""
    missing = Missing(ids)
    await listing.read(None, missing.take, pages)
    return missing.ids


@pytest.mark.parametrize("total", [True, False], ids=["total", "no total"])
@pytest.mark.parametrize("newest_first", [True, False], ids=["newest first", "oldest first"])
@pytest.mark.parametrize("cap", [7, 50, 100])
async def test_new_jobs_are_found_again_and_again(cap: int, newest_first: bool, total: bool) -> None:
    server = Server(cap=cap, newest_first=newest_first, total=total)
    listing = Listing(server.fetch)
    server.add(230)
    await look(listing, [])
    await look(listing, [])
    for number in (3, 120, 1, 60, 60):
        assert await look(listing, server.add(number), pages=4) == set()


async def test_it_ends_where_all_that_is_missing_was_found() -> None:
    server = Server()
    server.add(500)
    new = server.add(30)
    assert await look(Listing(server.fetch), new) == set()
    assert server.asked == [0]


async def test_it_ends_at_the_first_page_without_news() -> None:
    server = Server()
    old, _, new = server.add(1), server.add(500), server.add(30)
    assert await look(Listing(server.fetch), [*new, *old]) == set(old)
    assert server.asked == [0, 50]


async def test_pages_that_are_expected_to_have_news_are_asked_for_together() -> None:
    server = Server()
    new = server.add(400)
    assert await look(Listing(server.fetch), new, pages=8) == set()
    assert server.asked == [0, 50, 100, 150, 200, 250, 300, 350]


async def test_pages_shorter_than_thought_leave_no_gap() -> None:
    server = Server(cap=20)
    new = server.add(200)
    listing = Listing(server.fetch)
    assert await look(listing, new, pages=4) == set()
    assert listing.page_size == 20


async def test_a_long_list_with_its_newest_jobs_last_is_read_from_its_end() -> None:
    server = Server(newest_first=False)
    server.add(5000)
    listing = Listing(server.fetch)
    await look(listing, [])
    server.asked.clear()
    assert await look(listing, server.add(30)) == set()
    assert server.asked == [5000, 4950]


async def test_what_was_on_the_pages_before_a_lost_one_is_reported_and_the_lost_one_is_asked_for_again() -> None:
    server = Server()
    new = server.add(200)
    server.lost = {100}
    missing = Missing(new)
    with pytest.raises(AnswerLostError):
        await Listing(server.fetch).read(None, missing.take, 4)
    assert missing.ids == set(new[:100])
    assert server.asked == [0, 50, 100, 150, 100]


async def test_every_reader_sees_every_page() -> None:
    server = Server()
    mine, yours = server.add(40), server.add(40)
    listing, other = Listing(server.fetch), Missing(yours)
    listing.readers.add(other.take)
    assert await look(listing, mine) == set()
    assert other.ids == set()


@given(st.integers(1, 120), st.lists(st.integers(0, 150), min_size=1, max_size=6), st.booleans(), st.integers(1, 9))
async def test_nothing_new_is_missed_in_a_list_with_the_newest_first(
    cap: int, numbers: list[int], total: bool, pages: int
) -> None:
    server = Server(cap=cap, total=total)
    listing = Listing(server.fetch)
    for number in numbers:
        new = server.add(number)
        missing = await look(listing, new, pages)
        assert missing == set(new[: max(0, number - 100 * cap)])
