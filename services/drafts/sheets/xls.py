"""XLS workbooks: xlrd reads values, formats, merged and hidden cells; the rest stands in a few records."""

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import xlrd
from xlrd.compdoc import CompDocError
from xlrd.sheet import Sheet

from services.drafts.sheets.biff import SheetRecords, sheet_records, workbook_records
from services.drafts.sheets.book import check_sheet, in_order, table_merges
from services.drafts.sheets.formats import NumberFormat, parse_format
from services.drafts.sheets.moments import DATE_NOTE, serial_text
from services.drafts.sheets.numbers import plain, shown
from services.drafts.sheets.problems import ERROR_VALUE, NO_RESULT
from services.drafts.sheets.refusals import damaged_error, password_error
from services.drafts.sheets.source import Flaw, Hidden, Merge, RawRow, Source
from services.drafts.sheets.text import nul_note
from services.errors import SheetError
from services.models import Reading

_UNREADABLE = (
    xlrd.XLRDError,
    CompDocError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
    NotImplementedError,
    RecursionError,
)
"""What xlrd raises for damaged files, apart from its own errors whatever its code runs into."""

_FORMULA = "a formula"  # its text would have to be decompiled


class Xls:
    """An opened XLS workbook.

    Raises:
        SheetError: it is protected by a password, or damaged.
    """

    def __init__(self, path: Path) -> None:
        try:
            data = path.read_bytes()
            self._book = xlrd.open_workbook(
                file_contents=data, logfile=sys.stderr, formatting_info=True, on_demand=True, ragged_rows=True
            )
            self._stream = self._book.mem or data  # xlrd lets go of streams without a container
            self._records = workbook_records(self._stream, self._book.base)
        except _UNREADABLE as exc:
            raise _error(exc) from exc
        names = self._book.sheet_names()
        self.hidden_sheets = tuple(
            name for name, is_hidden in zip(names, self._records.hidden, strict=False) if is_hidden
        )
        self.sheets = in_order(names, self.hidden_sheets, self._records.active_name(names))

    def open_sheet(self, name: str) -> Source:
        """Load one sheet.

        Raises:
            SheetError: there is no such sheet, or it is damaged.
        """
        check_sheet(name, self.sheets)
        try:
            index = self._book.sheet_names().index(name)
            sheet = self._book.sheet_by_index(index)
            records = sheet_records(
                self._stream, self._records.offset(index), is_calculated=self._records.is_calculated
            )
            rows = _Rows(self._book, sheet, records)
            return Source(
                rows=rows.read,
                reading=Reading(sheet=name),
                notes=rows.notes,
                merged=table_merges(_merges(sheet), rows.first_column),
                hidden=_hidden(sheet, records, rows.first_column),
            )
        except _UNREADABLE as exc:
            raise _error(exc) from exc


def _error(exc: Exception) -> SheetError:
    return password_error() if "encrypted" in str(exc) else damaged_error()


def _merges(sheet: Sheet) -> Iterator[Merge]:
    for first_row, end_row, first_column, end_column in sheet.merged_cells:
        yield Merge(first_row + 1, end_row, first_column, end_column - 1)


def _hidden(sheet: Sheet, records: SheetRecords, first_column: int) -> Hidden:
    """Say what is hidden: by a filter, if there is one, as the file doesn't tell which rows it covers."""
    rows = frozenset(row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden)
    columns = (column - first_column for column, info in sheet.colinfo_map.items() if info.hidden)
    return Hidden(rows, rows if records.is_filtered else frozenset(), frozenset(c for c in columns if c >= 0))


class _Rows:
    """The rows of one sheet as texts, from the first column in use."""

    def __init__(self, book: xlrd.Book, sheet: Sheet, records: SheetRecords) -> None:
        self._book = book
        self._sheet = sheet
        self._records = records
        self._formats: dict[int, tuple[NumberFormat, str]] = {}
        self._has_dates = False
        self._nul = 0
        used = (self._first_used(row) for row in range(sheet.nrows))
        self.first_column = min((column for column in used if column is not None), default=0)

    def notes(self) -> tuple[str, ...]:
        """Say what was changed in the rows read so far."""
        return ((DATE_NOTE,) if self._has_dates else ()) + ((nul_note(self._nul),) if self._nul else ())

    def read(self) -> Iterator[RawRow]:
        """Give the rows."""
        try:
            for row in range(self._sheet.nrows):
                yield self._row(row)
        except _UNREADABLE as exc:
            raise _error(exc) from exc

    def _first_used(self, row: int) -> int | None:
        kinds = self._sheet.row_types(row)
        empty = (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK)
        return next((column for column, kind in enumerate(kinds) if kind not in empty), None)

    def _row(self, row: int) -> RawRow:
        texts: list[str] = []
        flaws: list[Flaw] = []
        kinds = self._sheet.row_types(row, self.first_column)
        values = self._sheet.row_values(row, self.first_column)
        for column, (kind, value) in enumerate(zip(kinds, values, strict=True)):
            texts.append(self._text(row, column + self.first_column, kind, value))
            if kind == xlrd.XL_CELL_ERROR:
                flaws.append((column, texts[-1], ERROR_VALUE))
            elif (row, column + self.first_column) in self._records.uncalculated:
                texts[-1] = ""
                flaws.append((column, _FORMULA, NO_RESULT))
        return row + 1, texts, tuple(flaws)

    def _text(self, row: int, column: int, kind: int, value: str | float) -> str:
        if isinstance(value, str):
            self._nul += value.count("\0")
            return value.replace("\0", "\ufffd")
        if kind == xlrd.XL_CELL_BOOLEAN:
            return "TRUE" if value else "FALSE"
        if kind == xlrd.XL_CELL_ERROR:
            return str(xlrd.error_text_from_code.get(int(value), "#N/A"))
        return self._number(value, self._sheet.cell_xf_index(row, column))

    def _number(self, value: float, style: int) -> str:
        if style not in self._formats:
            key = self._book.xf_list[style].format_key
            code = self._book.format_map[key].format_str if key in self._book.format_map else ""
            self._formats[style] = parse_format(code), code
        number_format, code = self._formats[style]
        if number_format.is_date or number_format.is_elapsed:
            self._has_dates = True
            return serial_text(value, number_format, is_1904=self._book.datemode == 1)
        return shown(value, code) if number_format.sections else plain(value)
