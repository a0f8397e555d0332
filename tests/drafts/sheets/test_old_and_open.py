"""XLS and ODS: formats, errors, missing results, active, hidden and filtered things, as in XLSX."""

import struct
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.teletype import addTextToElement
from odf.text import P

from services.drafts.sheets.kinds import kind_of
from services.drafts.sheets.moments import DATE_NOTE
from services.drafts.sheets.problems import ERROR_VALUE, NO_RESULT, UNKNOWN_RICH_VALUE
from services.drafts.sheets.refusals import damaged_error
from services.drafts.sheets.table import Merge, Source
from services.drafts.sheets.workbook import open_workbook
from services.errors import SheetError
from services.models import Problem, Reading, SheetRow
from tests.drafts.sheets.helpers import cells, ods, parsed, plain_workbook
from tests.drafts.sheets.test_properties import kept, tables
from tests.drafts.sheets.test_refusals import refusal

FILES = Path(__file__).parent / "files"
FROM_LIBREOFFICE = (
    "Mug\nBig  x", "00123", "25%", "$1,234.50", "2026-03-01", "2026-03-01 14:30:00", "14:30:00", "36:00:00", "TRUE",
    "#DIV/0!", "435", "0.333333333333333", "1,234.50 €", "", "1.2k",
)  # fmt: skip


def field(name: str) -> list[SheetRow]:
    return parsed((FILES / name).read_bytes(), name)[1]


def opened(path: Path, sheet: str) -> Source:
    with open_workbook(path, kind_of(path, path.name, is_text=False)) as book:
        return book.open_sheet(sheet)


@pytest.mark.parametrize("name", ["libreoffice.xls", "libreoffice.ods"])
def test_a_workbook_of_libreoffice_reads_as_it_looks(name: str) -> None:
    sheet, rows = parsed((FILES / name).read_bytes(), name, Reading(sheet="Data"))
    assert rows[0] == SheetRow(2, FROM_LIBREOFFICE, (Problem("err", "#DIV/0!", ERROR_VALUE),))
    assert [row.cells[:2] for row in rows[1:]] == [("Plate", ""), ("Vase", "00007"), ("merged", "")]
    assert sheet.hidden_sheets == ("Secret",)
    assert DATE_NOTE in sheet.notes
    source = opened(FILES / name, "Data")
    assert (source.hidden.rows, tuple(source.merged)) == (frozenset({3}), (Merge(6, 6, 0, 2),))


def test_the_active_sheet_of_an_xls_is_first() -> None:
    assert parsed((FILES / "libreoffice.xls").read_bytes(), "a.xls")[0].sheets == ("Data", "Intro", "Secret")


def test_formats_errors_and_missing_results_of_an_xls() -> None:
    assert field("23-xls-formats.xls") == [
        SheetRow(
            2,
            ("Mug", "00123", "25%", "$1,234.50", "2026-03-01", "#N/A", ""),
            (Problem("Error", "#N/A", ERROR_VALUE), Problem("Sum", "a formula", NO_RESULT)),
        )
    ]


def test_an_ods_reads_as_it_looks() -> None:
    assert field("24-ods-formats.ods") == [
        SheetRow(2, ("Mug", "00123", "25%", "1.234,50 €", "2026-03-01", "TRUE", "435"))
    ]


def test_a_picture_without_metadata_is_distinguished_from_an_error_as_far_as_can_be() -> None:
    assert field("28-incell-image.xlsx")[0].problems == (
        Problem("Photo", "#VALUE!", UNKNOWN_RICH_VALUE),
        Problem("Country", "#VALUE!", UNKNOWN_RICH_VALUE),
    )


def test_numbers_under_many_formats() -> None:
    assert [row.cells[1] for row in field("32-number-formats.xlsx")] == [
        "5%", "01234", "(555) 123-4567", "2.5 Mio", "1,234.50 €", "12 days", "12d", "0.5", "12.5 cm", "0", "Yes",
        "4006381333931", "(1,234.50)", "2026-03-01", "2026-03-01", "2026-03-01", "3.2 m", "d3", "7", "12-34-56", "12.",
        "1.50", "5", "1E+4", "0",
    ]  # fmt: skip


