"""XML Spreadsheet 2003, which Excel and many web systems save as .xml or .xls."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from services.drafts.sheets.formats import parse_format
from services.drafts.sheets.grid import MAX_COLUMNS, MAX_ROWS, Grid, Grids, parse_xml
from services.drafts.sheets.markup import decode_markup
from services.drafts.sheets.moments import iso, serial_text
from services.drafts.sheets.numbers import plain, shown
from services.drafts.sheets.problems import ERROR_VALUE, NO_RESULT
from services.drafts.sheets.refusals import damaged_error
from services.drafts.sheets.table import Flaw, Merge

_PIECE_CHARACTERS = 262_144
_DECLARATION = re.compile(r"\s*<\?xml\b.*?\?>", re.DOTALL)
_DAY_ZERO = datetime(1899, 12, 30)
_TIMES_ONLY = (datetime(1899, 12, 30).date(), datetime(1899, 12, 31).date())
_RANGE = re.compile(r"R([0-9]{1,7})C[0-9]+:R([0-9]{1,7})C[0-9]+$")
_SKIPPED = frozenset(("Comment", "PhoneticText"))


class SpreadsheetMl(Grids):
    """An opened XML Spreadsheet 2003.

    Raises:
        SheetError: it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._text = _DECLARATION.sub("", decode_markup(path.read_bytes()), count=1).strip()
        super().__init__(self._read_text)

    def _read_text(self, wanted: int | None) -> Iterator[list[Grid]]:
        reader = _Reader(wanted)
        for _ in parse_xml(self._pieces(), reader.start, reader.end, reader.text, "utf-8"):
            yield reader.grids

    def _pieces(self) -> Iterator[bytes]:
        for start in range(0, len(self._text), _PIECE_CHARACTERS):
            yield self._text[start : start + _PIECE_CHARACTERS].encode("utf-8", "replace")


