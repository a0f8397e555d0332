"""ODS workbooks, which carry the text that each cell shows."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from services.drafts.sheets.archive import Archive
from services.drafts.sheets.grid import MAX_COLUMNS, MAX_ROWS, Grid, Grids, parse_xml
from services.drafts.sheets.moments import iso
from services.drafts.sheets.numbers import plain
from services.drafts.sheets.problems import ERROR_VALUE, ERRORS, NO_RESULT
from services.drafts.sheets.table import Flaw, Merge

_CONTENT = "content.xml"
_SETTINGS = "settings.xml"
_LO_ERROR = re.compile(r"Err:[0-9]{3}$")
_DURATION = re.compile(r"(-?)P(?:([0-9]+)D)?T?(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:[.,]([0-9]*))?S)?$")
_SKIPPED = frozenset(("annotation", "shapes", "tracked-changes", "dde-links"))
_HIDDEN = ("filter", "collapse")
_SPACES = {"s": " ", "tab": "\t", "line-break": "\n"}
_INDENT = re.compile(r" *[\t\r\n][ \t\r\n]*")
_NUMBERS = frozenset(("float", "percentage", "currency"))


class Ods(Grids):
    """An opened ODS workbook; use it as a context manager.

    Raises:
        SheetError: it is protected by a password, damaged, or unpacks to too much.
    """

    def __init__(self, path: Path) -> None:
        self._archive = Archive(path)
        try:
            self._archive.check()
            super().__init__(self._read_content, self._active())
        except BaseException:
            self._archive.__exit__(None, None, None)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._archive.__exit__(kind, exc, tb)

    def _read_content(self, wanted: int | None) -> Iterator[list[Grid]]:
        reader = _Reader(wanted)
        for _ in parse_xml(self._archive.pieces(_CONTENT), reader.start, reader.end, reader.text):
            yield reader.grids

    def _active(self) -> str | None:
        """Name the sheet that was open when the workbook was saved."""
        items = self._archive.elements(_SETTINGS, "config-item")
        found = (item for item in items if any(k.endswith("}name") and v == "ActiveTable" for k, v in item.items()))
        return next((item.text for item in found), None)


class _Cell:
    """A cell as its XML has it."""

    def __init__(self, attributes: dict[str, str]) -> None:
        self._attributes = attributes
        self.paragraphs: list[str] = []
        self.is_date = False

    def count(self, name: str) -> int:
        """Give the number in an attribute, 1 without it."""
        return _count(self._attributes.get(name))

    def read(self) -> tuple[str, str, str]:
        """Give the cell's text, and what its message is about with the message, both mostly empty."""
        shown = "\n".join(self.paragraphs)
        formula = self._attributes.get("formula", "")
        if self._is_error(shown, formula):
            return shown or "#N/A", shown or "#N/A", ERROR_VALUE
        kind = self._attributes.get("value-type", "")
        if formula and not kind and not self.paragraphs:
            return "", f"={formula.partition('=')[2]}", NO_RESULT
        return self._value(kind, shown), "", ""

    def _is_error(self, shown: str, formula: str) -> bool:
        if self._attributes.get("calcext value-type") == "error":
            return True
        return bool(formula) and (shown in ERRORS or _LO_ERROR.match(shown) is not None)

    def _value(self, kind: str, shown: str) -> str:
        """Prefer the text shown, but for dates and where there is none."""
        value = self._attributes.get
        if kind in _NUMBERS:
            return shown if shown.strip("#") else _number(value("value", ""), shown)
        if kind in ("date", "time"):
            text = _date(value("date-value", "")) if kind == "date" else _time(value("time-value", ""))
            self.is_date = bool(text)
            return text or shown
        if kind == "boolean":
            return value("boolean-value", shown).upper()
        return shown or value("string-value", "")


