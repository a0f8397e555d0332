"""Agents and their inputs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
    max_megabytes: float | None = None
    """The largest file it takes, where Writer says so."""
    max_words: int | None = None
    """The most words a file may have, where Writer says so."""


@dataclass(frozen=True)
class Agent:
    """A Writer no-code agent."""

    id: str
    name: str
    inputs: tuple[AgentInput, ...]


@dataclass(frozen=True)
class AgentUsage:
    """How much an agent was used here."""

    batches: int
    rows: int
    """Of all these batches, skipped ones included."""
    last_used_at: datetime
    """When the latest batch was launched."""
    failed_share: float | None
    """The part of its latest rows that failed, from 0 to 1; None while none has ended."""
    job_seconds: float | None
    """How long its latest jobs took on average; None while none has completed."""
