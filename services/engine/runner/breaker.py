"""The circuit breaker: tells when so many rows fail for one reason that sending more isn't worthwhile."""

from collections import Counter, deque
from dataclasses import dataclass

from services.engine.runner.reasons import same_reason

RECENT = 40
"""Outcomes among which a share counts as sudden."""
_MIN_OUTCOMES = 10
"""Outcomes needed before there is a verdict."""
_NEARLY_ALL_PERCENT = 90
"""Percent of all outcomes that fail for one reason."""
_JUMP_SHARE_PERCENT = 60
"""Percent of the recent outcomes that fail for one reason ..."""
_JUMP_POINTS = 40
"""... and by how many percentage points that is more than before."""


@dataclass(frozen=True)
class Verdict:
    """Why nothing more should be sent."""

    reason: str
    """As `same_reason` gives it."""
    words: str
    """The words of the last such failure."""
    failed: int
    """How many outcomes failed for that reason ..."""
    of: int
    """... of how many: all there were, or the last ones."""
    is_jump: bool
    """Whether that share is sudden; then the last ones are meant."""


class Breaker:
    """Fed with the outcomes of a batch in order; the verdict stands as long as it holds."""

    def __init__(self) -> None:
        self._recent: deque[str | None] = deque()
        self._before: Counter[str | None] = Counter()
        self._number_before = 0
        self._words: dict[str, str] = {}

    def add(self, words: str | None) -> None:
        """Record the next outcome: why a row failed or that it is empty, or None for a suggestion."""
        reason = None if words is None else same_reason(words)
        if words is not None and reason is not None:
            self._words[reason] = words
        self._recent.append(reason)
        if len(self._recent) > RECENT:
            self._before[self._recent.popleft()] += 1
            self._number_before += 1

    def verdict(self) -> Verdict | None:
        """Why nothing more should be sent; None if there is no reason to stop."""
        failures = Counter(reason for reason in self._recent if reason is not None)
        if not failures:
            return None
        ((reason, recent),) = failures.most_common(1)
        before = self._before[reason]
        return self._nearly_all(reason, recent + before) or self._jump(reason, recent, before)

    def _nearly_all(self, reason: str, failed: int) -> Verdict | None:
        of = len(self._recent) + self._number_before
        if of < _MIN_OUTCOMES or failed * 100 < _NEARLY_ALL_PERCENT * of:
            return None
        return Verdict(reason, self._words[reason], failed, of, is_jump=False)

    def _jump(self, reason: str, recent: int, before: int) -> Verdict | None:
        number_before = self._number_before
        if number_before < RECENT or recent * 100 < _JUMP_SHARE_PERCENT * RECENT:
            return None
        # shares compared without fractions: recent / RECENT - before / number_before
        if (recent * number_before - before * RECENT) * 100 < _JUMP_POINTS * RECENT * number_before:
            return None
        return Verdict(reason, self._words[reason], recent, RECENT, is_jump=True)
