"""Files uploaded to Writer, as Writer describes them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WriterFileState(StrEnum):
    """How far Writer is with processing a file."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    """The file can be given to an agent."""
    FAILED = "failed"


@dataclass(frozen=True)
class WriterFile:
    """One uploaded file as Writer last described it."""

    id: str
    name: str
    state: WriterFileState
    created_at: datetime | None = None
    """By Writer's clock."""
    graph_ids: tuple[str, ...] = ()
    """The Knowledge Graphs it's in. The answer to an upload never names any."""


@dataclass(frozen=True)
class WriterFilePage:
    """One page of the list of files."""

    files: tuple[WriterFile, ...]
    next_after: str | None
    """The cursor that asks for the next page, where there is one."""
