"""Rows as a file has them -> named columns and packed rows, within the limits."""

import struct
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import SEEK_END
from itertools import chain, islice, repeat, takewhile
from typing import BinaryIO

from services.chunks import CHUNK_ROWS, pack, unpack
from services.drafts.sheets.flaws import flaw_notes
from services.drafts.sheets.footers import TAIL_ROWS, find_footer
from services.drafts.sheets.headers import name_columns
from services.drafts.sheets.hidden import hidden_column_notes, hidden_row_notes
from services.drafts.sheets.invisible import has_invisible, is_invisible
from services.drafts.sheets.merged import FillDown
from services.drafts.sheets.row_numbers import name_rows
from services.drafts.sheets.source import Flaw, Merge, MisreadError, RawRow, Source
from services.drafts.sheets.top import outer_row, read_top
from services.errors import SheetError
from services.models import Layout, OuterKind, Problem, SheetRow

__all__ = ["Flaw", "Limits", "Merge", "NoRowsError", "RawRow", "Source", "Table", "build", "counted", "read_chunks"]

_LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class Limits:
    """The largest spreadsheet that can be used."""

    max_bytes: int
    max_rows: int
    """Without the header and blank rows."""
    max_columns: int


@dataclass(frozen=True)
class Table:
    """What the rows became, apart from the packed rows themselves."""

    columns: tuple[str, ...]
    row_count: int
    notes: tuple[str, ...]
    layout: Layout


class NoRowsError(SheetError):
    """There are no rows."""


def counted(count: int, thing: str) -> str:
    """Say a number of things with its verb in the past: "1 row was", "3 rows were"."""
    return f"{count:,} {thing} was" if count == 1 else f"{count:,} {thing}s were"


def build(source: Source, limits: Limits, out: BinaryIO, on_progress: Callable[[int], None]) -> Table:
    """Read a source, and write its rows to `out` as chunks, which `read_chunks` gives back.

    Args:
        source: the rows, and how a person wants them read.
        limits: the largest table that can be used.
        out: a file to write and read.
        on_progress: gets the number of rows read so far, once per chunk.

    Raises:
        NoRowsError: there is no row below the header.
        SheetError: a limit is exceeded, or the source cannot be read.
    """
    width = 0
    while True:
        out.seek(0)
        out.truncate()
        try:
            one_pass = _Pass(source, limits, width, out, on_progress)
            one_pass.run()
        except MisreadError:
            continue
        if one_pass.needed <= one_pass.width:
            return one_pass.table()
        width = one_pass.needed  # some row is longer than the header: only now is it known by how much


def read_chunks(packed: BinaryIO) -> Iterator[bytes]:
    """Give the chunks that `build` wrote, in order."""
    while prefix := packed.read(_LENGTH.size):
        yield packed.read(_LENGTH.unpack(prefix)[0])


