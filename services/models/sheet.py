"""Spreadsheets, as they were read."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Problem:
    """What is wrong with one cell of a row, in words for the person who has to mend it."""

    column: str
    value: str
    message: str


class SheetRow(NamedTuple):
    """One row of a spreadsheet that is not blank."""

    number: int
    """As the spreadsheet program counts it: the first row is 1."""
    cells: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    """What reading already found wrong, such as a formula without a stored result."""


@dataclass(frozen=True)
class Reading:
    """How a spreadsheet is to be read; None means: find out."""

    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Sheet:
    """What reading a spreadsheet found, apart from its rows."""

    filename: str
    columns: tuple[str, ...]
    row_count: int
    reading: Reading
    """What was found or chosen; encoding and separator for text files, sheet for workbooks."""
    sheets: tuple[str, ...] = ()
    """The names of the workbook's sheets that can be chosen, hidden ones last."""
    notes: tuple[str, ...] = ()
    """What reading changed or left out, in sentences for people."""
    hidden_sheets: tuple[str, ...] = ()
    """Which of the sheets are hidden in the workbook."""
