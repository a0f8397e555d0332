"""Cells merged over several rows of the table are copied down, and a note says so."""

from collections.abc import Callable
from io import BytesIO

import pytest
import xlsxwriter
import xlwt
from xlsxwriter.worksheet import Worksheet

from services.drafts.sheets.merged import FillDown
from services.drafts.sheets.problems import ERROR_VALUE
from services.drafts.sheets.source import Merge, RawRow
from services.models import Problem, SheetRow
from tests.drafts.sheets.helpers import ods, parsed, workbook
from tests.drafts.sheets.test_web_tables import data_cell, spreadsheetml

NAMES = ["Name", "Size", "Color"]
DATA = [["Mug", "S", "Red"], ["", "M", "Blue"], ["", "L", "Green"], ["Cup", "S", "Red"], ["Jug", "S", "Red"]]


def xlsx() -> bytes:
    def fill(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        for number, row in enumerate([NAMES, *DATA], 2):
            sheet.write_row(number, 1, row)
        sheet.merge_range(3, 1, 5, 1, "Mug")

    return workbook(fill)


def xls() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    for number, row in enumerate([NAMES, *DATA], 2):
        for column, cell in enumerate(row, 1):
            if cell not in ("", "Mug"):
                sheet.write(number, column, cell)
    sheet.write_merge(3, 5, 1, 1, "Mug")
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def opendocument() -> bytes:
    def row(cells: list[str]) -> str:
        return f"<table:table-row><table:table-cell/>{''.join(map(cell, cells))}</table:table-row>"

    def cell(text: str) -> str:
        merge = ' table:number-rows-spanned="3" table:number-columns-spanned="1"' if text == "Mug" else ""
        kind = "table:table-cell" if text else "table:covered-table-cell"
        return f'<{kind} office:value-type="string"{merge}><text:p>{text}</text:p></{kind}>'

    return ods("<table:table-row/><table:table-row/>" + "".join(map(row, [NAMES, *DATA])))


def xml_2003() -> bytes:
    rows = ['<Row ss:Index="3">' + "".join(data_cell("String", name) for name in NAMES) + "</Row>"]
    for first, *others in DATA:
        merge = ' ss:MergeDown="2"' if first == "Mug" else ""
        start = data_cell("String", first, merge) if first else ""
        place = "" if first else ' ss:Index="2"'
        rows.append(f"<Row>{start}{data_cell('String', others[0], place)}{data_cell('String', others[1])}</Row>")
    return spreadsheetml("".join(rows)).encode()


def html() -> bytes:
    def row(cells: list[str]) -> str:
        return "<tr>" + "".join(f"<td{' rowspan=3' if cell == 'Mug' else ''}>{cell}" for cell in cells if cell)

    return f"<table><tr><td><tr><td>{''.join(map(row, [NAMES, *DATA]))}</table>".encode()


@pytest.mark.parametrize("make", [xlsx, xls, opendocument, xml_2003, html])
def test_a_cell_merged_over_rows_is_copied_down_to_each_of_them(make: Callable[[], bytes]) -> None:
    sheet, rows = parsed(make(), "a.xls")
    assert sheet.columns == tuple(NAMES)
    assert [row.cells[0] for row in rows] == ["Mug", "Mug", "Mug", "Cup", "Jug"]
    assert sheet.notes == (
        "Cells in “Name” are merged over several rows, so their text was copied down to rows 5 and 6.",
    )


def filled(rows: list[RawRow], *merged: Merge, header: int = 1) -> tuple[list[RawRow], tuple[str, ...]]:
    fill = FillDown(merged, header)
    return [(n, list(cells), tuple(flaws)) for n, cells, flaws in fill.rows(rows)], fill.notes("ABC")


def test_blank_rows_and_cells_with_text_are_not_filled() -> None:
    rows: list[RawRow] = [
        (2, ["x", "1"], ()),
        (3, ["", ""], ()),
        (4, ["own", "2"], ()),
        (5, [], ()),
        (6, ["", "3"], ()),
    ]
    note = "Cells in “A” are merged over several rows, so their text was copied down to row 6."
    assert filled(rows, Merge(2, 6, 0, 0)) == ([*rows[:4], (6, ["x", "3"], ())], (note,))


def test_cells_of_the_header_and_empty_ones_are_not_copied_down() -> None:
    rows: list[RawRow] = [(3, ["", "1"], ()), (4, ["", "2"], ())]
    assert filled(rows, Merge(2, 4, 0, 0), Merge(3, 4, 0, 0), header=2) == (rows, ())


def test_of_cells_merged_over_rows_and_columns_the_first_column_is_copied_down() -> None:
    rows: list[RawRow] = [(2, ["x", "", "1"], ()), (3, ["", "", "2"], ()), (4, ["", "", "3"], ())]
    found, notes = filled(rows, Merge(2, 3, 0, 1))
    assert [cells for _, cells, _ in found] == [["x", "", "1"], ["x", "", "2"], ["", "", "3"]]
    assert len(notes) == 1


def test_a_formula_that_failed_is_a_problem_of_each_row_it_is_merged_over() -> None:
    def fill(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_row(0, 0, ["Name", "Size"])
        sheet.merge_range(1, 0, 2, 0, "")
        sheet.write_formula(1, 0, "=NA()", None, "#N/A")
        sheet.write_column(1, 1, ["S", "M"])

    sheet, rows = parsed(workbook(fill), "a.xlsx")
    problems = (Problem("Name", "#N/A", ERROR_VALUE),)
    assert rows == [SheetRow(2, ("#N/A", "S"), problems), SheetRow(3, ("#N/A", "M"), problems)]
    assert "2 formulas in “Name” return errors, so the download has errors in their cells." in sheet.notes
