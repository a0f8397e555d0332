"""Rows as a file has them -> named columns and packed rows, within the limits."""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from services.drafts.sheets.headers import name_columns
from services.errors import SheetError
from services.models import Problem, Reading, SheetRow
from services.store.chunks import CHUNK_ROWS, pack

Flaw = tuple[int, str, str]
"""A problem of one cell: its position in the row from 0, its value, the sentence about it."""

RawRow = tuple[int, Sequence[str], Sequence[Flaw]]
"""One row of a file, blank or not: its number, its cells (rows may differ in length), its flaws."""

_LENGTH = struct.Struct(">I")


class Merge(NamedTuple):
    """Merged cells: rows as the spreadsheet program counts them, columns from 0; both ends are part of it."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(frozen=True)
class Limits:
    """The largest spreadsheet that is taken."""

    max_bytes: int
    max_rows: int
    """Without the header and blank rows."""
    max_columns: int


@dataclass(frozen=True)
class Source:
    """An opened file, or one sheet of it."""

    rows: Callable[[], Iterable[RawRow]]
    """Begins anew with each call."""
    reading: Reading
    notes: Callable[[], tuple[str, ...]]
    """To be asked after the rows were read."""
    merged: Sequence[Merge] = ()
    """Cells of the first rows that were merged; known before the rows are read."""
    hidden_rows: frozenset[int] = frozenset()
    """The numbers of rows that a filter hides; known before the rows are read."""


@dataclass(frozen=True)
class Table:
    """What became of the rows, apart from the packed rows themselves."""

    columns: tuple[str, ...]
    row_count: int
    notes: tuple[str, ...]


class NoRowsError(SheetError):
    """There are no rows."""


def counted(count: int, thing: str) -> str:
    """Say a number of things with its verb in the past: "1 row was", "3 rows were"."""
    return f"{count:,} {thing} was" if count == 1 else f"{count:,} {thing}s were"


def build(source: Source, limits: Limits, out: BinaryIO, on_progress: Callable[[int], None]) -> Table:
    """Read a source, and write its rows to `out` as chunks, which `read_chunks` gives back.

    `on_progress` gets the number of rows read so far, once per chunk.

    Raises:
        NoRowsError: there is no row below the header.
        SheetError: a limit is exceeded, or the source cannot be read.
    """
    width = 0
    while True:
        out.seek(0)
        out.truncate()
        one_pass = _Pass(source, limits, width, on_progress)
        one_pass.run(out)
        if one_pass.needed <= one_pass.width:
            break
        width = one_pass.needed  # some row is longer than the header: only now is it known by how much
    names, notes = name_columns(one_pass.header)
    blank = (f"{counted(one_pass.blank, 'blank row')} left out.",) if one_pass.blank else ()
    return Table(names, one_pass.count, notes + blank + source.notes())


def read_chunks(packed: BinaryIO) -> Iterator[bytes]:
    """Give the chunks that `build` wrote, in order."""
    while prefix := packed.read(_LENGTH.size):
        yield packed.read(_LENGTH.unpack(prefix)[0])


class _Pass:
    """One walk through all rows, with a width that is taken to be right until a longer row shows up."""

    def __init__(self, source: Source, limits: Limits, width: int, on_progress: Callable[[int], None]) -> None:
        self._rows = iter(source.rows())
        self._limits = limits
        self._on_progress = on_progress
        self.header = _pad(_trim([name.strip() for name in self._first()]), width)
        self.width = self.needed = len(self.header)
        self.count = self.blank = self._empty_lines = 0

    def run(self, out: BinaryIO) -> None:
        """Count all rows, and write them as long as width and limits hold."""
        names = name_columns(self.header)[0] if self.width <= self._limits.max_columns else ()
        width = self.width
        group: list[SheetRow] = []
        for number, cells, flaws in self._rows:
            # The first cell of a row that is not blank is seldom blank: asking it alone saves most of the time
            if not (cells and cells[0].strip()) and not flaws and not any(map(str.strip, cells)):
                self._skip(cells)
                continue
            if self._empty_lines:
                self._end_gap()
            if len(cells) != width:
                cells = self._fitted(cells)
            group.append(SheetRow(number, tuple(cells), self._problems(names, flaws) if flaws else ()))
            if len(group) == CHUNK_ROWS:
                self._take(group, names, out)
                group = []
        if group:
            self._take(group, names, out)
        self._check()

    def _first(self) -> Sequence[str]:
        for _, cells, _ in self._rows:
            if any(map(str.strip, cells)):
                return cells
        raise NoRowsError("This spreadsheet is empty. Choose one with a header row and at least one row below it.")

    def _skip(self, cells: Sequence[str]) -> None:
        """Leave out a blank row; an empty line only counts as one if something follows."""
        self._empty_lines += 1
        if cells:
            self._end_gap()

    def _end_gap(self) -> None:
        self.blank += self._empty_lines
        self._empty_lines = 0

    def _fitted(self, cells: Sequence[str]) -> Sequence[str]:
        """Bring a row to the width; what stands beyond it makes the table wider."""
        if len(cells) > self.width and any(cells[self.width :]):
            self.needed = max(self.needed, len(_trim(cells)))
        return _pad(cells[: self.width], self.width)

    def _problems(self, names: Sequence[str], flaws: Sequence[Flaw]) -> tuple[Problem, ...]:
        """Name the columns of the flaws; one beyond the last column makes the table wider."""
        self.needed = max(self.needed, 1 + max(position for position, _, _ in flaws))
        if self.needed > len(names):
            return ()  # these rows will be read once more
        return tuple(Problem(names[position], value, message) for position, value, message in flaws)

    def _take(self, group: Sequence[SheetRow], names: Sequence[str], out: BinaryIO) -> None:
        self.count += len(group)
        if self.count <= self._limits.max_rows and self.needed == len(names):
            chunk = pack(group)
            out.write(_LENGTH.pack(len(chunk)))
            out.write(chunk)
        self._on_progress(self.count)

    def _check(self) -> None:
        if self.needed > self._limits.max_columns:
            raise SheetError(
                f"This spreadsheet has {self.needed:,} columns; at most {self._limits.max_columns:,} are taken. "
                "Delete the columns that are not needed, and upload it again."
            )
        if self.count > self._limits.max_rows:
            raise SheetError(
                f"This spreadsheet has {self.count:,} rows; at most {self._limits.max_rows:,} are taken. "
                "Split it into several files, and upload them one by one."
            )
        if not self.count:
            raise NoRowsError(
                "This spreadsheet has only a header and no rows. Add at least one row below it, and upload it again."
            )


def _trim(cells: Sequence[str]) -> Sequence[str]:
    """Cut off the empty cells at the end."""
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _pad(cells: Sequence[str], width: int) -> Sequence[str]:
    return [*cells, *[""] * (width - len(cells))]
