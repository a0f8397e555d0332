"""An opened file, before anything is known about its table."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.models import Reading

Flaw = tuple[int, str, str]
"""A problem of one cell: its position in the row from 0, its value, the sentence about it."""

RawRow = tuple[int, Sequence[str], Sequence[Flaw]]
"""One row of a file, blank or not: its number, its cells (rows may differ in length), its flaws."""


class MisreadError(Exception):
    """What has been given so far was misread; the source reads it otherwise when asked for its rows again."""


class Merge(NamedTuple):
    """Merged cells: rows as the spreadsheet program counts them, columns from 0; both ends are part of it."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(frozen=True)
class Hidden:
    """What is hidden in a sheet."""

    rows: frozenset[int] = frozenset()
    """Their numbers."""
    filtered_rows: frozenset[int] = frozenset()
    """Those of them that a filter hides."""
    columns: frozenset[int] = frozenset()
    """Their positions, from 0."""


@dataclass(frozen=True)
class Source:
    """An opened file, or one sheet of it."""

    rows: Callable[[], Iterable[RawRow]]
    """Starts over with each call. May raise MisreadError, which doesn't happen at the next call."""
    reading: Reading
    notes: Callable[[], tuple[str, ...]]
    """To be called after the rows were read."""
    merged: Sequence[Merge] = ()
    """Merged cells; known before the rows are read. Those within one row are only given for the first rows."""
    hidden: Hidden = Hidden()
    """Known before the rows are read."""
    encoding_previews: tuple[tuple[str, str], ...] = ()
    """The likely encodings of a text that isn't Unicode, and how each reads a line of it."""
    is_encoding_sure: bool = True
    """Whether the encoding was chosen, or no other one is nearly as likely."""
