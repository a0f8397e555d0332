"""Notes on cells with formulas without a result, errors, and pictures, wherever they are."""

from collections import Counter

import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from services.drafts.sheets.flaws import flaw_notes
from services.drafts.sheets.problems import ERROR_VALUE, LINKED_DATA, NO_RESULT, PICTURE, UNKNOWN_RICH_VALUE
from tests.drafts.sheets.helpers import CONTENT, parsed, with_part, workbook

EMPTY = "empty in the download. Open the file in Excel, save it, and upload it again."
ERRORS = "so the download has errors in their cells."
NAMES = ("SKU", "Price", "Cost", "Tax", "Photo")


@pytest.mark.parametrize(
    ("counts", "notes"),
    [
        ({(NO_RESULT, 1): 3}, (f"3 formulas in “Price” have no saved result, so their cells are {EMPTY}",)),
        ({(NO_RESULT, 1): 1}, (f"1 formula in “Price” has no saved result, so its cell is {EMPTY}",)),
        (
            {(ERROR_VALUE, 2): 1, (ERROR_VALUE, 1): 1200},
            (f"1,201 formulas in “Price” (1,200) and “Cost” (1) return errors, {ERRORS}",),
        ),
        (
            {(PICTURE, 4): 2, (ERROR_VALUE, 0): 1},
            (
                "1 formula in “SKU” returns an error, so the download has an error in its cell.",
                "2 cells in “Photo” hold pictures, so their cells are “(picture)” in the download.",
            ),
        ),
        (
            {(LINKED_DATA, column): 1 for column in range(5)},
            (f"5 cells in “SKU” (1), “Price” (1) and 3 more columns hold linked data that only Excel shows, {ERRORS}",),
        ),
        (
            {(UNKNOWN_RICH_VALUE, 4): 2},
            (f"2 cells in “Photo” hold pictures or linked data that only Excel shows, {ERRORS}",),
        ),
        ({}, ()),
    ],
)
def test_a_note_for_each_kind_of_problem_names_the_columns(
    counts: dict[tuple[str, int], int], notes: tuple[str, ...]
) -> None:
    assert flaw_notes(Counter(counts), NAMES) == notes


def test_formulas_without_a_result_are_counted_once_however_often_the_rows_are_read() -> None:
    def fill(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_row(0, 0, ["Name", "Price"])
        for row in range(1, 5):
            sheet.write_row(row, 0, [f"Mug {row}", row])
            sheet.write_formula(row, 3, f"=B{row + 1}*2")  # the last row widens the table

    data = with_part(workbook(fill), CONTENT, lambda xml: xml.replace(b"<v>0</v>", b""))
    note = f"4 formulas in “Column 4” have no saved result, so their cells are {EMPTY}"
    assert parsed(data, "a.xlsx")[0].notes[1:] == (note,)
