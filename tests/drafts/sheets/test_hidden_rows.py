"""Rows that a filter hides: named in a note, and left out with one choice."""

from io import BytesIO

import pytest

from services.chunks import unpack
from services.drafts.sheets import Limits
from services.drafts.sheets.source import RawRow, Source
from services.drafts.sheets.table import NoRowsError, Table, build, read_chunks
from services.models import Reading

LIMITS = Limits(10**6, 100, 100)


def built(lines: list[str], hidden: set[int], *, skip: bool = False) -> tuple[Table, list[int]]:
    """Build a table from lines of comma-separated cells; gives it and its row numbers."""

    def rows() -> list[RawRow]:
        return [(number, line.split(","), ()) for number, line in enumerate(lines, 1)]

    out = BytesIO()
    source = Source(rows, Reading(skip_hidden=skip), tuple, hidden_rows=frozenset(hidden))
    table = build(source, LIMITS, out, lambda _: None)
    out.seek(0)
    return table, [row.number for chunk in read_chunks(out) for row in unpack(chunk)]


LINES = ["Name,Tone", "Mug,Warm", "Plate,Bold", "Vase,Warm", "", "Bowl,Bold", "Cup,Warm"]


@pytest.mark.parametrize(
    ("hidden", "notes"),
    [
        ({2}, ("1 row is hidden by a filter: row 2.",)),
        ({2, 4, 5}, ("2 rows are hidden by a filter: rows 2 and 4.",)),
        ({1, 2, 3, 4, 99}, ("3 rows are hidden by a filter: rows 2–4.",)),
    ],
)
def test_hidden_rows_are_named_and_stay(hidden: set[int], notes: tuple[str, ...]) -> None:
    table, numbers = built(LINES, hidden)
    assert table.notes == (*notes, "1 blank row was left out.")
    assert numbers == [2, 3, 4, 6, 7]
    assert table.layout.hidden_rows == len(hidden & {*numbers})


@pytest.mark.parametrize(
    ("hidden", "note", "left"),
    [
        ({2}, "1 row was left out because a filter hides it: row 2.", [3, 4, 6, 7]),
        ({2, 3, 4, 7}, "4 rows were left out because a filter hides them: rows 2–4 and 7.", [6]),
    ],
)
def test_hidden_rows_are_left_out_with_one_choice(hidden: set[int], note: str, left: list[int]) -> None:
    table, numbers = built(LINES, hidden, skip=True)
    assert table.notes == (note, "1 blank row was left out.")
    assert (numbers, table.row_count, table.layout.hidden_rows) == (left, len(left), len(hidden))


def test_rows_that_are_all_hidden_are_not_left_out_silently() -> None:
    with pytest.raises(NoRowsError) as refusal:
        built(LINES[:3], {2, 3}, skip=True)
    assert str(refusal.value) == (
        "A filter hides every row of this spreadsheet. Include the hidden rows, or clear the filter."
    )


def test_a_hidden_header_is_read() -> None:
    assert built(LINES, {1}, skip=True)[0].columns == ("Name", "Tone")


def test_rows_hidden_before_the_last_row_are_no_blank_row() -> None:
    lines = [*LINES[:4], "All of these are made by hand,"]
    assert built(lines, {4}, skip=True)[0].layout.footer == ()
