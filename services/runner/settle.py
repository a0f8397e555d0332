"""Unknown outcomes: prove that a lost request had no effect, or leave the decision to a person."""

import asyncio

from services.clock import Clock
from services.errors import UnknownToWriterError
from services.gateway import Gateway
from services.models import Batch, Job, JobState
from services.runner.outcomes import Outcomes
from services.store import Lost, Store

PROOF_AFTER = 30.0
"""Seconds after which a job that exists is in the list; lists may lag."""
_MOST_PAGES = 20
"""Pages of jobs read for a proof."""
_CLOCK_MARGIN = 10.0
"""Seconds by which our idea of Writer's clock may be wrong."""
_DOUBT = (
    "Writer's answer was lost, and its list has jobs that may be this row's. "
    "Retry the row to send it again; it may be charged twice."
)


class Settler:
    """Settles the lost requests of one batch, in groups, while sending goes on."""

    def __init__(self, batch: Batch, store: Store, gateway: Gateway, outcomes: Outcomes, clock: Clock) -> None:
        self._batch = batch
        self._store = store
        self._gateway = gateway
        self._outcomes = outcomes
        self._clock = clock

    async def settle(self, lost: list[Lost]) -> None:
        """Settle these rows. Raises WriterError: Writer could not be asked; try again later."""
        group = [row for row in lost if row.retry_of is None or not await self._retried(row.position, row.retry_of)]
        if not group:
            return
        jobs = await self._jobs_since(min(row.sent_at for row in group))
        positions = [row.position for row in group]
        work = self._store.work
        if jobs is None or await self._has_unknown(jobs):
            await asyncio.to_thread(work.unconfirm, self._batch.id, positions, _DOUBT, self._clock.now())
        else:
            await asyncio.to_thread(work.unsend, self._batch.id, positions)

    async def _retried(self, position: int, old_job: str) -> bool:
        """Whether the old job shows that the lost retry took effect."""
        try:
            job = await self._gateway.job(old_job)
        except UnknownToWriterError:
            return False
        if job.state is JobState.FAILED:
            return False
        self._outcomes.sent(position, job.id)
        return True

    async def _has_unknown(self, jobs: list[Job]) -> bool:
        """Whether any of the jobs is no row's, once every request that was on the wire has its answer."""
        listed_at = self._clock.now()
        while await asyncio.to_thread(self._on_the_wire, listed_at):
            await self._clock.sleep(0.5)
        return bool(await asyncio.to_thread(self._store.work.unknown, [job.id for job in jobs]))

    def _on_the_wire(self, before: float) -> bool:
        return self._store.work.on_the_wire(self._batch.agent.id, self._batch.connection, before)

    async def _jobs_since(self, moment: float) -> list[Job] | None:
        """The agent's jobs created since then, by Writer's clock; None where not all of them could be read.

        The order of the list is not documented. It is relied on only as far as all that was read is in that order;
        jobs of one and the same moment show none.
        """
        since = self._gateway.on_writers_clock(moment, _CLOCK_MARGIN)
        read: dict[str, Job] = {}  # jobs created meanwhile push others to the next page, where they show again
        offset = 0
        for _ in range(_MOST_PAGES):
            page = await self._gateway.jobs(self._batch.agent.id, offset)
            read |= {job.id: job for job in page.jobs if job.id not in read}
            offset += len(page.jobs)
            at_end = not page.jobs or (page.total is not None and offset >= page.total)
            times = [_created(job, since) for job in read.values()]
            if at_end or (times[-1] < min(since, times[0]) and times == sorted(times, reverse=True)):
                return [job for job, created in zip(read.values(), times, strict=True) if created >= since]
        return None


def _created(job: Job, unknown: float) -> float:
    return unknown if job.created_at is None else job.created_at.timestamp()
