"""Cells merged over several rows of a table: what a person merged over rows is meant for all of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from services.drafts.sheets.row_numbers import name_rows
from services.drafts.sheets.source import Flaw, Merge, RawRow

_Open = dict[int, tuple[int, str, tuple[Flaw, ...]]]
"""By column: the last row of a merge that has begun, its text, and its flaws."""


class FillDown:
    """Fills the text of cells that are merged over several rows into each of these rows that has other cells.

    `header` is the last row of the header, whose own merged cells don't reach down into the table.
    """

    def __init__(self, merged: Iterable[Merge], header: int) -> None:
        self._begins: defaultdict[int, list[Merge]] = defaultdict(list)
        for merge in merged:
            if merge.last_row > merge.first_row > header:
                self._begins[merge.first_row].append(merge)
        self._filled: defaultdict[int, list[int]] = defaultdict(list)

    def rows(self, rows: Iterable[RawRow]) -> Iterable[RawRow]:
        """Give the rows, filled."""
        return self._fill(rows) if self._begins else rows

    def notes(self, names: Sequence[str]) -> tuple[str, ...]:
        """Say what was filled into the rows given so far."""
        why = "are merged over several rows, so their text was copied down to"
        return tuple(f"Cells in “{names[at]}” {why} {name_rows(rows)}." for at, rows in sorted(self._filled.items()))

    def _fill(self, rows: Iterable[RawRow]) -> Iterator[RawRow]:
        open_: _Open = {}
        for number, cells, flaws in rows:
            if open_:
                open_ = {column: merge for column, merge in open_.items() if merge[0] >= number}
                if open_ and any(map(str.strip, cells)):
                    cells, flaws = self._filled_row(number, cells, flaws, open_)
            for merge in self._begins.get(number, ()):
                column = merge.first_column
                own = tuple(flaw for flaw in flaws if flaw[0] == column)
                text = cells[column] if column < len(cells) else ""
                if text.strip() or own:
                    open_[column] = merge.last_row, text, own
            yield number, cells, flaws

    def _filled_row(
        self, number: int, cells: Sequence[str], flaws: Sequence[Flaw], merges: _Open
    ) -> tuple[Sequence[str], Sequence[Flaw]]:
        filled, found = list(cells), list(flaws)
        for column, (_, text, own) in merges.items():
            filled.extend([""] * (column + 1 - len(filled)))
            if not filled[column]:
                filled[column] = text
                found += own
                self._filled[column].append(number)
        return filled, found
