"""Writer's limits: tells a busy minute, which a wait gets over, from a quota that stops every row of a batch."""

from collections.abc import Callable
from dataclasses import dataclass

from services.engine.causes import Cause
from services.engine.runner.reasons import same_reason
from services.store import Ended

QUOTA_ROWS = 5
"""Rows that have to fail in words about a quota, with no success since, before the batch pauses."""
_SUSPICIOUS_ROWS = 3
"""The same before rows are only sent one at a time."""
BUSY_ROWS = 10
"""Rows that have to fail in words about a busy Writer, with no success since ..."""
_BUSY_ROWS_AFTER_WAIT = 5
"""... and how many of them have to have been sent, at a slower pace, after ..."""
BUSY_WAIT_S = 60.0
"""... so many seconds: a minute's limit would have let some of those through."""
_IN_FLIGHT_S = 5.0
"""Seconds within which requests may reach Writer in another order than they left in."""
_NEARLY_ALL = 0.75
"""The part of the rows sent in that time that has to have failed; the others have no result yet."""
_OUTSIZED_ROWS = 3
"""Rows that have to fail in the same words, each larger than any that succeeded, before that is the rows' own fault."""


@dataclass(frozen=True)
class AtLimit:
    """Why a limit of Writer's stops every row."""

    words: str
    """The words of the last such failure."""
    is_quota: bool
    """Whether they are about a quota; else Writer says it's busy, and goes on saying so."""
    positions: tuple[int, ...]
    """The rows that failed for it."""


@dataclass(frozen=True)
class _Failure:
    sent_at: float
    seen_at: float
    cause: Cause
    words: str


class LimitWatch:
    """Fed with the outcomes of a batch: keeps the failures about a limit of rows sent later than any that succeeded."""

    def __init__(self) -> None:
        self._failures: dict[int, _Failure] = {}
        self._succeeded_sent_at = 0.0

    def add(self, item: Ended, cause: Cause | None, now: float) -> None:
        """Record an outcome; `cause` is what its failure is about, None for a success."""
        if item.sent_at is None:
            return
        if cause is None:
            self._succeeded_sent_at = max(self._succeeded_sent_at, item.sent_at)
        elif cause in (Cause.QUOTA, Cause.BUSY):
            self._failures[item.position] = _Failure(item.sent_at, now, cause, item.error or "")
        since, failures = self._succeeded_sent_at - _IN_FLIGHT_S, self._failures.items()
        self._failures = {position: failure for position, failure in failures if failure.sent_at > since}

    def clear(self) -> None:
        """Start over: the batch was paused for these failures."""
        self._failures.clear()

    @property
    def positions(self) -> tuple[int, ...]:
        """The rows that failed for a limit, with no success since or in flight together with the last one."""
        return tuple(self._failures)

    @property
    def is_suspicious(self) -> bool:
        """Whether a quota may be used up, so that sending many more rows would only fail them."""
        return sum(failure.cause is Cause.QUOTA for failure in self._since_success()) >= _SUSPICIOUS_ROWS

    def verdict(self, in_progress: Callable[[float, float], int]) -> AtLimit | None:
        """Why nothing more should be sent; None while there is no reason.

        `in_progress` counts the rows sent between two times that have no result yet.
        """
        failures = self._since_success()
        quota = [failure for failure in failures if failure.cause is Cause.QUOTA]
        is_quota = len(quota) >= QUOTA_ROWS
        if not (is_quota or _outlasts_a_wait(failures)):
            return None
        sent = [failure.sent_at for failure in failures]
        if len(failures) < _NEARLY_ALL * (len(failures) + in_progress(min(sent), max(sent))):
            return None
        last = (quota if is_quota else failures)[-1]
        return AtLimit(last.words, is_quota, self.positions)

    def _since_success(self) -> list[_Failure]:
        return [failure for failure in self._failures.values() if failure.sent_at > self._succeeded_sent_at]


def _outlasts_a_wait(failures: list[_Failure]) -> bool:
    if len(failures) < BUSY_ROWS:
        return False
    since = min(failure.seen_at for failure in failures) + BUSY_WAIT_S
    return sum(failure.sent_at >= since for failure in failures) >= _BUSY_ROWS_AFTER_WAIT


class OutsizedInputs:
    """Finds out which words only rows with unusually large inputs fail in: those are about the input, not a limit."""

    def __init__(self) -> None:
        self._outsized: dict[str, set[int]] = {}
        self._others: set[str] = set()

    def add(self, words: str, position: int, *, is_outsized: bool) -> bool:
        """Record that a row failed in these words; tells whether that is the row's own fault."""
        reason = same_reason(words)
        if not is_outsized:
            self._others.add(reason)
        rows = self._outsized.setdefault(reason, set())
        if is_outsized:
            rows.add(position)
        return reason not in self._others and len(rows) >= _OUTSIZED_ROWS
