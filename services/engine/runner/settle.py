"""Lost answers: prove that a row has no job at Writer and send it again, or leave the decision to a person."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from enum import Enum, auto

from services.clock import Clock
from services.engine.gateway import Gateway
from services.engine.runner.outcomes import Outcomes
from services.engine.runner.proof import jobs_since
from services.engine.runner.windows import Suspicion, proof_at, suspicions, windows_of
from services.errors import (
    AnswerLostError,
    NoEffectError,
    RequestRefusedError,
    SlowDownError,
    UnknownToWriterError,
)
from services.models import Batch, Job, JobPage, JobState
from services.store import Lost, Store

MAX_PROOF_WAIT_S = 900.0
"""Seconds after which a row becomes unconfirmed, where Writer's list could not be read all that time."""
MAX_FIRST_NOTE_S = 10.0
"""Seconds by which `sent_at_writer` may be earlier than the request left, by any clock of Writer's."""
PAGE_TIMEOUT_S = 60.0
"""Seconds within which a page of the list is requested again and again ..."""
MAX_PAGE_PAUSE_S = 4.0
"""... and the longest pause in between. Pauses double, from a sixteenth of that."""
IN_FLIGHT_POLL_S = 0.5
_UNCONFIRMED = (
    "Writer's answer was lost, and its job list has jobs that may belong to this row. "
    "Retry sends it again; it may be charged twice."
)
_UNREAD = (
    "Writer's answer was lost, and its job list couldn't be read to check whether this row has a job. "
    "Retry sends it again; it may be charged twice."
)
_RESENT = (
    "Writer's answer was lost, and the row may already have a job at Writer. "
    "It was sent again automatically, as chosen at launch; it may be charged twice."
)


class _Retry(Enum):
    """What an old job shows about its lost retry."""

    RUNS = auto()
    """It runs or is done, under the same id."""
    UNCHANGED = auto()
    """Nothing has happened to the old job since: the retry had no effect, or created a new job."""
    MAY_HAVE_FAILED = auto()
    """The old job may have run and failed once more."""
    UNREAD = auto()
    """The old job couldn't be read."""