class _Reader:
    """The parser's handlers; `wanted` is the position of the grid whose rows are kept."""

    def __init__(self, wanted: int | None) -> None:
        self.grids: list[Grid] = []
        self._wanted = wanted
        self._skipped_depth = 0
        self._cell: _Cell | None = None
        self._paragraph_depth = 0
        self._column = 0  # of the columns that are declared before the rows
        self._row = 0
        self._row_repeats = 1
        self._texts: list[str] = []
        self._flaws: list[Flaw] = []
        self._style = ""
        self._hidden_styles: set[str] = set()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Handle a start tag."""
        namespace, _, name = tag.rpartition(" ")
        if self._skipped_depth or name in _SKIPPED or ":drawing:" in namespace:
            self._skipped_depth += 1
        elif self._cell is not None:
            self._start_in_cell(self._cell, name, attributes)
        elif name in ("table-cell", "covered-table-cell"):
            self._cell = _Cell(_short(attributes))
        elif name == "table-row":
            self._start_row(_short(attributes))
        elif name == "table-column":
            self._start_column(_short(attributes))
        elif name == "table":
            self._start_table(_short(attributes))
        elif name == "style":
            self._style = _short(attributes).get("name", "")
        elif name == "table-properties" and _short(attributes).get("display") == "false":
            self._hidden_styles.add(self._style)

    def end(self, tag: str) -> None:
        """Handle an end tag."""
        name = tag.rpartition(" ")[2]
        if self._skipped_depth:
            self._skipped_depth -= 1
        elif name in ("p", "h"):
            self._paragraph_depth = max(0, self._paragraph_depth - 1)
        elif name in ("table-cell", "covered-table-cell") and self._cell is not None:
            self._finish_cell(self._cell)
            self._cell = None
        elif name == "table-row" and self._cell is None:
            self._finish_row()

    def text(self, text: str) -> None:
        """Handle text; real line breaks and tabs have elements of their own."""
        if self._paragraph_depth and self._cell and not self._skipped_depth:
            self._cell.paragraphs[-1] += _INDENT.sub(" ", text)

    def _start_in_cell(self, cell: _Cell, name: str, attributes: dict[str, str]) -> None:
        if name in ("p", "h"):
            self._paragraph_depth += 1
            cell.paragraphs.append("")
        elif self._paragraph_depth and name in _SPACES:
            cell.paragraphs[-1] += _SPACES[name] * _count(_short(attributes).get("c"))

    def _start_table(self, attributes: dict[str, str]) -> None:
        is_hidden = attributes.get("style-name", "") in self._hidden_styles
        self.grids.append(Grid(attributes.get("name", ""), is_hidden))
        self._row = self._column = 0

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._row_repeats = _count(attributes.get("number-rows-repeated"))
        self._texts, self._flaws = [], []
        visibility = attributes.get("visibility")
        if visibility in _HIDDEN and self.grids:
            rows = range(self._row + 1, min(self._row + self._row_repeats, MAX_ROWS) + 1)
            self.grids[-1].hidden_rows.update(rows)
            if visibility == "filter":
                self.grids[-1].filtered_rows.update(rows)

    def _start_column(self, attributes: dict[str, str]) -> None:
        last = min(self._column + _count(attributes.get("number-columns-repeated")), MAX_COLUMNS)
        if attributes.get("visibility") in _HIDDEN and self.grids:
            self.grids[-1].hidden_columns.update(range(self._column, last))
        self._column = last

    def _finish_cell(self, cell: _Cell) -> None:
        text, value, message = cell.read()
        column = len(self._texts)
        repeats = min(cell.count("number-columns-repeated"), MAX_COLUMNS)
        self._texts.extend([text] * repeats)
        if message:
            self._flaws.extend((column + i, value, message) for i in range(repeats))
        rows, columns = cell.count("number-rows-spanned"), cell.count("number-columns-spanned")
        if self.grids:
            self.grids[-1].has_dates |= cell.is_date
            if rows > 1 or columns > 1:
                self.grids[-1].merged.append(Merge(self._row + 1, self._row + rows, column, column + columns - 1))

    def _finish_row(self) -> None:
        while self._texts and not self._texts[-1]:
            self._texts.pop()
        if self.grids and (self._texts or self._flaws):
            is_kept = self._wanted == len(self.grids) - 1
            last = self._row + self._row_repeats
            for number in range(self._row + 1 if is_kept and last <= MAX_ROWS else last, last + 1):
                self.grids[-1].add(number, self._texts, self._flaws, is_kept=is_kept)
        self._row += self._row_repeats


def _short(attributes: dict[str, str]) -> dict[str, str]:
    """Cut off the namespaces of attributes, but for those of LibreOffice's extensions."""
    return {
        f"calcext {key.rpartition(' ')[2]}" if ":calc:" in key else key.rpartition(" ")[2]: value
        for key, value in attributes.items()
    }


def _count(text: str | None) -> int:
    """Read a number of repeats; 1 for anything that is none."""
    return max(1, int(text)) if text and text.isascii() and text.isdigit() and len(text) < 9 else 1


def _number(value: str, shown: str) -> str:
    try:
        return plain(float(value))
    except ValueError:
        return shown


def _date(value: str) -> str:
    """Write a date, or a date and time, as we do everywhere; empty if it is none."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return ""
    return iso(moment.replace(tzinfo=None) if "T" in value else moment.date())


def _time(value: str) -> str:
    match = _DURATION.match(value)
    if not match or value in ("P", "PT"):
        return ""
    days, hours, minutes, seconds = (int((part or "0")[:9]) for part in match.groups()[1:5])
    fraction = float(f"0.{match[6] or 0}")
    length = timedelta(days=min(days, 10**6), hours=hours, minutes=minutes, seconds=seconds + fraction)
    return iso(-length if match[1] else length)
