"""The records that travel between store, services and screens, and the states they can be in.

Records are frozen: a change is a new record, or a change in the store. Times are aware UTC datetimes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

Inputs = dict[str, list[str]]
"""What one row gives to the agent: the name of each input that is not left out, and its values."""


class RowState(StrEnum):
    """Where a row of a batch stands."""

    WAITING = "waiting"
    """Not sent yet."""
    SENDING = "sending"
    """The request is about to leave, on the wire, or its answer was lost and proof is awaited."""
    IN_PROGRESS = "in_progress"
    """Writer works on its job."""
    COMPLETED = "completed"
    """Its job gave a suggestion."""
    FAILED = "failed"
    """Its job failed, or Writer refused it."""
    UNCONFIRMED = "unconfirmed"
    """The answer was lost and the job may exist: only a person may send it again."""
    CANCELED = "canceled"
    """Never sent, because the batch was canceled."""
    SKIPPED = "skipped"
    """Left out at launch, because its check found problems."""

    @property
    def label(self) -> str:
        """The word shown to people: `in_progress` reads "In progress"."""
        return self.value.replace("_", " ").capitalize()


class BatchState(StrEnum):
    """Where a batch stands."""

    RUNNING = "running"
    """Its rows are sent and collected."""
    PAUSED = "paused"
    """Nothing more is sent until it is resumed; what is at Writer is still collected."""
    CANCELED = "canceled"
    """Nothing more will be sent; what is at Writer is still collected."""
    FINISHED = "finished"
    """Every row is in a final state."""

    @property
    def label(self) -> str:
        """The word shown to people."""
        return self.value.capitalize()


class PauseKind(StrEnum):
    """Why a batch is paused."""

    PERSON = "person"
    """Somebody pressed Pause."""
    KEY_REFUSED = "key_refused"
    """Writer refused the API key."""
    AGENT_GONE = "agent_gone"
    """Writer does not know the agent any more."""
    INPUTS_CHANGED = "inputs_changed"
    """The agent's inputs are not what they were at launch."""
    OTHER_CONNECTION = "other_connection"
    """Copydesk was started with another connection than the batch was launched on."""
    FAULT = "fault"
    """Copydesk itself failed while running the batch."""
    SAMPLE = "sample"
    """The rows that were to be tried first are done."""
    MOST_FAIL = "most_fail"
    """Nearly all rows fail for one reason."""


class InputType(StrEnum):
    """The kinds of input an agent can have (Writer's `application_input_type`)."""

    TEXT = "text"
    DROPDOWN = "dropdown"
    FILE = "file"
    MEDIA = "media"


@dataclass(frozen=True)
class AgentInput:
    """One field of an agent."""

    name: str
    type: InputType
    required: bool = False
    description: str = ""
    options: tuple[str, ...] = ()
    """What a dropdown offers."""
    max_values: int = 1
    """How many values it takes at the most."""
    file_types: tuple[str, ...] = ()
    takes_urls: bool = False
    """Whether a file may be given as a URL instead of a file id."""


@dataclass(frozen=True)
class Agent:
    """A Writer no-code agent."""

    id: str
    name: str
    inputs: tuple[AgentInput, ...]


class JobState(StrEnum):
    """What Writer says of a job (Writer's `api_job_status`)."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True)
class Job:
    """One job as Writer last described it."""

    id: str
    state: JobState
    created_at: datetime | None = None
    """By Writer's clock."""
    updated_at: datetime | None = None
    """When it changed last, by Writer's clock."""
    suggestion: str | None = None
    error: str | None = None
    server_time: datetime | None = None
    """What Writer's clock said when it answered (the HTTP `Date` header); None for a job out of a page."""


@dataclass(frozen=True)
class JobPage:
    """One page of an agent's jobs."""

    jobs: tuple[Job, ...]
    total: int | None = None
    """How many jobs there are in all, where Writer says so."""
    server_time: datetime | None = None
    """What Writer's clock said when it answered (the HTTP `Date` header)."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with one cell of a row, in words for the person who has to mend it."""

    column: str
    value: str
    message: str


