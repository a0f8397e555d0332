"""Learning results by listing: one request answers for a page of rows, wherever on the pages they are."""

from services.clock import Clock
from services.errors import UnknownToWriterError
from services.gateway import Gateway
from services.models import Batch, Job, JobState
from services.runner.outcomes import Outcomes
from services.store import Ended, Outstanding

_MOST_PAGES = 20
"""Pages read in one go; what is not on them is asked for alone."""
_BARREN_PAGES = 2
"""Pages without a row of ours after which paging stops."""
_LISTED_AFTER = 20.0
"""Seconds in which a job should have appeared in the list."""
_STALE_FOR = 60.0
"""Seconds in which a failure from before a retry may still be told; later it is believed whatever its date."""
_ASKED_ALONE = 5
"""Jobs asked for alone in one go."""
_UNKNOWN = "Writer no longer knows this job. Retry the row to make a new one."


class Collector:
    """Collects the results of one batch."""

    def __init__(self, batch: Batch, gateway: Gateway, outcomes: Outcomes, clock: Clock) -> None:
        self._batch = batch
        self._gateway = gateway
        self._outcomes = outcomes
        self._clock = clock

    async def collect(self, outstanding: dict[str, Outstanding]) -> None:
        """Ask once for the jobs of these rows, by their ids, and tell what ended.

        Raises WriterError: Writer could not be asked; what was learned before is told all the same.
        """
        missing = dict(outstanding)
        try:
            await self._list(missing)
        except UnknownToWriterError:
            # the agent is gone, and its list with it, but its jobs may still be asked for
            await self._ask_alone(missing, self._clock.now())
        else:
            await self._ask_alone(missing, self._clock.now() - _LISTED_AFTER)

    async def _list(self, missing: dict[str, Outstanding]) -> None:
        """Read pages as long as they tell of rows of ours, and take those out of what is missing."""
        barren = offset = 0
        for _ in range(_MOST_PAGES):
            if not missing or barren == _BARREN_PAGES:
                return
            page = await self._gateway.jobs(self._batch.agent.id, offset)
            ours = [job for job in page.jobs if job.id in missing]
            for job in ours:
                await self._tell(missing.pop(job.id), job.id, job)
            barren = 0 if ours else barren + 1
            offset += len(page.jobs)
            if not page.jobs or (page.total is not None and offset >= page.total):
                return

    async def _ask_alone(self, missing: dict[str, Outstanding], sent_before: float) -> None:
        overdue = sorted((row.sent_at, job_id) for job_id, row in missing.items() if row.sent_at < sent_before)
        for _, job_id in overdue[:_ASKED_ALONE]:
            try:
                await self._tell(missing[job_id], job_id, await self._gateway.job(job_id))
            except UnknownToWriterError:
                self._outcomes.ended(Ended(missing[job_id].position, None, _UNKNOWN, job_id=job_id))

    async def _tell(self, row: Outstanding, job_id: str, job: Job) -> None:
        if job.state is JobState.COMPLETED:
            self._outcomes.ended(Ended(row.position, job.suggestion or "", None, job_id=job_id))
        elif job.state is JobState.FAILED and not self._is_stale(row, job):
            words = job.error or "Writer gave no reason for the failure."
            await self._gateway.budget.failed(words)
            self._outcomes.ended(Ended(row.position, None, words, job_failed=True, job_id=job_id))

    def _is_stale(self, row: Outstanding, job: Job) -> bool:
        """Whether this failure is the one for which the job was retried: lists may lag behind a retry."""
        if row.sent_at_writer is None or job.updated_at is None:
            return False
        just_sent = self._clock.now() - row.sent_at < _STALE_FOR
        return just_sent and job.updated_at.timestamp() < row.sent_at_writer
