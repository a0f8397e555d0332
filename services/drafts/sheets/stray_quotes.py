"""Records of a text whose quotes don't pair up: the reading that leaves the table even, row by row."""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from services.drafts.sheets.dialect import ends_broken_cell, swallowed_rows
from services.errors import SheetError

_MAX_SPAN_LINES = 5_000
_MAX_REPAIRED_SPAN_LINES = 50
_MAX_REPAIRED_CHARACTERS = 65_536
_MAX_STEPS = 400_000
_LINE_STEPS = 100
_SOLVE_STEPS = 500
_BUDGET = 200_000_000
"""How many steps may be spent on rows in doubt, in all, at roughly 100 ns each; a file made of quotes needs more."""

_PLAIN_QUOTE, _SPACES, _STRAY, _OPEN, _WHOLE_LITERAL, _NEVER_CLOSED = 1, 2, 2, 3, 100, 10_000


class Doubt(Enum):
    """What a person should know about a row whose quotes don't pair up."""

    KEPT = 1
    """It has as many cells as the others because quotes were kept as text."""
    UNEVEN = 2
    """No reading of its quotes gives it as many cells as the others."""
    ROWS_IN_CELL = 3
    """A cell of it spans lines that look like rows."""


class _Reading(NamedTuple):
    """One way to split a line: the lower the cost, the fewer quotes are out of place."""

    cost: int
    cells: list[str]


