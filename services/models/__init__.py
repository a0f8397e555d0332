"""The records that travel between store, services and screens, and the states they can be in.

Records are frozen: a change is a new record, or a change in the store. Times are aware UTC datetimes.
"""

from services.models.agent import Agent, AgentInput, InputType
from services.models.batch import (
    Batch,
    BatchPage,
    BatchSummary,
    Counts,
    cancelable,
    deletable,
    held_back,
    moving,
    pausable,
    resumable,
    resumable_anyway,
    sampled,
    sendable,
)
from services.models.connection import ConnectionHealth, Load
from services.models.draft import (
    MOST_RETRIES,
    Check,
    Choice,
    ChoiceKind,
    Choices,
    Draft,
    Estimate,
    LaunchOptions,
    RowProblem,
)
from services.models.job import Job, JobPage, JobState
from services.models.row import RETRYABLE, Attempt, ExportRow, Inputs, RowDetail, RowPage, RowPreview, retryable
from services.models.sheet import HeaderChoice, Layout, OuterKind, OuterRow, Problem, Reading, Sheet, SheetRow
from services.models.states import BatchState, PauseKind, RowState

__all__ = [
    "MOST_RETRIES",
    "RETRYABLE",
    "Agent",
    "AgentInput",
    "Attempt",
    "Batch",
    "BatchPage",
    "BatchState",
    "BatchSummary",
    "Check",
    "Choice",
    "ChoiceKind",
    "Choices",
    "ConnectionHealth",
    "Counts",
    "Draft",
    "Estimate",
    "ExportRow",
    "HeaderChoice",
    "InputType",
    "Inputs",
    "Job",
    "JobPage",
    "JobState",
    "LaunchOptions",
    "Layout",
    "Load",
    "OuterKind",
    "OuterRow",
    "PauseKind",
    "Problem",
    "Reading",
    "RowDetail",
    "RowPage",
    "RowPreview",
    "RowProblem",
    "RowState",
    "Sheet",
    "SheetRow",
    "cancelable",
    "deletable",
    "held_back",
    "moving",
    "pausable",
    "resumable",
    "resumable_anyway",
    "retryable",
    "sampled",
    "sendable",
]
