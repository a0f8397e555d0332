"""Splitting text into records with Python's csv module, and the marks that say how."""

import csv
import re
from collections.abc import Iterable, Iterator

csv.field_size_limit(2**31 - 1)  # once for the whole process: no file within the upload limit has a longer cell

LINE_BREAK = re.compile(r"\r\n|\r|\n")

_EXCEL_HINT = re.compile(r'\ufeff*"?sep="?([,;\t|])[",;\t| ]*(?:[\r\n]|\Z)', re.IGNORECASE)
_PROSE_WIDTH = 3  # lines of prose may have as many commas as such a narrow table has separators
_ESCAPES = {"q": '"', "b": "\\"}
_MASKED = re.compile("\0(.)", re.DOTALL)


def split(lines: Iterable[str], separator: str, *, skip_spaces: bool = False) -> Iterator[list[str]]:
    """Split lines into records; what follows a closing quote joins its cell, and a quote may stay open.

    `skip_spaces` leaves out the spaces after separators, so that a quote behind them counts.
    """
    return csv.reader(lines, delimiter=separator, skipinitialspace=skip_spaces)


def excel_hint(text: str) -> str | None:
    """Give the separator that the first line of a text names, as in `sep=;`, or None if it names none."""
    hint = _EXCEL_HINT.match(text)
    return hint and hint[1]


def masked(lines: Iterable[str], separator: str) -> Iterator[str]:
    """Replace what backslashes escape by NUL and a letter, so that no reader mistakes it for a quote or separator.

    The lines must not contain NUL. Only quotes, separators and backslashes count as escaped.
    """
    codes = {'\\"': "\0q", "\\\\": "\0b", f"\\{separator}": "\0s"}
    escape = re.compile(r"\\[\"\\" + re.escape(separator) + "]")
    for line in lines:
        yield escape.sub(lambda found: codes[found[0]], line) if "\\" in line else line


def unmasked(cells: list[str], separator: str) -> list[str]:
    """Put back what `masked` replaced, without the backslashes."""
    if "\0" not in "".join(cells):
        return cells
    return [_MASKED.sub(lambda code: _ESCAPES.get(code[1], separator), cell) for cell in cells]


def ends_broken_cell(cells: list[str]) -> bool:
    """Whether a record after one with too few cells looks like the end of a cell that lost its opening quote."""
    return any(text.count('"') % 2 for text in ("".join(cells), *cells[:1]))


def swallowed_rows(cells: list[str], width: int, separator: str) -> int:
    """Count the lines in a multi-line cell that look like rows of a table `width` cells wide; 0 if some don't.

    That is how a stray quote looks that closes at another stray quote, in a later row. Prose is told by the spaces
    after its separators. The rest of the record's first and last line belongs to those lines.
    """
    if width < 2:
        return 0
    has_stray = sum(cell.count('"') for cell in cells) % 2 == 1
    for position, cell in enumerate(cells):
        if separator not in cell or not ("\n" in cell or "\r" in cell):
            continue
        lines = LINE_BREAK.split(cell)
        first, *inner, last = (line.count(separator) for line in lines)
        more_before, more_after = first - (width - 1 - position), last - position
        fits = min(more_before, more_after) >= 0 if inner or has_stray else more_before == more_after == 0
        likely_prose = width <= _PROSE_WIDTH and any(f"{separator} " in line for line in lines[1:-1] or lines)
        if fits and not likely_prose and all(count == width - 1 for count in inner):
            return len(lines)
    return 0
