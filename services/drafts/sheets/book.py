"""What every kind of workbook offers once it's opened."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from services.drafts.sheets.table import Merge, Source
from services.errors import SheetError

_MAX_HEADER_ROW = 50


class Book(Protocol):
    """An opened workbook, or another file that holds tables."""

    @property
    def sheets(self) -> tuple[str, ...]:
        """The names of its sheets: the active one first, hidden ones last."""

    @property
    def hidden_sheets(self) -> tuple[str, ...]:
        """The names of the sheets that are hidden."""

    def open_sheet(self, name: str) -> Source:
        """Load one sheet.

        Raises:
            SheetError: there is no such sheet, or it is damaged.
        """


def in_order(names: Sequence[str], hidden: Iterable[str], active: str | None) -> tuple[str, ...]:
    """Put the active sheet first and the hidden ones last; the others stay in their order."""
    hidden = set(hidden)
    return tuple(sorted(names, key=lambda name: (name in hidden, name != active)))


def check_sheet(name: str, sheets: Sequence[str]) -> None:
    """Refuse a name that no sheet has."""
    if name not in sheets:
        raise SheetError(f"This workbook has no sheet “{name}”. Choose another one.")


def table_merges(merges: Iterable[Merge], first_column: int = 0) -> tuple[Merge, ...]:
    """Pick the merged cells that matter, and count their columns from the first one in use.

    Over several columns, they only matter where the header may be; over several rows, anywhere.
    """
    return tuple(
        merge._replace(
            first_column=merge.first_column - first_column,
            last_column=merge.last_column - first_column,
        )
        for merge in merges
        if (merge.first_row <= _MAX_HEADER_ROW or merge.last_row > merge.first_row)
        and merge.first_column >= first_column
    )
