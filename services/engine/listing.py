"""One agent's list of jobs, read for all batches of that agent: what one of them reads, the others learn too."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from services.engine.forecast import Forecast
from services.models import Job, JobPage, JobState

_MAX_PAGES = 100
"""Pages read in one go; jobs that aren't on them are asked for by their ids."""
_PAGES_AHEAD = 8
"""Pages requested at a time, where that many are expected to have news; fewer for a while after trouble."""
_USUAL_PAGE = 50
"""Jobs on a page as Writer's reference has it; more may be asked for, and fewer may come."""
_MIN_JOBS_FOR_ORDER = 3
"""Jobs on a page that show the order of the list."""

Fetch = Callable[[int, JobState | None], Awaitable[JobPage]]
"""Reads one page from an offset on: of all jobs, or of those in a state."""
Reader = Callable[[Sequence[Job]], bool]
"""Gets the jobs of a page; returns whether to read on: there was news for it, and it waits for more."""


class Listing:
    """The list as it is known by now: how long its pages are, in which order, and who reads it."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._ends: dict[JobState | None, int] = {}
        self._is_oldest_first = False
        self.page_size = _USUAL_PAGE
        """How many jobs Writer puts on a page, as far as was seen."""
        self._ahead = _PAGES_AHEAD
        self.read_at = 0.0
        """When it was begun to be read last, by the clock of those who read it."""
        self.forecast = Forecast()
        self.readers: set[Reader] = set()
        """Those who want to see every page, whoever asked for it."""

    async def read(self, state: JobState | None, reader: Reader, pages: int) -> None:
        """Read as long as there is news for the reader; about so many pages are expected to have some.

        Raises WriterError; what was on earlier pages is reported all the same.
        """
        if self._is_oldest_first:
            end = self._ends.get(state, 0)
            await self._read_on(state, reader, end)
            await self._read_back(state, reader, end)
        else:
            await self._read_down(state, reader, pages)

    async def _read_down(self, state: JobState | None, reader: Reader, pages: int) -> None:
        """From the newest job on. Which order the list has is not documented: what is missed is asked for alone."""
        offset = read = 0
        goes_on = True
        while goes_on and read < _MAX_PAGES and not self._is_oldest_first:
            ahead = min(self._ahead, max(1, pages - read))
            for offset, page in await self._pages(state, [offset + n * self.page_size for n in range(ahead)]):
                goes_on = self._report(page, reader)
                read += 1
                if page.is_last(offset):
                    return

    async def _read_on(self, state: JobState | None, reader: Reader, offset: int) -> None:
        """What came to the end of the list since it was read last."""
        for _ in range(_MAX_PAGES):
            ((offset, page),) = await self._pages(state, [offset])
            self._report(page, reader)
            if page.is_last(offset):
                break
        self._ends[state] = offset

    async def _read_back(self, state: JobState | None, reader: Reader, end: int) -> None:
        """From the former end of the list towards its beginning."""
        while end > 0:
            start = max(0, end - self.page_size)
            ((_, page),) = await self._pages(state, [start])
            if not self._report(page, reader):
                return
            end = start

    async def _pages(self, state: JobState | None, offsets: list[int]) -> list[tuple[int, JobPage]]:
        """The pages at these offsets and where each ends; asked for together, as far as they follow on each other."""
        asked = (self._fetch(offset, state) for offset in offsets)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        is_lost = any(isinstance(answer, BaseException) for answer in answers)
        self._ahead = 1 if is_lost else min(_PAGES_AHEAD, self._ahead * 2)
        pages: list[tuple[int, JobPage]] = []
        for offset, answer in zip(offsets, answers, strict=True):
            if isinstance(answer, BaseException):
                if pages:
                    break  # asked for again, it tells the same
                raise answer
            if pages and offset > pages[-1][0]:
                if answer.jobs:
                    self.page_size = len(pages[-1][1].jobs)
                break  # pages are shorter than was thought, and something lies between
            self._record(state, answer)
            pages.append((offset + len(answer.jobs), answer))
        return pages

    def _record(self, state: JobState | None, page: JobPage) -> None:
        """How long pages are, which end of the list is the new one, and how far it goes."""
        self.page_size = max(self.page_size, len(page.jobs))
        times = [job.created_at for job in page.jobs if job.created_at is not None]
        if len(times) >= _MIN_JOBS_FOR_ORDER and times[0] != times[-1]:
            self._is_oldest_first = times == sorted(times)
        if page.total is not None and state not in self._ends:
            self._ends[state] = page.total

    def _report(self, page: JobPage, reader: Reader) -> bool:
        goes_on = reader(page.jobs)
        for other in self.readers:
            other(page.jobs)
        return goes_on
