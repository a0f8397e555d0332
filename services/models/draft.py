"""Drafts: what is chosen and checked before launch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.models.agent import Agent
from services.models.sheet import Problem, Sheet


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


class MatchReason(StrEnum):
    """Why a column is proposed for an input."""

    SAME_NAME = "same_name"
    SIMILAR_NAME = "similar_name"
    SYNONYM = "synonym"
    PART_OF_NAME = "part_of_name"
    OPTIONS = "options"
    """The cells of the column are options of the dropdown."""


@dataclass(frozen=True)
class Proposal:
    """Where the values of one input probably come from, and why."""

    choice: Choice
    reason: MatchReason | None = None
    """None where no column is proposed."""


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
    """Rows with problems."""
    problems: tuple[RowProblem, ...]
    """The first problems, in the rows' order."""
    problem_count: int
    """All problems."""


MOST_RETRIES = 3
"""How many automatic retries a failed job can get."""


@dataclass(frozen=True)
class LaunchOptions:
    """How a batch is to be sent; chosen at launch."""

    sample_rows: int | None = None
    """Rows to send first, before a person lets the others go; None: all at once."""
    retries: int = 0
    """How many automatic retries a failed job gets: from 0 to `MOST_RETRIES`."""
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
    options: LaunchOptions = field(default_factory=LaunchOptions)


@dataclass(frozen=True)
class DraftSummary:
    """A draft as the list of drafts shows it."""

    id: str
    filename: str
    agent: str
    """The agent's name; empty while none is chosen."""
    rows: int
    created_at: datetime


@dataclass(frozen=True)
class Estimate:
    """What sending some rows takes at the least."""

    requests: int
    minutes: float
    """At the limit on requests; jobs that take long or a limit on tokens make it more."""