class Settler:
    """Settles the lost requests of one batch, in groups, while sending continues."""

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
        self._due_at = min(map(proof_at, lost), default=math.inf)
        return [row for row in lost if proof_at(row) <= now]

    async def settle(self, lost: list[Lost]) -> None:
        """Settle these rows. Raises WriterError: Writer couldn't be asked; try again later."""
        retries = {row.position: await self._old_job(row) for row in lost if row.retry_of is not None}
        unread = [row for row in lost if retries.get(row.position) is _Retry.UNREAD]
        await self._give_up(self._overdue(unread))
        group = [row for row in lost if retries.get(row.position) not in (_Retry.RUNS, _Retry.UNREAD)]
        if not group:
            return
        try:
            jobs = await self._jobs_since(self._start(group))
        except (UnknownToWriterError, RequestRefusedError):
            jobs = None  # there is no list to prove anything with
        except (AnswerLostError, SlowDownError):
            await self._give_up(self._overdue(group))
            raise
        if jobs is None:
            await self._give_up(group)
        else:
            await self._decide(group, jobs, retries)

    def _start(self, group: Sequence[Lost]) -> float:
        """When the first of these requests may have had its effect, by Writer's clock."""
        offset = self._gateway.writer_clock.creation_offset(self._clock.now())
        return min(windows_of(row, offset).widest.start for row in group)

    async def _jobs_since(self, since: float) -> list[Job] | None:
        """All jobs of the agent created since then; None where the list can't be read that far."""
        known = await asyncio.to_thread(self._store.evidence.created_since, *self._agent, since + MAX_FIRST_NOTE_S)
        return await jobs_since(since, self._page, known)

    async def _decide(self, group: list[Lost], jobs: list[Job], retries: dict[int, _Retry]) -> None:
        """Send again what is proven to have no job; the rest become unconfirmed."""
        listed_at = self._clock.now()
        while await asyncio.to_thread(self._store.evidence.in_flight, *self._agent, listed_at):
            await self._clock.sleep(IN_FLIGHT_POLL_S)
        unknown_ids = await asyncio.to_thread(self._store.evidence.unknown, [job.id for job in jobs])
        unknown = [job for job in jobs if job.id in unknown_ids]
        found = await asyncio.to_thread(self._suspicions, group, unknown) if unknown else {}
        await self._send_again([row for row in group if row.position not in found], retries)
        if found:
            await asyncio.to_thread(self._record, found, unknown)
            await asyncio.to_thread(self._unconfirm, list(found), _UNCONFIRMED)

    def _suspicions(self, group: Sequence[Lost], unknown: Sequence[Job]) -> dict[int, Suspicion]:
        """Which of these rows may have one of the unknown jobs, by position."""
        offset = self._gateway.writer_clock.creation_offset(self._clock.now())
        requests = {row.position: windows_of(row, offset) for row in group}
        since = min(windows.widest.start for windows in requests.values())
        here = {(self._batch.id, position) for position in requests}
        lost = self._store.evidence.lost(*self._agent)
        others = [windows_of(row, offset).likely for key, row in lost.items() if key not in here]
        others += self._store.evidence.unconfirmed(*self._agent, since)
        return suspicions(requests, others, unknown)

    def _record(self, found: Mapping[int, Suspicion], unknown: Sequence[Job]) -> None:
        """Keep what the bound on jobs of unconfirmed rows is made of."""
        suspects = frozenset[str]().union(*(suspicion.jobs for suspicion in found.values()))
        times = {job.id: job.created_at.timestamp() if job.created_at else None for job in unknown}
        self._store.evidence.record_unknown(self._batch.id, {job: times[job] for job in suspects})
        windows = {position: suspicion.window for position, suspicion in found.items()}
        self._store.work.record_windows(self._batch.id, windows)

    async def _send_again(self, absent: list[Lost], retries: dict[int, _Retry]) -> None:
        """Let rows without a new job wait again; a retry that may have failed under its old id is read from that."""
        ran = [row for row in absent if retries.get(row.position) is _Retry.MAY_HAVE_FAILED]
        for row in ran:
            assert row.retry_of is not None  # noqa: S101 - only retries are asked about
            self._outcomes.sent(row.position, row.retry_of)  # the next poll reports its failure
        positions = [row.position for row in absent if row not in ran]
        await asyncio.to_thread(self._store.work.unsend, self._batch.id, positions)

    def _overdue(self, lost: list[Lost]) -> list[Lost]:
        """Those of these rows that have waited for a proof long enough."""
        return [row for row in lost if row.lost_at + MAX_PROOF_WAIT_S <= self._clock.now()]

    async def _give_up(self, lost: list[Lost]) -> None:
        """Leave rows unconfirmed for which there is no list."""
        if lost:
            await asyncio.to_thread(self._unconfirm, [row.position for row in lost], _UNREAD)

    def _unconfirm(self, positions: list[int], error: str) -> None:
        """Leave the decision to a person, who may have made it at launch."""
        work, batch_id, now = self._store.work, self._batch.id, self._clock.now()
        resent = work.resend(batch_id, positions, _RESENT, now) if self._batch.options.resend_lost else set()
        work.unconfirm(batch_id, [position for position in positions if position not in resent], error, now)

    async def _old_job(self, row: Lost) -> _Retry:
        """What the old job shows about its lost retry, which may have had its effect under the same id."""
        assert row.retry_of is not None  # noqa: S101 - only retries are asked about
        try:
            job = await self._gateway.job(row.retry_of)
        except UnknownToWriterError:
            return _Retry.UNCHANGED
        except (AnswerLostError, SlowDownError, RequestRefusedError):
            return _Retry.UNREAD
        if job.state is not JobState.FAILED:
            self._outcomes.sent(row.position, job.id)
            return _Retry.RUNS
        if job.updated_at is None or row.sent_at_writer is None:
            return _Retry.MAY_HAVE_FAILED
        is_unchanged = job.updated_at.timestamp() < row.sent_at_writer
        return _Retry.UNCHANGED if is_unchanged else _Retry.MAY_HAVE_FAILED

    async def _page(self, offset: int) -> JobPage:
        """One page; requested again where it fails, for otherwise every failure would restart the reading."""
        until, pause = self._clock.now() + PAGE_TIMEOUT_S, MAX_PAGE_PAUSE_S / 16
        while True:
            try:
                return await self._gateway.jobs(self._batch.agent.id, offset)
            except (NoEffectError, AnswerLostError):
                if self._clock.now() >= until:
                    raise
            await self._clock.sleep(pause)
            pause = min(MAX_PAGE_PAUSE_S, 2 * pause)
