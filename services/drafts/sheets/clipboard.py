"""Cells as spreadsheet programs put them on the clipboard -> the same cells with CSV's quotes."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from io import StringIO

from services.drafts.sheets.dialect import LINE_BREAK, swallowed_rows

_QUOTED = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"(?=[\t\r\n]|\Z)')
_TYPED = re.compile(r"[^\t\r\n]*")
_MAX_CHARACTERS_AHEAD = 50_000_000
"""How many characters may be read ahead in vain, in all, before no cell may span lines anymore."""


def requoted(text: str) -> str:
    """Quote the cells of a table from the clipboard, whose separator is the tab, as CSV does.

    The clipboard quotes a cell only if it contains a tab or a line break. All other quotes are part of the text.
    """
    out = StringIO(newline="")
    csv.writer(out, delimiter="\t").writerows(_rows(text))
    return out.getvalue()


def _rows(text: str) -> Iterator[list[str]]:
    """Read each row with quoted cells where they leave it even, and as it was typed otherwise."""
    width = _width(text)
    position, ahead = 0, _MAX_CHARACTERS_AHEAD
    while position < len(text):
        cells, end = typed, typed_end = _row(text, position, "")
        # Cells with line breaks are common, cells with tabs are not: quotes as they were typed go before those
        for inside in ("\r\n", "", "\t\r\n") if ahead > 0 and any(cell.startswith('"') for cell in typed) else ():
            cells, end = _row(text, position, inside)
            if len(cells) == width and not swallowed_rows(cells, width, "\t"):
                break
            ahead -= end - position
            cells, end = typed, typed_end
        yield cells
        position = end


def _row(text: str, position: int, inside: str) -> tuple[list[str], int]:
    """Read one row, in which a cell counts as quoted if it contains one of the characters and no other line break.

    Returns:
        Its cells, and where the next row begins.
    """
    cells: list[str] = []
    while True:
        quoted = _QUOTED.match(text, position) if inside else None
        special = set("\t\r\n").intersection(quoted[1]) if quoted else set()
        if quoted and special and special <= set(inside):
            cells.append(quoted[1].replace('""', '"'))
            position = quoted.end()
        else:
            typed = _TYPED.match(text, position)
            position = typed.end() if typed else position
            cells.append(typed[0] if typed else "")
        if not text.startswith("\t", position):
            line_break = LINE_BREAK.match(text, position)
            return cells if cells != [""] else [], line_break.end() if line_break else position
        position += 1


def _width(text: str) -> int:
    """Give the number of cells of the first line, or the usual one of the others if it has quotes."""
    lines = (line for line in StringIO(text, newline="") if line.strip())
    first = next(lines, "")
    if '"' not in first:
        return first.count("\t") + 1
    widths = Counter(line.count("\t") + 1 for line in lines if '"' not in line)
    return max(widths, key=lambda width: widths[width], default=first.count("\t") + 1)
