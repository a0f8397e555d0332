"""Which character separates the cells of a text file."""

import csv
import io
from collections import Counter, deque
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

SEPARATORS = {",": "Comma ( , )", ";": "Semicolon ( ; )", "\t": "Tab", "|": "Pipe ( | )"}
"""The separators a person may choose from, and what each is called."""

_LIKELIEST_FIRST = "\t;|,"  # where several split a text evenly: prose holds commas, and hardly ever the others
_SAMPLE_RECORDS = 200
_EVEN = 0.9


class _Fit(NamedTuple):
    """How a separator splits the sample; the better fit compares as greater."""

    evenness: float
    """The share of records that have as many cells as the header."""
    well_formed: bool
    """Whether nothing follows a closing quote but a separator or the row's end."""
    quotes_left: int
    """Minus the number of quotes inside cells: cutting in the wrong places leaves more of them."""
    priority: int
    separator: str


def find_separator(sample: str, *, whole: bool) -> str:
    """Find the separator from the beginning of a text; `whole` says whether the sample is the whole text."""
    splits = {separator: _split(sample, separator, whole=whole) for separator in _LIKELIEST_FIRST}
    headed = [_fit(sample, records, s) for s, records in splits.items() if records and len(records[0]) > 1]
    if headed:
        return max(headed).separator
    for separator, records in splits.items():
        if _is_table_under_title(records):
            return separator
    # A single column: one that cuts no cell
    return next((s for s in SEPARATORS if all(len(record) == 1 for record in splits[s])), ",")


def _split(sample: str, separator: str, *, whole: bool) -> list[list[str]]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    records = [record for record in reader if any(map(str.strip, record))]
    if not whole and len(records) > 1:
        records.pop()  # it may be cut short
    return records[:_SAMPLE_RECORDS]


def _fit(sample: str, records: Sequence[Sequence[str]], separator: str) -> _Fit:
    width = len(records[0])
    even = sum(len(record) == width for record in records) / len(records)
    quotes = sum(cell.count('"') for record in records for cell in record)
    priority = -_LIKELIEST_FIRST.index(separator)
    return _Fit(even, _is_well_formed(sample, separator), -quotes, priority, separator)


def _is_well_formed(sample: str, separator: str) -> bool:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator, strict=True)
    try:
        deque(islice(reader, _SAMPLE_RECORDS), maxlen=0)
    except csv.Error:
        return False
    return True


def _is_table_under_title(records: Sequence[Sequence[str]]) -> bool:
    """Whether nearly all records below a first line without separators have the same number of cells."""
    below = Counter(len(record) for record in records[1:])
    if below.total() < 2:
        return False
    width, count = below.most_common(1)[0]
    return width > 1 and count >= _EVEN * below.total()