def xls(*fills: Callable[[xlwt.Worksheet], object]) -> bytes:
    book = xlwt.Workbook()
    for number, fill in enumerate(fills, 1):
        fill(book.add_sheet(f"Sheet{number}"))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def test_hidden_sheets_and_the_active_one_of_an_xls() -> None:
    book = xlwt.Workbook()
    for name, visibility in (("A", 0), ("B", 1), ("C", 2), ("D", 0)):
        page = book.add_sheet(name)
        page.visibility = visibility
        page.write(0, 0, "Name")
        page.write(1, 0, name)
    book.set_active_sheet(3)
    out = BytesIO()
    book.save(out)
    sheet, rows = parsed(out.getvalue(), "a.xls")
    assert (sheet.sheets, sheet.hidden_sheets, rows) == (("D", "A", "B", "C"), ("B", "C"), [SheetRow(2, ("D",))])


def test_an_xls_table_may_start_anywhere() -> None:
    def fill(sheet: xlwt.Worksheet) -> None:
        sheet.write(3, 2, "a")
        sheet.write_merge(4, 4, 2, 3, "both")

    sheet, rows = parsed(xls(fill), "a.xls")
    assert (sheet.columns, rows) == (("a",), [SheetRow(5, ("both",))])


def bare_biff(*cells_: tuple[int, int, bytes]) -> bytes:
    """Make the stream without a container that many PHP snippets write."""
    out = struct.pack("<6H", 0x809, 8, 0, 0x10, 0, 0)
    for row, column, text in cells_:
        out += struct.pack("<6H", 0x204, 8 + len(text), row, column, 0, len(text)) + text
    return out + struct.pack("<2H", 0x0A, 0)


def test_a_bare_stream_is_read() -> None:
    data = bare_biff((0, 0, b"Name"), (0, 1, b"Tone"), (1, 0, b"Caf\xe9"), (1, 1, b"Warm"))
    assert cells(data, "a.xls") == [("Name", "Tone"), ("Café", "Warm")]


def ods_cell(attributes: str, text: str | None = None) -> str:
    inner = "" if text is None else f"<text:p>{text}</text:p>"
    return f"<table:table-cell {attributes}>{inner}</table:table-cell>"


def ods_row(*cells_: str, more: str = "") -> str:
    return f"<table:table-row {more}>{''.join(cells_)}</table:table-row>"


def string(text: str) -> str:
    return ods_cell('office:value-type="string"', text)


@pytest.mark.parametrize(
    ("cell", "text", "problem"),
    [
        (ods_cell('office:value-type="float" office:value="0.30000000000000004"'), "0.3", None),
        (ods_cell('office:value-type="float" office:value="7"', "###"), "7", None),
        (ods_cell('office:value-type="date" office:date-value="2026-03-01T14:30:00.7"'), "2026-03-01 14:30:01", None),
        (ods_cell('office:value-type="date" office:date-value="never"', "x"), "x", None),
        (ods_cell('office:value-type="time" office:time-value="PT36H05M00S"', "x"), "36:05:00", None),
        (ods_cell('office:value-type="boolean" office:boolean-value="false"', "NEIN"), "FALSE", None),
        (string("a<text:s text:c='2'/>b<text:tab/>c<text:line-break/>d"), "a  b\tc\nd", None),
        (ods_cell('office:value-type="string"', "a</text:p><text:p>b"), "a\nb", None),
        (ods_cell('office:value-type="string" office:string-value="kept"'), "kept", None),
        (ods_cell('office:value-type="string"', "#REF!"), "#REF!", None),
        (ods_cell('table:formula="of:=[.A1]" office:value-type="string"', "#REF!"), "#REF!", ("#REF!", ERROR_VALUE)),
        (ods_cell('table:formula="of:=[.A1]" office:value-type="float" office:value="0"', "Err:502"), "Err:502",
         ("Err:502", ERROR_VALUE)),
        (ods_cell('table:formula="of:=1+1"'), "", ("=1+1", NO_RESULT)),
        (ods_cell('table:formula="of:=1+1" office:value-type="float" office:value="2"', "2"), "2", None),
        ("<table:table-cell><text:p>a</text:p><office:annotation><text:p>no</text:p></office:annotation></table:table-cell>",
         "a", None),
    ],
)  # fmt: skip
def test_every_type_of_ods_cell(cell: str, text: str, problem: tuple[str, str] | None) -> None:
    rows = ods_row(string("a"), string("b")) + ods_row(cell, string("x"))
    problems = (Problem("a", *problem),) if problem else ()
    assert parsed(ods(rows), "a.ods")[1] == [SheetRow(2, (text, "x"), problems)]


