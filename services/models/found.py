"""Lost and found: jobs that no row knows, beside the unconfirmed rows that they may belong to."""

from dataclasses import dataclass
from datetime import datetime

from services.models.inputs import Inputs
from services.models.job import Job


@dataclass(frozen=True)
class Candidate:
    """A row that a job may belong to."""

    position: int
    number: int
    inputs: Inputs
    fit: float
    """How much of what tells the row from others the job's text mentions, from 0 to 1."""


@dataclass(frozen=True)
class FoundJob:
    """A job that no row knows."""

    job: Job
    candidates: tuple[Candidate, ...]
    """The rows that were being sent when it was created, likeliest first."""
    clear: int | None
    """The position of the row that fits far better than any other; None if there's none."""


@dataclass(frozen=True)
class LostAndFound:
    """What is known of a batch's unconfirmed rows and the jobs that may be theirs."""

    jobs: tuple[FoundJob, ...]
    """Those that are neither assigned nor dismissed, in the order in which they were created."""
    unconfirmed: int
    proven: int
    """Rows that surely have no job: none while jobs are left to assign or dismiss."""
    dismissed: int
    unprovable: int
    """Rows of which nothing proves that they have no job: a lost retry may have run the old one again, or it isn't
    known by Writer's clock when the request left."""
    read_at: datetime | None
    """When the list was last read for it; None: not yet."""
    complete_at: datetime | None
    """When the list will show every job that may be theirs; None where it did when it was read."""
