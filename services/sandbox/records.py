"""Jobs, files, and Knowledge Graphs as the sandbox keeps them, and as the API shows them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

STATUSES = ("in_progress", "completed", "failed")
"""What a job or a file can be."""


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
    """What is kept of an uploaded file: not its content. Like a job's, its end is settled when it begins."""

    id: str
    name: str
    size: int
    """In bytes."""
    sha256: str
    created_at: float
    finishes_at: float
    """When it has been processed."""
    outcome: str
    """`completed` or `failed`: what processing comes to."""
    graph_ids: tuple[str, ...] = ()

    def status(self, now: float) -> str:
        """Return what it is at `now`: one of `STATUSES`."""
        return self.outcome if self.finishes_at <= now else "in_progress"

    def to_wire(self, now: float) -> dict[str, Any]:
        """Return the file as the API shows it at `now`."""
        return {
            "id": self.id,
            "name": self.name,
            "created_at": timestamp(self.created_at),
            "graph_ids": list(self.graph_ids),
            "status": self.status(now),
        }


@dataclass(frozen=True)
class Graph:
    """A Knowledge Graph, and how many of its files have each status at the moment it was read."""

    id: str
    name: str
    description: str
    created_at: float
    in_progress: int = 0
    completed: int = 0
    failed: int = 0

    def to_wire(self) -> dict[str, Any]:
        """Return the Knowledge Graph as the API shows it."""
        counts = {"in_progress": self.in_progress, "completed": self.completed, "failed": self.failed}
        return {**self.receipt(), "type": "manual", "file_status": {**counts, "total": sum(counts.values())}}

    def receipt(self) -> dict[str, Any]:
        """Return the answer to the request that created it: without type and files, as the official SDK has it."""
        created_at = timestamp(self.created_at)
        return {"id": self.id, "name": self.name, "description": self.description, "created_at": created_at}


def timestamp(seconds: float) -> str:
    """Return epoch `seconds` as the API writes moments: ISO 8601 in UTC, to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
