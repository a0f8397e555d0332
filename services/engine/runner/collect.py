"""Collects results: decides when to poll and with which requests; one request answers for a page of rows."""

import asyncio
import heapq
import math
from bisect import bisect_right, insort
from collections.abc import Sequence
from functools import partial

from services.clock import Clock
from services.engine.gateway import Gateway
from services.engine.listing import Reader
from services.engine.runner.outcomes import Outcomes
from services.engine.runner.poll import Poll, Strategy
from services.errors import AnswerLostError, RequestRefusedError, SlowDownError, UnknownToWriterError
from services.models import NO_INPUTS, Batch, Job, JobState
from services.store import Ended, Outstanding, Store

_RESULTS_PER_REQUEST = 20
"""Results that make a request worthwhile at any time: polls then add a twentieth to the requests."""
MIN_POLL_INTERVAL_S = 0.75
"""Seconds between two polls of one agent's jobs at the least."""
_IDLE_PATIENCE_S = 0.5
"""Seconds to wait for more results for each request of a poll, while the rate limit is far from used up."""
POLL_BUDGET_FRACTION = 1 / 25
"""While rows wait to be sent, polls make so many requests for each job that is started."""
_BUSY_PATIENCE_RANGE_S = (0.3, 4.0)
"""Seconds to wait for more results then, at the least and at the most."""
MAX_POLL_INTERVAL_S = 15.0
"""Seconds after which Copydesk polls whatever is expected: forecasts may be wrong."""
UNKNOWN_DURATION_POLL_FRACTION = 0.25
"""The part of the oldest job's age after which Copydesk polls again while it doesn't know how long jobs take."""
_MIN_TRAVEL_S = 0.2
"""Seconds that a job is younger than its row, at the least."""
LIST_LAG_S = 20.0
"""Seconds after which a job should have appeared in the list: lists may lag."""
_STALE_FAILURE_S = 60.0
"""Seconds for which Writer may still report the failure from before a retry; later it counts whatever its date."""
_MAX_JOBS_ALONE = 20
"""Jobs that one poll asks for by their ids, where the list should have had them."""
_SURE_LIKELIHOOD = 0.99
"""The likelihood from which on a job counts as ended, so that it's odd if the list doesn't say so."""
_MAX_CHANCE_REFUSALS = 8
"""Polls in a row that may get a 429 by chance; after more, Copydesk takes it that only lists are refused."""
_CONCURRENT_JOBS_ALONE = 5
"""Jobs asked for by their ids at a time."""
IDLE_POLL_JOBS = 2
"""How many of the oldest jobs a poll is about when no result is expected."""
_REMEMBERED_ROWS = 5000
"""Rows that ended, whose places in the list are remembered."""
UNKNOWN_STATUS_PATIENCE_S = 600.0
"""Seconds for which a job counts as in progress whose status Copydesk doesn't know."""
_UNKNOWN_TO_WRITER = "Writer no longer knows this job."
_RETRY_FOR_NEW = "Retry the row to make a new job."


