"""Which row of a sheet holds the column names.

An ordinary file has them in its first row, and nothing here may change that: another row is proposed only where the
rows above it are surely titles, and two rows are joined only where the upper one surely spans columns.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.drafts.sheets.cells import is_data, is_year
from services.drafts.sheets.row_numbers import name_rows
from services.drafts.sheets.source import Merge

HEAD_ROWS = 50
"""How many rows from the top are searched for column names."""


@dataclass(frozen=True)
class HeadRow:
    """A row near the top that isn't blank."""

    number: int
    cells: tuple[str, ...]
    """Without white space around them; cells merged with the one above repeat its text."""
    length: int
    """How many cells the file has in this row, empty ones included."""

    @property
    def filled(self) -> tuple[int, ...]:
        """The columns that hold text."""
        return tuple(column for column, cell in enumerate(self.cells) if cell)

    def cell(self, column: int) -> str:
        """The text in a column; nothing beyond the row's end."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True)
class Header:
    """The row or rows that hold the column names."""

    rows: tuple[int, ...]
    """Their numbers."""
    names: tuple[str, ...]
    """As they are in the file: some may be empty or repeated."""
    reason: str = ""
    """Why they were chosen, as a sentence; nothing where it's the first row."""


def head_rows(rows: Sequence[tuple[int, Sequence[str]]], merged: Sequence[Merge]) -> list[HeadRow]:
    """Prepare the first rows of a sheet; blank ones are left out."""
    texts = {number: [cell.strip() for cell in cells] for number, cells in rows}
    for merge in merged:
        name = _at(texts.get(merge.first_row, []), merge.first_column)
        for number, below in texts.items():
            merges = merge.first_row < number <= merge.last_row
            if name and merges and any(below) and not _at(below, merge.first_column):
                below.extend([""] * (merge.first_column + 1 - len(below)))
                below[merge.first_column] = name
    return [HeadRow(number, tuple(cells), len(cells)) for number, cells in texts.items() if any(cells)]


def find_header(rows: Sequence[HeadRow], merged: Sequence[Merge]) -> Header:
    """Find the column names in the first rows of a sheet, of which there must be one."""
    place = _first_below_titles(rows, merged)
    for upper in (place, place - 1):
        if 0 <= upper < len(rows) - 2 and _is_pair(rows, upper, merged):
            numbers = (rows[upper].number, rows[upper + 1].number)
            why = f"Column names are in {name_rows(numbers)}: row {numbers[0]} has names over several columns."
            return Header(numbers, join_names(rows[upper], rows[upper + 1], merged), why)
    return Header((rows[place].number,), rows[place].cells, _reason(rows, place) if place else "")


def may_go_on(rows: Sequence[HeadRow], header: Header) -> bool:
    """Tell whether the row below a header of one row may belong to it."""
    place = next((place for place, row in enumerate(rows) if row.number == header.rows[-1]), len(rows))
    if len(header.rows) > 1 or place + 2 >= len(rows) or rows[place + 1].number != rows[place].number + 1:
        return False
    return _could_be_pair(rows, place)


def join_names(upper: HeadRow, lower: HeadRow, merged: Sequence[Merge]) -> tuple[str, ...]:
    """Join the names in two rows: a name over several columns goes before each of theirs."""
    over = _spread(upper, lower, merged)
    names = []
    for column, name in enumerate(over):
        below = lower.cell(column)
        names.append(name if below in ("", name) else f"{name} {below}".strip())
    return tuple(names)


def has_gaps(upper: HeadRow, lower: HeadRow) -> bool:
    """Tell whether the upper of two rows could hold names over several columns: it has gaps, or repeats itself."""
    texts = [cell.casefold() for cell in upper.cells if cell]
    gaps = any(not upper.cell(column) for column in lower.filled)
    return len(texts) > 1 and (gaps or len(set(texts)) < len(texts))


