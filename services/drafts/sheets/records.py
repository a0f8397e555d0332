"""Lines of text -> numbered records: which quotes and escapes count, and what a person should know about it."""

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count, islice, repeat
from typing import NamedTuple

from services.drafts.sheets.dialect import masked, split, unmasked
from services.drafts.sheets.source import MisreadError
from services.drafts.sheets.stray_quotes import CarefulReader, Doubt
from services.drafts.sheets.survey import Survey
from services.drafts.sheets.table import RawRow

Lines = Callable[[], Iterable[str]]
"""Gives the lines of a text from the beginning, each with its line break and none with NUL."""

_SAMPLE_LINES = 500
_LINES_AT_ONCE = 1_000
_NAMED_ROWS = 3


class Records:
    """The records of a text, from any number of passes."""

    def __init__(self, lines: Lines, separator: str) -> None:
        self._separator = separator
        self._lines = lines
        self._doubts: dict[Doubt, list[int]] = {}
        marks = _marks(lines(), separator)
        self._reading = _Reading()
        if marks.has_escapes:
            self._reading = _with_escapes(lines, separator, quotes=marks.escaped_quotes)
        elif marks.spaced_quotes and _needs_spaces_skipped(lines, separator):
            self._reading = _Reading(skip_spaces=True)
        self._is_proven = self._reading.skip_spaces or marks.has_escapes or not marks.quotes

    def rows(self) -> Iterable[RawRow]:
        """Give the records and their numbers, as a spreadsheet program counts rows: a blank line is one.

        Raises:
            MisreadError: quotes turned out to be out of place; the next call respects that.
            SheetError: too many quotes are out of place.
        """
        self._doubts = {doubt: [] for doubt in Doubt}
        return zip(count(1), self._cells() if self._is_proven else self._proving(), repeat(()), strict=False)

    def notes(self) -> tuple[str, ...]:
        """Say what was read otherwise than it stands, or is in doubt, in the rows read so far."""
        notes = []
        if self._reading.escapes:
            notes.append("Quotation marks after a backslash were read as part of the text.")
        if self._reading.skip_spaces:
            notes.append("Spaces after separators were left out, because quotation marks follow.")
        return (*notes, *(_note(doubt, rows) for doubt, rows in self._doubts.items() if rows))

    def _proving(self) -> Iterator[list[str]]:
        """Give the records of the plain reading, and find out by the way whether it's the right one."""
        survey = Survey(self._separator)
        yield from survey.records(self._lines())
        self._is_proven = True
        if survey.is_doubtful:
            self._reading = _careful_reading(self._lines, self._separator, may_escape=False)
            raise MisreadError

    def _cells(self) -> Iterator[list[str]]:
        lines = partial(_masked, self._lines, self._separator) if self._reading.escapes else self._lines
        if self._reading.width is None:
            records = split(lines(), self._separator, skip_spaces=self._reading.skip_spaces)
        else:
            records = self._careful(lines(), self._reading.width)
        return (unmasked(cells, self._separator) for cells in records) if self._reading.escapes else records

    def _careful(self, lines: Iterable[str], width: int) -> Iterator[list[str]]:
        for number, (cells, doubt) in enumerate(CarefulReader(lines, self._separator, width), 1):
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
    skip_spaces: bool = False
    """Whether spaces after separators are left out, where quotes follow them."""


class _Marks(NamedTuple):
    """The marks in a text that say how it may have to be read."""

    quotes: bool
    escaped_quotes: bool
    """Whether there are quotes after a backslash."""
    escaped_separators: bool
    spaced_quotes: bool
    """Whether there are quotes after a separator and spaces."""

    @property
    def has_escapes(self) -> bool:
        """Whether backslashes may have a meaning."""
        return self.escaped_quotes or self.escaped_separators


def _with_escapes(lines: Lines, separator: str, *, quotes: bool) -> _Reading:
    """Choose the reading of a text that has a backslash before quotes or only before separators."""
    plain, escaped = _surveyed(lines(), separator), _surveyed(masked(lines(), separator), separator)
    if not escaped.is_doubtful:
        evenness = 0 if plain.is_doubtful else plain.evenness
        if escaped.evenness > evenness or (quotes and escaped.evenness == evenness):
            return _Reading(escapes=True)
    return _careful_reading(lines, separator, may_escape=quotes) if plain.is_doubtful else _Reading()


def _marks(lines: Iterable[str], separator: str) -> _Marks:
    """Find out which marks a text has."""
    quotes = escaped_quotes = escaped_separators = spaced_quotes = False
    lines = iter(lines)
    while text := "".join(islice(lines, _LINES_AT_ONCE)):
        quotes = quotes or '"' in text
        spaced_quotes = spaced_quotes or (' "' in text and _spaced_quote(separator).search(text) is not None)
        if "\\" in text:
            escaped_quotes = escaped_quotes or '\\"' in text
            escaped_separators = escaped_separators or f"\\{separator}" in text
    return _Marks(quotes, escaped_quotes, escaped_separators, spaced_quotes)


def _spaced_quote(separator: str) -> re.Pattern[str]:
    return re.compile(f'{re.escape(separator)} +"')


def _needs_spaces_skipped(lines: Lines, separator: str) -> bool:
    """Whether cells begin with spaces and a quote, and leaving out the spaces makes the table as even or more so."""
    starts = re.compile(' +"')
    if not any(starts.match(cell) for cells in split(lines(), separator) for cell in cells):
        return False
    skipped = _surveyed(lines(), separator, skip_spaces=True)
    return not skipped.is_doubtful and skipped.evenness >= _surveyed(lines(), separator).evenness


def _surveyed(lines: Iterable[str], separator: str, *, skip_spaces: bool = False) -> Survey:
    survey = Survey(separator, skip_spaces=skip_spaces)
    deque(survey.records(lines), maxlen=0)
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
