"""Batches, how far they are, and what may be done with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.models.agent import Agent
from services.models.draft import Choices, LaunchOptions
from services.models.graph import GraphName
from services.models.row import UNSUCCESSFUL
from services.models.states import BatchState, PauseKind, RowState


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
    """When its first row was sent since it was launched or last restarted."""
    options: LaunchOptions = field(default_factory=LaunchOptions)
    sample_end: int | None = None
    """The position before which rows may be sent; None: all may."""
    unguarded: bool = False
    """Whether a person resumed it although nearly all rows fail."""
    graphs: tuple[GraphName, ...] | None = None
    """The Knowledge Graphs that its agent used at launch; None where Writer couldn't be asked then."""
    is_collected: bool = False
    """Whether its jobs were started elsewhere: one row each, whose inputs aren't known."""


@dataclass(frozen=True)
class Counts:
    """How many rows of a batch are in each state."""

    by_state: Mapping[RowState, int] = field(default_factory=dict)
    retrying: int = 0
    """How many of the failed ones will be retried automatically."""

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
    def unsuccessful(self) -> int:
        """Rows that came to nothing, automatic retries included: failed or empty."""
        return sum(self[state] for state in UNSUCCESSFUL)

    @property
    def needs_attention(self) -> int:
        """Rows with no suggestion that only a person can do something about: failed, empty, or unconfirmed."""
        return self.unsuccessful - self.retrying + self[RowState.UNCONFIRMED]

    @property
    def done(self) -> int:
        """Rows that stay as they are unless a person sends them again."""
        return self.total - self.unfinished - self.retrying

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


def retryable_at_once(batch: Batch, counts: Counts) -> int:
    """How many rows one click may retry: those that came to nothing; of collected ones, those that failed."""
    return counts[RowState.FAILED] if batch.is_collected else counts.unsuccessful


def pausable(batch: Batch) -> bool:
    """Whether there is something to pause."""
    return batch.state is BatchState.RUNNING


def resumable(batch: Batch, connection: str) -> bool:
    """Whether the batch may be resumed here: only on the connection it was launched on."""
    return _paused_here(batch, connection) and batch.pause_kind not in (PauseKind.SAMPLE, PauseKind.MOST_FAIL)


def resumable_anyway(batch: Batch, connection: str) -> bool:
    """Whether a person may resume it here although nearly all rows fail."""
    return _paused_here(batch, connection) and batch.pause_kind is PauseKind.MOST_FAIL


def sampled(batch: Batch, connection: str) -> bool:
    """Whether the sample is done, and a person may send the remaining rows here."""
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
    """How many rows wait behind the sample and may not be sent yet."""
    if batch.sample_end is None or batch.options.sample_rows is None:
        return 0
    return max(0, counts.total - counts[RowState.SKIPPED] - batch.options.sample_rows)


def sendable(batch: Batch, counts: Counts) -> int:
    """How many rows wait that may be sent now: none while the batch does not run."""
    return counts.waiting - held_back(batch, counts) if batch.state is BatchState.RUNNING else 0


def moving(batch: Batch, counts: Counts) -> bool:
    """Whether the batch is changing, so that screens have to refresh."""
    return batch.state is BatchState.RUNNING or counts[RowState.IN_PROGRESS] + counts[RowState.SENDING] > 0


@dataclass(frozen=True)
class UploadProgress:
    """How far the files of a batch are on their way to Writer."""

    uploaded: int
    """Files that Writer has processed."""
    total: int
    """Different files that its rows need."""
