"""What runner and store exchange about rows: claimed, accepted by Writer, lost, ended."""

from dataclasses import dataclass

from services.errors import Loss
from services.models import Inputs


@dataclass(frozen=True)
class Claim:
    """A row whose request is about to leave."""

    position: int
    inputs: Inputs
    retry_of: str | None
    """The failed job to retry; None asks for a new job."""


@dataclass(frozen=True)
class Sent:
    """A row whose job Writer has accepted."""

    position: int
    job_id: str


@dataclass(frozen=True)
class Ended:
    """A row that ended, with a suggestion or with an error."""

    position: int
    suggestion: str | None
    error: str | None
    job_failed: bool = False
    """Whether Writer itself said that the job failed, so that its retry call works."""
    job_id: str | None = None
    """The job that ended, where it was one: a row that has another job by now is left alone."""
    retry_after: tuple[float, ...] = ()
    """Seconds until a failed row is retried automatically: for its first automatic retry, the second, and so on."""
    sent_at: float | None = None
    """When its last request left, where that is known."""


@dataclass(frozen=True)
class Outstanding:
    """A row whose job runs at Writer."""

    position: int
    sent_at: float
    sent_at_writer: float | None


@dataclass(frozen=True)
class Lost:
    """A row whose answer was lost."""

    position: int
    sent_at: float
    """When it was claimed to be sent, by our clock; means nothing where `loss` is None."""
    sent_at_writer: float | None
    """When its request left at the earliest, by Writer's clock; None where that is not known."""
    lost_at: float
    loss: Loss | None
    """None where another process sent the request, and ended before the answer came or before it could be proven
    that there is no job."""
    retry_of: str | None


@dataclass(frozen=True)
class EffectWindow:
    """When a request may have created a job, by the clock that stamps Writer's jobs; infinite where that is open."""

    start: float
    end: float


@dataclass(frozen=True)
class UnconfirmedRows:
    """What is known of the unconfirmed rows of a batch."""

    windows: tuple[EffectWindow | None, ...]
    """For each row; None where Writer's list could not be read."""
    created_at: tuple[float | None, ...]
    """When each of the jobs was created that may belong to one of them; None where Writer does not say."""


@dataclass(frozen=True)
class Signs:
    """What the time left is computed from."""

    ended: tuple[tuple[float, float], ...] = ()
    """When each of the last rows to complete or fail was sent, and when that was seen; the latest comes first."""
    last_sent: float | None = None
    """When the last of the rows that Writer works on was sent."""
    last_lost: float | None = None
    """When the last answer was lost of those that are still being checked."""
    last_retry_at: float | None = None
    """When the last automatic retry is due."""


@dataclass(frozen=True)
class OpenRow:
    """An unconfirmed row, of which it isn't known whether it has a job."""

    position: int
    number: int
    inputs: Inputs
    sent_at: float
    sent_at_writer: float | None
    ended_at: float
    """When it became unconfirmed."""
    window: EffectWindow | None
    """When its request may have created a job; None where the list couldn't be read."""
    retry_of: str | None
    is_searched: bool
    """Whether every job that may be its own is among the batch's unknown jobs."""


@dataclass(frozen=True)
class Suspects:
    """The jobs that may belong to unconfirmed rows of a batch."""

    created_at: dict[str, float | None]
    """Those that are neither assigned nor dismissed, and when each was created, if Writer says so."""
    dismissed: int
