"""Which rows of an XLSX sheet a filter hides."""

import re
from collections.abc import Iterable, Iterator

from services.drafts.sheets.package import Package

_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_FILTER = re.compile(rb"<(?:\w+:)?autoFilter\b[^>]*?\bref=[\"']([^\"']*)")
_ADVANCED_FILTER = re.compile(rb"\bfilterMode=[\"'](?:1|true)")
_NUMBER = re.compile(rb"(?<![\w:])r=[\"']([0-9]{1,7})[\"']")
_HIDDEN = re.compile(rb"(?<![\w:])hidden=[\"'](?:1|true)[\"']")
_RANGE = re.compile(r"\$?[A-Z]{1,3}\$?([0-9]{1,7}):\$?[A-Z]{1,3}\$?([0-9]{1,7})$")
_EVERY_ROW = "A1:A1048576"


def filtered_rows(package: Package, part: str, table_filters: Iterable[str]) -> frozenset[int]:
    """Give the numbers of the rows that are hidden below the header of a filter; other hidden rows aren't meant.

    `table_filters` has the ranges of the filters that the sheet's tables have, such as `A1:C9`.
    """
    ranges, is_filtered = _sheet_filters(package, part)
    ranges += table_filters
    if is_filtered and not ranges:
        ranges = [_EVERY_ROW]  # Excel's advanced filter leaves no range in the sheet
    bodies = [(int(match[1]) + 1, int(match[2])) for text in ranges if (match := _RANGE.match(text))]
    if not bodies:
        return frozenset()
    return frozenset(row for row in _hidden_rows(package, part) if any(first <= row <= last for first, last in bodies))


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
            if _HIDDEN.search(match[1]):
                yield number


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
