"""Reads all of an agent's jobs since some time from a list of any order and any page size."""

import math
from collections.abc import Awaitable, Callable, Collection, Sequence

from services.models import Job, JobPage

MAX_PAGES = 20
"""Pages of jobs read for a proof."""

MIN_SORTED_JOBS = 10
"""Jobs that have to be in order before the list counts as sorted: fewer may be so by chance."""

Fetch = Callable[[int], Awaitable[JobPage]]
"""Reads the page from an offset on."""


async def jobs_since(
    since: float, fetch: Fetch, known: Collection[str] = (), max_pages: int = MAX_PAGES
) -> list[Job] | None:
    """An agent's jobs created since then, by Writer's clock; None where not all of them could be read.

    `known` are jobs that were surely created since then. The order of the list isn't documented: it is relied on only
    as far as everything read keeps to it and includes these jobs. The same holds for the total: only an empty page
    is the end. Raises what `fetch` does.
    """
    reading = _Reading(fetch, frozenset(known), max_pages)
    try:
        first = await reading.page(0)
        if first.total is not None and first.total > 2 * len(first.jobs) and _is_oldest_first(first.jobs):
            jobs = await reading.from_the_end(since, first.total, len(first.jobs))
        else:
            jobs = await reading.from_the_beginning(since, first)
    except _TooLongError:
        return None
    return None if jobs is None else [job for job in jobs if _created(job) >= since]


class _TooLongError(Exception):
    """There are more pages than a proof reads."""


class _Reading:
    """Reads so many pages of a list at the most."""

    def __init__(self, fetch: Fetch, known: frozenset[str], max_pages: int) -> None:
        self._fetch = fetch
        self._known = known
        self._left = max_pages

    async def page(self, offset: int) -> JobPage:
        """The page from there on."""
        if self._left == 0:
            raise _TooLongError
        self._left -= 1
        return await self._fetch(offset)

    async def from_the_beginning(self, since: float, page: JobPage) -> list[Job] | None:
        """The jobs of the first page and of those after it, until all others are older."""
        read: dict[str, Job] = {}  # jobs created meanwhile push others to the next page, where they show again
        offset = 0
        while True:
            read |= {job.id: job for job in page.jobs if job.id not in read}
            offset += len(page.jobs)
            times = [_created(job) for job in read.values()]
            is_newest_first = len(times) >= MIN_SORTED_JOBS and _is_sorted(times[::-1]) and times[-1] < times[0]
            if is_newest_first and _is_past(since, list(read.values())[-1]) and read.keys() >= self._known:
                return list(read.values())
            if not page.jobs:
                # if the order changed while it was read, jobs may have been missed
                is_whole = len(read) == offset or _is_sorted(times) or _is_sorted(times[::-1])
                return list(read.values()) if is_whole else None
            page = await self.page(offset)

    async def from_the_end(self, since: float, total: int, size: int) -> list[Job] | None:
        """The same of a list whose oldest jobs come first: the last ones, and those before them page by page."""
        start = max(0, total - size)
        read = await self._to_the_end(start, size)
        while start > 0 and not self._is_back_at(since, read):
            earlier = max(0, start - size)
            read = [*await self._between(earlier, start), *read]
            start = earlier
        jobs = list({job.id: job for job in read}.values())
        return jobs if _is_sorted([_created(job) for job in jobs]) else None

    def _is_back_at(self, since: float, read: list[Job]) -> bool:
        """Whether what was read from the end of the list reaches back to that time."""
        is_enough = len(read) >= MIN_SORTED_JOBS and _is_past(since, read[0])
        return is_enough and self._known <= {job.id for job in read}

    async def _to_the_end(self, start: int, size: int) -> list[Job]:
        """The jobs from a place of the list on; a page shorter than the first one is the last."""
        jobs: list[Job] = []
        while page := (await self.page(start + len(jobs))).jobs:
            jobs += page
            if len(page) < size:
                break
        return jobs

    async def _between(self, start: int, end: int) -> list[Job]:
        """The jobs from one place of the list to another."""
        jobs: list[Job] = []
        while start < end:
            page = await self.page(start)
            jobs += page.jobs
            start += len(page.jobs)
            if not page.jobs:
                break
        return jobs


def _is_oldest_first(jobs: Sequence[Job]) -> bool:
    times = [_created(job) for job in jobs]
    return bool(times) and _is_sorted(times) and times[0] < times[-1]


def _is_sorted(times: list[float]) -> bool:
    return times == sorted(times)


def _created(job: Job) -> float:
    return math.inf if job.created_at is None else job.created_at.timestamp()


def _is_past(since: float, job: Job) -> bool:
    """Whether a list in which this job is the last one goes back to that time, be it by creation or by change."""
    return _created(job) < since and (job.updated_at is None or job.updated_at.timestamp() < since)
