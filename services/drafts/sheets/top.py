"""The top of a sheet: titles, the rows with the column names, and the first rows below them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.drafts.sheets.header_rows import (
    HEAD_ROWS,
    Header,
    HeadRow,
    find_header,
    has_gaps,
    head_rows,
    join_names,
    may_go_on,
)
from services.drafts.sheets.source import Merge, RawRow
from services.errors import SheetError
from services.models import HeaderChoice, Layout, OuterKind, OuterRow, Reading

_MAX_ABOVE = 20
_CELL_LENGTH = 120
_NAMES_LENGTH = 80


@dataclass(frozen=True)
class Top:
    """What the first rows of a sheet hold."""

    header: Header
    body: list[RawRow]
    """The rows below the header that were read already."""
    layout: Layout
    """What is known so far: nothing about the end of the sheet."""
    notes: tuple[str, ...]
    """Why the header was chosen, and what could belong to it."""


def read_top(rows: Iterator[RawRow], reading: Reading, merged: Sequence[Merge]) -> Top | None:
    """Take the first rows of a sheet, and find the column names or use the ones a person chose.

    Gives None where all rows are blank. Raises SheetError: the chosen row is blank or isn't there.
    """
    head = _read_head(rows, (reading.header_row or 0) + (reading.header_rows or 1))
    if not head:
        return None
    merged = [merge for merge in merged if merge.first_row <= head[-1][0]]
    found = head_rows([(number, cells) for number, cells, _ in head], merged)
    header = _chosen(found, reading, merged) if reading.header_row else find_header(found[:HEAD_ROWS], merged)
    body = [row for row in head if row[0] > header.rows[-1]]
    above = [row for row in found if row.number < header.rows[0]]
    layout = Layout(
        header=header.rows,
        header_choices=_choices(found[:HEAD_ROWS], header, merged),
        above=tuple(outer_row(row.number, OuterKind.TITLE, row.cells) for row in above[:_MAX_ABOVE]),
        above_count=len(above),
    )
    return Top(header, body, layout, _notes(found, header, is_chosen=reading.header_row is not None))


def _notes(rows: Sequence[HeadRow], header: Header, *, is_chosen: bool) -> tuple[str, ...]:
    if not is_chosen and may_go_on(rows, header):
        row = header.rows[-1]
        more = f"Row {row + 1} may belong to the column names. If it does, choose “Rows {row} and {row + 1}” below."
        return (*filter(None, [header.reason]), more)
    return (header.reason,) if header.reason else ()


def outer_row(number: int, kind: OuterKind, cells: Sequence[str]) -> OuterRow:
    """Describe a row that isn't part of the table by its cells that aren't blank, shortened."""
    return OuterRow(number, kind, tuple(_line(cell, _CELL_LENGTH) for cell in cells if cell.strip()))


def _read_head(rows: Iterator[RawRow], last: int) -> list[RawRow]:
    """Take rows from the first that isn't blank on: so many as are searched, and up to a row number."""
    head: list[RawRow] = []
    for row in rows:
        if head or any(map(str.strip, row[1])):
            head.append(row)
        if len(head) >= HEAD_ROWS and row[0] >= last:
            break
    return head


def _chosen(rows: Sequence[HeadRow], reading: Reading, merged: Sequence[Merge]) -> Header:
    place = next((place for place, row in enumerate(rows) if row.number == reading.header_row), None)
    if place is None:
        raise SheetError(f"Row {reading.header_row:,} is empty. Choose a row that holds the column names.")
    upper, lower = rows[place], rows[place + 1] if place + 1 < len(rows) else None
    if reading.header_rows == 2 and lower and lower.number == upper.number + 1:
        return Header((upper.number, lower.number), join_names(upper, lower, merged))
    return Header((upper.number,), upper.cells)


def _choices(rows: Sequence[HeadRow], header: Header, merged: Sequence[Merge]) -> tuple[HeaderChoice, ...]:
    """Name each of the first rows, and pairs of rows around the header where the upper one leaves something open."""
    choices = {(row.number,): row.cells for row in rows} | {header.rows: header.names}
    for upper, lower in pairwise(rows):
        near = lower.number == upper.number + 1 and not {upper.number, lower.number}.isdisjoint(header.rows)
        if near and has_gaps(upper, lower):
            choices[upper.number, lower.number] = join_names(upper, lower, merged)
    return tuple(HeaderChoice(numbers, _names(choices[numbers])) for numbers in sorted(choices))


def _names(names: Sequence[str]) -> str:
    return _line(", ".join(name[:_NAMES_LENGTH] for name in names[:_NAMES_LENGTH] if name), _NAMES_LENGTH)


def _line(text: str, length: int) -> str:
    """Cut a text to one line of a length, with an ellipsis."""
    line = " ".join(text[: length * 4].split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