class _Pass:
    """One walk through all rows, with a width that is assumed to be right until a longer row shows up."""

    def __init__(
        self, source: Source, limits: Limits, width: int, out: BinaryIO, on_progress: Callable[[int], None]
    ) -> None:
        self._source = source
        self._limits = limits
        self._out = out
        self._on_progress = on_progress
        rows = iter(source.rows())
        top = read_top(rows, source.reading, source.merged)
        if top is None:
            raise NoRowsError("This spreadsheet is empty. Choose one with a header row and at least one row below it.")
        self._top = top
        self._merged = FillDown(source.merged, top.header.rows[-1])
        self._rows = self._merged.rows(chain(top.body, rows))
        self._header = _pad(_trim(top.header.names), width)
        self.width = self.needed = len(self._header)
        self._names = name_columns(self._header)[0] if self.width <= limits.max_columns else ()
        self._count = self._blank = self._empty_lines = 0
        self._flaws: Counter[tuple[str, int]] = Counter()
        """The number of cells with a flaw by the flaw's message and their column's position."""
        self._has_names = sum(map(bool, self._header)) > 1
        self._repeated: list[int] = []
        self._hidden: list[int] = []
        self._footer: list[tuple[SheetRow, OuterKind]] = []

    def run(self) -> None:
        """Count all rows, and write them as long as width and limits hold; the last ones wait for the end."""
        rows = iter(self._visible() if self._source.hidden.rows else self._rows)
        group: list[SheetRow] = []
        while some := list(islice(rows, CHUNK_ROWS)):
            group += self._even(some) or self._uneven(some)
            while len(group) >= CHUNK_ROWS + TAIL_ROWS:
                self._write(group[:CHUNK_ROWS])
                del group[:CHUNK_ROWS]
        self._finish(group)
        self._check()

    def table(self) -> Table:
        """Give what the rows became, after `run`."""
        names, renamed = name_columns(self._header)
        blank = (f"{counted(self._blank, 'blank row')} left out.",) if self._blank else ()
        left_out = (*self._repeated_notes(), *self._footer_notes(), *self._hidden_notes(names), *blank)
        cells = (*self._merged.notes(names), *flaw_notes(self._flaws, names))
        notes = (*self._top.notes, *renamed, *cells, *left_out, *self._source.notes())
        footer = tuple(outer_row(row.number, kind, row.cells) for row, kind in self._footer)
        layout = replace(self._top.layout, footer=footer, hidden_rows=len(self._hidden))
        return Table(names, self._count, notes, layout)

    # while reading

    def _even(self, rows: Sequence[RawRow]) -> list[SheetRow]:
        """Take rows of the usual kind all together, which saves half of the time; none if any is of another kind.

        The first cell of a row that isn't blank is seldom blank, so the others aren't asked.
        """
        numbers, cells, flaws = zip(*rows, strict=True)
        if any(flaws) or set(map(len, cells)) != {self.width} or not self._begin_ordinarily(cells):
            return []
        if self._empty_lines:
            self._end_gap()
        return list(map(SheetRow, numbers, map(tuple, cells), repeat(())))

    def _begin_ordinarily(self, rows: Iterable[Sequence[str]]) -> bool:
        """Whether the first cells of rows are neither blank nor the name of their column."""
        name = self._header[0]
        return all((first := row[0].strip()) and first != name for row in rows)

    def _uneven(self, rows: Sequence[RawRow]) -> Iterator[SheetRow]:
        """Take rows one by one: some are blank, longer or shorter than the header, or have flaws."""
        for number, cells, flaws in rows:
            if not flaws and not any(map(str.strip, cells)):
                self._skip(cells)
                continue
            if self._empty_lines:
                self._end_gap()
            if len(cells) != self.width:
                cells = self._fitted(cells)
            if self._is_header(cells):
                self._repeated.append(number)
                continue
            yield SheetRow(number, tuple(cells), self._problems(flaws) if flaws else ())

    def _is_header(self, cells: Sequence[str]) -> bool:
        """Whether a row repeats the column names, as where files were joined."""
        if not self._has_names or cells[0].strip() != self._header[0]:
            return False
        return [cell.strip() for cell in cells] == [*self._header]

    def _visible(self) -> Iterator[RawRow]:
        """Note the hidden rows, and leave them out if a person wants that."""
        for row in self._rows:
            if row[0] in self._source.hidden.rows and any(map(str.strip, row[1])):
                self._hidden.append(row[0])
                if self._source.reading.skip_hidden:
                    continue
            yield row

    def _skip(self, cells: Sequence[str]) -> None:
        """Leave out a blank row; an empty line only counts as one if something follows."""
        self._empty_lines += 1
        if cells:
            self._end_gap()

    def _end_gap(self) -> None:
        self._blank += self._empty_lines
        self._empty_lines = 0

    def _fitted(self, cells: Sequence[str]) -> Sequence[str]:
        """Fit a row to the width; text beyond it makes the table wider."""
        if len(cells) > self.width and any(cells[self.width :]):
            self.needed = max(self.needed, len(_trim(cells)))
        return _pad(cells[: self.width], self.width)

    def _problems(self, flaws: Sequence[Flaw]) -> tuple[Problem, ...]:
        """Name the columns of the flaws; one beyond the last column makes the table wider."""
        self.needed = max(self.needed, 1 + max(position for position, _, _ in flaws))
        if self.needed > len(self._names):
            return ()  # these rows will be read once more
        self._flaws.update((message, position) for position, _, message in flaws)
        return tuple(Problem(self._names[position], value, message) for position, value, message in flaws)

    def _write(self, group: Sequence[SheetRow]) -> None:
        group = self._without_invisible(group)
        self._count += len(group)
        if self._count <= self._limits.max_rows and self.needed == len(self._names):
            chunk = pack(group)
            self._out.write(_LENGTH.pack(len(chunk)))
            self._out.write(chunk)
        self._on_progress(self._count)

    def _without_invisible(self, group: Sequence[SheetRow]) -> Sequence[SheetRow]:
        """Empty the cells that hold only characters nobody can see; rows that become blank are left out."""
        text = "".join(["".join(row.cells) for row in group])
        if not has_invisible(text):
            return group
        rows = [row._replace(cells=tuple("" if is_invisible(cell) else cell for cell in row.cells)) for row in group]
        kept = [row for row in rows if row.problems or any(map(str.strip, row.cells))]
        self._blank += len(rows) - len(kept)
        return kept

    # at the end

    def _finish(self, group: list[SheetRow]) -> None:
        """Find the footer in the last rows, and write what is left."""
        if self.needed == self.width:  # else these rows will be read once more
            self._footer = find_footer(group, self._has_gap, lambda number: self._rows_before(number, group))
            self._out.seek(0, SEEK_END)
        if self._footer and not self._source.reading.keep_footer:
            kept = group[: -len(self._footer)]
            self._forget_gaps(kept[-1].number, group[-1].number)
            group = kept
        for start in range(0, len(group), CHUNK_ROWS):
            self._write(group[start : start + CHUNK_ROWS])

    def _rows_before(self, number: int, group: Sequence[SheetRow]) -> Iterator[SheetRow]:
        """Give the rows before a row number, from those written and those in the group."""
        self._out.seek(0)
        written = (row for chunk in read_chunks(self._out) for row in unpack(chunk))
        return takewhile(lambda row: row.number < number, chain(written, group))

    def _has_gap(self, upper: int, lower: int) -> bool:
        return self._blank_between(upper, lower) > 0

    def _blank_between(self, upper: int, lower: int) -> int:
        """Count the blank rows between two; those that were left out for another reason aren't blank."""
        skipped: list[int] = [*self._repeated, *(self._hidden if self._source.reading.skip_hidden else ())]
        return lower - upper - 1 - sum(upper < number < lower for number in skipped)

    def _forget_gaps(self, last_kept: int, last: int) -> None:
        """Don't count blank rows in a footer that is left out."""
        numbers = [last_kept, *(row.number for row, _ in self._footer)]
        self._blank -= sum(map(self._blank_between, numbers, [*numbers[1:], last + 1]))

    def _footer_notes(self) -> tuple[str, ...]:
        if not self._footer or self._source.reading.keep_footer:
            return ()
        kinds = {kind for _, kind in self._footer}
        one = len(self._footer) == 1
        looks = _LOOKS[kinds.pop() if len(kinds) == 1 else None][0 if one else 1]
        rows = name_rows([row.number for row, _ in self._footer])
        return (f"{rows.capitalize()} {looks} and {'is' if one else 'are'} left out.",)

    def _repeated_notes(self) -> tuple[str, ...]:
        if not self._repeated:
            return ()
        repeat = "repeats the column names and was" if len(self._repeated) == 1 else "repeat the column names and were"
        return (f"{name_rows(self._repeated).capitalize()} {repeat} left out.",)

    def _hidden_notes(self, names: Sequence[str]) -> tuple[str, ...]:
        hidden, are_left_out = self._source.hidden, self._source.reading.skip_hidden
        rows = hidden_row_notes(self._hidden, hidden, are_left_out=are_left_out)
        return rows + hidden_column_notes(hidden, names)

    def _check(self) -> None:
        if self.needed > self._limits.max_columns:
            raise SheetError(
                f"This spreadsheet has {self.needed:,} columns; the limit is {self._limits.max_columns:,}. "
                "Delete the columns you don't need and upload it again."
            )
        if self._count > self._limits.max_rows:
            raise SheetError(
                f"This spreadsheet has {self._count:,} rows; the limit is {self._limits.max_rows:,}. "
                "Split it into several files and upload them one by one."
            )
        if not self._count:
            raise NoRowsError(self._no_rows())

    def _no_rows(self) -> str:
        if self._hidden:
            return "Every row of this spreadsheet is hidden. Include the hidden rows, or show them in your spreadsheet."
        if self._source.reading.header_row:
            return (
                f"There are no rows below row {self._top.header.rows[-1]:,}. Choose another row for the column names."
            )
        return "This spreadsheet has a header but no rows. Add at least one row below the header and upload it again."


_LOOKS = {
    OuterKind.TOTAL: ("looks like a total", "look like totals"),
    OuterKind.REMARK: ("looks like a footnote", "look like footnotes"),
    None: ("", "look like totals and footnotes"),
}
"""What footer rows look like, by their kind if they're all of one: for one row, for several."""


def _trim(cells: Sequence[str]) -> Sequence[str]:
    """Cut off the empty cells at the end."""
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _pad(cells: Sequence[str], width: int) -> Sequence[str]:
    return [*cells, *[""] * (width - len(cells))]