class SheetRow(NamedTuple):
    """One row of a spreadsheet that is not blank."""

    number: int
    """As the spreadsheet program counts it: the first row is 1."""
    cells: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    """What reading already found wrong, such as a formula without a stored result."""


@dataclass(frozen=True)
class Reading:
    """How a spreadsheet is to be read; None means: find out."""

    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Sheet:
    """What reading a spreadsheet found, apart from its rows."""

    filename: str
    columns: tuple[str, ...]
    row_count: int
    reading: Reading
    """What was found or chosen; encoding and separator for text files, sheet for workbooks."""
    sheets: tuple[str, ...] = ()
    """The names of the workbook's sheets that can be chosen."""
    notes: tuple[str, ...] = ()
    """What reading changed or left out, in sentences for people."""


class ChoiceKind(StrEnum):
    """Where an input's values come from."""

    LEAVE_OUT = "leave_out"
    COLUMN = "column"
    FIXED = "fixed"


@dataclass(frozen=True)
class Choice:
    """Where the values of one input come from."""

    kind: ChoiceKind = ChoiceKind.LEAVE_OUT
    columns: tuple[str, ...] = ()
    """For COLUMN: the column, then any further ones."""
    value: str = ""
    """For FIXED: the same value for all rows."""


Choices = Mapping[str, Choice]
"""The choice made for each input, by the input's name."""


@dataclass(frozen=True)
class RowProblem:
    """A problem and the row it was found on."""

    number: int
    problem: Problem


@dataclass(frozen=True)
class Check:
    """What checking a draft found."""

    ready: int
    """Rows that can be sent."""
    flawed: int
    """Rows that need a look."""
    problems: tuple[RowProblem, ...]
    """The first problems, in the rows' order."""
    problem_count: int
    """All problems."""


MOST_RETRIES = 3
"""How many more attempts a failed job can get by itself."""


@dataclass(frozen=True)
class LaunchOptions:
    """How a batch is to be sent; chosen at launch."""

    sample_rows: int | None = None
    """Rows to send first, before a person lets the others go; None: all at once."""
    retries: int = 0
    """How many more attempts a failed job gets by itself: from 0 to `MOST_RETRIES`."""
    resend_lost: bool = False
    """Whether a row is sent again when it cannot be proved that its lost request had no effect."""


@dataclass(frozen=True)
class Draft:
    """A spreadsheet and the choices made for it, before launch."""

    id: str
    sheet: Sheet
    agent: Agent | None
    """The agent with its inputs as they were when it was chosen."""
    choices: Choices
    name: str
    """The batch name a person typed; empty while the proposed one stands."""
    batch_id: str | None
    """The batch it became."""
    created_at: datetime
    options: LaunchOptions = LaunchOptions()


@dataclass(frozen=True)
class Batch:
    """One spreadsheet launched against one agent."""

    id: str
    name: str
    state: BatchState
    pause_kind: PauseKind | None
    reason: str
    """Why it is paused, in a sentence; empty otherwise."""
    connection: str
    """Where it was launched, and where alone it is sent: see `settings.Connection.id`."""
    agent: Agent
    """The agent with its inputs as they were at launch."""
    filename: str
    columns: tuple[str, ...]
    choices: Choices
    row_count: int
    created_at: datetime
    finished_at: datetime | None
    started_at: datetime | None = None
    """When its first row was sent, since it was launched or last set going again after it was over."""
    options: LaunchOptions = LaunchOptions()
    sample_end: int | None = None
    """The position before which rows may be sent; None: all may."""
    unguarded: bool = False
    """Whether a person let it go on although nearly all rows fail."""


