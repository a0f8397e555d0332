"""Why rows fail: which failures are for the same reason."""

import re

_COMPARED_LENGTH = 300
"""Characters of a reason that are looked at."""
_WITH_DIGITS = re.compile(r"[\w-]*\d[\w-]*")


def same_reason(words: str) -> str:
    """What is equal for failures that differ only in numbers, ids, case and spacing."""
    return " ".join(_WITH_DIGITS.sub("#", words[:_COMPARED_LENGTH]).casefold().split())
