"""Whether the plain reading of a text with quotes can be trusted."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from services.drafts.sheets.dialect import ends_broken_cell, swallowed_rows

_AT_ONCE = 1_000
"""Records that are looked at together, which takes a fraction of the time that one by one would take."""


class Survey:
    """What one pass through the records of a text tells about its quotes."""

    def __init__(self, separator: str, *, skip_spaces: bool = False) -> None:
        self._separator = separator
        self._skip_spaces = skip_spaces
        self._width = 0
        self._is_broken = False
        self._widths: Counter[int] = Counter()
        """How many records have how many cells, without blank ones."""
        self._doubtful: set[int] = set()
        """The numbers of cells of records that hold quotes or lines that belong elsewhere if the record is uneven."""
        self._has_swallowed = False
        """Whether a cell seems to hold rows, or a row the end of a cell."""
        self._is_strict = True
        """Whether all quotes read so far are where the rules of CSV want them."""

    def records(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Give the records of the lines, up to a quote that is out of place, and look at them."""
        records = csv.reader(lines, delimiter=self._separator, skipinitialspace=self._skip_spaces, strict=True)
        try:
            while some := list(islice(records, _AT_ONCE)):
                self._add(some)
                yield from some
        except csv.Error:
            self._is_strict = False

    @property
    def evenness(self) -> float:
        """The share of records that have the usual number of cells."""
        return max(self._widths.values(), default=1) / max(1, self._widths.total())

    @property
    def is_doubtful(self) -> bool:
        """Whether quotes may have been misread."""
        usual = max(self._widths, key=lambda width: self._widths[width], default=0)
        return not self._is_strict or self._has_swallowed or bool(self._doubtful - {usual})

    def _add(self, records: Sequence[list[str]]) -> None:
        """Look at the next records, at all of them together where nothing speaks against it."""
        text = "".join(chain.from_iterable(records))
        may_swallow = self._separator in text and _has_lines(text)
        if '"' in text or may_swallow or set(map(len, records)) != {self._width}:
            for cells in records:
                self._add_one(cells)
        else:
            self._widths[self._width] += len(records)
            self._is_broken = False

    def _add_one(self, cells: list[str]) -> None:
        width, text = len(cells), "".join(cells)
        if self._is_broken and ends_broken_cell(cells):
            self._has_swallowed = True
        self._is_broken = False
        if width != self._width:
            if not any(map(str.strip, cells)):
                return
            self._width = self._width or width
            self._is_broken = width < self._width
            if width != self._width and ('"' in text or _has_lines(text)):
                self._doubtful.add(width)
        self._widths[width] += 1
        if self._separator in text and _has_lines(text) and swallowed_rows(cells, width, self._separator):
            self._has_swallowed = True


def _has_lines(text: str) -> bool:
    return "\n" in text or "\r" in text
