"""Where the double's jobs are made: ours, those whose effect comes late, and those of strangers."""

import heapq
import random
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from tests.support.double.books import Books
from tests.support.double.jobs import Job, Shelf
from tests.support.double.limits import Limit
from tests.support.double.options import Options, Overload, Span

_STRANGERS = "somebody else's"
_FAILS_AFTER = 1.0
"""Seconds after which a job that goes over the limit on tokens fails."""


class _Try(NamedTuple):
    """One attempt at a text."""

    number: int
    ready_at: float
    words: str | None


class Works:
    """All jobs of all agents. Time goes on in it only by `catch_up`."""

    def __init__(self, options: Options, books: Books) -> None:
        self.jobs: dict[str, Job] = {}
        self.tokens = Limit()
        self._options = options
        self._books = books
        self._random = random.Random(options.seed)
        self._shelves: defaultdict[str, Shelf] = defaultdict(lambda: Shelf(options))
        self._attempts: Counter[str] = Counter()
        self._late: list[tuple[float, int, Callable[[float], object]]] = []
        self._late_number = 0
        self._within_quota = 0
        self._stranger_at: float | None = None

    def draw(self, span: Span) -> float:
        """A number of seconds within the span."""
        return self._random.uniform(*span) if isinstance(span, tuple) else span

    def chance(self) -> float:
        """A number from 0 to 1."""
        return self._random.random()

    def page(self, agent_id: str, now: float, offset: int, limit: int, status: str | None) -> tuple[list[Job], int]:
        """One page of an agent's jobs, and how many there are."""
        return self._shelves[agent_id].page(now, offset, limit, status)

    def catch_up(self, now: float, agent_id: str) -> None:
        """Let everything happen that was to happen by now, in its order; strangers work with that agent."""
        while True:
            stranger_at = self._next_stranger(now)
            late_at = self._late[0][0] if self._late else now + 1
            if min(stranger_at, late_at) > now:
                return
            if late_at <= stranger_at:
                at, _, happen = heapq.heappop(self._late)
                happen(at)
            else:
                if self._options.strangers_take_tokens:
                    self.tokens.take(stranger_at, self._options.tokens_per_job)
                self.start(agent_id, _STRANGERS, stranger_at, ours=False)
                self._stranger_at = stranger_at

    def later(self, at: float, happen: Callable[[float], object]) -> None:
        """Let something happen at that time."""
        self._late_number += 1
        heapq.heappush(self._late, (at, self._late_number, happen))

    def start(self, agent_id: str, text: str, at: float, *, ours: bool) -> Job:
        """Create a job."""
        first = self._try(text, at, ours=ours)
        job = Job(
            id=str(UUID(int=self._random.getrandbits(128), version=4)),
            agent=agent_id,
            text=text,
            ours=ours,
            attempt=first.number,
            created_at=at,
            started_at=at,
            ready_at=first.ready_at,
            words=first.words,
            key=self._random.random(),
            changed=self._options.changed.get(text, {}) if ours else {},
        )
        self.jobs[job.id] = job
        self._shelves[agent_id].add(job)
        if ours:
            self._books.jobs[text].append(job.id)
        return job

    def restart(self, job: Job, at: float) -> Job:
        """Start a failed job once more, under its id or as a new one."""
        if self._options.retry_gives_new_id:
            return self.start(job.agent, job.text, at, ours=job.ours)
        again = self._try(job.text, at, ours=job.ours)
        job.attempt, job.started_at, job.ready_at, job.words = again.number, at, again.ready_at, again.words
        return job

    def forget(self, job_id: str) -> None:
        """Know nothing of a job any more."""
        job = self.jobs.pop(job_id)
        self._shelves[job.agent].remove(job)

    def _try(self, text: str, at: float, *, ours: bool) -> _Try:
        """The next attempt at a text: when it ends, and how."""
        options = self._options
        ready_at = at + self.draw(options.durations.get(text, options.duration))
        if not ours:
            return _Try(1, ready_at, None)
        self._attempts[text] += 1
        number = self._attempts[text]
        if self.is_over_quota and options.quota_status is None:
            return _Try(number, at + _FAILS_AFTER, options.quota_words)
        self._within_quota += 1
        if self._goes_over_tokens(at):
            return _Try(number, at + _FAILS_AFTER, options.capacity_words)
        fails = number <= options.failing_attempts and _share_of(f"{options.seed} {text}") < options.fail_share
        words = options.fail_words[min(number, len(options.fail_words)) - 1] if fails else None
        return _Try(number, ready_at, words)

    @property
    def is_over_quota(self) -> bool:
        """Whether no more jobs are to be had."""
        return self._options.quota is not None and self._within_quota >= self._options.quota

    def _goes_over_tokens(self, at: float) -> bool:
        most = self._options.tokens_per_minute
        if most is None or self._options.overload is Overload.REFUSE:
            return False
        return self.tokens.wait(at, self._options.tokens_per_job, most) > 0

    def _next_stranger(self, now: float) -> float:
        rate = self._options.strangers_per_minute
        if self._stranger_at is None or rate <= 0:
            self._stranger_at = now
        return self._stranger_at + 60 / rate if rate > 0 else now + 1


def _share_of(text: str) -> float:
    """A number from 0 to 1 that is always the same for a text."""
    return zlib.crc32(text.encode()) / 2**32
