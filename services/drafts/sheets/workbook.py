"""Workbooks: XLSX, XLSM, XLS and ODS."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from services.drafts.sheets.archive import Archive
from services.drafts.sheets.kinds import Kind, damaged_error, password_error
from services.drafts.sheets.marks import Mark, read_marks
from services.drafts.sheets.numbers import plain, shown
from services.drafts.sheets.table import Flaw, RawRow, Source
from services.drafts.sheets.text import nul_note
from services.errors import SheetError
from services.models import Reading

Value = int | float | str | bool | time | date | datetime | timedelta
"""A cell as calamine gives it; an empty one is an empty string."""

_NO_ROW = sys.maxsize
_NO_RESULT = "No result is stored for this formula: save the file in Excel or LibreOffice, and bring it again."
_ERROR_VALUE = "The formula in this cell ends in an error. Correct it, or replace it by a value."


class Workbook:
    """An opened workbook; use it as a context manager.

    Raises:
        SheetError: it is protected by a password, damaged, or unpacks to too much.
    """

    def __init__(self, path: Path, kind: Kind) -> None:
        self._exits = ExitStack()
        self._archive = self._exits.enter_context(Archive(path)) if kind is not Kind.XLS else None
        if self._archive:
            self._archive.check()
        try:
            self._book = self._exits.enter_context(CalamineWorkbook.from_path(path))
        except PasswordError as exc:
            raise password_error() from exc
        except (CalamineError, OSError, ValueError) as exc:
            raise damaged_error() from exc
        self.sheets = _choosable(self._book)
        self._is_xlsx = kind is Kind.XLSX

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._exits.close()

    def open_sheet(self, name: str) -> Source:
        """Load one sheet.

        Raises:
            SheetError: there is no such sheet, or it is damaged.
        """
        if name not in self.sheets:
            raise SheetError(f"There is no sheet “{name}” in this workbook. Choose another one.")
        read = self._marks_of(name)
        try:
            sheet = self._book.get_sheet_by_name(name)
        except (CalamineError, OSError, ValueError) as exc:
            raise damaged_error() from exc
        rows = _Rows(sheet, read)
        return Source(rows=rows.read, reading=Reading(sheet=name), notes=rows.notes)

    def _marks_of(self, name: str) -> Callable[[], Iterator[Mark]]:
        """Prepare reading the marks of a sheet, where it can have any: it costs more than all the rest."""
        archive = self._archive
        if archive and self._is_xlsx:
            part = archive.sheet_parts().get(name, "")
            formats = archive.number_formats()
            if archive.needs_marks(part) or formats:
                return lambda: read_marks(archive.pieces(part), formats)
        return lambda: iter(())


def _choosable(book: CalamineWorkbook) -> tuple[str, ...]:
    """Name the sheets that hold cells and are not hidden; the hidden ones if there are no others."""
    tables = [sheet for sheet in book.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
    visible = [sheet for sheet in tables if sheet.visible is SheetVisibleEnum.Visible]
    return tuple(sheet.name for sheet in visible or tables)


class _Rows:
    """The rows of one sheet as texts, from the first column in use."""

    def __init__(self, sheet: CalamineSheet, read_marks: Callable[[], Iterator[Mark]]) -> None:
        self._sheet = sheet
        self._read_marks = read_marks
        self._has_dates = False
        self._nul = 0

    def notes(self) -> tuple[str, ...]:
        """Say what was changed in the rows read so far."""
        dates = ("Dates are written as 2026-03-01, times as 14:30:00.",) if self._has_dates else ()
        return dates + ((nul_note(self._nul),) if self._nul else ())

    def read(self) -> Iterator[RawRow]:
        """Give the rows; marks and values come in the same order, so neither has to be held in memory."""
        start = self._sheet.start
        if start is None:
            return
        marks = _ByRow(self._read_marks(), first_column=start[1])
        last = 0
        for last, values in enumerate(self._sheet.iter_rows(), 1):
            yield self._row(last, values, marks.of(last) if marks.row <= last else ())
        while marks.row < _NO_ROW:  # below the last value
            last = max(last + 1, marks.row)
            yield self._row(last, [], marks.of(last))

    def _row(self, number: int, values: list[Value], found: Sequence[Mark]) -> RawRow:
        flaws = _apply(found, values) if found else ()
        texts = [value if type(value) is str else self._text(value) for value in values]
        if "\0" in "".join(texts):
            self._nul += sum(text.count("\0") for text in texts)
            texts = [text.replace("\0", "\ufffd") for text in texts]
        return number, texts, flaws

    def _text(self, value: Value) -> str:
        if type(value) is float:
            return plain(value)
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, int | float | str):
            return str(value)
        self._has_dates = True
        return _iso(value)


class _ByRow:
    """Marks, taken from their stream row by row; their columns are counted from the first column in use."""

    def __init__(self, marks: Iterator[Mark], first_column: int) -> None:
        self._marks = (m._replace(column=m.column - first_column) for m in marks if m.column >= first_column)
        self._next = next(self._marks, None)

    @property
    def row(self) -> int:
        """The next row that has a mark."""
        return self._next.row if self._next else _NO_ROW

    def of(self, number: int) -> Sequence[Mark]:
        """Give the marks of a row; rows are to be asked for in order."""
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
        if mark.error:
            values[mark.column] = mark.error
            flaws.append((mark.column, mark.error, _ERROR_VALUE))
        elif mark.formula:
            flaws.append((mark.column, mark.formula, _NO_RESULT))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            values[mark.column] = shown(value, mark.code)
    return tuple(flaws)


def _iso(value: date | datetime | time | timedelta) -> str:
    """Write a date or time to the nearest second, and a duration as hours, minutes and seconds."""
    if isinstance(value, datetime):
        return _to_second(value).isoformat(sep=" ")
    if isinstance(value, time):
        return _to_second(datetime.combine(date(2000, 1, 1), value)).time().isoformat()
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return value.isoformat()


def _to_second(value: datetime) -> datetime:
    if value.microsecond >= 500_000 and value < datetime.max - timedelta(seconds=1):
        value += timedelta(seconds=1)
    return value.replace(microsecond=0)
