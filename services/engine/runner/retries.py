"""Automatic retries: which failed jobs are worth another attempt, and when."""

import random

from services.engine.runner.reasons import same_reason
from services.models import MOST_RETRIES

PAUSES = (5.0, 30.0, 120.0)
"""Seconds before the first automatic retry of a row, the second and the third."""
_ENOUGH = 3
"""Rows that have to fail in the same words before those count as what every row fails with."""

assert len(PAUSES) == MOST_RETRIES  # noqa: S101 - a pause for each


class Retries:
    """Fed with the outcomes of a batch: failures that repeat word for word on every row are not worth retrying."""

    def __init__(self, number: int) -> None:
        """`number` is how many more attempts a failed job gets."""
        self._number = number
        self._reason: str | None = None
        self._rows: set[int] = set()
        self._is_mixed = False

    def add(self, position: int, words: str | None) -> None:
        """Take the next outcome: the row, and why it failed, or None for a suggestion."""
        if self._is_mixed:
            return
        reason = None if words is None else same_reason(words)
        if reason is None or self._reason not in (None, reason):
            self.mix()
        else:
            self._reason = reason
            self._rows.add(position)

    def mix(self) -> None:
        """Take it that not every row fails in the same words."""
        self._is_mixed = True
        self._rows.clear()

    def pauses(self, words: str) -> tuple[float, ...]:
        """Seconds until a job that failed so is tried again: for the first time, the second, and so on."""
        if len(self._rows) >= _ENOUGH and same_reason(words) == self._reason:
            return ()
        return tuple(pause * _jitter() for pause in PAUSES[: self._number])


def _jitter() -> float:
    return random.uniform(0.8, 1.2)  # noqa: S311 - no secret: rows that failed together are not sent together again