def _at(cells: Sequence[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""


def _reason(rows: Sequence[HeadRow], place: int) -> str:
    cells = "one cell" if all(len(row.filled) == 1 for row in rows[:place]) else "fewer cells"
    above = "the row above has" if place == 1 else "the rows above have"
    return f"Column names are in row {rows[place].number}: {above} {cells}."


# titles above the names


def _first_below_titles(rows: Sequence[HeadRow], merged: Sequence[Merge]) -> int:
    """The place of the row with the names, where all above it are titles; the first row in all other cases."""
    widest = len(rows[0].filled)
    if widest > 2:
        return 0
    for place in range(1, len(rows) - 1):
        if len(rows[place].filled) > widest and _heads_rows_below(rows, place, widest):
            first = place - 1 if place > 1 and _is_pair(rows, place - 1, merged) else place
            return place + _is_group_row(rows, place) if _are_titles(rows, first) else 0
        widest = max(widest, len(rows[place].filled))
    return 0


def _heads_rows_below(rows: Sequence[HeadRow], place: int, widest_above: int) -> bool:
    """Whether a row holds names that reach as far as most rows below it, which are wider than the ones above."""
    row, below = rows[place], rows[place + 1 :]
    alike = [r for r in below if r.filled[-1] <= row.filled[-1] and len(r.filled) > widest_above]
    return _are_names(row) and len(alike) * 2 > len(below)


def _are_names(row: HeadRow) -> bool:
    """Whether the cells of a row can be names of columns: most differ from each other, and none is a value."""
    names = [row.cells[column] for column in row.filled]
    years = sum(map(is_year, names))
    values = sum(is_data(name) for name in names) - years
    different = len({name.casefold() for name in names})
    return different * 2 > len(names) and not values and years < len(names)


def _is_group_row(rows: Sequence[HeadRow], place: int) -> bool:
    """Whether a row has gaps that names in the next one fill, over values that are no names."""
    if place + 2 >= len(rows):
        return False
    row, lower = rows[place], rows[place + 1]
    fills = lower.number == row.number + 1 and set(row.filled) < set(lower.filled)
    return fills and _are_names(lower) and _has_values_below(rows, place + 1)


def _has_values_below(rows: Sequence[HeadRow], place: int) -> bool:
    """Whether some column holds values, and no text, below its name."""
    below = rows[place + 1 :]
    for column in rows[place].filled:
        cells = [row.cell(column) for row in below if row.cell(column)]
        if cells and all(map(is_data, cells)):
            return True
    return False


def _are_titles(rows: Sequence[HeadRow], place: int) -> bool:
    """Whether all rows above a place are titles, or facts about the report such as "Store:" and "Berlin"."""
    above, row = rows[:place], rows[place]
    has_gap = row.number > above[-1].number + 1
    pairs = [r for r in above if len(r.filled) == 2]
    if any(len(r.filled) > 2 for r in above):
        return False
    if pairs:
        labeled = len(above[0].filled) == 1 or all(r.cells[r.filled[0]].endswith(":") for r in pairs)
        return len(row.filled) > 2 and (labeled or (has_gap and len(row.filled) > 3))
    if has_gap or place > 1:
        return True
    title = above[0]
    return title.filled[0] == row.filled[0] and _is_title(rows, title, place)


def _is_title(rows: Sequence[HeadRow], title: HeadRow, place: int) -> bool:
    """Whether a single cell right above names is a title, and not the only name over columns without any."""
    padded = title.length > rows[place].filled[-1]  # so a spreadsheet program saves it
    phrase = " " in title.cells[title.filled[0]] and all(name.count(" ") < 4 for name in rows[place].cells)
    return padded or phrase or _has_values_below(rows, place)


# names in two rows


def _is_pair(rows: Sequence[HeadRow], place: int, merged: Sequence[Merge]) -> bool:
    """Whether a row and the next one hold the names together."""
    upper, lower = rows[place], rows[place + 1]
    if lower.number != upper.number + 1 or any(is_data(cell) and not is_year(cell) for cell in lower.cells if cell):
        return False
    spans = _spans(upper, merged)
    if spans:
        return _spans_names(upper, lower, spans)
    return _repeats_names(upper, lower, rows[place + 2]) or _is_over_values(rows, place)


def _is_over_values(rows: Sequence[HeadRow], place: int) -> bool:
    """Whether the first two rows could hold the names, and the second one is the only text in a column of values."""
    return place == 0 and _could_be_pair(rows, place) and len(rows) > place + 3 and _has_values_below(rows, place + 1)


def _could_be_pair(rows: Sequence[HeadRow], place: int) -> bool:
    """Whether the upper row leaves columns open, and the lower one has names for them, found in no row below."""
    upper, lower, below = rows[place], rows[place + 1], rows[place + 2 :]
    repeated = len(upper.filled) - len({upper.cells[column].casefold() for column in upper.filled})
    gaps = sum(not upper.cell(column) for column in lower.filled)
    names = {lower.cells[column].casefold() for column in lower.filled}
    is_full = all(set(row.filled) <= set(lower.filled) for row in (upper, *below)) and len(names) == len(lower.filled)
    is_new = not any(row.cell(column) == lower.cell(column) for row in below for column in lower.filled)
    starts = upper.filled[0] == lower.filled[0]
    return len(upper.filled) > 1 and starts and gaps + repeated > 1 and is_full and is_new and _are_names(lower)


def _spans(upper: HeadRow, merged: Sequence[Merge]) -> list[range]:
    """The columns that each merged cell of the row spans."""
    return [
        range(merge.first_column, merge.last_column + 1)
        for merge in merged
        if merge.first_row == merge.last_row == upper.number
        and merge.last_column > merge.first_column
        and upper.cell(merge.first_column)
    ]


def _spans_names(upper: HeadRow, lower: HeadRow, spans: Sequence[range]) -> bool:
    """Whether different names are below each merged cell, and each other column has its name in one of the rows."""
    covered = {column for span in spans for column in span}
    if len(upper.filled) == 1 and covered >= set(lower.filled):
        return False  # a title over the whole table
    for span in spans:
        names = [lower.cell(column).casefold() for column in span if lower.cell(column)]
        if len(names) < 2 or len(set(names)) < len(names):
            return False
    others = set(range(max(len(upper.cells), len(lower.cells)))) - covered
    return not any(_differ(upper.cell(column), lower.cell(column)) for column in others)


def _differ(upper: str, lower: str) -> bool:
    return bool(upper and lower and upper != lower)


def _repeats_names(upper: HeadRow, lower: HeadRow, first: HeadRow) -> bool:
    """Whether several cells with gaps behind them have the same names below: "2025", gap over "Net", "Gross"."""
    groups = list(_groups(upper, lower))
    wide = [group for group in groups if len(group) > 1]
    below = {tuple(lower.cell(column).casefold() for column in group) for group in wide}
    if len(wide) < 2 or len(below) != 1 or len(set(*below)) < len(wide[0]):
        return False
    single = [group[0] for group in groups if len(group) == 1]
    unclear = any(_differ(upper.cell(column), lower.cell(column)) for column in single)
    return not unclear and any(first.cell(column) != lower.cell(column) for group in wide for column in group)


def _groups(upper: HeadRow, lower: HeadRow) -> Iterator[list[int]]:
    """Group columns: a cell of the upper row, with the gaps behind it that have a name in the lower one."""
    group: list[int] = []
    for column in range(max(len(upper.cells), len(lower.cells))):
        if not (upper.cell(column) or lower.cell(column)):
            continue
        spans = group and upper.cell(group[0]) and lower.cell(group[0])
        if group and (upper.cell(column) or not spans):
            yield group
            group = []
        group.append(column)
    if group:
        yield group


def _spread(upper: HeadRow, lower: HeadRow, merged: Sequence[Merge]) -> list[str]:
    """The upper row's names, each in all columns that it spans."""
    over = [upper.cell(column) for column in range(max(len(upper.cells), len(lower.cells)))]
    spans: Sequence[Sequence[int]] = _spans(upper, merged) or list(_groups(upper, lower))
    for span in spans:
        for column in span:
            over.extend([""] * (column + 1 - len(over)))
            over[column] = upper.cell(span[0])
    return over
