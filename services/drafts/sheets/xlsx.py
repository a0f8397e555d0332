"""XLSX and XLSM workbooks: calamine reads the values, and we what it leaves out."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from services.drafts.sheets.archive import Archive
from services.drafts.sheets.book import check_sheet, in_order, table_merges
from services.drafts.sheets.marks import CellContext, Mark, read_marks
from services.drafts.sheets.moments import DATE_NOTE, iso
from services.drafts.sheets.numbers import plain, shown
from services.drafts.sheets.package import Package
from services.drafts.sheets.refusals import damaged_error, password_error
from services.drafts.sheets.rich_values import rich_value_messages
from services.drafts.sheets.source import Flaw, Hidden, Merge, RawRow, Source
from services.drafts.sheets.text import nul_note
from services.drafts.sheets.xlsx_hidden import HIDDEN, hidden_parts, whole_tags
from services.models import Reading

Value = int | float | str | bool | time | date | datetime | timedelta
"""A cell as calamine gives it; an empty one is an empty string."""

_NO_ROW = sys.maxsize
_MARK_SIGNS = (b"f>", b'"e"', b"'e'")  # the end of a formula, the type of an error value
_HIDDEN_SIGN = b"hidden="


class Xlsx:
    """An opened XLSX workbook; use it as a context manager.

    Raises:
        SheetError: it is protected by a password, damaged, or unpacks to too much.
    """

    def __init__(self, path: Path) -> None:
        with ExitStack() as exits:
            self._given = Package(exits.enter_context(Archive(path)))
            self._given.archive.check()
            self._package = self._given
            if not self._given.is_usual():
                path = path.with_name("usual.xlsx")
                self._given.write_usual(path)
                self._package = Package(exits.enter_context(Archive(path)))
            self._package.archive.prove_length(self._package.part("sharedStrings"))
            self._book = exits.enter_context(_open(path))
            self._exits = exits.pop_all()
        tables = [sheet for sheet in self._book.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
        self.hidden_sheets = tuple(sheet.name for sheet in tables if sheet.visible is not SheetVisibleEnum.Visible)
        names = [sheet.name for sheet in tables]
        self.sheets = in_order(names, self.hidden_sheets, self._package.active_sheet())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._exits.close()

    def open_sheet(self, name: str) -> Source:
        """Load one sheet.

        Raises:
            SheetError: there is no such sheet, or it is damaged.
        """
        check_sheet(name, self.sheets)
        part = self._package.sheet_parts().get(name, "")
        signs = _signs(self._package.archive.pieces(part))
        try:
            sheet = self._book.get_sheet_by_name(name)
        except (CalamineError, OSError, ValueError) as exc:
            raise damaged_error() from exc
        rows = _Rows(sheet, self._marks_of(part, signs))
        return Source(
            rows=rows.read,
            reading=Reading(sheet=name),
            notes=rows.notes,
            merged=_merges(sheet),
            hidden=self._hidden(name, part, sheet) if signs.hidden else Hidden(),
        )

    def _marks_of(self, part: str, signs: "_Signs") -> Callable[[], Iterator[Mark]]:
        """Prepare reading the marks of a sheet, where it can have any: it costs more than all the rest."""
        formats = self._package.number_formats()
        if not (signs.marks or formats):
            return lambda: iter(())
        context = CellContext(formats, rich_value_messages(self._given), self._given.is_uncalculated)
        return lambda: read_marks(self._package.archive.pieces(part), context)

    def _hidden(self, name: str, part: str, sheet: CalamineSheet) -> Hidden:
        given = self._given.sheet_parts().get(name, "")
        return hidden_parts(self._package, part, self._given.table_filters(given), sheet.start[1] if sheet.start else 0)


class _Signs(NamedTuple):
    """What a sheet may have, going by what is in its bytes."""

    marks: bool
    hidden: bool


def _signs(pieces: Iterator[bytes]) -> _Signs:
    """Look for the signs of formulas, errors and what is hidden; reads all of the sheet, which proves its length."""
    marks = hidden = False
    for tags in whole_tags(pieces):
        marks = marks or any(sign in tags for sign in _MARK_SIGNS)
        hidden = hidden or (_HIDDEN_SIGN in tags and HIDDEN.search(tags) is not None)
    return _Signs(marks, hidden)


def _open(path: Path) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(path)
    except PasswordError as exc:
        raise password_error() from exc
    except (CalamineError, OSError, ValueError) as exc:
        raise damaged_error() from exc


def _merges(sheet: CalamineSheet) -> tuple[Merge, ...]:
    start = sheet.start
    if start is None:
        return ()
    ranges = sheet.merged_cell_ranges or []
    merges = (Merge(first[0] + 1, last[0] + 1, first[1], last[1]) for first, last in ranges)
    return table_merges(merges, start[1])


class _Rows:
    """The rows of one sheet as texts, from the first column in use."""

    def __init__(self, sheet: CalamineSheet, read_marks: Callable[[], Iterator[Mark]]) -> None:
        self._sheet = sheet
        self._read_marks = read_marks
        self._has_dates = False
        self._nul = 0

    def notes(self) -> tuple[str, ...]:
        """Say what was changed in the rows read so far."""
        dates = (DATE_NOTE,) if self._has_dates else ()
        return dates + ((nul_note(self._nul),) if self._nul else ())

    def read(self) -> Iterator[RawRow]:
        """Give the rows; marks and values come in the same order, so neither has to be held in memory."""
        start = self._sheet.start
        if start is None:
            return
        marks = _ByRow(self._read_marks(), first_column=start[1])
        last, next_mark = 0, marks.row
        for last, values in enumerate(self._sheet.iter_rows(), 1):
            if next_mark <= last:
                yield self._row(last, values, marks.of(last))
                next_mark = marks.row
                continue
            # the same as `_row`, without a call for each row: most rows have no marks
            texts = [
                value if type(value) is str else plain(value) if type(value) is float else self._text(value)
                for value in values
            ]
            yield last, self._without_nul(texts) if "\0" in "".join(texts) else texts, ()
        while marks.row < _NO_ROW:  # below the last value
            last = max(last + 1, marks.row)
            yield self._row(last, [], marks.of(last))

    def _row(self, number: int, values: list[Value], found: Sequence[Mark]) -> RawRow:
        flaws = _apply(found, values) if found else ()
        texts = [
            value if type(value) is str else plain(value) if type(value) is float else self._text(value)
            for value in values
        ]
        return number, self._without_nul(texts), flaws

    def _without_nul(self, texts: list[str]) -> list[str]:
        self._nul += sum(text.count("\0") for text in texts)
        return [text.replace("\0", "\ufffd") for text in texts]

    def _text(self, value: Value) -> str:
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, int | float | str):
            return str(value)
        self._has_dates = True
        return iso(value)


class _ByRow:
    """Marks, read from their stream row by row; their columns are counted from the first column in use."""

    def __init__(self, marks: Iterator[Mark], first_column: int) -> None:
        self._marks = (m._replace(column=m.column - first_column) for m in marks if m.column >= first_column)
        self._next = next(self._marks, None)

    @property
    def row(self) -> int:
        """The next row that has a mark."""
        return self._next.row if self._next else _NO_ROW

    def of(self, number: int) -> Sequence[Mark]:
        """Give the marks of a row; ask for rows in order."""
        found: list[Mark] = []
        while self._next and self._next.row <= number:
            if self._next.row == number:
                found.append(self._next)
            self._next = next(self._marks, None)
        return found


def _apply(marks: Sequence[Mark], values: list[Value]) -> tuple[Flaw, ...]:
    """Put what the marks know into the values of their row, and give the row's flaws."""
    flaws: list[Flaw] = []
    for mark in marks:
        values.extend([""] * (mark.column + 1 - len(values)))
        value = values[mark.column]
        if mark.message:
            values[mark.column] = mark.text
            flaws.append((mark.column, mark.value, mark.message))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            values[mark.column] = shown(value, mark.code)
    return tuple(flaws)
