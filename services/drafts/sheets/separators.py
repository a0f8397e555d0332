"""Which character separates the cells of a text file."""

from collections import Counter
from collections.abc import Iterable, Sequence
from io import StringIO
from itertools import islice, pairwise
from typing import NamedTuple

from services.drafts.sheets.dialect import split

SEPARATORS = {",": "Comma ( , )", ";": "Semicolon ( ; )", "\t": "Tab", "|": "Pipe ( | )"}
"""The separators a person may choose from, and what each is called."""

_LIKELIEST_FIRST = "\t,;|"
_SAMPLE_RECORDS = 200
_EVEN = 0.9
_PROSE = 0.75
_MIN_ROWS_BELOW_TITLES = 3
"""How many rows a table has at least that is found below several titles: fewer may be chance."""


class _Fit(NamedTuple):
    """How well a separator splits the sample; the better fit compares as greater."""

    evenness: float
    """The share of records with the usual number of cells; one ragged row among ten makes no difference."""
    is_clean: bool
    """Whether it isn't the comma of prose and decimal numbers."""
    quotes_left: int
    """Minus the number of quotes inside cells: splitting at the wrong places leaves more of them."""
    is_usual: bool
    """Whether it isn't a pipe: lists and paths in cells are separated by pipes, tables seldom."""
    fits_header: bool
    columns: int
    priority: int
    separator: str


def find_separator(sample: str, *, whole: bool) -> str:
    """Find the separator from the beginning of a text; `whole` says whether the sample is the whole text."""
    lines = list(StringIO(sample, newline=""))
    if not whole and len(lines) > 1:
        lines.pop()  # it may be cut short
    fits = [fit for separator in _LIKELIEST_FIRST if (fit := _fit(lines, separator))]
    if fits:
        return max(fits).separator
    # A single column: one that cuts no cell
    return next((s for s in SEPARATORS if all(len(record) == 1 for record in _records(lines, s))), ",")


def _fit(lines: Sequence[str], separator: str) -> _Fit | None:
    """Judge a separator; None if it leaves a single column."""
    records = max(_records(lines, separator), _line_by_line(lines, separator), key=_evenness)
    columns = len(records[0]) if records else 0
    if columns < 2:
        records = _below_titles(records)
    width = _width(records)
    if width < 2 and columns < 2:
        return None
    is_clean = not _is_prose(records[1:] or records, separator)
    if columns < 2 and not (is_clean and _evenness(records) >= _EVEN):
        return None  # prose in a single column, not a table under a title
    return _Fit(
        evenness=min(_evenness(records), _EVEN),
        is_clean=is_clean,
        quotes_left=-sum(cell.count('"') for record in records for cell in record),
        is_usual=separator != "|",
        fits_header=columns == width,
        columns=width,
        priority=-_LIKELIEST_FIRST.index(separator),
        separator=separator,
    )


def _records(lines: Iterable[str], separator: str) -> list[list[str]]:
    """Split the sample, without blank records."""
    records = (record for record in split(lines, separator) if any(map(str.strip, record)))
    return list(islice(records, _SAMPLE_RECORDS))


def _line_by_line(lines: Iterable[str], separator: str) -> list[list[str]]:
    """Split each line alone, so that an open quote hides no more than the rest of its line."""
    return [record for line in islice(lines, _SAMPLE_RECORDS) for record in _records([line], separator)]


def _below_titles(records: list[list[str]]) -> list[list[str]]:
    """Leave out the titles above a table and the remarks below it, which have one cell; empty if little is left."""
    full = [place for place, record in enumerate(records) if len(record) > 1]
    if not full:
        return []
    table = records[full[0] : full[-1] + 1]
    is_table = full[0] == 1 or len(table) >= _MIN_ROWS_BELOW_TITLES
    return table if is_table and len(table) * 2 >= len(records) else []


def _width(records: Sequence[Sequence[str]]) -> int:
    """Give the usual number of cells; of several, the header's or else the greatest."""
    widths = Counter(map(len, records))
    header = len(records[0]) if records else 0
    return max(widths, key=lambda width: (widths[width], width == header, width), default=0)


def _evenness(records: Sequence[Sequence[str]]) -> float:
    width = _width(records)
    return sum(len(record) == width for record in records) / len(records) if records and width > 1 else 0


def _is_prose(records: Iterable[Sequence[str]], separator: str) -> bool:
    """Whether most cells begin with a space, or their digits go on after a digit, as in `red, large` and `1,5`."""
    cuts = [(left, right) for record in records for left, right in pairwise(record)]
    inside = sum(right[:1] == " " or (separator == "," and _is_decimal(left, right)) for left, right in cuts)
    return inside > _PROSE * len(cuts)


def _is_decimal(left: str, right: str) -> bool:
    return left[-1:].isdigit() and right[:1].isdigit()
