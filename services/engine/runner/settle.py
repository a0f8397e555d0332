"""Unknown outcomes: prove that a lost request had no effect, or leave the decision to a person."""

import asyncio
import math
from enum import Enum, auto

from services.clock import Clock
from services.engine.gateway import Gateway
from services.engine.runner.outcomes import Outcomes
from services.engine.runner.proof import jobs_since
from services.errors import (
    AnswerLostError,
    NoEffectError,
    RequestRefusedError,
    SlowDownError,
    UnknownToWriterError,
)
from services.models import Batch, Job, JobPage, JobState
from services.store import Lost, Store

PROOF_AFTER = 30.0
"""Seconds after which a job that exists is in the list; lists may lag."""
_PROVEN_WITHIN = 900.0
"""Seconds after which a person decides, where Writer's list cannot be read all that time."""
_SURELY_SINCE = 10.0
"""Seconds by which a job was noted later than a time after which it was surely created, by any clock of Writer's."""
_PAGE_WITHIN = 60.0
"""Seconds within which a page is asked for again and again, when a proof needs it ..."""
_LONGEST_PAUSE = 4.0
"""... and the seconds in between, which double from a sixteenth of that."""
_DOUBT = (
    "Writer's answer was lost, and its list has jobs that may be this row's. "
    "Retry the row to send it again; it may be charged twice."
)
_RESENT = (
    "Writer's answer was lost, and its list has jobs that may be this row's. "
    "The row was sent again by itself, as chosen at launch; it may be charged twice."
)


class _Retry(Enum):
    """What an old job tells of its lost retry."""

    RUNS = auto()
    """It runs or is done, under the same id."""
    HAS_NOT_BEGUN = auto()
    """Nothing has happened to the old job since: the retry had no effect, or gave a new job."""
    MAY_HAVE_FAILED = auto()
    """The old job may have been run and have failed once more."""
    IS_UNTOLD = auto()
    """Writer did not tell of it."""


class Settler:
    """Settles the lost requests of one batch, in groups, while sending goes on."""

    def __init__(self, batch: Batch, store: Store, gateway: Gateway, outcomes: Outcomes, clock: Clock) -> None:
        self._batch = batch
        self._store = store
        self._gateway = gateway
        self._outcomes = outcomes
        self._clock = clock
        self._agent = (batch.agent.id, batch.connection)
        self._seen = -1
        self._due_at = math.inf

    async def due(self) -> list[Lost]:
        """The rows that can be settled now; the store is asked only when there may be any."""
        now = self._clock.now()
        if self._seen == self._outcomes.noted_lost and now < self._due_at:
            return []
        self._seen = self._outcomes.noted_lost
        lost = await asyncio.to_thread(self._store.work.lost, self._batch.id)
        self._due_at = min((row.lost_at for row in lost), default=math.inf) + PROOF_AFTER
        return [row for row in lost if row.lost_at + PROOF_AFTER <= now]

    async def settle(self, lost: list[Lost]) -> None:
        """Settle these rows. Raises WriterError: Writer could not be asked; try again later."""
        retries = {row.position: await self._ask_old_job(row) for row in lost if row.retry_of is not None}
        untold = [row for row in lost if retries.get(row.position) is _Retry.IS_UNTOLD]
        await self._leave_in_doubt(self._late(untold))
        group = [row for row in lost if retries.get(row.position) not in (_Retry.RUNS, _Retry.IS_UNTOLD)]
        if not group:
            return
        try:
            is_proven = await self._prove(group)
        except (UnknownToWriterError, RequestRefusedError):
            is_proven = False  # there is no list to prove anything with
        except (AnswerLostError, SlowDownError):
            await self._leave_in_doubt(self._late(group))
            raise
        if is_proven:
            await self._send_again(group, retries)
        else:
            await self._leave_in_doubt(group)

    async def _prove(self, group: list[Lost]) -> bool:
        """Whether no job is in the list that may be one of these rows'."""
        since = min(-math.inf if row.sent_at_writer is None else row.sent_at_writer for row in group)
        since -= self._gateway.created_behind
        known = await asyncio.to_thread(self._store.work.created_since, *self._agent, since + _SURELY_SINCE)
        jobs = await jobs_since(since, self._page, known)
        return jobs is not None and not await self._has_unknown(jobs)

    async def _send_again(self, group: list[Lost], retries: dict[int, _Retry]) -> None:
        """Let rows wait again whose requests had no effect; a retry that may have had one under its old id is told."""
        ran = [row for row in group if retries.get(row.position) is _Retry.MAY_HAVE_FAILED]
        for row in ran:
            assert row.retry_of is not None  # noqa: S101 - only retries are asked about
            self._outcomes.sent(row.position, row.retry_of)  # the next poll tells its failure
        positions = [row.position for row in group if row not in ran]
        await asyncio.to_thread(self._store.work.unsend, self._batch.id, positions)

    def _late(self, lost: list[Lost]) -> list[Lost]:
        """Those of these rows that have waited for a proof for long enough."""
        return [row for row in lost if row.lost_at + _PROVEN_WITHIN <= self._clock.now()]

    async def _leave_in_doubt(self, lost: list[Lost]) -> None:
        if lost:
            await asyncio.to_thread(self._let_a_person_decide, [row.position for row in lost])

    def _let_a_person_decide(self, positions: list[int]) -> None:
        """Leave the decision to a person, who may have made it at launch."""
        work, batch_id, now = self._store.work, self._batch.id, self._clock.now()
        resent = work.resend(batch_id, positions, _RESENT, now) if self._batch.options.resend_lost else set()
        work.unconfirm(batch_id, [position for position in positions if position not in resent], _DOUBT, now)

    async def _ask_old_job(self, row: Lost) -> _Retry:
        """What the old job tells of its lost retry, which may have taken effect under the same id."""
        assert row.retry_of is not None  # noqa: S101 - only retries are asked about
        try:
            job = await self._gateway.job(row.retry_of)
        except UnknownToWriterError:
            return _Retry.HAS_NOT_BEGUN
        except (AnswerLostError, SlowDownError, RequestRefusedError):
            return _Retry.IS_UNTOLD
        if job.state is not JobState.FAILED:
            self._outcomes.sent(row.position, job.id)
            return _Retry.RUNS
        if job.updated_at is None or row.sent_at_writer is None:
            return _Retry.MAY_HAVE_FAILED
        unchanged = job.updated_at.timestamp() < row.sent_at_writer
        return _Retry.HAS_NOT_BEGUN if unchanged else _Retry.MAY_HAVE_FAILED

    async def _has_unknown(self, jobs: list[Job]) -> bool:
        """Whether any of the jobs is no row's, once every request that was in flight has its answer."""
        listed_at = self._clock.now()
        while await asyncio.to_thread(self._in_flight, listed_at):
            await self._clock.sleep(0.5)
        return bool(await asyncio.to_thread(self._store.work.unknown, [job.id for job in jobs]))

    def _in_flight(self, before: float) -> bool:
        return self._store.work.in_flight(*self._agent, before)

    async def _page(self, offset: int) -> JobPage:
        """One page; asked for again in bad weather, for otherwise every failure would begin the reading anew."""
        until, pause = self._clock.now() + _PAGE_WITHIN, _LONGEST_PAUSE / 16
        while True:
            try:
                return await self._gateway.jobs(self._batch.agent.id, offset)
            except (NoEffectError, AnswerLostError):
                if self._clock.now() >= until:
                    raise
            await self._clock.sleep(pause)
            pause = min(_LONGEST_PAUSE, 2 * pause)
