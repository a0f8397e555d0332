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
        barren = offset = 0
        for _ in range(_MOST_PAGES):
            if not missing or barren == _BARREN_PAGES:
                break
            page = await self._gateway.jobs(self._batch.agent.id, offset)
            ours = [job for job in page.jobs if job.id in missing]
            for job in ours:
                self._tell(missing.pop(job.id).position, job)
            barren = 0 if ours else barren + 1
            offset += len(page.jobs)
            if not page.jobs or (page.total is not None and offset >= page.total):
                break
        await self._ask_alone(missing)

    async def _ask_alone(self, missing: dict[str, Outstanding]) -> None:
        late = self._clock.now() - _LISTED_AFTER
        overdue = [(row.sent_at, job_id, row.position) for job_id, row in missing.items() if row.sent_at < late]
        for _, job_id, position in sorted(overdue)[:_ASKED_ALONE]:
            try:
                self._tell(position, await self._gateway.job(job_id))
            except UnknownToWriterError:
                self._outcomes.ended(Ended(position, None, _UNKNOWN))

    def _tell(self, position: int, job: Job) -> None:
        if job.state is JobState.COMPLETED:
            self._outcomes.ended(Ended(position, job.suggestion or "", None))
        elif job.state is JobState.FAILED:
            words = job.error or "Writer gave no reason for the failure."
            self._outcomes.ended(Ended(position, None, words, job_failed=True))
