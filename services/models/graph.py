"""Knowledge Graphs as Writer describes them, and files on their way into them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.models.files import StoredFile


@dataclass(frozen=True)
class Graph:
    """One Knowledge Graph, and how many of its files are in each state."""

    id: str
    name: str
    description: str
    kind: str
    """Writer's `graph_type`: `manual`, `connector`, or `web`; empty where Writer doesn't say."""
    created_at: datetime | None
    """By Writer's clock."""
    in_progress: int
    completed: int
    failed: int
    total: int


@dataclass(frozen=True)
class GraphName:
    """A Knowledge Graph that an agent used, under the name that it had then."""

    id: str
    name: str


@dataclass(frozen=True)
class GraphUse:
    """Which agents use which Knowledge Graphs, as far as that is known."""

    by_agent: Mapping[str, tuple[str, ...]]
    """The ids of the Knowledge Graphs by the agent's id; agents that Writer doesn't tell of are missing."""
    is_complete: bool
    """Whether every agent has been asked about."""


@dataclass(frozen=True)
class GraphChange:
    """What came of changing the Knowledge Graphs of an agent."""

    is_made: bool
    """False where somebody else had changed them meanwhile: then nothing was overwritten."""
    ids: tuple[str, ...]
    """The Knowledge Graphs that the agent uses now."""


class GraphUploadState(StrEnum):
    """How far a file is on its way into a Knowledge Graph."""

    WAITING = "waiting"
    """It isn't in the Knowledge Graph yet."""
    PROCESSING = "processing"
    """It's in there, and Writer reads it."""
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True)
class GraphUpload:
    """A file on its way into a Knowledge Graph."""

    id: str
    graph_id: str
    name: str
    """With its folders, separated by slashes."""
    file: StoredFile | None
    """Its bytes; None once it's in the Knowledge Graph, or where others uploaded it."""
    state: GraphUploadState
    file_id: str | None
    """Writer's id, once Writer has it."""
    error: str = ""
    """Why it failed, in a sentence."""


@dataclass(frozen=True)
class GraphProgress:
    """How many of the files that were last put into a Knowledge Graph are in each state."""

    waiting: int = 0
    processing: int = 0
    completed: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.waiting + self.processing + self.completed + self.failed

    @property
    def is_moving(self) -> bool:
        """Whether any of them is still on its way."""
        return self.waiting + self.processing > 0


@dataclass(frozen=True)
class FailedFile:
    """A file that isn't usable in its Knowledge Graph."""

    name: str
    error: str
    """Why, in a sentence; empty where Writer doesn't say."""
    is_at_writer: bool
    """Whether Writer has it and couldn't process it; otherwise it never got into the Knowledge Graph."""
