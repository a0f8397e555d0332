"""Lines of text -> numbered records: which quotes and escapes count, and what a person should know about it."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from services.drafts.sheets.dialect import masked, split, swallowed_rows, unmasked
from services.drafts.sheets.stray_quotes import CarefulReader, Doubt
from services.drafts.sheets.table import RawRow

Lines = Callable[[], Iterable[str]]
"""Gives the lines of a text from the beginning, each with its line break and none with NUL."""

_SAMPLE_LINES = 500
_NAMED_ROWS = 3


class Records:
    """The records of a text, from any number of passes."""

    def __init__(self, lines: Lines, separator: str) -> None:
        self._separator = separator
        self._reading = _find_reading(lines, separator)
        self._lines = partial(_masked, lines, separator) if self._reading.escapes else lines
        self._doubts: dict[Doubt, list[int]] = {}

    def rows(self) -> Iterator[RawRow]:
        """Give the records and their numbers, as a spreadsheet program counts rows: a blank line is one.

        Raises:
            SheetError: too many quotes are out of place.
        """
        self._doubts = {doubt: [] for doubt in Doubt}
        for number, cells in enumerate(self._cells(), 1):
            yield number, cells, ()

    def notes(self) -> tuple[str, ...]:
        """Say what was read otherwise than it stands, or is in doubt, in the rows read so far."""
        escapes = ("Quotation marks after a backslash were read as part of the text.",) if self._reading.escapes else ()
        return escapes + tuple(_note(doubt, rows) for doubt, rows in self._doubts.items() if rows)

    def _cells(self) -> Iterator[list[str]]:
        if self._reading.width is None:
            records = split(self._lines(), self._separator)
        else:
            records = self._careful(self._reading.width)
        return (unmasked(cells, self._separator) for cells in records) if self._reading.escapes else records

    def _careful(self, width: int) -> Iterator[list[str]]:
        for number, (cells, doubt) in enumerate(CarefulReader(self._lines(), self._separator, width), 1):
            if doubt:
                self._doubts[doubt].append(number)
            yield cells


@dataclass(frozen=True)
class _Reading:
    """How a text is to be read."""

    escapes: bool = False
    """Whether a backslash makes a quote, a separator or a backslash part of the text."""
    width: int | None = None
    """How many cells a row should have, where quotes are out of place."""


@dataclass
class _Survey:
    """What one pass found in a text whose quotes are all in place."""

    widths: Counter[int] = field(default_factory=Counter)
    """How many records have how many cells, without blank ones."""
    doubtful: Counter[int] = field(default_factory=Counter)
    """How many of them have quotes or lines in their cells that belong elsewhere if the record is uneven."""
    has_swallowed: bool = False
    """Whether a cell seems to hold rows, or a row the end of a cell."""

    @property
    def evenness(self) -> float:
        """The share of records that have the usual number of cells."""
        return max(self.widths.values(), default=1) / max(1, self.widths.total())

    @property
    def is_doubtful(self) -> bool:
        """Whether quotes may have been misread."""
        usual = max(self.widths, key=lambda width: self.widths[width], default=0)
        return self.has_swallowed or any(width != usual for width in self.doubtful)


def _find_reading(lines: Lines, separator: str) -> _Reading:
    """Choose the plain reading where nothing speaks against it, then backslashes, then a careful one."""
    quotes, escaped_quotes, escaped_separators = _marks(lines(), separator)
    if not (quotes or escaped_separators):
        return _Reading()
    plain = _survey(lines(), separator)
    is_plain = plain is not None and not plain.is_doubtful
    if escaped_quotes or (escaped_separators and not (is_plain and plain and plain.evenness == 1)):
        escaped = _survey(masked(lines(), separator), separator)
        if escaped and not escaped.is_doubtful:
            evenness = plain.evenness if plain and is_plain else 0
            if escaped.evenness > evenness or (escaped_quotes and escaped.evenness == evenness):
                return _Reading(escapes=True)
    return _Reading() if is_plain else _careful_reading(lines, separator, may_escape=escaped_quotes)


def _marks(lines: Iterable[str], separator: str) -> tuple[bool, bool, bool]:
    """Find out whether a text has quotes, quotes after a backslash, and separators after a backslash."""
    quotes = escaped_quotes = escaped_separators = False
    escaped_separator = f"\\{separator}"
    for line in lines:
        if '"' in line:
            quotes = True
        if "\\" in line:
            escaped_quotes = escaped_quotes or '\\"' in line
            escaped_separators = escaped_separators or escaped_separator in line
    return quotes, escaped_quotes, escaped_separators


def _survey(lines: Iterable[str], separator: str) -> _Survey | None:
    """Read a whole text at the speed of C; None if a quote is out of place."""
    survey = _Survey()
    records = csv.reader(lines, delimiter=separator, strict=True)
    width = last = 0
    broken = False
    try:
        for cells in records:
            count = len(cells)
            if broken and "".join(cells).count('"') % 2:
                survey.has_swallowed = True  # perhaps the end of a cell whose opening quote is missing
            broken = False
            if count != width:
                if not any(map(str.strip, cells)):
                    last = records.line_num
                    continue
                width = width or count
                broken = count < width
                if count != width and ('"' in "".join(cells) or records.line_num - last > 1):
                    survey.doubtful[count] += 1
            survey.widths[count] += 1
            if records.line_num - last > 1 and separator in "".join(cells) and swallowed_rows(cells, count, separator):
                survey.has_swallowed = True
            last = records.line_num
    except csv.Error:
        return None
    return survey


def _careful_reading(lines: Lines, separator: str, *, may_escape: bool) -> _Reading:
    """Find the number of cells and the meaning of backslashes that leave the fewest rows in doubt."""
    readings = []
    for escapes in (False, True) if may_escape else (False,):
        source = partial(_masked, lines, separator) if escapes else lines
        readings += [_Reading(escapes, width) for width in _likely_widths(source, separator)]
    return min(readings, key=lambda reading: _damage(reading, lines, separator))


def _damage(reading: _Reading, lines: Lines, separator: str) -> tuple[int, int]:
    """Count the rows that are uneven or in doubt in the first lines of a text."""
    source = _masked(lines, separator) if reading.escapes else lines()
    records = list(CarefulReader(islice(source, _SAMPLE_LINES), separator, reading.width or 1))
    uneven = sum(len(cells) != reading.width for cells, _ in records if cells)
    return uneven, sum(doubt is not None for _, doubt in records)


def _likely_widths(lines: Lines, separator: str) -> list[int]:
    """Give the usual numbers of cells of records, which open quotes make few, and of single lines; and the header's."""
    records = Counter(len(cells) for cells in split(lines(), separator) if cells)
    single = Counter(len(next(split([line], separator))) for line in lines() if line.strip())
    header = next((len(next(split([line], separator))) for line in lines() if line.strip()), 1)
    usual = [max(widths, key=lambda width: widths[width], default=1) for widths in (records, single)]
    return list(dict.fromkeys([*usual, header]))


