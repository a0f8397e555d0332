"""Hidden rows, by a filter or a person: named in a note, and left out with one choice. Hidden columns: named."""

from collections.abc import Callable, Set
from io import BytesIO

import pytest
import xlsxwriter
import xlwt
from xlsxwriter.worksheet import Worksheet

from services.chunks import unpack
from services.drafts.sheets import Limits
from services.drafts.sheets.hidden import hidden_column_notes
from services.drafts.sheets.source import Hidden, RawRow, Source
from services.drafts.sheets.table import NoRowsError, Table, build, read_chunks
from services.models import Reading
from tests.drafts.sheets.helpers import ods, parsed, workbook
from tests.drafts.sheets.test_web_tables import data_cell, spreadsheetml

LIMITS = Limits(10**6, 100, 100)


def built(
    lines: list[str], hidden: set[int], *, manual: Set[int] = frozenset(), skip: bool = False
) -> tuple[Table, list[int]]:
    """Build a table from lines of comma-separated cells; gives it and its row numbers."""

    def rows() -> list[RawRow]:
        return [(number, line.split(","), ()) for number, line in enumerate(lines, 1)]

    out = BytesIO()
    source = Source(
        rows, Reading(skip_hidden=skip), tuple, hidden=Hidden(frozenset(hidden), frozenset(hidden - manual))
    )
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
        "Every row of this spreadsheet is hidden. Include the hidden rows, or show them in your spreadsheet."
    )


def test_a_hidden_header_is_read() -> None:
    assert built(LINES, {1}, skip=True)[0].columns == ("Name", "Tone")


def test_rows_hidden_before_the_last_row_are_no_blank_row() -> None:
    lines = [*LINES[:4], "All of these are made by hand,"]
    assert built(lines, {4}, skip=True)[0].layout.footer == ()


@pytest.mark.parametrize(
    ("skip", "notes"),
    [
        (False, ("2 rows are hidden by a filter: rows 2 and 4.", "1 row is hidden: row 6.")),
        (
            True,
            (
                "2 rows were left out because a filter hides them: rows 2 and 4.",
                "1 row was left out because it's hidden: row 6.",
            ),
        ),
    ],
)
def test_rows_that_a_person_hid_are_not_said_to_be_hidden_by_a_filter(skip: bool, notes: tuple[str, ...]) -> None:
    table, numbers = built(LINES, {2, 4, 6}, manual={6}, skip=skip)
    assert table.notes[:2] == notes
    assert (table.layout.hidden_rows, numbers) == (3, [3, 7] if skip else [2, 3, 4, 6, 7])


def xlsx() -> bytes:
    def fill(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_row(0, 1, ["Name", "Cost", "Tone", "Margin"])
        for row in (1, 2, 3):
            sheet.write_row(row, 1, [f"Mug {row}", row, "Warm", row])
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column(2, 2, None, None, {"hidden": True})
        sheet.set_column(4, 16383, None, None, {"hidden": True})

    return workbook(fill)


def xls() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    for column, name in enumerate(("Name", "Cost", "Tone", "Margin"), 1):
        for row in range(4):
            sheet.write(row, column, row or name)
    sheet.row(2).hidden = True
    sheet.col(2).hidden = sheet.col(4).hidden = True
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def opendocument() -> bytes:
    def row(*texts: str, more: str = "") -> str:
        cells = "".join(
            f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in texts
        )
        return f"<table:table-row {more}>{cells}</table:table-row>"

    hidden = 'table:visibility="collapse"'
    columns = f'<table:table-column table:number-columns-repeated="2"/><table:table-column {hidden}/>'
    columns += f'<table:table-column/><table:table-column table:number-columns-repeated="1020" {hidden}/>'
    data = ("", "Mug", "1", "Warm", "1")
    return ods(columns + row("", "Name", "Cost", "Tone", "Margin") + row(*data) + row(*data, more=hidden) + row(*data))


def xml_2003() -> bytes:
    def row(*texts: str, more: str = "") -> str:
        return f"<Row{more}>{''.join(data_cell('String', text) for text in texts)}</Row>"

    columns = '<Column ss:Index="2" ss:Hidden="1"/><Column/><Column ss:Hidden="1" ss:Span="200"/>'
    data = ("Mug", "1", "Warm", "1")
    rows = row("Name", "Cost", "Tone", "Margin") + row(*data) + row(*data, more=' ss:Hidden="1"') + row(*data)
    return spreadsheetml(columns + rows).encode()


def html_columns() -> bytes:
    none = 'style="width:0; display: none"'
    row = "<td>Mug<td>1<td>Warm<td>1"
    columns = f"<col><col {none}><col><col span=3 {none}>"
    return f"<table>{columns}<tr><th>Name<th>Cost<th>Tone<th>Margin<tr>{row}<tr {none}>{row}<tr>{row}</table>".encode()


def html_cells() -> bytes:
    none = 'style="display:none"'
    row = f"<td>Mug<td {none}>1<td>Warm<td {none}>1"
    head = f"<th>Name<th {none}>Cost<th>Tone<th {none}>Margin"
    return f"<table><tr>{head}<tr>{row}<tr {none}>{row}<tr><td {none}>Mug{row.removeprefix('<td>Mug')}</table>".encode()


@pytest.mark.parametrize("make", [xlsx, xls, opendocument, xml_2003, html_columns, html_cells])
def test_every_kind_of_workbook_names_what_is_hidden(make: Callable[[], bytes]) -> None:
    sheet, rows = parsed(make(), "a.xls")
    assert (sheet.columns, len(rows)) == (("Name", "Cost", "Tone", "Margin"), 3)
    assert sheet.notes == (
        "1 row is hidden: row 3.",
        "The columns “Cost” and “Margin” are hidden in your spreadsheet. They're read like the others.",
    )
    assert [row.number for row in parsed(make(), "a.xls", Reading(skip_hidden=True))[1]] == [2, 4]


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ({1}, "The column “B” is hidden in your spreadsheet. It's read like the others."),
        (
            {*range(8), 99},
            "The columns “A”, “B”, “C”, “D”, “E” and 3 more are hidden in your spreadsheet. "
            "They're read like the others.",
        ),
    ],
)
def test_many_hidden_columns_are_counted(columns: set[int], note: str) -> None:
    assert hidden_column_notes(Hidden(columns=frozenset(columns)), "ABCDEFGH") == (note,)