class CarefulReader:
    """Iterates over records, each with the doubt about it, if any. Time and memory are bounded.

    Raises:
        SheetError: more quotes are out of place than can be examined in reasonable time.
    """

    def __init__(self, lines: Iterable[str], separator: str, width: int) -> None:
        self._lines = iter(lines)
        self._ahead: deque[str] = deque()
        self._separator = separator
        self._width = width
        self._starts_cell = re.compile(f'(?:^|{re.escape(separator)}) *"')
        self._budget = _BUDGET
        self._number = 0

    def __iter__(self) -> Iterator[tuple[list[str], Doubt | None]]:
        broken = False
        for line in self._pending():
            self._number += 1
            cells, doubt = self._record(line) if '"' in line else (self._literal(line), None)
            if broken and not doubt and ends_broken_cell(cells):
                doubt = Doubt.UNEVEN
            broken = 0 < len(cells) < self._width
            yield cells, doubt

    def _pending(self) -> Iterator[str]:
        while True:
            if self._ahead:
                yield self._ahead.popleft()
            elif (line := next(self._lines, None)) is not None:
                yield line
            else:
                return

    def _record(self, line: str) -> tuple[list[str], Doubt | None]:
        cells = self._strict([line])
        if cells is not None and (len(cells) == self._width or '"' not in "".join(cells)):
            return cells, None
        if cells is None and (spanning := self._spanning(line)):
            return spanning
        even = self._solve(_without_break(line), self._width)
        if even and even.cost < _NEVER_CLOSED:
            return even.cells, Doubt.KEPT
        return self._last_resort(line, cells, even)

    def _last_resort(self, line: str, cells: list[str] | None, even: _Reading | None) -> tuple[list[str], Doubt | None]:
        """Read a line that no well-placed quotes make even: over several lines, with a quote closed, or as it is."""
        if cells is None and (repaired := self._repaired_span(line)):
            return repaired, Doubt.KEPT
        if even:
            return even.cells, Doubt.KEPT
        if cells is None:
            return self._literal(line), Doubt.UNEVEN
        as_it_is = self._solve(_without_break(line), len(cells))
        unpaired = line.count('"') % 2
        in_doubt = (unpaired or self._starts_cell.search(line)) and not (as_it_is and as_it_is.cost == 0)
        return cells, Doubt.UNEVEN if in_doubt else None

    def _spanning(self, line: str) -> tuple[list[str], Doubt | None] | None:
        """Read a record of several lines whose quotes are all in place; None if they aren't, or it isn't even."""
        taken = [line]

        def more() -> Iterator[str]:
            yield line
            for following in self._following():
                taken.append(following)
                yield following

        cells = self._strict(more())
        if cells is None or len(cells) != self._width:
            self._spend(sum(map(len, taken)) // 10 + _LINE_STEPS * len(taken))
            return None
        rows = swallowed_rows(cells, self._width, self._separator)
        if rows > 2 and self._solve(_without_break(line), self._width):
            return None
        self._consume(len(taken) - 1)
        return cells, Doubt.ROWS_IN_CELL if rows else None

    def _repaired_span(self, line: str) -> list[str] | None:
        """Read a record of several lines with quotes inside its cells that should have been doubled."""
        text = line
        for count, following in enumerate(self._following(), 1):
            if count > _MAX_REPAIRED_SPAN_LINES or len(text) > _MAX_REPAIRED_CHARACTERS:
                return None
            text += following
            if '"' in following:
                even = self._solve(_without_break(text), self._width)
                if even and even.cost < _NEVER_CLOSED and not swallowed_rows(even.cells, self._width, self._separator):
                    self._consume(count)
                    return even.cells
        return None

    def _following(self) -> Iterator[str]:
        """Give the lines after the current one, and keep them to be read again."""
        for index in range(_MAX_SPAN_LINES):
            if index == len(self._ahead):
                line = next(self._lines, None)
                if line is None:
                    return
                self._ahead.append(line)
            yield self._ahead[index]

    def _consume(self, count: int) -> None:
        for _ in range(count):
            self._ahead.popleft()

    def _strict(self, lines: Iterable[str]) -> list[str] | None:
        """Read one record whose quotes are all in place; None if one isn't, or stays open."""
        try:
            return next(csv.reader(lines, delimiter=self._separator, strict=True), [])
        except csv.Error:
            return None

    def _literal(self, line: str) -> list[str]:
        text = _without_break(line)
        return text.split(self._separator) if text else []

    def _spend(self, steps: int) -> None:
        self._budget -= steps
        if self._budget < 0:
            raise SheetError(
                f'Too many quotation marks (") in this file are out of place, up to row {self._number:,}. Save it as '
                "XLSX, and upload it again."
            )

    def _solve(self, text: str, width: int) -> _Reading | None:
        """Find the cheapest way to split a text into `width` cells, or None if there is none."""
        starts = [0, *(match.end() for match in re.finditer(re.escape(self._separator), text))]
        ends = [start - 1 for start in starts[1:]] + [len(text)]
        quoted = sum(text.startswith(('"', " "), start) for start in starts)
        steps = (1 + quoted) * len(starts) * (1 + len(starts) - width)
        possible = len(starts) >= width and steps <= _MAX_STEPS
        self._spend(_SOLVE_STEPS + len(text) + (steps if possible else 0))
        if not possible:
            return None
        return _cheapest(text, starts, ends, width)


def _cheapest(text: str, starts: Sequence[int], ends: Sequence[int], width: int) -> _Reading | None:
    """Choose which separators split: the best way to reach each of them with each number of cells."""
    spare = len(starts) - width
    # by the number of separators inside cells so far, which with the position gives the number of cells
    best: list[dict[int, tuple[int, int, int]]] = [{} for _ in range(len(starts) + 1)]
    best[0][0] = (0, 0, 0)
    for first, start in enumerate(starts):
        if not best[first]:
            continue
        for last in range(first, min(len(ends), first + spare + 1)):
            cost = _cost(text[start : ends[last]], separators=last - first)
            if cost is None:
                if not _opens(text, start):
                    break
                continue
            for inside, (so_far, _, _) in best[first].items():
                now_inside = inside + last - first
                candidate = (so_far + cost, first, inside)
                if now_inside <= spare and candidate < best[last + 1].get(now_inside, (candidate[0] + 1, 0, 0)):
                    best[last + 1][now_inside] = candidate
    if spare not in best[-1]:
        return None
    cells: list[str] = []
    position, inside = len(starts), spare
    while position:
        _, first, before = best[position][inside]
        cells.append(_content(text[starts[first] : ends[position - 1]], separators=position - 1 - first))
        position, inside = first, before
    return _Reading(best[-1][spare][0], cells[::-1])


def _opens(text: str, start: int) -> bool:
    return text.startswith(('"', " "), start) and text[start:].lstrip(" ").startswith('"')


def _cost(raw: str, separators: int) -> int | None:
    """Say how unlikely it is that this is one cell with so many separators inside; None if it can't be."""
    has_break = "\n" in raw or "\r" in raw
    if '"' not in raw:
        return None if separators or has_break else 0
    inner = _quoted(raw)
    if inner is not None:
        return _STRAY * _strays(inner)
    padded = _quoted(raw.strip(" ")) if separators else None
    if padded is not None:
        return _SPACES + _STRAY * _strays(padded)
    if has_break:
        return None
    if separators:
        return _NEVER_CLOSED if raw.startswith('"') else None
    return _OPEN if raw.startswith('"') else _PLAIN_QUOTE


def _content(raw: str, separators: int) -> str:
    """Give the cell that `_cost` has judged."""
    inner = _quoted(raw)
    if inner is None and separators:
        inner = _quoted(raw.strip(" "))
    if inner is None:
        return raw
    return re.sub('"+', lambda run: '"' * ((len(run[0]) + 1) // 2), inner)


def _quoted(raw: str) -> str | None:
    """Give what stands between the first and the last quote of a quoted cell, or None if it isn't one."""
    return raw[1:-1] if len(raw) > 1 and raw[0] == raw[-1] == '"' else None


def _strays(inner: str) -> int:
    """Count the quotes inside a quoted cell that should have been doubled."""
    return sum(len(run) % 2 for run in re.findall('"+', inner))


def _without_break(line: str) -> str:
    return line.removesuffix("\n").removesuffix("\r")