def test_repeated_cells_and_rows_of_an_ods() -> None:
    rows = (
        ods_row(string(""), more='table:number-rows-repeated="2"')
        + ods_row(
            ods_cell(""), string("a"), ods_cell('office:value-type="string" table:number-columns-repeated="2"', "b")
        )
        + ods_row(ods_cell(""), string("1"), more='table:number-rows-repeated="3" table:visibility="filter"')
        + ods_row(ods_cell('table:number-columns-repeated="16384"'), more='table:number-rows-repeated="1048570"')
    )
    sheet, found = parsed(ods(rows), "a.ods")
    assert sheet.columns == ("a", "b", "b (2)")
    assert found == [SheetRow(number, ("1", "", "")) for number in (4, 5, 6)]


def test_an_ods_that_claims_more_rows_than_exist_is_refused() -> None:
    rows = ods_row(string("a")) + ods_row(string("1"), more='table:number-rows-repeated="99999999"')
    assert refusal(ods(rows), "a.ods") == str(damaged_error())
    assert refusal(ods("<table:table-row>"), "a.ods") == str(damaged_error())


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=9
)


@settings(max_examples=40)
@given(tables(TEXT))
def test_any_texts_in_an_xls_read_back(table: list[tuple[str, ...]]) -> None:
    def fill(sheet: xlwt.Worksheet) -> None:
        for number, row in enumerate(table):
            for column, cell in enumerate(row):
                sheet.write(number, column, cell)

    assert cells(xls(fill), "a.xls") == kept(table)


@settings(max_examples=40)
@given(tables(TEXT | st.text(" \n\tx", max_size=5)))
def test_any_texts_in_an_ods_read_back(table: list[tuple[str, ...]]) -> None:
    page = Table(name="Sheet")
    for row in table:
        line = TableRow()
        for cell in row:
            element = TableCell(valuetype="string")
            for part in cell.split("\n"):
                paragraph = P()
                addTextToElement(paragraph, part)
                element.addElement(paragraph)
            line.addElement(element)
        page.addElement(line)
    book = OpenDocumentSpreadsheet()
    book.spreadsheet.addElement(page)
    out = BytesIO()
    book.save(out)
    assert cells(out.getvalue(), "a.ods") == kept(table)


SAMPLES = [
    plain_workbook(["a", "b"], ["1", 2.5], ["x", True]),
    (FILES / "libreoffice.xls").read_bytes(),
    (FILES / "libreoffice.ods").read_bytes(),
    b'<meta charset=utf-8><table><tr><td rowspan=2>a<td>b<tr><td x:num="1">1<table><tr><td>y</table></table>',
    b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table><Row>'
    b'<Cell Index="2"><Data Type="Number">1</Data></Cell></Row></Table></Worksheet></Workbook>',
    bare_biff((0, 0, b"Name"), (1, 0, b"x")),
]


@settings(max_examples=150)
@given(st.sampled_from(SAMPLES), st.data())
def test_damage_never_gives_anything_but_values_or_a_refusal(sample: bytes, data: st.DataObject) -> None:
    damaged = bytearray(sample)
    for position, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(sample) - 1), st.integers(0, 255)), min_size=1, max_size=12)
    ):
        damaged[position] = value
    length = data.draw(st.integers(len(sample) // 2, len(sample)))
    with suppress(SheetError):
        assert parsed(bytes(damaged[:length]), "a.xls")[0].columns
