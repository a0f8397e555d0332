"""How much of what tells a row from others a text mentions."""

import math
import re
from collections import Counter
from collections.abc import Mapping

from services.models import Inputs

_WORD = re.compile(r"\w*\d\w*|\w{3,}")
"""What counts as a word: anything with a digit, or of three letters."""


def mentions(rows: Mapping[int, Inputs], text: str) -> dict[int, float]:
    """For each row, from 0 to 1, how much of its inputs the text mentions.

    A word that few rows have weighs more than one that many have. A row with hardly a word of its own doesn't reach 1.
    """
    text = text.casefold()
    words = {key: _words(" ".join(value for values in row.values() for value in values)) for key, row in rows.items()}
    frequency = Counter(word for own in words.values() for word in own)
    weight = {word: math.log((len(rows) + 1) / rows_with_it) for word, rows_with_it in frequency.items()}
    totals = {key: sum(weight[word] for word in own) for key, own in words.items()}
    usual = sum(totals.values()) / len(totals) if totals else 0.0
    there = _words(text)
    return {
        key: _share(sum(weight[word] for word in own if word in there or _is_part(word, text)), max(totals[key], usual))
        for key, own in words.items()
    }


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def _is_part(word: str, text: str) -> bool:
    """Whether a long word is in the text as a part of another: languages without spaces write it so."""
    return len(word) > 3 and word in text


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
