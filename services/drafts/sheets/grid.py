"""Sheets that we read from XML or HTML by ourselves: what a reader collects on its way through the file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from xml.parsers import expat

from services.drafts.sheets.book import check_sheet, in_order, table_merges
from services.drafts.sheets.moments import DATE_NOTE
from services.drafts.sheets.refusals import damaged_error
from services.drafts.sheets.source import Flaw, Hidden, Merge, RawRow, Source
from services.drafts.sheets.text import nul_note
from services.models import Reading

MAX_COLUMNS = 16_384
"""As in Excel; cells beyond are damage."""
MAX_ROWS = 1_048_576
"""As in Excel; rows beyond are damage."""
_NEVER = 1_000_000_000


@dataclass
class Grid:
    """One sheet as it is met in the file; `rows` is drained as reading goes along."""

    name: str
    is_hidden: bool = False
    is_active: bool = False
    merged: list[Merge] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    filtered_rows: set[int] = field(default_factory=set)
    """Those of the hidden rows that a filter hides."""
    hidden_columns: set[int] = field(default_factory=set)
    first_column: int = _NEVER
    has_dates: bool = False
    nul: int = 0
    rows: list[RawRow] = field(default_factory=list)

    def hidden(self, first_column: int) -> Hidden:
        """Say what is hidden; columns are counted from the first one in use."""
        columns = (column - first_column for column in self.hidden_columns if column >= first_column)
        return Hidden(frozenset(self.hidden_rows), frozenset(self.filtered_rows), frozenset(columns))

    def add(self, number: int, texts: list[str], flaws: Sequence[Flaw], *, is_kept: bool) -> None:
        """Count a row in, whose number counts from 1; it's only kept if somebody is going to read it."""
        if number > MAX_ROWS or len(texts) > MAX_COLUMNS:
            raise damaged_error()
        first = next((column for column, text in enumerate(texts) if text), _NEVER)
        self.first_column = min(self.first_column, first, *(column for column, _, _ in flaws))
        if any("\0" in text for text in texts):
            self.nul += sum(text.count("\0") for text in texts)
            texts = [text.replace("\0", "\ufffd") for text in texts]
        if is_kept:
            self.rows.append((number, texts, tuple(flaws)))


class Grids:
    """A file of sheets, each of which can be read from the file as often as needed.

    `read` walks through the file and gives the grids again and again as their rows come in; only those of the grid
    whose position it gets are kept.
    """

    def __init__(self, read: Callable[[int | None], Iterator[list[Grid]]], active: str | None = None) -> None:
        self._read = read
        self._grids: list[Grid] = []
        for grids in read(None):
            self._grids = grids
        name_apart(self._grids)
        active = active or next((grid.name for grid in self._grids if grid.is_active), None)
        names = [grid.name for grid in self._grids]
        self.hidden_sheets = tuple(grid.name for grid in self._grids if grid.is_hidden)
        self.sheets = in_order(names, self.hidden_sheets, active)

    def open_sheet(self, name: str) -> Source:
        """Load one sheet.

        Raises:
            SheetError: there is no such sheet, or it is damaged.
        """
        check_sheet(name, self.sheets)
        position = next(number for number, grid in enumerate(self._grids) if grid.name == name)
        grid = self._grids[position]
        first_column = 0 if grid.first_column == _NEVER else grid.first_column
        return Source(
            rows=lambda: self._rows(position, first_column),
            reading=Reading(sheet=name),
            notes=lambda: grid_notes(grid),
            merged=table_merges(grid.merged, first_column),
            hidden=grid.hidden(first_column),
        )

    def _rows(self, position: int, first_column: int) -> Iterator[RawRow]:
        for grids in self._read(position):
            for grid in islice(grids, position, position + 1):
                for number, texts, flaws in grid.rows:
                    moved = [(column - first_column, value, message) for column, value, message in flaws]
                    yield number, texts[first_column:], moved
                grid.rows.clear()


def name_apart(grids: Sequence[Grid]) -> None:
    """Give every grid a name of its own."""
    used: set[str] = set()
    for number, grid in enumerate(grids, 1):
        name = grid.name or f"Sheet{number}"
        while name in used:
            name = f"{grid.name} ({number})"
            number += len(grids)
        used.add(name)
        grid.name = name


def grid_notes(grid: Grid) -> tuple[str, ...]:
    """Say what was changed in the cells of a grid."""
    return ((DATE_NOTE,) if grid.has_dates else ()) + ((nul_note(grid.nul),) if grid.nul else ())


def parse_xml(
    pieces: Iterable[bytes],
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
    encoding: str | None = None,
) -> Iterator[None]:
    """Feed XML to handlers piece by piece; names come as `namespace name`. Declared entities are refused.

    Raises:
        SheetError: the XML is damaged.
    """
    parser = expat.ParserCreate(encoding, namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = _refuse_entity
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            yield
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError) as exc:
        raise damaged_error() from exc
    yield


def _refuse_entity(*_: object) -> None:
    """Spreadsheet programs declare none; files that do want to unpack to gigabytes."""
    raise damaged_error()
