"""Quotation marks that aren't CSV's: around whole lines, and curly or single ones around cells."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import StringIO

from services.drafts.sheets.separators import find_separator

_WHOLE_LINE = re.compile(r'"((?:[^"]|"")+)"')
_PAIRS = (("“", "”"), ("„", "“"), ("„", "”"), ("‘", "’"), ("«", "»"), ("'", "'"))
_LINES_NOTE = "Each line of this file is in quotation marks, which were left out."
_PAIR_NOTE = "Quotation marks like {}…{} around cells were left out."


@dataclass(frozen=True)
class Quoting:
    """How to turn the lines of a text into those of CSV."""

    convert: Callable[[str], str]
    """Gives a line for a line, both with their line break."""
    note: str

    def lines(self, lines: Iterable[str]) -> Iterator[str]:
        """Convert lines."""
        return map(self.convert, lines)

    def sample(self, text: str) -> str:
        """Convert the beginning of a text."""
        return "".join(self.lines(_lines(text)))


def find_quoting(sample: str, separator: str | None, *, whole: bool) -> Quoting | None:
    """Find such quotation marks where only without them each row has as many cells as the header; None without any.

    `sample` is the beginning of a text, or the `whole` one. `separator` is the one a person chose.
    """
    lines = [line for line in _lines(sample) if line.strip()]
    if not whole:
        lines = lines[:-1]  # it may be cut short
    if len(lines) < 2:
        return None
    return next((found for found in _candidates(lines) if _is_even(found, lines, separator, whole=whole)), None)


def _candidates(lines: Sequence[str]) -> Iterator[Quoting]:
    if all(_WHOLE_LINE.fullmatch(line.rstrip("\r\n ")) for line in lines):
        yield Quoting(_unwrapped, _LINES_NOTE)
    text = "".join(lines)
    if '"' not in text:
        for opening, closing in _PAIRS:
            if opening in text and closing in text:
                yield Quoting(partial(_requoted, opening, closing), _PAIR_NOTE.format(opening, closing))


def _is_even(quoting: Quoting, lines: Sequence[str], separator: str | None, *, whole: bool) -> bool:
    """Whether the lines are only even with this quoting, and their cells don't look like parts of prose."""
    converted = list(quoting.lines(lines))
    if converted == lines:
        return False
    separator = separator or find_separator("".join(converted), whole=whole)
    cells = _split(converted, separator)
    if not cells or len(cells[0]) < 2 or any(len(row) != len(cells[0]) for row in cells):
        return False
    plain = _split(lines, separator)
    is_plain_even = len(plain[0]) > 1 and all(len(row) == len(plain[0]) for row in plain) if plain else False
    return not is_plain_even and not any(cell.startswith(" ") for row in cells for cell in row)


def _split(lines: Iterable[str], separator: str) -> list[list[str]]:
    """Split lines with all quotes in place; empty if one isn't."""
    try:
        return [row for row in csv.reader(lines, delimiter=separator, strict=True) if row]
    except csv.Error:
        return []


def _lines(text: str) -> Iterable[str]:
    return StringIO(text, newline="")


def _unwrapped(line: str) -> str:
    """Take the quotation marks off a line that is one quoted cell."""
    text = line.rstrip("\r\n ")
    whole = _WHOLE_LINE.fullmatch(text)
    return whole[1].replace('""', '"') + line[len(text) :] if whole else line


def _requoted(opening: str, closing: str, line: str) -> str:
    """Put CSV's quotation marks in place of others around cells."""
    if opening not in line or '"' in line:
        return line
    return _quoted_cell(opening, closing).sub(r'\1"\2"', line)


def _quoted_cell(opening: str, closing: str) -> re.Pattern[str]:
    """Match a cell from the separator before it on; a closing mark inside is followed by text."""
    end = r"[,;\t|\r\n]|\Z"
    return re.compile(rf"(^|[,;\t|]){opening}((?:[^{closing}\r\n]|{closing}(?!{end}))*+){closing}(?={end})")
