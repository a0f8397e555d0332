"""Rows of a batch: as the screens, the download and Writer see them."""

from dataclasses import dataclass
from datetime import datetime

from services.models.inputs import FileRef, Inputs
from services.models.states import RowState

RETRYABLE = frozenset({RowState.COMPLETED, RowState.EMPTY, RowState.FAILED, RowState.UNCONFIRMED, RowState.CANCELED})
"""Rows that a person may send again. A completed one keeps its suggestion until there is a better one."""

UNSUCCESSFUL = frozenset({RowState.FAILED, RowState.EMPTY})
"""Rows that came to nothing: one click retries all of them."""


NO_INPUTS = "Its inputs aren't known here, so Copydesk can't start it again."
"""Why a collected row that has no failed job can't be sent."""


def retryable(state: RowState, *, is_collected: bool = False) -> bool:
    """Whether a row in that state may be sent again; a collected one only as a retry of its failed job."""
    return state in RETRYABLE and not (is_collected and state in (RowState.COMPLETED, RowState.EMPTY))


@dataclass(frozen=True)
class RowPreview:
    """One row as the table shows it: long texts are shortened."""

    position: int
    """From 0, in the spreadsheet's order; identifies the row within its batch."""
    number: int
    """As the spreadsheet program counts it."""
    state: RowState
    values: tuple[str, ...]
    """The mapped inputs, in the agent's order; several values of one input are joined by line breaks."""
    suggestion: str
    error: str
    attempts: int
    files: tuple[FileRef, ...] = ()
    """The stored files that it gives to its agent."""


@dataclass(frozen=True)
class RowPage:
    """One page of the rows that match a filter."""

    rows: tuple[RowPreview, ...]
    matching: int
    """How many rows match in all."""


@dataclass(frozen=True)
class Attempt:
    """One try at a row: a job, or a request that Writer refused."""

    number: int
    """From 1."""
    state: RowState
    job_id: str | None
    suggestion: str | None
    error: str | None
    sent_at: datetime | None
    ended_at: datetime | None
    assigned_at: datetime | None = None
    """When a person said that its job is this row's, after Writer's answer was lost."""


@dataclass(frozen=True)
class RowDetail:
    """One row, whole."""

    batch_id: str
    position: int
    number: int
    state: RowState
    cells: tuple[str, ...]
    """The person's own columns."""
    inputs: Inputs
    suggestion: str | None
    """The best that any attempt gave."""
    error: str | None
    job_id: str | None
    attempts: tuple[Attempt, ...]
    """Oldest first; the last one is the current one."""


@dataclass(frozen=True)
class ExportRow:
    """One row as the download has it."""

    cells: tuple[str, ...]
    suggestion: str
    state: RowState
    error: str
    job_id: str
