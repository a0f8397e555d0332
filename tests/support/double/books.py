"""The books: what was really asked, by whom, and what came of it."""

import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from tests.support.double.options import Kind

US = "us"
"""Whose a request is, unless its token is somebody else's."""


@dataclass(slots=True)
class Entry:
    """One request, as it arrived."""

    time: float
    kind: Kind
    who: str
    text: str = ""
    """The text of the row it is about, where it is about one."""
    status: int = 0
    """What it was answered; 0 as long as it is not, and where the connection broke."""
    left_at: float = 0.0
    """When it began its way here, by the same clock as `time`."""
    back_at: float = math.inf
    """When its answer had made its way back."""


@dataclass
class Books:
    """All that happened."""

    requests: list[Entry] = field(default_factory=list)
    created: Counter[str] = field(default_factory=Counter)
    """How often a job was created by us, by the row's own text."""
    retried: Counter[str] = field(default_factory=Counter)
    """How often a job was started once more by us, by the row's own text."""
    jobs: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The ids of our jobs, by the row's own text."""
    at_once: int = 0
    most_at_once: int = 0
    """The most requests of ours that were waiting for their answers at the same time."""

    def of(self, *kinds: Kind, who: str = US) -> list[Entry]:
        """The requests of these kinds, all where none is named."""
        return [entry for entry in self.requests if entry.who == who and (not kinds or entry.kind in kinds)]

    def in_flight(self, since: float, until: float) -> int:
        """How many requests of ours for a job had left by `until`, and had no answer yet at `since`."""
        asked = self.of(Kind.CREATE, Kind.RETRY)
        return sum(entry.left_at <= until and entry.back_at >= since for entry in asked)

    def asked(self, text: str) -> int:
        """How many requests of ours asked for a job for that row, whatever came of them."""
        return sum(entry.text == text for entry in self.of(Kind.CREATE, Kind.RETRY))

    def statuses(self, *kinds: Kind) -> Counter[int]:
        """How often each status was answered to us."""
        return Counter(entry.status for entry in self.of(*kinds))

    def most_in(self, seconds: float = 60.0, who: str = US) -> int:
        """The most requests in any such span of time, wherever it begins; one as long as that counts its begin only."""
        return most_in((entry.time for entry in self.of(who=who)), seconds)

    def created_twice(self) -> dict[str, int]:
        """The rows for which more than one job was created, and how many."""
        return {text: number for text, number in self.created.items() if number > 1}

    def summary(self) -> dict[str, object]:
        """What a test in another process wants to know."""
        return {
            "requests": [asdict(entry) for entry in self.requests],
            "created": self.created,
            "retried": self.retried,
            "jobs": self.jobs,
            "most_in_a_minute": self.most_in(),
            "most_at_once": self.most_at_once,
        }


def most_in(times: Iterable[float], seconds: float) -> int:
    """The most of these times, in rising order, that lie within less than so many seconds."""
    window: deque[float] = deque()
    most = 0
    for time in times:
        window.append(time)
        while window[0] <= time - seconds:
            window.popleft()
        most = max(most, len(window))
    return most
