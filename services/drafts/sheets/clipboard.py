"""Cells as spreadsheet programs put them on the clipboard -> the same cells with CSV's quotes."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import islice

from services.drafts.sheets.dialect import LINE_BREAK, swallowed_rows

_MAX_SPAN_LINES = 1_000
_MAX_LINES_AHEAD = 1_000_000
"""How many lines may be read ahead in vain, in all, before no cell may span lines anymore."""


def requoted(text: str) -> str:
    """Put quotes in CSV's way around the cells of a table from the clipboard, whose separator is the tab.

    The clipboard quotes a cell only if it contains a tab or a line break. All other quotes are part of the text.
    """
    out = StringIO(newline="")
    writer = csv.writer(out, delimiter="\t")
    writer.writerows(_Cells(text))
    return out.getvalue()


class _Cells:
    """Iterates over the rows of a table from the clipboard."""

    def __init__(self, text: str) -> None:
        self._lines = list(StringIO(text, newline=""))
        self._width = _width(self._lines)
        self._lines_ahead = _MAX_LINES_AHEAD

    def __iter__(self) -> Iterator[list[str]]:
        number = 0
        while number < len(self._lines):
            cells, count = self._record(number)
            yield cells
            number += count

    def _record(self, number: int) -> tuple[list[str], int]:
        """Give the cells of the row that begins in a line, and how many lines it has."""
        line = LINE_BREAK.sub("", self._lines[number])
        typed = line.split("\t") if line else []
        if not any(cell.startswith('"') for cell in typed):
            return typed, 1
        quoted, count = self._quoted(number)
        if count > 1 and len(quoted) == self._width and not swallowed_rows(quoted, self._width, "\t"):
            return quoted, count
        if len(typed) != self._width and count == 1 and len(quoted) == self._width:
            return quoted, 1
        return typed, 1

    def _quoted(self, number: int) -> tuple[list[str], int]:
        """Read a row with its quotes in CSV's way; no cells if they are out of place."""
        most = min(_MAX_SPAN_LINES, 1 + self._lines_ahead)
        reader = csv.reader(islice(self._lines, number, number + most), delimiter="\t", strict=True)
        try:
            cells = next(reader)
        except csv.Error:
            cells = []
        if len(cells) != self._width:
            self._lines_ahead = max(0, self._lines_ahead - reader.line_num)
        return cells, reader.line_num


def _width(lines: Iterable[str]) -> int:
    """Give the usual number of cells of lines without quotes, or of the first line if all have some."""
    filled = [line for line in lines if line.strip()]
    plain = [line for line in filled if '"' not in line] or filled[:1]
    widths = Counter(line.count("\t") + 1 for line in plain)
    return max(widths, key=lambda width: widths[width], default=1)