@dataclass(frozen=True)
class Counts:
    """How many rows of a batch are in each state."""

    by_state: Mapping[RowState, int] = field(default_factory=dict)
    retrying: int = 0
    """How many of the failed ones are tried again by themselves, as soon as their pause is over."""

    def __getitem__(self, state: RowState) -> int:
        """How many rows are in that state."""
        return self.by_state.get(state, 0)

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.by_state.values())

    @property
    def waiting(self) -> int:
        """Rows that have not reached Writer: a row that is `sending` counts as waiting on the screens."""
        return self[RowState.WAITING] + self[RowState.SENDING]

    @property
    def unfinished(self) -> int:
        """Rows that are not in a final state."""
        return self.waiting + self[RowState.IN_PROGRESS]


@dataclass(frozen=True)
class BatchSummary:
    """A batch with its counts."""

    batch: Batch
    counts: Counts


@dataclass(frozen=True)
class BatchPage:
    """One page of the batches, newest first."""

    batches: tuple[BatchSummary, ...]
    total: int
    """How many batches there are in all."""


@dataclass(frozen=True)
class Estimate:
    """What sending some rows takes at the least."""

    requests: int
    minutes: float
    """At the limit on requests; jobs that take long or a limit on tokens make it more."""


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


@dataclass(frozen=True)
class Load:
    """What the requests of a connection are doing right now."""

    last_minute: int
    """Requests of all batches and processes that left in the last minute."""
    limit: int
    """How many may."""
    holding_until: datetime | None = None
    """Until when nobody sends, because Writer said to slow down."""
    jobs_per_minute: int | None = None
    """How many jobs may be started in a minute, while that is fewer than the limit because Writer refused some."""


@dataclass(frozen=True)
class ConnectionHealth:
    """What the last requests told about the connection to Writer."""

    unreachable_since: datetime | None = None
    key_refused_at: datetime | None = None
    detail: str = ""
    """What was said, in a sentence."""


RETRYABLE = frozenset({RowState.COMPLETED, RowState.FAILED, RowState.UNCONFIRMED, RowState.CANCELED})
"""Rows that a person may send again. A completed one keeps its suggestion until there is a better one."""


def retryable(state: RowState) -> bool:
    """Whether a row in that state may be sent again."""
    return state in RETRYABLE


def pausable(batch: Batch) -> bool:
    """Whether there is something to pause."""
    return batch.state is BatchState.RUNNING


def resumable(batch: Batch, connection: str) -> bool:
    """Whether the batch may go on, here: only on the connection it was launched on."""
    return _paused_here(batch, connection) and batch.pause_kind not in (PauseKind.SAMPLE, PauseKind.MOST_FAIL)


def resumable_anyway(batch: Batch, connection: str) -> bool:
    """Whether a person may let it go on, here, although nearly all rows fail."""
    return _paused_here(batch, connection) and batch.pause_kind is PauseKind.MOST_FAIL


def sampled(batch: Batch, connection: str) -> bool:
    """Whether the rows to try first are done, and a person may let the others go, here."""
    return _paused_here(batch, connection) and batch.pause_kind is PauseKind.SAMPLE


def _paused_here(batch: Batch, connection: str) -> bool:
    return batch.state is BatchState.PAUSED and batch.connection == connection


def cancelable(batch: Batch) -> bool:
    """Whether there is something left to cancel."""
    return batch.state in (BatchState.RUNNING, BatchState.PAUSED)


def deletable(batch: Batch, counts: Counts) -> bool:
    """Whether the batch may be deleted: nothing of it is waiting or at Writer."""
    return batch.state in (BatchState.FINISHED, BatchState.CANCELED) and counts.unfinished == 0


def held_back(batch: Batch, counts: Counts) -> int:
    """How many rows wait behind those that are tried first, and may not be sent yet."""
    if batch.sample_end is None or batch.options.sample_rows is None:
        return 0
    return max(0, counts.total - counts[RowState.SKIPPED] - batch.options.sample_rows)


def moving(batch: Batch, counts: Counts) -> bool:
    """Whether the batch changes by itself, so that screens have to follow it."""
    return batch.state is BatchState.RUNNING or counts[RowState.IN_PROGRESS] + counts[RowState.SENDING] > 0
