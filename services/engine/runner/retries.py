"""Automatic retries: which failed jobs are worth another attempt, and when."""

import random

from services.engine.runner.reasons import same_reason
from services.models import MOST_RETRIES

RETRY_PAUSES_S = (5.0, 30.0, 120.0)
"""Seconds before the first automatic retry of a row, the second and the third."""
_SAME_REASON_ROWS = 3
"""Rows that have to fail for the same reason before it counts as every row's."""

assert len(RETRY_PAUSES_S) == MOST_RETRIES  # noqa: S101 - a pause for each


class Retries:
    """Fed with the outcomes of a batch: a failure that repeats on every row isn't worth retrying."""

    def __init__(self, number: int) -> None:
        """`number` is how many more attempts a failed job gets."""
        self._number = number
        self._reason: str | None = None
        self._rows: set[int] = set()
        self._is_mixed = False

    def add(self, position: int, words: str | None) -> None:
        """Record the next outcome: the row, and why it failed, or None for a suggestion."""
        if self._is_mixed:
            return
        reason = None if words is None else same_reason(words)
        if reason is None or self._reason not in (None, reason):
            self.mix()
        else:
            self._reason = reason
            self._rows.add(position)

    def mix(self) -> None:
        """Record that not every row fails for the same reason."""
        self._is_mixed = True
        self._rows.clear()

    def pauses(self, words: str) -> tuple[float, ...]:
        """Seconds until a job that failed in these words is retried: for the first time, the second, and so on."""
        if len(self._rows) >= _SAME_REASON_ROWS and same_reason(words) == self._reason:
            return ()
        return tuple(pause * _jitter() for pause in RETRY_PAUSES_S[: self._number])


def _jitter() -> float:
    return random.uniform(0.8, 1.2)  # noqa: S311 - no secret: rows that failed together are not sent together again
