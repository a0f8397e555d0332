"""Why rows fail: which failures are for the same reason, and which of them say nothing of the batch."""

import re

_COMPARED = 300
"""Characters of a reason that are looked at."""
_WITH_DIGITS = re.compile(r"[\w-]*\d[\w-]*")
_CAPACITY = re.compile(
    r"(rate|token|request|capacity)s?[ -]limit|too many|(tokens|requests) per|over capacity", re.IGNORECASE
)


def same_reason(words: str) -> str:
    """What is equal for failures that differ only in numbers, ids, case and spacing."""
    return " ".join(_WITH_DIGITS.sub("#", words[:_COMPARED]).casefold().split())


def is_about_capacity(words: str) -> bool:
    """Whether a job failed because Writer had too much to do, and not for the row's sake."""
    return _CAPACITY.search(words) is not None