class Collector:
    """Collects the results of one batch."""

    def __init__(self, batch: Batch, store: Store, gateway: Gateway, outcomes: Outcomes, clock: Clock) -> None:
        self._batch = batch
        self._store = store
        self._gateway = gateway
        self._listing = gateway.listing(batch.agent.id)
        self._forecast = self._listing.forecast
        self._outcomes = outcomes
        self._clock = clock
        self._outstanding: dict[str, Outstanding] = {}
        self._reported: dict[str, float] = {}
        self._ended_sent_at: list[float] = []
        self._unreadable: dict[str, float] = {}
        """Jobs that can't be read, or whose status is unknown, and since when."""
        self._stored = -1
        self._polled_at = 0.0
        self._listed_at = 0.0
        """When Copydesk last began to read the list and could read it."""
        self._asked_at: dict[str, float] = {}
        """When each job was last asked for by its id."""
        self._slowed_down = 0
        """How many polls in a row ended with a 429 for the list."""
        self._list_failed = False
        """Whether the last poll failed to get a page of the list: the next one does without."""

    def begin(self) -> None:
        """Read every page of the agent's list from now on, whichever batch asks for it."""
        self._listing.readers.add(self._take)

    def end(self) -> None:
        """Stop reading pages."""
        self._listing.readers.discard(self._take)

    async def next_poll(self, *, hurry: bool) -> Poll | None:
        """The poll that is due now, if any, unless another batch of the agent has just polled.

        `hurry` says that no row of the batch waits to be sent.
        """
        await self._read_store()
        now = self._clock.now()
        if not self._outstanding or now - self._listing.read_at < MIN_POLL_INTERVAL_S:
            return None
        poll = self._plan(now)
        if not self._is_due(poll, hurry):
            return None
        self._listing.read_at = now
        return poll

    def _is_due(self, poll: Poll, hurry: bool) -> bool:
        oldest = min(row.sent_at for row in self._outstanding.values())
        rested = poll.at - max(self._polled_at, oldest)
        if not self._forecast.knows:
            return rested >= min(
                MAX_POLL_INTERVAL_S, max(MIN_POLL_INTERVAL_S, UNKNOWN_DURATION_POLL_FRACTION * (poll.at - oldest))
            )
        if rested < MIN_POLL_INTERVAL_S or poll.expected < 0.5:
            return rested >= MAX_POLL_INTERVAL_S
        all_there = hurry and poll.expected > len(self._outstanding) - 0.5
        return (
            all_there
            or poll.expected >= _RESULTS_PER_REQUEST * poll.requests
            or rested >= poll.requests * self._patience(hurry)
        )

    async def collect(self, poll: Poll) -> None:
        """Poll for the results that are likely there.

        Raises WriterError: Writer could not be asked; what was read before that is reported all the same.
        """
        self._list_failed, lists = False, poll.strategy is not Strategy.ALONE
        try:
            await self._poll(poll)
            if lists:
                self._listed_at, self._slowed_down = poll.at, 0
        except (AnswerLostError, RequestRefusedError):
            self._list_failed = lists
            raise
        except SlowDownError:
            self._slowed_down += lists
            self._list_failed = lists and self._slowed_down > _MAX_CHANCE_REFUSALS
            raise
        except UnknownToWriterError:
            # the agent is gone, and its list with it, but its jobs may still be asked for
            await self._ask_alone(list(self._outstanding)[:_MAX_JOBS_ALONE])
        finally:
            self._polled_at = poll.at

    async def _poll(self, poll: Poll) -> None:
        listed: set[str] = set()
        if poll.strategy is Strategy.ALL:
            await self._listing.read(None, partial(self._take_all, listed), poll.requests)
        elif poll.strategy is Strategy.ENDED:
            pages = poll.requests - 1
            # pages with few results each are better read one by one: the first without any is the last
            pages = pages if poll.expected >= 2 * pages else 1
            await self._listing.read(JobState.COMPLETED, self._take_all_of(poll.sure, pages), pages)
            if self._outstanding.keys() & set(poll.due) or not self._forecast.knows:
                await self._listing.read(JobState.FAILED, self._take, 1)
        if poll.strategy is Strategy.ALONE:
            await self._ask_alone(poll.due)
        else:
            overdue = [job_id for job_id in poll.due if self._should_be_listed(job_id) and job_id not in listed]
            odd = [job_id for job_id in self._unreadable if job_id in self._outstanding]
            await self._ask_alone(list(dict.fromkeys([*odd, *overdue]))[:_MAX_JOBS_ALONE])

    async def _read_store(self) -> None:
        """Read which rows have jobs in progress, where that has changed."""
        if self._stored != self._outcomes.stored:
            self._stored = self._outcomes.stored
            self._outstanding = await asyncio.to_thread(self._store.work.outstanding, self._batch.id)
            # a job that was reported and is still there, as it was sent then, is not stored yet
            reported = [
                job_id for job_id, row in self._outstanding.items() if self._reported.get(job_id) == row.sent_at
            ]
            self._reported = {job_id: self._outstanding.pop(job_id).sent_at for job_id in reported}

    def _plan(self, now: float) -> Poll:
        likely = {
            job_id: self._likely(now - row.sent_at, self._seen_at(job_id) - row.sent_at)
            for job_id, row in self._outstanding.items()
        }
        expected = sum(likely.values())
        due = sorted((job_id for job_id in likely if likely[job_id] >= 0.5), key=self._sent_at)
        sure = frozenset(job_id for job_id in due if likely[job_id] >= _SURE_LIKELIHOOD)
        due = due or heapq.nsmallest(IDLE_POLL_JOBS, likely, key=self._sent_at)
        if self._list_failed:
            alone = due[:_MAX_JOBS_ALONE]
            return Poll(now, Strategy.ALONE, len(alone), expected, alone, sure)
        pages_of_all, pages_of_ended = self._pages(due, len(likely)), self._pages(due, expected)
        # where it costs the same, asking by id is sure to get an answer
        if len(due) < min(pages_of_all, pages_of_ended + 1) or len(likely) == 1:
            return Poll(now, Strategy.ALONE, len(due), expected, due, sure)
        if pages_of_all <= 1:
            return Poll(now, Strategy.ALL, 1, expected, due, sure)
        return Poll(now, Strategy.ENDED, pages_of_ended + 1, expected, due, sure)

    def _pages(self, job_ids: list[str], others: float) -> int:
        """How many pages of the list these jobs reach into, with so many others besides those that ended after them."""
        oldest = min(map(self._sent_at, job_ids), default=math.inf)
        newer = len(self._ended_sent_at) - bisect_right(self._ended_sent_at, oldest)
        return max(1, math.ceil((newer + others) / self._listing.page_size))

    def _likely(self, age: float, age_then: float) -> float:
        """The likelihood that a job has ended; while durations are unknown, any job old enough to be listed."""
        if not self._forecast.knows:
            return 1.0 if age > LIST_LAG_S else 0.0
        return self._forecast.likely(age - _MIN_TRAVEL_S, max(0.0, age_then - _MIN_TRAVEL_S))

    def _patience(self, hurry: bool) -> float:
        """Seconds to wait for more results, for each request that a poll takes."""
        if hurry or self._gateway.budget.is_slack:
            return _IDLE_PATIENCE_S
        least, most = _BUSY_PATIENCE_RANGE_S
        return min(most, max(least, 60 / (POLL_BUDGET_FRACTION * self._gateway.budget.jobs_per_minute)))

    def _sent_at(self, job_id: str) -> float:
        return self._outstanding[job_id].sent_at

    def _seen_at(self, job_id: str) -> float:
        """When the job was last known not to have ended."""
        return max(self._listed_at, self._asked_at.get(job_id, 0.0))

    def _should_be_listed(self, job_id: str) -> bool:
        return job_id in self._outstanding and self._clock.now() - self._sent_at(job_id) > LIST_LAG_S

    async def _ask_alone(self, job_ids: Sequence[str]) -> None:
        for start in range(0, len(job_ids), _CONCURRENT_JOBS_ALONE):
            await asyncio.gather(*(self._ask_for(job_id) for job_id in job_ids[start : start + _CONCURRENT_JOBS_ALONE]))

    async def _ask_for(self, job_id: str) -> None:
        asked_at = self._clock.now()
        try:
            job = await self._gateway.job(job_id)
        except UnknownToWriterError:
            if job_id in self._outstanding:
                words = f"{_UNKNOWN_TO_WRITER} {self._remedy}"
                self._end(job_id, Ended(self._outstanding[job_id].position, None, words, job_id=job_id))
        else:
            self._take([job], alone=True)
            if job_id in self._outstanding:
                self._asked_at[job_id] = asked_at

    def _take_all(self, listed: set[str], jobs: Sequence[Job]) -> bool:
        """Report our rows among these jobs; tells whether to read on, because some of ours were not listed yet."""
        ours = self._outstanding.keys() & {job.id for job in jobs}
        is_barren = bool(listed) and not ours
        listed |= ours
        self._take(jobs)
        return not is_barren and not self._outstanding.keys() <= listed

    def _take_all_of(self, sure: frozenset[str], pages: int) -> Reader:
        """Report what became of our rows, and read on where some of those jobs should be on so many pages.

        Where jobs end faster than pages are read, they push earlier ones down, and a page may have no news though the
        next one does.
        """
        left = pages

        def take(jobs: Sequence[Job]) -> bool:
            nonlocal left
            left -= 1
            return self._take(jobs) or (left > 0 and not sure.isdisjoint(self._outstanding))

        return take

    def _take(self, jobs: Sequence[Job], *, alone: bool = False) -> bool:
        """Report what became of rows of ours among these jobs; tells whether some have ended, and others not.

        `alone` says that the job was asked for by its id, and did not come out of a list.
        """
        ended = [job for job in jobs if job.id in self._outstanding and self._report(job, alone)]
        return bool(ended) and bool(self._outstanding)

    def _report(self, job: Job, alone: bool) -> bool:
        """Report how a job of ours ended; tells whether it has."""
        row = self._outstanding[job.id]
        ended = self._unreadable_end(row, job, alone) if job.unreadable else self._readable_end(row, job)
        if ended is None:
            return False
        self._record_duration(row, job)
        self._end(job.id, ended)
        return True

    def _readable_end(self, row: Outstanding, job: Job) -> Ended | None:
        """How a job ended; None while it has not."""
        self._unreadable.pop(job.id, None)
        if job.state is JobState.IN_PROGRESS or (job.state is JobState.FAILED and self._is_stale(row, job)):
            return None
        if job.state is JobState.COMPLETED:
            return Ended(row.position, job.suggestion or "", None, job_id=job.id, sent_at=row.sent_at)
        words = job.error or "Writer gave no reason for the failure."
        return Ended(row.position, None, words, job_failed=True, job_id=job.id, sent_at=row.sent_at)

    def _unreadable_end(self, row: Outstanding, job: Job, alone: bool) -> Ended | None:
        """How a job ended that can't be read; None while that may still change.

        What a list says of a completed job may be shortened, so its own answer decides. An unknown status may be one
        that passes, such as "queued": it counts as in progress for a while.
        """
        now = self._clock.now()
        since = self._unreadable.setdefault(job.id, now)
        is_final = alone if job.state is JobState.COMPLETED else now - since >= UNKNOWN_STATUS_PATIENCE_S
        if not is_final:
            return None
        words = f"Writer's answer for this job can't be read: {job.unreadable}. {self._remedy}"
        return Ended(row.position, None, words, job_id=job.id)

    @property
    def _remedy(self) -> str:
        return NO_INPUTS if self._batch.is_collected else _RETRY_FOR_NEW

    def _end(self, job_id: str, ended: Ended) -> None:
        sent_at = self._reported[job_id] = self._outstanding.pop(job_id).sent_at
        self._asked_at.pop(job_id, None)
        self._unreadable.pop(job_id, None)
        insort(self._ended_sent_at, sent_at)
        del self._ended_sent_at[:-_REMEMBERED_ROWS]
        self._outcomes.ended(ended)

    def _record_duration(self, row: Outstanding, job: Job) -> None:
        """Record how long the job took, unless it was retried: then it was created long before."""
        if job.created_at is None or job.updated_at is None or row.sent_at_writer is None:
            return
        if job.created_at.timestamp() >= row.sent_at_writer:
            self._forecast.record((job.updated_at - job.created_at).total_seconds())

    def _is_stale(self, row: Outstanding, job: Job) -> bool:
        """Whether this failure is the one from before the retry: lists may lag behind."""
        if row.sent_at_writer is None or job.updated_at is None:
            return False
        just_sent = self._clock.now() - row.sent_at < _STALE_FAILURE_S
        return just_sent and job.updated_at.timestamp() < row.sent_at_writer
