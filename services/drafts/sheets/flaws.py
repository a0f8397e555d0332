"""Notes on cells that reading found something wrong with: in a column no input uses, nothing else would tell."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from services.drafts.sheets.problems import (
    ERROR_VALUE,
    LINKED_DATA,
    NO_RESULT,
    PICTURE,
    PICTURE_TEXT,
    UNKNOWN_RICH_VALUE,
)

_MAX_COLUMNS = 3


class _Words(NamedTuple):
    """How a note speaks of one cell and of several, and what to know about them."""

    one: str
    several: str
    then: str


_WORDS = {
    NO_RESULT: _Words(
        "formula in {} has no saved result",
        "formulas in {} have no saved result",
        "so {cells} empty in the download. Open the file in Excel, save it, and upload it again.",
    ),
    ERROR_VALUE: _Words(
        "formula in {} returns an error",
        "formulas in {} return errors",
        "so the download has {errors}.",
    ),
    PICTURE: _Words(
        "cell in {} holds a picture",
        "cells in {} hold pictures",
        f"so {{cells}} “{PICTURE_TEXT}” in the download.",
    ),
    LINKED_DATA: _Words(
        "cell in {} holds linked data that only Excel shows",
        "cells in {} hold linked data that only Excel shows",
        "so the download has {errors}.",
    ),
    UNKNOWN_RICH_VALUE: _Words(
        "cell in {} holds a picture or linked data that only Excel shows",
        "cells in {} hold pictures or linked data that only Excel shows",
        "so the download has {errors}.",
    ),
}


_ONE = {"cells": "its cell is", "errors": "an error in its cell"}
_SEVERAL = {"cells": "their cells are", "errors": "errors in their cells"}


def flaw_notes(counts: Counter[tuple[str, int]], names: Sequence[str]) -> tuple[str, ...]:
    """Say how many cells of which columns have which problem.

    Args:
        counts: the number of cells by their message, one of `problems`, and their column's position.
        names: the columns' names.
    """
    found = ((words, _by_column(counts, message, names)) for message, words in _WORDS.items())
    return tuple(_note(words, columns) for words, columns in found if columns)


def _by_column(counts: Counter[tuple[str, int]], message: str, names: Sequence[str]) -> list[tuple[str, int]]:
    columns = sorted(column for found, column in counts if found == message)
    return [(f"“{names[column]}”", counts[message, column]) for column in columns]


def _note(words: _Words, columns: Sequence[tuple[str, int]]) -> str:
    """Name the columns: "3 formulas in “Price” have", "5 formulas in “Price” (3) and “Cost” (2) have"."""
    total = sum(number for _, number in columns)
    places = [name if len(columns) == 1 else f"{name} ({number:,})" for name, number in columns]
    if len(places) > _MAX_COLUMNS:
        places = [*places[: _MAX_COLUMNS - 1], f"{len(places) - _MAX_COLUMNS + 1:,} more columns"]
    *others, last = places
    named = f"{', '.join(others)} and {last}" if others else last
    subject = (words.one if total == 1 else words.several).format(named)
    return f"{total:,} {subject}, {words.then.format(**_ONE if total == 1 else _SEVERAL)}"
