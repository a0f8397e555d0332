"""Writer's limits: on requests, and on tokens, in any 60 seconds."""

import math
from collections import deque

WINDOW = 60.0


class Limit:
    """So much in any 60 seconds."""

    def __init__(self) -> None:
        self._taken: deque[tuple[float, int]] = deque()
        self._sum = 0

    def wait(self, now: float, amount: int, most: float) -> int:
        """Take the amount and give 0, or take nothing and give the seconds until there is room."""
        self._forget(now)
        if self._sum + amount <= most:
            self._add(now, amount)
            return 0
        oldest = self._taken[0][0] if self._taken else now
        return max(1, math.ceil(oldest + WINDOW - now))

    def take(self, now: float, amount: int) -> None:
        """Take the amount even where there is no room: somebody was first."""
        self._forget(now)
        self._add(now, amount)

    def _forget(self, now: float) -> None:
        while self._taken and self._taken[0][0] <= now - WINDOW:
            self._sum -= self._taken.popleft()[1]

    def _add(self, now: float, amount: int) -> None:
        self._taken.append((now, amount))
        self._sum += amount
