"""Jobs in an agent's list, as people see them: whose they are, and what may be done with them."""

from dataclasses import dataclass
from datetime import datetime

from services.models.job import NO_ID, Job, JobState
from services.models.states import RowState


@dataclass(frozen=True)
class JobRow:
    """The row of a batch here that a job belongs to."""

    batch_id: str
    batch_name: str
    position: int
    number: int
    state: RowState
    is_current: bool
    """Whether it's the job of the row's last attempt."""


@dataclass(frozen=True)
class JobRetry:
    """The last retry of a failed job that belongs to no row."""

    asked_at: datetime
    asked_at_writer: datetime | None
    """When it left at the earliest, by Writer's clock; None where that isn't known."""
    failed_at: datetime | None
    """When the job had changed last before, by Writer's clock."""
    new_job_id: str | None
    """The job that Writer named in its answer; None as long as there is no answer."""


def ran_again(job: Job, retry: JobRetry) -> bool:
    """Whether the job has surely changed since that retry, so that the failure it shows is a later one."""
    if retry.new_job_id not in (None, job.id) or job.updated_at is None or retry.failed_at is None:
        return False
    asked_at = retry.asked_at_writer
    return job.updated_at > retry.failed_at and (asked_at is None or job.updated_at >= asked_at)


@dataclass(frozen=True)
class ListedJob:
    """A job in the list, with what is known of it here."""

    job: Job
    row: JobRow | None = None
    """None: it was started elsewhere."""
    retry: JobRetry | None = None

    @property
    def is_held(self) -> bool:
        """Whether it shows a failure from before its last retry, so that retrying it may charge it twice."""
        return self.job.state is JobState.FAILED and self.retry is not None and not ran_again(self.job, self.retry)

    @property
    def can_retry(self) -> bool:
        """Whether it can be retried now."""
        if self.job.state is not JobState.FAILED or self.job.id.startswith(NO_ID):
            return False
        if self.row is not None:
            return self.row.is_current and self.row.state is RowState.FAILED
        return not self.is_held


@dataclass(frozen=True)
class JobList:
    """A page of an agent's list of jobs."""

    jobs: tuple[ListedJob, ...]
    page: int
    """From 1."""
    pages: int
    total: int | None
    """How many jobs there are in all, where Writer says so."""
    read_at: datetime | None
    """When Writer gave it; None where it couldn't be read yet."""
    problem: str
    """Why it couldn't be read again since then, in a sentence; empty otherwise."""

    @property
    def is_newest_first(self) -> bool:
        """Whether the jobs on this page are in that order."""
        times = [listed.job.created_at for listed in self.jobs if listed.job.created_at is not None]
        return len(times) > 1 and times == sorted(times, reverse=True)


@dataclass(frozen=True)
class RetriedJobs:
    """What came of retrying jobs."""

    retried: int = 0
    """Jobs that Writer runs again, and rows that wait to be sent again."""
    lost: tuple[str, ...] = ()
    """Jobs whose answer was lost: they may run again, or not."""
    refused: tuple[str, ...] = ()
    """Why the others weren't retried, each reason once."""
    not_retried: int = 0
    """How many others there are."""


@dataclass(frozen=True)
class CollectScope:
    """Which jobs to collect: all, those of a time span, or those with these ids."""

    since: datetime | None = None
    until: datetime | None = None
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class CollectedJobs:
    """What came of collecting jobs."""

    batch_id: str | None
    """The batch they became; None if there were none."""
    collected: int = 0
    in_batches: int = 0
    """Jobs left out because a row here has them."""
    too_recent: int = 0
    """Left out because the answer to a request may still name them."""
    suspected: int = 0
    """Left out because they may belong to unconfirmed rows."""
    retrying: int = 0
    """Left out because it isn't known what their last retry did, or because another job has taken their place."""
    unreadable: int = 0
    """Left out because Writer gives them no id."""
    unknown_ids: tuple[str, ...] = ()
    """Ids that aren't jobs of the agent."""
    unread: int = 0
    """Jobs that Writer counts but didn't list."""
