"""Which rows and columns of an XLSX sheet are hidden, and which rows by a filter."""

import re
from collections.abc import Iterable, Iterator

from services.drafts.sheets.package import Package
from services.drafts.sheets.source import Hidden

_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_FILTER = re.compile(rb"<(?:\w+:)?autoFilter\b[^>]*?\bref=[\"']([^\"']*)")
_ADVANCED_FILTER = re.compile(rb"\bfilterMode=[\"'](?:1|true)")
_NUMBER = re.compile(rb"(?<![\w:])r=[\"']([0-9]{1,7})[\"']")
HIDDEN = re.compile(rb"(?<![\w:])hidden=[\"'](?:1|true)[\"']")
"""In the tag of a row or column."""
_RANGE = re.compile(r"\$?[A-Z]{1,3}\$?([0-9]{1,7}):\$?[A-Z]{1,3}\$?([0-9]{1,7})$")
_COLUMNS = re.compile(rb"<(?:\w+:)?col\b([^>]*)>")
_FIRST, _LAST = re.compile(rb"\bmin=[\"']([0-9]{1,5})[\"']"), re.compile(rb"\bmax=[\"']([0-9]{1,5})[\"']")
_DATA = b"sheetData"
_MAX_COLUMNS = 16_384
_EVERY_ROW = "A1:A1048576"


def hidden_parts(package: Package, part: str, table_filters: Iterable[str], first_column: int) -> Hidden:
    """Find what is hidden; rows below the header of a filter are hidden by it.

    `table_filters` has the ranges of the filters that the sheet's tables have, such as `A1:C9`. Columns are counted
    from `first_column`.
    """
    rows = frozenset(_hidden_rows(package, part))
    bodies = _filter_bodies(package, part, table_filters) if rows else []
    filtered = frozenset(row for row in rows if any(first <= row <= last for first, last in bodies))
    columns = frozenset(column - first_column for column in _hidden_columns(package, part) if column >= first_column)
    return Hidden(rows, filtered, columns)


def _filter_bodies(package: Package, part: str, table_filters: Iterable[str]) -> list[tuple[int, int]]:
    """Give the first and last row below the header of each filter."""
    ranges, is_filtered = _sheet_filters(package, part)
    ranges += table_filters
    if is_filtered and not ranges:
        ranges = [_EVERY_ROW]  # Excel's advanced filter leaves no range in the sheet
    return [(int(match[1]) + 1, int(match[2])) for text in ranges if (match := _RANGE.match(text))]


def _sheet_filters(package: Package, part: str) -> tuple[list[str], bool]:
    """Give the ranges of a sheet's own filters, and whether any filter is at work."""
    ranges: list[str] = []
    is_filtered = False
    for tags in whole_tags(package.archive.pieces(part)):
        ranges += [match[1].decode("ascii", "replace") for match in _FILTER.finditer(tags)]
        is_filtered = is_filtered or bool(_ADVANCED_FILTER.search(tags))
    return ranges, is_filtered


def _hidden_rows(package: Package, part: str) -> Iterator[int]:
    """Give the numbers of hidden rows; a row without a number follows the one before it."""
    number = 0
    for tags in whole_tags(package.archive.pieces(part)):
        for match in _ROW.finditer(tags):
            given = _NUMBER.search(match[1])
            number = int(given[1]) if given else number + 1
            if HIDDEN.search(match[1]):
                yield number


def _hidden_columns(package: Package, part: str) -> Iterator[int]:
    """Give the positions of hidden columns, from 0."""
    for tags in whole_tags(package.archive.pieces(part)):
        for match in _COLUMNS.finditer(tags):
            first, last = _FIRST.search(match[1]), _LAST.search(match[1])
            if first and last and HIDDEN.search(match[1]):
                yield from range(int(first[1]) - 1, min(int(last[1]), _MAX_COLUMNS))
        if _DATA in tags:
            return  # the columns come before the rows


def whole_tags(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut the pieces of an XML part anew, each behind the end of a tag."""
    rest = b""
    for piece in pieces:
        end = piece.rfind(b">") + 1
        if end:
            yield rest + piece[:end]
            rest = piece[end:]
        else:
            rest += piece
    yield rest
