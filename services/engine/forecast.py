"""How long an agent's jobs take, measured on those that ended: predicts when results are likely."""

from bisect import bisect_right, insort
from collections import deque

_REMEMBERED_JOBS = 300
"""Jobs that ended last, whose durations count."""
_RECHECK_AGE_FRACTION = 0.1
"""The part of its age after which a job is polled again that has just become the longest of all."""
_MAX_RECHECK_AGE_FRACTION = 0.5
"""The same for a job that takes much longer than any other."""
_MIN_LONGEST_S = 1.0
"""Seconds that the longest job is assumed to take at the least."""


class Forecast:
    """The durations of an agent's last jobs, in seconds."""

    def __init__(self) -> None:
        self._last: deque[float] = deque()
        self._sorted: list[float] = []

    def record(self, seconds: float) -> None:
        """Record how long a job took."""
        if len(self._last) == _REMEMBERED_JOBS:
            forgotten = self._last.popleft()
            del self._sorted[bisect_right(self._sorted, forgotten) - 1]
        self._last.append(seconds)
        insort(self._sorted, seconds)

    @property
    def knows(self) -> bool:
        """Whether any duration was recorded yet."""
        return bool(self._last)

    def likely(self, age: float, age_then: float) -> float:
        """How likely a job of that age, in seconds, has ended, of which it is known that at `age_then` it had not."""
        if not self._sorted:
            return 0.0
        then = self._share(age_then)
        if then < 1:
            return (self._share(age) - then) / (1 - then)
        # longer than any other: nobody knows, and the longer it takes, the less it matters to know at once
        longest = max(self._sorted[-1], _MIN_LONGEST_S)
        return (
            1.0
            if age >= age_then * (1 + min(_MAX_RECHECK_AGE_FRACTION, _RECHECK_AGE_FRACTION * age_then / longest))
            else 0.0
        )

    def _share(self, age: float) -> float:
        return bisect_right(self._sorted, age) / len(self._sorted)