class _Reader:
    """The parser's handlers; `wanted` is the position of the grid whose rows are kept."""

    def __init__(self, wanted: int | None) -> None:
        self.grids: list[Grid] = []
        self._wanted = wanted
        self._skipped_depth = 0
        self._element = ""  # whose text is being collected
        self._collected = ""
        self._active = 0
        self._is_1904 = False
        self._style = ""
        self._codes: dict[str, str] = {}
        self._column_codes: dict[int, str] = {}
        self._next_column = 0
        self._row = 0
        self._row_code = ""
        self._row_span = 0
        self._texts: list[str] = []
        self._flaws: list[Flaw] = []
        self._cell: dict[str, str] = {}
        self._type: str | None = None
        self._starts = {
            "Style": self._start_style,
            "NumberFormat": self._start_number_format,
            "Worksheet": self._start_worksheet,
            "Column": self._start_column,
            "Row": self._start_row,
            "Cell": self._start_cell,
            "Data": self._start_data,
            "AutoFilter": self._start_filter,
        }
        self._ends = {"Cell": self._end_cell, "Row": self._end_row}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Handle a start tag."""
        name = tag.rpartition(" ")[2]
        if self._skipped_depth or name in _SKIPPED:
            self._skipped_depth += 1
        elif name in self._starts:
            self._starts[name]({key.rpartition(" ")[2]: value for key, value in attributes.items()})
        elif name in ("ActiveSheet", "Visible"):
            self._element, self._collected = name, ""
        elif name == "Date1904":
            self._is_1904 = True

    def end(self, tag: str) -> None:
        """Handle an end tag."""
        name = tag.rpartition(" ")[2]
        if self._skipped_depth:
            self._skipped_depth -= 1
            return
        if name == self._element:
            self._element = ""
            if name == "ActiveSheet":
                self._active = _whole(self._collected.strip(), 0)
            elif name == "Visible" and self.grids:
                self.grids[-1].is_hidden = self._collected.strip() in ("SheetHidden", "SheetVeryHidden")
        if name in self._ends and self.grids:
            self._ends[name]()

    def text(self, text: str) -> None:
        """Handle text."""
        if self._element and not self._skipped_depth:
            self._collected += text

    def _start_style(self, attributes: dict[str, str]) -> None:
        self._style = attributes.get("ID", "")
        if parent := self._codes.get(attributes.get("Parent", "")):
            self._codes[self._style] = parent

    def _start_number_format(self, attributes: dict[str, str]) -> None:
        self._codes[self._style] = attributes.get("Format", "")

    def _start_worksheet(self, attributes: dict[str, str]) -> None:
        number = len(self.grids)
        name = attributes.get("Name") or f"Sheet{number + 1}"
        self.grids.append(Grid(name, is_active=number == self._active))
        self._column_codes.clear()
        self._row = self._next_column = self._row_span = 0

    def _start_column(self, attributes: dict[str, str]) -> None:
        first = _whole(attributes.get("Index"), self._next_column + 1) - 1
        self._next_column = first + 1 + _whole(attributes.get("Span"), 0)
        if (code := self._codes.get(attributes.get("StyleID", ""))) and self._next_column <= MAX_COLUMNS:
            self._column_codes |= dict.fromkeys(range(first, self._next_column), code)
        if attributes.get("Hidden") == "1" and self.grids:
            self.grids[-1].hidden_columns.update(range(first, min(self._next_column, MAX_COLUMNS)))

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._row = _whole(attributes.get("Index"), self._row + self._row_span + 1)
        self._row_span = _whole(attributes.get("Span"), 0)
        self._row_code = self._codes.get(attributes.get("StyleID", ""), "")
        self._texts, self._flaws = [], []
        if attributes.get("Hidden") == "1" and self.grids:
            self.grids[-1].hidden_rows.update(range(self._row, min(self._row + self._row_span, MAX_ROWS) + 1))

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._cell, self._type, self._collected = attributes, None, ""
        column = _whole(attributes.get("Index"), len(self._texts) + 1) - 1
        if column >= MAX_COLUMNS:
            raise damaged_error()
        self._texts.extend([""] * (column - len(self._texts)))
        del self._texts[max(0, column) :]

    def _start_data(self, attributes: dict[str, str]) -> None:
        self._type = attributes.get("Type", "String")
        self._element, self._collected = "Data", ""

    def _end_cell(self) -> None:
        column = len(self._texts)
        formula = self._cell.get("Formula", "")
        self._texts.append(self._value(column) if self._type else "")
        if self._type == "Error":
            self._flaws.append((column, self._texts[-1], ERROR_VALUE))
        elif formula and (self._type is None or (self._type == "Number" and not self._collected.strip())):
            self._texts[-1] = ""
            self._flaws.append((column, formula, NO_RESULT))
        across = min(_whole(self._cell.get("MergeAcross"), 0), MAX_COLUMNS)
        down = _whole(self._cell.get("MergeDown"), 0)
        if across or down:
            self.grids[-1].merged.append(Merge(self._row, self._row + down, column, column + across))
            self._texts.extend([""] * across)

    def _end_row(self) -> None:
        self.grids[-1].add(self._row, self._texts, self._flaws, is_kept=self._wanted == len(self.grids) - 1)

    def _start_filter(self, attributes: dict[str, str]) -> None:
        """Tell rows that a filter hides from others; it comes after them."""
        match = _RANGE.match(attributes.get("Range", ""))
        if match and self.grids:
            first, last = int(match[1]) + 1, int(match[2])
            rows = self.grids[-1].hidden_rows
            self.grids[-1].filtered_rows.update(row for row in rows if first <= row <= last)

    def _value(self, column: int) -> str:
        text = self._collected
        if self._type == "Number":
            return self._number(text.strip(), column)
        if self._type == "DateTime":
            return self._date(text.strip(), self._code(column))
        if self._type == "Boolean":
            return {"1": "TRUE", "0": "FALSE"}.get(text.strip(), text.strip().upper())
        if self._type == "Error":
            return text.strip() or "#N/A"
        return text

    def _code(self, column: int) -> str:
        style = self._cell.get("StyleID", "")
        own = self._codes.get(style) if style else self._row_code or self._column_codes.get(column)
        return own or ("" if style else self._codes.get("Default", ""))

    def _number(self, text: str, column: int) -> str:
        try:
            number = float(text)
        except ValueError:
            return text
        code = self._code(column)
        number_format = parse_format(code)
        if number_format.is_date or number_format.is_elapsed:
            self.grids[-1].has_dates = True
            return serial_text(number, number_format, is_1904=self._is_1904)
        return shown(number, code) if number_format.sections else plain(number)

    def _date(self, text: str, code: str) -> str:
        try:
            moment = datetime.fromisoformat(text).replace(tzinfo=None)
        except ValueError:
            return text
        self.grids[-1].has_dates = True
        if parse_format(code).is_elapsed:
            return iso(moment - _DAY_ZERO)
        if moment.date() in _TIMES_ONLY:
            return iso(moment.time())
        return iso(moment.date() if moment.time() == datetime.min.time() else moment)


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else otherwise
