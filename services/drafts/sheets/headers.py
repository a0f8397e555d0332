"""The names of a spreadsheet's columns."""

import re
from collections.abc import Sequence

from services.drafts.sheets.invisible import stripped

_LINE_BREAK = re.compile(r"\s*[\r\n\v\f\x85\u2028\u2029]\s*")


def name_columns(header: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give every column a unique name, and notes on the names that were made up.

    White space and invisible characters around a name are removed, and a line break inside becomes a space.
    """
    given = [_LINE_BREAK.sub(" ", stripped(name)) for name in header]
    taken = {name for name in given if name}
    names: list[str] = []
    unnamed: list[str] = []
    repeated: list[str] = []
    used: set[str] = set()
    for position, name in enumerate(given, 1):
        if not name:
            unnamed.append(name := _free(f"Column {position}", taken))
        elif name in used:
            repeated.append(name := _numbered(name, taken))
        taken.add(name)
        used.add(name)
        names.append(name)
    return tuple(names), _notes(unnamed, repeated)


def _free(name: str, taken: set[str]) -> str:
    return _numbered(name, taken) if name in taken else name


def _numbered(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"


def _notes(unnamed: list[str], repeated: list[str]) -> tuple[str, ...]:
    notes = []
    if unnamed:
        subject = "A column without a name is" if len(unnamed) == 1 else "Columns without a name are"
        notes.append(f"{subject} called {_listed(unnamed)}.")
    if repeated:
        subject = "A repeated column name is" if len(repeated) == 1 else "Repeated column names are"
        notes.append(f"{subject} called {_listed(repeated)}.")
    return tuple(notes)


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:5])
    return f"{shown} and so on" if len(names) > 5 else shown
