"""XLSX, XLS and ODS."""

import datetime as dt
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from services.drafts.sheets import Limits, archive
from services.drafts.sheets.problems import ERROR_VALUE, NO_RESULT
from services.errors import SheetError
from services.models import Problem, Reading, SheetRow
from tests.drafts.sheets.helpers import CONTENT, cells, ods, parsed, plain_workbook, with_part, workbook

XLS = Path(__file__).parent / "files" / "products.xls"


def test_cells_become_the_text_a_person_would_expect() -> None:
    data = plain_workbook(
        ["text", "whole", "other", "yes", "no"], [" 00123 \nx", 123.0, 0.5, True, False], ["nan", -7, 1e-5, "", "#N/A"]
    )
    sheet, rows = parsed(data, "a.xlsx")
    assert rows == [
        SheetRow(2, (" 00123 \nx", "123", "0.5", "TRUE", "FALSE")),
        SheetRow(3, ("nan", "-7", "0.00001", "", "#N/A")),
    ]
    assert (sheet.sheets, sheet.reading, sheet.notes) == (("Sheet1",), Reading(sheet="Sheet1"), ())


def test_dates_and_times_are_written_in_iso_form_and_announced() -> None:
    def fill(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        day, moment = book.add_format({"num_format": "d/m/yy"}), book.add_format({"num_format": "d/m/yy h:mm"})
        clock, span = book.add_format({"num_format": "h:mm"}), book.add_format({"num_format": "[h]:mm"})
        sheet.write_row(0, 0, ["day", "moment", "clock", "span"])
        sheet.write_datetime(1, 0, dt.datetime(2026, 3, 1), day)
        sheet.write_datetime(1, 1, dt.datetime(2026, 3, 1, 14, 30, 0), moment)
        sheet.write_datetime(1, 2, dt.time(14, 30), clock)
        sheet.write_number(1, 3, 1.5, span)

    sheet, rows = parsed(workbook(fill), "a.xlsx")
    assert rows == [SheetRow(2, ("2026-03-01", "2026-03-01 14:30:00", "14:30:00", "36:00:00"))]
    assert sheet.notes == ("Dates are written as 2026-03-01, times as 14:30:00.",)


def test_numbers_with_a_format_are_given_as_excel_shows_them() -> None:
    def fill(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_row(1, 1, ["SKU", "Phone", "Price", "Share", "Text", "Plain"])
        for column, code in enumerate(["00000", "000-0000", "#,##0.00", "0%"], 1):
            sheet.write_number(
                2, column, [0, 123, 5551234, 1234.5, 0.25][column], book.add_format({"num_format": code})
            )
        sheet.write_string(2, 5, "7", book.add_format({"num_format": "00000"}))
        sheet.write_number(2, 6, 7)

    assert parsed(workbook(fill), "a.xlsx")[1] == [
        SheetRow(3, ("00123", "555-1234", "1,234.50", "25%", "7", "7")),
    ]


def test_formats_are_found_where_cells_have_no_references() -> None:
    def fill(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_row(0, 0, [1, 2])
        sheet.write_row(1, 0, ["x", 7], book.add_format({"num_format": "000"}))

    def strip(xml: bytes) -> bytes:
        for reference in (b' r="A1"', b' r="B1"', b' r="A2"', b' r="B2"', b' r="1"', b' r="2"'):
            xml = xml.replace(reference, b"")
        return xml

    assert cells(with_part(workbook(fill), CONTENT, strip), "a.xlsx") == [("1", "2"), ("x", "007")]


def test_row_numbers_are_right_when_the_table_starts_elsewhere() -> None:
    def fill(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_row(3, 2, ["a", "b"])
        sheet.write_row(4, 2, ["1", "2"])
        sheet.write_row(6, 2, ["3", "4"])

    sheet, rows = parsed(workbook(fill), "a.xlsx")
    assert sheet.columns == ("a", "b")
    assert rows == [SheetRow(5, ("1", "2")), SheetRow(7, ("3", "4"))]
    assert sheet.notes == ("1 blank row was left out.",)


def test_a_formula_gives_its_stored_result() -> None:
    def fill(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_row(0, 0, ["a", "b", "c"])
        sheet.write_formula(1, 0, "=1+1", None, 2)
        sheet.write_formula(1, 1, '="x"', None, "x")
        sheet.write_formula(1, 2, '=""', None, "")

    data = with_part(workbook(fill), CONTENT, lambda xml: xml.replace(b'<c r="C2">', b'<c r="C2" t="str">'))
    assert parsed(data, "a.xlsx")[1] == [SheetRow(2, ("2", "x", ""))]


def test_a_formula_without_a_stored_result_is_a_problem_of_its_row() -> None:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    for row in (["Name", "Sum"], ["a", "=1+1"], ["b", 3], ["c", "x"], ["", "", '=B2&"!"']):
        page.append(row)
    out = BytesIO()
    book.save(out)
    sheet, rows = parsed(out.getvalue(), "a.xlsx")
    assert sheet.columns == ("Name", "Sum", "Column 3")
    assert rows == [
        SheetRow(2, ("a", "", ""), (Problem("Sum", "=1+1", NO_RESULT),)),
        SheetRow(3, ("b", "3", "")),
        SheetRow(4, ("c", "x", "")),
        SheetRow(5, ("", "", ""), (Problem("Column 3", '=B2&"!"', NO_RESULT),)),
    ]


def test_an_error_value_is_kept_as_text_and_is_a_problem_of_its_row() -> None:
    def fill(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_formula(1, 0, "=NA()", None, "#N/A")
        sheet.write_string(1, 1, "#REF!")
        sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")

    assert parsed(workbook(fill), "a.xlsx")[1] == [
        SheetRow(2, ("#N/A", "#REF!"), (Problem("a", "#N/A", ERROR_VALUE),)),
        SheetRow(3, ("", "#DIV/0!"), (Problem("b", "#DIV/0!", ERROR_VALUE),)),
    ]


def test_an_error_value_is_found_without_a_formula_and_wherever_the_unpacked_pieces_are_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive, "_PIECE_BYTES", 1)
    data = with_part(plain_workbook(["a"], [1]), CONTENT, lambda xml: xml.replace(b'"A2"><v>1', b'"A2" t="e"><v>#NUM!'))
    assert parsed(data, "a.xlsx")[1] == [SheetRow(2, ("#NUM!",), (Problem("a", "#NUM!", ERROR_VALUE),))]


def test_times_are_rounded_to_the_second() -> None:
    def fill(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_string(0, 0, "moment")
        moment = dt.datetime(2026, 3, 1, 14, 29, 59, 700_000)
        sheet.write_datetime(1, 0, moment, book.add_format({"num_format": "d/m/yy h:mm"}))

    assert cells(workbook(fill), "a.xlsx") == [("moment",), ("2026-03-01 14:30:00",)]


def test_merged_cells_have_their_text_in_the_first() -> None:
    def fill(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_row(0, 0, ["a", "b"])
        sheet.merge_range(1, 0, 1, 1, "both")

    assert cells(workbook(fill), "a.xlsx") == [("a", "b"), ("both", "")]


def fill_nothing(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    """Leave the sheet blank."""


def fill_header(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    sheet.write_row(0, 0, ["a", "b"])


def fill_some(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    sheet.write_column(0, 0, ["Name", sheet.get_name()])


def fill_hidden(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    sheet.write_column(0, 0, ["Secret", "x"])
    sheet.hide()


def test_the_first_sheet_that_has_rows_is_read_and_the_others_can_be_chosen() -> None:
    data = workbook(fill_nothing, fill_header, fill_hidden, fill_some, fill_some)
    sheet, rows = parsed(data, "a.xlsx")
    assert sheet.sheets == ("Sheet1", "Sheet2", "Sheet4", "Sheet5", "Sheet3")
    assert sheet.hidden_sheets == ("Sheet3",)
    assert (sheet.reading, rows) == (Reading(sheet="Sheet4"), [SheetRow(2, ("Sheet4",))])
    assert cells(data, "a.xlsx", Reading(sheet="Sheet5")) == [("Name",), ("Sheet5",)]


def test_a_chosen_sheet_must_exist_and_have_rows() -> None:
    data = workbook(fill_some, fill_header)
    with pytest.raises(SheetError, match="no sheet “Sheet9”"):
        parsed(data, "a.xlsx", Reading(sheet="Sheet9"))
    with pytest.raises(SheetError, match="a header but no rows"):
        parsed(data, "a.xlsx", Reading(sheet="Sheet2"))


def test_a_macro_workbook_and_a_workbook_under_a_wrong_name_are_read_by_what_they_are() -> None:
    data = plain_workbook(["a"], ["1"])
    assert cells(data, "a.xlsm") == cells(data, "a.csv") == [("a",), ("1",)]


def test_an_old_workbook_is_read() -> None:
    sheet, rows = parsed(XLS.read_bytes(), "products.xls")
    assert (sheet.columns, sheet.sheets) == (("SKU", "Price", "Launch"), ("Products", "Empty"))
    assert rows == [SheetRow(2, ("00123", "18", "2026-03-01")), SheetRow(3, ("Café", "9.5", "TRUE"))]


def test_an_opendocument_sheet_is_read() -> None:
    def cell(kind: str, text: str) -> str:
        return f'<table:table-cell office:value-type="{kind}" {text}</table:table-cell>'

    texts = [cell("string", f"><text:p>{text}</text:p>") for text in ("SKU", "Price", "00123")]
    number = cell("float", 'office:value="18"><text:p>18.00</text:p>')
    rows = (
        f"<table:table-row>{texts[0]}{texts[1]}</table:table-row><table:table-row>{texts[2]}{number}</table:table-row>"
    )
    sheet, found = parsed(ods(rows), "a.ods")
    assert (sheet.columns, sheet.reading) == (("SKU", "Price"), Reading(sheet="Sheet"))
    assert found == [SheetRow(2, ("00123", "18.00"))]


def test_columns_and_rows_of_a_workbook_are_limited_like_those_of_a_text() -> None:
    with pytest.raises(SheetError, match="has 3 columns; the limit is 2"):
        parsed(plain_workbook(["a", "b", "c"], [1, 2, 3]), "a.xlsx", limits=Limits(10**6, 10, 2))
    with pytest.raises(SheetError, match="has 3 rows; the limit is 2"):
        parsed(plain_workbook(["a"], [1], [2], [3]), "a.xlsx", limits=Limits(10**6, 2, 2))
