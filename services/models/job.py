"""Jobs, as Writer describes them."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class JobState(StrEnum):
    """What Writer says of a job (Writer's `api_job_status`)."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Mn", "Zl", "Zp", "Zs"})
_INVISIBLE_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Hangul fillers and the empty Braille cell: letters and symbols by category, and drawn as nothing."""


def is_blank(text: str) -> bool:
    """Whether nothing of the text can be seen: white space, zero-width and other invisible characters."""
    return all(unicodedata.category(char) in _INVISIBLE_CATEGORIES or char in _INVISIBLE_LETTERS for char in text)


NO_ID = "(no id)"
"""What the id of a job begins with whose answer has none: it can't be asked for or retried."""

EMPTY_SUGGESTION = "The suggestion is empty."
"""The reason why a row is empty, where outcomes are compared by their reasons."""


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
    title: str = ""
    """The name of the suggestion's output field, where Writer says so."""
    error: str | None = None
    unreadable: str = ""
    """What of the job can't be read, such as "its suggestion isn't text"; its state is what is known all the same: a
    job with an unknown status counts as in progress."""
    server_time: datetime | None = None
    """What Writer's clock said when it answered (the HTTP `Date` header); None for a job out of a page."""
    agent_id: str = ""
    """The agent that it's a job of, where Writer says so."""


@dataclass(frozen=True)
class JobPage:
    """One page of an agent's jobs."""

    jobs: tuple[Job, ...]
    total: int | None = None
    """How many jobs there are in all, where Writer says so."""
    server_time: datetime | None = None
    """What Writer's clock said when it answered (the HTTP `Date` header)."""

    def is_last(self, end: int) -> bool:
        """Whether the list ends with this page, which ends at that offset."""
        return not self.jobs or (self.total is not None and end >= self.total)
