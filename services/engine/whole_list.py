"""Reads an agent's whole list of jobs, page by page, while others may be added to it."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from services.errors import AnswerLostError
from services.models import Job, JobPage

MAX_JOBS = 200_000
"""Jobs after which the list isn't read on."""
_MIN_SORTED_JOBS = 10
"""Jobs that have to be in order before the list counts as sorted: fewer may be so by chance."""
_PAGE_TRIES = 4
"""Times that a page is asked for whose answer gets lost."""
_PASSES = 2
"""Times that the list is read where Writer counts more jobs than it listed: new ones push others to the next page."""

Fetch = Callable[[int], Awaitable[JobPage]]
"""Reads the page from an offset on."""


class WholeList:
    """What was read of an agent's list."""

    def __init__(self, fetch: Fetch, since: datetime | None, on_progress: Callable[[int], None]) -> None:
        """`since`: only jobs created then or later are needed. `on_progress` gets the number of jobs read so far."""
        self._fetch = fetch
        self._since = since
        self._on_progress = on_progress
        self.jobs: dict[str, Job] = {}
        """The jobs by their ids, as they were listed last."""
        self.unread = 0
        """How many more jobs Writer counts than it listed."""

    async def read(self) -> None:
        """Read the list to its end, or as far as jobs are needed. Raises WriterError."""
        for _ in range(_PASSES):
            await self._read_once()
            if self.unread == 0:
                return

    async def _read_once(self) -> None:
        offset, total, in_order = 0, 0, list[Job]()
        while len(self.jobs) < MAX_JOBS:
            page = await self._page(offset)
            offset += len(page.jobs)
            total = max(total, page.total or 0)
            in_order += page.jobs
            self.jobs |= {job.id: job for job in page.jobs}
            self._on_progress(len(self.jobs))
            if not page.jobs:
                break
            if self._is_past(in_order):
                self.unread = 0
                return
        self.unread = max(0, total - len(self.jobs))

    async def _page(self, offset: int) -> JobPage:
        """Read a page; to ask for it again after a lost answer changes nothing at Writer."""
        for _ in range(_PAGE_TRIES - 1):
            with suppress(AnswerLostError):
                return await self._fetch(offset)
        return await self._fetch(offset)

    def _is_past(self, in_order: list[Job]) -> bool:
        """Whether all jobs that follow were created too early to be needed: the list is newest first, and went back."""
        if self._since is None or len(in_order) < _MIN_SORTED_JOBS:
            return False
        times = [job.created_at for job in in_order if job.created_at is not None]
        is_sorted = len(times) == len(in_order) and times == sorted(times, reverse=True)
        return is_sorted and times[-1] < self._since and times[-1] < times[0]
