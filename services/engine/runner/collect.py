"""Learning results: when to look for them, and by which requests; one request answers for a page of rows."""

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
from services.models import Batch, Job, JobState
from services.store import Ended, Outstanding, Store

_WORTH = 20
"""Results that make a request worth while at any time: polls then add a twentieth to the requests."""
_NEVER_WITHIN = 0.75
"""Seconds between two looks at one agent's jobs at the least."""
_IN_A_HURRY = 0.5
"""Seconds of patience for each request of a look when nothing waits to be sent, or the limit is far from used up."""
_AT_LEISURE = 1500.0
"""The same while rows wait to be sent, over the number of jobs a minute: polls then take a twenty-fifth of them."""
_LEISURE = (0.3, 4.0)
"""Seconds that this is at the least and at the most."""
_LONGEST_REST = 15.0
"""Seconds after which there is a look whatever is expected: forecasts may be wrong."""
_IN_THE_DARK = 0.25
"""The part of the oldest job's age after which there is a look while nobody knows how long jobs take."""
_TRAVEL = 0.2
"""Seconds that a job is younger than its row, at the least."""
_LISTED_AFTER = 20.0
"""Seconds in which a job should have appeared in the list; DESIGN: lists may lag."""
_STALE_FOR = 60.0
"""Seconds in which a failure from before a retry may still be told; later it is believed whatever its date."""
_ASKED_ALONE = 20
"""Jobs that should have been listed, and are asked for alone in one poll."""
_SURE = 0.99
"""How likely a job has ended of which it is odd that the list does not tell it."""
_BY_CHANCE = 8
"""Looks in a row that may be refused as one request too many before it is thought that only lists are."""
_TOGETHER = 5
"""Jobs asked for at a time."""
_OUT_OF_CURIOSITY = 2
"""Jobs, the oldest ones, that a look is about when nothing is expected."""
_REMEMBERED = 5000
"""Rows that ended, whose places in the list are remembered."""
UNKNOWN_STATUS_PATIENCE_S = 600.0
"""Seconds for which a job counts as in progress whose status Copydesk doesn't know."""
_UNKNOWN = "Writer no longer knows this job. Retry the row to make a new one."


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
        self._told: dict[str, float] = {}
        self._ended_sent_at: list[float] = []
        self._unreadable: dict[str, float] = {}
        """Jobs that can't be read, or whose status is unknown, and since when."""
        self._stored = -1
        self._looked_at = 0.0
        self._listed_at = 0.0
        """When the list was last begun to be read that told what had ended by then."""
        self._asked_at: dict[str, float] = {}
        """The same of jobs that were asked for alone."""
        self._slowed_down = 0
        """How many looks in a row ended at a page that was one request too many."""
        self._list_failed = False
        """Whether the last look ended at a page of the list that could not be had: the next one does without."""

    def begin(self) -> None:
        """See every page of the agent's list from now on, whichever batch asks for it."""
        self._listing.readers.add(self._take)

    def end(self) -> None:
        """See no pages any more."""
        self._listing.readers.discard(self._take)

    async def next_poll(self, *, hurry: bool) -> Poll | None:
        """The look that is due now, if one is, and no other batch of the agent has just looked.

        `hurry`: nothing of the batch waits to be sent.
        """
        await self._read_store()
        now = self._clock.now()
        if not self._outstanding or now - self._listing.read_at < _NEVER_WITHIN:
            return None
        look = self._plan(now)
        if not self._is_due(look, hurry):
            return None
        self._listing.read_at = now
        return look

    def _is_due(self, poll: Poll, hurry: bool) -> bool:
        oldest = min(row.sent_at for row in self._outstanding.values())
        rested = poll.at - max(self._looked_at, oldest)
        if not self._forecast.knows:
            return rested >= min(_LONGEST_REST, max(_NEVER_WITHIN, _IN_THE_DARK * (poll.at - oldest)))
        if rested < _NEVER_WITHIN or poll.expected < 0.5:
            return rested >= _LONGEST_REST
        all_there = hurry and poll.expected > len(self._outstanding) - 0.5
        return all_there or poll.expected >= _WORTH * poll.requests or rested >= poll.requests * self._patience(hurry)

    async def collect(self, poll: Poll) -> None:
        """Look for the results that are likely there.

        Raises WriterError: Writer could not be asked; what was learned before is told all the same.
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
            self._list_failed = lists and self._slowed_down > _BY_CHANCE
            raise
        except UnknownToWriterError:
            # the agent is gone, and its list with it, but its jobs may still be asked for
            await self._ask_alone(list(self._outstanding)[:_ASKED_ALONE])
        finally:
            self._looked_at = poll.at

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
            await self._ask_alone(list(dict.fromkeys([*odd, *overdue]))[:_ASKED_ALONE])

    async def _read_store(self) -> None:
        """Learn which rows are at Writer, where that has changed."""
        if self._stored != self._outcomes.stored:
            self._stored = self._outcomes.stored
            self._outstanding = await asyncio.to_thread(self._store.work.outstanding, self._batch.id)
            # a job that was told and is still there, as it was sent then, is not stored yet
            told = [job_id for job_id, row in self._outstanding.items() if self._told.get(job_id) == row.sent_at]
            self._told = {job_id: self._outstanding.pop(job_id).sent_at for job_id in told}

    def _plan(self, now: float) -> Poll:
        likely = {
            job_id: self._likely(now - row.sent_at, self._seen_at(job_id) - row.sent_at)
            for job_id, row in self._outstanding.items()
        }
        expected = sum(likely.values())
        due = sorted((job_id for job_id in likely if likely[job_id] >= 0.5), key=self._sent_at)
        sure = frozenset(job_id for job_id in due if likely[job_id] >= _SURE)
        due = due or heapq.nsmallest(_OUT_OF_CURIOSITY, likely, key=self._sent_at)
        if self._list_failed:
            alone = due[:_ASKED_ALONE]
            return Poll(now, Strategy.ALONE, len(alone), expected, alone, sure)
        pages_of_all, pages_of_ended = self._pages(due, len(likely)), self._pages(due, expected)
        # where it costs the same, only what is asked for alone is sure to be told
        if len(due) < min(pages_of_all, pages_of_ended + 1) or len(likely) == 1:
            return Poll(now, Strategy.ALONE, len(due), expected, due, sure)
        if pages_of_all <= 1:
            return Poll(now, Strategy.ALL, 1, expected, due, sure)
        return Poll(now, Strategy.ENDED, pages_of_ended + 1, expected, due, sure)

    def _pages(self, job_ids: list[str], others: float) -> int:
        """How far these jobs reach into a list that has so many jobs of ours besides those that ended after them."""
        oldest = min(map(self._sent_at, job_ids), default=math.inf)
        newer = len(self._ended_sent_at) - bisect_right(self._ended_sent_at, oldest)
        return max(1, math.ceil((newer + others) / self._listing.page_size))

    def _likely(self, age: float, age_then: float) -> float:
        """How likely a job has ended; while nobody knows how long they take, any that is old enough to be listed."""
        if not self._forecast.knows:
            return 1.0 if age > _LISTED_AFTER else 0.0
        return self._forecast.likely(age - _TRAVEL, max(0.0, age_then - _TRAVEL))

    def _patience(self, hurry: bool) -> float:
        """Seconds to wait for more results, for each request that a look takes."""
        if hurry or self._gateway.budget.is_slack:
            return _IN_A_HURRY
        least, most = _LEISURE
        return min(most, max(least, _AT_LEISURE / self._gateway.budget.jobs_per_minute))

    def _sent_at(self, job_id: str) -> float:
        return self._outstanding[job_id].sent_at

    def _seen_at(self, job_id: str) -> float:
        """When the job had not ended, as far as is known."""
        return max(self._listed_at, self._asked_at.get(job_id, 0.0))

    def _should_be_listed(self, job_id: str) -> bool:
        return job_id in self._outstanding and self._clock.now() - self._sent_at(job_id) > _LISTED_AFTER

    async def _ask_alone(self, job_ids: Sequence[str]) -> None:
        for start in range(0, len(job_ids), _TOGETHER):
            await asyncio.gather(*(self._ask_for(job_id) for job_id in job_ids[start : start + _TOGETHER]))

    async def _ask_for(self, job_id: str) -> None:
        asked_at = self._clock.now()
        try:
            job = await self._gateway.job(job_id)
        except UnknownToWriterError:
            if job_id in self._outstanding:
                self._end(job_id, Ended(self._outstanding[job_id].position, None, _UNKNOWN, job_id=job_id))
        else:
            self._take([job], alone=True)
            if job_id in self._outstanding:
                self._asked_at[job_id] = asked_at

    def _take_all(self, listed: set[str], jobs: Sequence[Job]) -> bool:
        """Tell of rows of ours among these jobs; whether to read on, because some of ours were not listed yet."""
        ours = self._outstanding.keys() & {job.id for job in jobs}
        is_barren = bool(listed) and not ours
        listed |= ours
        self._take(jobs)
        return not is_barren and not self._outstanding.keys() <= listed

    def _take_all_of(self, sure: frozenset[str], pages: int) -> Reader:
        """Tell what has become of rows of ours, and read on where some of those jobs should be on so many pages.

        Where jobs end faster than pages are read, they move those before them down, and a page may tell nothing though
        the next one does.
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
        ended = [job for job in jobs if job.id in self._outstanding and self._tell(job, alone)]
        return bool(ended) and bool(self._outstanding)

    def _tell(self, job: Job, alone: bool) -> bool:
        """Report how a job of ours ended; tells whether it has."""
        row = self._outstanding[job.id]
        ended = self._unreadable_end(row, job, alone) if job.unreadable else self._readable_end(row, job)
        if ended is None:
            return False
        self._learn(row, job)
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
        words = f"Writer's answer for this job can't be read: {job.unreadable}. Retry the row to make a new job."
        return Ended(row.position, None, words, job_id=job.id)

    def _end(self, job_id: str, ended: Ended) -> None:
        sent_at = self._told[job_id] = self._outstanding.pop(job_id).sent_at
        self._asked_at.pop(job_id, None)
        self._unreadable.pop(job_id, None)
        insort(self._ended_sent_at, sent_at)
        del self._ended_sent_at[:-_REMEMBERED]
        self._outcomes.ended(ended)

    def _learn(self, row: Outstanding, job: Job) -> None:
        """How long the job took; one that was retried was created long before."""
        if job.created_at is None or job.updated_at is None or row.sent_at_writer is None:
            return
        if job.created_at.timestamp() >= row.sent_at_writer:
            self._forecast.learn((job.updated_at - job.created_at).total_seconds())

    def _is_stale(self, row: Outstanding, job: Job) -> bool:
        """Whether this failure is the one for which the job was retried: lists may lag behind a retry."""
        if row.sent_at_writer is None or job.updated_at is None:
            return False
        just_sent = self._clock.now() - row.sent_at < _STALE_FOR
        return just_sent and job.updated_at.timestamp() < row.sent_at_writer
