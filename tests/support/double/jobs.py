"""The jobs of one agent, as the list shows them: in some order, late, and with those of others among them."""

import random
from bisect import insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from tests.support.double.options import Options, Order


def suggestion_for(text: str, attempt: int = 1) -> str:
    """What a job gives for a row."""
    return f"Attempt {attempt} made of ⟦{text}⟧"


def is_for(suggestion: str, text: str) -> bool:
    """Whether a suggestion was made for that row, and no other."""
    return suggestion.endswith(f" made of ⟦{text}⟧")


@dataclass(slots=True)
class Job:
    """One job."""

    id: str
    agent: str
    text: str
    """The row's own text."""
    ours: bool
    attempt: int
    created_at: float
    started_at: float
    ready_at: float
    words: str | None
    """Why it fails, where it does."""
    key: float
    """Its place in a random order."""
    changed: dict[str, Any] = field(default_factory=dict)
    """What its JSON says instead once it has ended."""

    def status(self, now: float) -> str:
        """How it stands."""
        if now < self.ready_at:
            return "in_progress"
        return "completed" if self.words is None else "failed"

    def shown(self, now: float, skew: float) -> dict[str, Any]:
        """How Writer describes it."""
        status = self.status(now)
        shown: dict[str, Any] = {
            "id": self.id,
            "status": status,
            "application_id": self.agent,
            "created_at": stamp(self.created_at + skew),
            "updated_at": stamp((self.started_at if status == "in_progress" else self.ready_at) + skew),
        }
        if status == "completed":
            shown["completed_at"] = stamp(self.ready_at + skew)
            shown["data"] = {"title": "Result", "suggestion": suggestion_for(self.text, self.attempt)}
        elif status == "failed":
            shown["error"] = self.words
        return shown if status == "in_progress" else {**shown, **self.changed}


def stamp(moment: float) -> str:
    """A time as Writer writes it."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Shelf:
    """The jobs of one agent."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._hidden: deque[Job] = deque()
        self._listed: list[Job] = []
        self._order = options.order
        self._random = random.Random(options.seed)

    def add(self, job: Job) -> None:
        """Take a job, which is newer than all others."""
        self._hidden.append(job)

    def remove(self, job: Job) -> None:
        """Forget a job."""
        (self._listed if job in self._listed else self._hidden).remove(job)

    def page(self, now: float, offset: int, limit: int, status: str | None) -> tuple[list[Job], int]:
        """One page of what the list shows by now, and how many jobs it shows in all."""
        self._show(now)
        jobs = self._listed
        if status is not None:
            jobs = [job for job in jobs if job.status(now) == status]
        return self._cut(jobs, offset, limit), len(jobs)

    def _show(self, now: float) -> None:
        """Let the list show what is old enough."""
        if self._order is not self._options.order:
            self._order = self._options.order
            self._listed.sort(key=self._place)
        while self._hidden and self._hidden[0].created_at + self._options.lag <= now:
            if self._order is Order.RANDOM:
                insort(self._listed, self._hidden.popleft(), key=self._place)
            else:
                self._listed.append(self._hidden.popleft())

    def _place(self, job: Job) -> float:
        return job.key if self._order is Order.RANDOM else job.created_at

    def _cut(self, jobs: Sequence[Job], offset: int, limit: int) -> list[Job]:
        if self._order is Order.NEWEST:
            last = len(jobs) - offset
            return list(reversed(jobs[max(0, last - limit) : max(0, last)]))
        if self._order is Order.SHUFFLED:
            return self._random.sample(jobs, max(0, min(limit, len(jobs) - offset)))
        return list(islice(jobs, offset, offset + limit))
