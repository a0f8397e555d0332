"""Limits over a sliding minute."""

import math
from collections import deque
from threading import Lock

from services.sandbox.errors import ApiError

WINDOW = 60.0


class Window:
    """What was used in the last 60 seconds, in this process; safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._uses: deque[tuple[float, int]] = deque()
        self._used = 0
        self._lock = Lock()

    def take(self, amount: int, now: float) -> float:
        """Use `amount` at `now` and return 0, or use nothing and return the seconds until there is room for it.

        An amount above the whole limit is let through when nothing else is in the window, or it would never be.
        """
        with self._lock:
            self._forget(now)
            if self._uses and self._used + amount > self._limit:
                return self._wait(amount, now)
            self._uses.append((now, amount))
            self._used += amount
            return 0.0

    def _forget(self, now: float) -> None:
        while self._uses and self._uses[0][0] <= now - WINDOW:
            self._used -= self._uses.popleft()[1]

    def _wait(self, amount: int, now: float) -> float:
        left = self._used
        for moment, used in self._uses:
            left -= used
            if left + amount <= self._limit:
                return moment + WINDOW - now
        return self._uses[-1][0] + WINDOW - now


def too_many(what: str, limit: int, wait: float) -> ApiError:
    """Return the error for a limit of `limit` `what` per minute that has room again in `wait` seconds."""
    seconds = max(1, math.ceil(wait))
    words = f"The limit of {limit:,} {what} per minute is reached. Try again in {seconds} seconds."
    return ApiError(429, words, f"fail.too_many_{what}", {"Retry-After": str(seconds)})
