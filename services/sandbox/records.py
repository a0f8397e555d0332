"""Jobs and uploaded files as the sandbox keeps them, and as the API shows them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FILE_SECONDS = 1.0
"""How long an uploaded file is being processed."""


@dataclass(frozen=True)
class Job:
    """A job, whose end is settled when it begins: what it is at a moment follows from the clock."""

    id: str
    agent_id: str
    fingerprint: str
    created_at: float
    started_at: float
    """When the latest attempt began."""
    finishes_at: float
    outcome: str
    """`completed` or `failed`: what the latest attempt comes to."""
    error: str | None
    """Why the first attempt fails, kept after a retry; None for inputs that never fail."""
    title: str
    suggestion: str
    tokens: int

    def to_wire(self, now: float) -> dict[str, Any]:
        """Return the job as the API shows it at `now`."""
        finished = self.finishes_at <= now
        status = self.outcome if finished else "in_progress"
        wire: dict[str, Any] = {
            "id": self.id,
            "status": status,
            "application_id": self.agent_id,
            "created_at": timestamp(self.created_at),
            "updated_at": timestamp(self.finishes_at if finished else self.started_at),
        }
        if status == "completed":
            wire["completed_at"] = timestamp(self.finishes_at)
            wire["data"] = {"title": self.title, "suggestion": self.suggestion}
        if status == "failed":
            wire["error"] = self.error
        return wire

    def receipt(self) -> dict[str, Any]:
        """Return the answer to a request that began an attempt, with the job's id under both names Writer has."""
        created_at = timestamp(self.created_at)
        return {"id": self.id, "job_id": self.id, "status": "in_progress", "created_at": created_at}


@dataclass(frozen=True)
class File:
    """What is kept of an uploaded file: not its content."""

    id: str
    name: str
    created_at: float

    def to_wire(self, now: float) -> dict[str, Any]:
        """Return the file as the API shows it at `now`."""
        status = "completed" if self.created_at + FILE_SECONDS <= now else "in_progress"
        created_at = timestamp(self.created_at)
        return {"id": self.id, "name": self.name, "created_at": created_at, "graph_ids": [], "status": status}


def timestamp(seconds: float) -> str:
    """Return epoch `seconds` as the API writes moments: ISO 8601 in UTC, to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
