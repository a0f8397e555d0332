"""Spreadsheets, as they were read."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Self


@dataclass(frozen=True)
class Problem:
    """What's wrong with one cell of a row, in words for the person who has to fix it."""

    column: str
    value: str
    message: str


class SheetRow(NamedTuple):
    """One row of a spreadsheet that isn't blank."""

    number: int
    """As the spreadsheet program counts it: the first row is 1."""
    cells: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    """What reading already found wrong, such as a formula without a stored result."""


@dataclass(frozen=True)
class Reading:
    """How to read a spreadsheet; None means: find out."""

    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    """The number of the row that holds the column names; the first of them where there are two."""
    header_rows: int | None = None
    """How many rows hold the column names: 1 or 2. Only meaningful with `header_row`."""
    keep_footer: bool = False
    """Whether rows at the end that look like totals or remarks are kept as rows."""
    skip_hidden: bool = False
    """Whether hidden rows are left out."""


class HeaderChoice(NamedTuple):
    """One or two rows that can hold the column names."""

    rows: tuple[int, ...]
    """Their numbers."""
    names: str
    """The names in them, shortened to one line."""


class OuterKind(StrEnum):
    """What a row outside the table looks like."""

    TITLE = "title"
    """Above the column names."""
    TOTAL = "total"
    REMARK = "remark"
    """Such as a source, or the date of the export."""


class OuterRow(NamedTuple):
    """A row that isn't part of the table."""

    number: int
    kind: OuterKind
    cells: tuple[str, ...]
    """The ones with text, shortened."""


@dataclass(frozen=True)
class Layout:
    """Where the table is in its sheet, and what surrounds it."""

    header: tuple[int, ...] = (1,)
    """The numbers of the rows that hold the column names."""
    header_choices: tuple[HeaderChoice, ...] = ()
    """The rows that a person can choose instead, in order, with the ones that were used."""
    above: tuple[OuterRow, ...] = ()
    """The first rows above the column names."""
    above_count: int = 0
    """All rows above the column names that aren't blank."""
    footer: tuple[OuterRow, ...] = ()
    """The rows at the end that look like totals or remarks, kept or not."""
    hidden_rows: int = 0
    """How many rows of the table are hidden, left out or not."""
    encoding_previews: tuple[tuple[str, str], ...] = ()
    """The likely encodings of a text that isn't Unicode, and how each reads a line of it."""
    is_encoding_sure: bool = True
    """Whether the encoding was chosen, or no other one is nearly as likely."""

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """Rebuild a layout from what JSON keeps of its `dataclasses.asdict`."""
        return cls(
            **{
                **plain,
                "header": tuple(plain["header"]),
                "encoding_previews": tuple((name, text) for name, text in plain.get("encoding_previews", ())),
                "header_choices": tuple(HeaderChoice(tuple(rows), names) for rows, names in plain["header_choices"]),
                **{name: tuple(map(_outer_row, plain[name])) for name in ("above", "footer")},
            }
        )


def _outer_row(plain: tuple[int, str, list[str]]) -> OuterRow:
    number, kind, cells = plain
    return OuterRow(number, OuterKind(kind), tuple(cells))


@dataclass(frozen=True)
class Sheet:
    """What reading a spreadsheet found, apart from its rows."""

    filename: str
    columns: tuple[str, ...]
    row_count: int
    reading: Reading
    """The encoding and separator of a text file, or the sheet of a workbook, as found or chosen; the rest as chosen."""
    sheets: tuple[str, ...] = ()
    """The names of the workbook's sheets that can be chosen, hidden ones last."""
    notes: tuple[str, ...] = ()
    """What reading changed or left out, in sentences for people."""
    hidden_sheets: tuple[str, ...] = ()
    """Which of the sheets are hidden in the workbook."""
    layout: Layout = field(default_factory=Layout)
