"""Notes on rows and columns that are hidden in a workbook."""

from collections.abc import Sequence

from services.drafts.sheets.row_numbers import name_rows
from services.drafts.sheets.source import Hidden

_MAX_NAMES = 5


def hidden_row_notes(rows: Sequence[int], hidden: Hidden, *, are_left_out: bool) -> tuple[str, ...]:
    """Name the hidden rows of a table, in order; the ones that a filter hides are told from the others."""
    by_filter = [row for row in rows if row in hidden.filtered_rows]
    others = [row for row in rows if row not in hidden.filtered_rows]
    note = _left_out if are_left_out else _kept
    return tuple(note(found, is_filter=found is by_filter) for found in (by_filter, others) if found)


def _kept(rows: Sequence[int], *, is_filter: bool) -> str:
    what = "row is" if len(rows) == 1 else "rows are"
    return f"{len(rows):,} {what} hidden{' by a filter' if is_filter else ''}: {name_rows(rows)}."


def _left_out(rows: Sequence[int], *, is_filter: bool) -> str:
    was, them, they_are = ("row was", "it", "it's") if len(rows) == 1 else ("rows were", "them", "they're")
    why = f"a filter hides {them}" if is_filter else f"{they_are} hidden"
    return f"{len(rows):,} {was} left out because {why}: {name_rows(rows)}."


def hidden_column_notes(hidden: Hidden, names: Sequence[str]) -> tuple[str, ...]:
    """Name the hidden columns of a table."""
    found = [f"“{name}”" for position, name in enumerate(names) if position in hidden.columns]
    if not found:
        return ()
    if len(found) == 1:
        return (f"The column {found[0]} is hidden in your spreadsheet. It's read like the others.",)
    rest = len(found) - _MAX_NAMES
    *others, last = found if rest <= 0 else [*found[:_MAX_NAMES], f"{rest:,} more"]
    named = f"{', '.join(others)} and {last}"
    return (f"The columns {named} are hidden in your spreadsheet. They're read like the others.",)