def _masked(lines: Lines, separator: str) -> Iterator[str]:
    return masked(lines(), separator)


def _note(doubt: Doubt, rows: list[int]) -> str:
    is_one = len(rows) == 1
    named = _named(rows)
    if doubt is Doubt.KEPT:
        what = "has a quotation mark" if is_one else "have quotation marks"
        return f"{named} {what} out of place; the reading that keeps the columns aligned was used."
    if doubt is Doubt.UNEVEN:
        what = (
            "has a quotation mark out of place, and its" if is_one else "have quotation marks out of place, and their"
        )
        return (
            f"{named} {what} cells may be in the wrong columns. Correct the quotation marks and upload the file again."
        )
    what = "has a cell" if is_one else "have cells"
    return (
        f"{named} {what} with several lines that look like rows. If they are rows, delete the quotation marks around "
        "them and upload the file again."
    )


def _named(rows: list[int]) -> str:
    """Name rows: "Row 3", "Rows 3 and 7", "Rows 3, 7, 9 and 12 more"."""
    if len(rows) == 1:
        return f"Row {rows[0]:,}"
    *first, last = [f"{row:,}" for row in rows[:_NAMED_ROWS]]
    more = len(rows) - _NAMED_ROWS
    if more > 0:
        first, last = [*first, last], f"{more:,} more"
    return f"Rows {', '.join(first)} and {last}"
