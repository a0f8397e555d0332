"""XLSX workbooks as other programs than Excel write them: parts elsewhere, other names, other encodings."""

import datetime as dt
import re
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from services.drafts.sheets.problems import ERROR_VALUE, LINKED_DATA, NO_RESULT, PICTURE, UNKNOWN_RICH_VALUE
from services.drafts.sheets.source import Hidden
from services.drafts.sheets.table import Merge
from services.drafts.sheets.xlsx import Xlsx
from services.models import Problem, Reading, SheetRow
from tests.drafts.sheets.helpers import CONTENT, cells, parsed, plain_workbook, with_part, workbook

Parts = dict[str, bytes]
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f6"
    "45400000000049454e44ae426082"
)


def fill(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    sheet.write_row(0, 0, ["Name", "SKU", "Launch"])
    sheet.write_string(1, 0, "Café")
    sheet.write_number(1, 1, 123, book.add_format({"num_format": "00000"}))
    sheet.write_datetime(1, 2, dt.datetime(2026, 3, 1), book.add_format({"num_format": "d/m/yy"}))


TABLE = [("Name", "SKU", "Launch"), ("Café", "00123", "2026-03-01")]


def parts_of(data: bytes) -> Parts:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Mapping[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def moved(names: Mapping[str, str], targets: Mapping[str, str]) -> Callable[[Parts], Parts]:
    """Rename parts, and say so in the relationships."""

    def change(parts: Parts) -> Parts:
        out = {}
        for name, content in parts.items():
            for old, new in targets.items():
                if name.endswith(".rels"):
                    content = content.replace(f'"{old}"'.encode(), f'"{new}"'.encode())
            out[names.get(name, name)] = content
        return out

    return change


def everywhere(*changes: tuple[bytes, bytes]) -> Callable[[Parts], Parts]:
    def change(parts: Parts) -> Parts:
        out = {}
        for name, content in parts.items():
            for old, new in changes:
                content = content.replace(old, new)
            out[name] = content
        return out

    return change


def prefixed(parts: Parts) -> Parts:
    def change(xml: bytes) -> bytes:
        return re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", xml).replace(b"xmlns=", b"xmlns:x=")

    return {
        name: change(content) if name.startswith("xl/") and not name.endswith(".rels") else content
        for name, content in parts.items()
    }


def encoded(encoding: str, *names: str) -> Callable[[Parts], Parts]:
    def change(parts: Parts) -> Parts:
        texts = {name: parts[name].decode().replace('"UTF-8"', f'"{encoding}"') for name in names}
        return parts | {name: text.encode(encoding, "xmlcharrefreplace") for name, text in texts.items()}

    return change


SHEET, STRINGS, STYLES = "worksheets/sheet1.xml", "sharedStrings.xml", "styles.xml"


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: {name.replace("/", "\\"): content for name, content in parts.items()},
        lambda parts: {f"/{name}": content for name, content in parts.items()},
        lambda parts: {name.upper(): content for name, content in parts.items()},
        moved({"xl/sharedStrings.xml": "data/strings.xml"}, {STRINGS: "/data/strings.xml"}),
        moved({"xl/sharedStrings.xml": "data/strings.xml"}, {STRINGS: "../data/strings.xml"}),
        moved({"xl/styles.xml": "xl/styles1.xml"}, {STYLES: "styles1.xml"}),
        moved({"xl/styles.xml": "fmt/s.xml"}, {STYLES: "/fmt/s.xml"}),
        moved({}, {SHEET: "./worksheets/sheet1.xml"}),
        moved({}, {SHEET: "/xl/worksheets/sheet1.xml"}),
        moved({}, {SHEET: "..\\xl\\worksheets\\sheet1.xml"}),
        moved({CONTENT: "xl/worksheets/sheet 1.xml"}, {SHEET: "worksheets/sheet%201.xml"}),
        moved({"xl/workbook.xml": "xl/workbook2.xml", "xl/_rels/workbook.xml.rels": "xl/_rels/workbook2.xml.rels"},
              {"xl/workbook.xml": "/xl/workbook2.xml"}),
        moved(
            {
                "xl/workbook.xml": "book/wb.xml",
                "xl/_rels/workbook.xml.rels": "book/_rels/wb.xml.rels",
                CONTENT: "sheets/one.xml",
                "xl/sharedStrings.xml": "strings.xml",
                "xl/styles.xml": "book/styles.xml",
                "xl/theme/theme1.xml": "theme.xml",
            },
            {"xl/workbook.xml": "book/wb.xml", SHEET: "../sheets/one.xml", STRINGS: "/strings.xml"},
        ),
        everywhere(
            (b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main"),
            (b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
             b"http://purl.oclc.org/ooxml/officeDocument/relationships"),
        ),
        prefixed,
        encoded("utf-16", CONTENT),
        encoded("utf-16", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"),
        encoded("iso-8859-1", "xl/sharedStrings.xml"),
        lambda parts: {name: content for name, content in parts.items() if name != "[Content_Types].xml"},
    ],
    ids=[
        "backslashes", "leading slashes", "upper case", "strings, absolute", "strings, relative", "styles1", "styles",
        "dot", "absolute sheet", "backslash target", "escaped", "workbook2", "all elsewhere", "strict", "prefixed",
        "UTF-16 sheet", "UTF-16 others", "Latin-1", "no content types",
    ],
)  # fmt: skip
def test_a_workbook_is_read_wherever_its_parts_are(change: Callable[[Parts], Parts]) -> None:
    assert cells(packed(change(parts_of(workbook(fill)))), "a.xlsx") == TABLE


def test_the_sheet_that_was_open_is_proposed_and_hidden_ones_come_last() -> None:
    def named(state: str) -> Callable[[xlsxwriter.Workbook, Worksheet], None]:
        def fill_sheet(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
            sheet.write_column(0, 0, ["Name", sheet.get_name()])
            if state:
                getattr(sheet, state)()

        return fill_sheet

    sheet, rows = parsed(workbook(*map(named, ["", "hide", "very_hidden", "", "activate"])), "a.xlsx")
    assert sheet.sheets == ("Sheet5", "Sheet1", "Sheet4", "Sheet2", "Sheet3")
    assert sheet.hidden_sheets == ("Sheet2", "Sheet3")
    assert (sheet.reading, rows) == (Reading(sheet="Sheet5"), [SheetRow(2, ("Sheet5",))])


def test_a_zero_that_nobody_calculated_is_a_problem() -> None:
    def formulas(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_row(0, 0, ["a", "b", "c"])
        sheet.write_formula(1, 0, "=1+1")
        sheet.write_formula(1, 1, "=2+2", None, 4)
        sheet.write_number(1, 2, 0)

    data = workbook(formulas)
    assert parsed(data, "a.xlsx")[1] == [SheetRow(2, ("", "4", "0"), (Problem("a", "=1+1", NO_RESULT),))]
    calculated = with_part(data, "xl/workbook.xml", lambda xml: xml.replace(b' fullCalcOnLoad="1"', b""))
    assert parsed(calculated, "a.xlsx")[1] == [SheetRow(2, ("0", "4", "0"))]


def test_a_picture_in_a_cell_is_no_error() -> None:
    def pictures(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_row(0, 0, ["Photo", "Error"])
        sheet.embed_image(1, 0, "a.png", {"image_data": BytesIO(PIXEL)})
        sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")

    data = workbook(pictures)
    error = Problem("Error", "#DIV/0!", ERROR_VALUE)
    assert parsed(data, "a.xlsx")[1] == [
        SheetRow(2, ("(picture)", "#DIV/0!"), (Problem("Photo", "(picture)", PICTURE), error))
    ]
    parts = parts_of(data)
    structures = "xl/richData/rdrichvaluestructure.xml"
    for kind, message in ((b"_linkedentity2", LINKED_DATA), (b"_error", ERROR_VALUE)):
        other = packed(parts | {structures: parts[structures].replace(b"_localImage", kind)})
        problem = Problem("Photo", "#VALUE!", message)
        assert parsed(other, "a.xlsx")[1] == [SheetRow(2, ("#VALUE!", "#DIV/0!"), (problem, error))]
    bare = packed({name: content for name, content in parts.items() if "metadata" not in name})
    assert parsed(bare, "a.xlsx")[1][0].problems == (Problem("Photo", "#VALUE!", UNKNOWN_RICH_VALUE), error)


def test_a_picture_of_wps_office_is_a_picture() -> None:
    def pictures(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write(0, 0, "Photo")
        sheet.write_formula(1, 0, '=_xlfn.DISPIMG("ID_1",1)', None, '=DISPIMG("ID_1",1)')

    assert parsed(workbook(pictures), "a.xlsx")[1] == [
        SheetRow(2, ("(picture)",), (Problem("Photo", "(picture)", PICTURE),))
    ]


def source_of(data: bytes, tmp_path: Path, name: str = "Sheet1") -> tuple[object, object]:
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    with Xlsx(path) as book:
        source = book.open_sheet(name)
        return source.hidden, source.merged


def hide(sheet: Worksheet, *rows: int) -> None:
    for row in rows:
        sheet.set_row(row - 1, None, None, {"hidden": True})


def test_rows_that_a_filter_hides_are_distinguished_from_others(tmp_path: Path) -> None:
    def filtered(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_column(0, 0, ["Note", "Name", "a", "b", "c", "d"])
        sheet.autofilter(1, 0, 4, 0)
        sheet.filter_column("A", "x == b")
        hide(sheet, 1, 3, 5, 6)

    assert source_of(workbook(filtered), tmp_path) == (Hidden(frozenset({1, 3, 5, 6}), frozenset({3, 5})), ())


def test_rows_that_a_table_filter_hides_are_found(tmp_path: Path) -> None:
    def table(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.add_table("A1:B4", {"columns": [{"header": "a"}, {"header": "b"}], "data": [[1, 2], [3, 4], [5, 6]]})
        hide(sheet, 3)

    assert source_of(workbook(table), tmp_path) == (Hidden(frozenset({3}), frozenset({3})), ())


def test_rows_that_a_person_hid_belong_to_no_filter(tmp_path: Path) -> None:
    def hidden(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_column(0, 0, ["Name", "a", "b"])
        hide(sheet, 2)

    assert source_of(workbook(hidden), tmp_path) == (Hidden(frozenset({2})), ())


def test_hidden_rows_without_numbers_are_counted(tmp_path: Path) -> None:
    def filtered(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.write_column(0, 0, ["Name", "a", "b"])
        sheet.autofilter(0, 0, 2, 0)
        hide(sheet, 3)

    bare = with_part(workbook(filtered), CONTENT, lambda xml: re.sub(rb' r="[A-Z]*[0-9]+"', b"", xml))
    assert source_of(bare, tmp_path) == (Hidden(frozenset({3}), frozenset({3})), ())


def test_merged_cells_near_the_header_are_counted_from_the_first_column_in_use(tmp_path: Path) -> None:
    def merged(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        sheet.merge_range("C3:D3", "Price")
        sheet.merge_range("C60:D60", "late")

    assert source_of(workbook(merged), tmp_path) == (Hidden(), (Merge(3, 3, 0, 1),))


def test_a_text_that_starts_like_an_archive_is_a_text() -> None:
    assert cells(b"PK,Name\n1,Mug\n") == [("PK", "Name"), ("1", "Mug")]
    assert cells(b"BM,Name\n1,Mug\n") == [("BM", "Name"), ("1", "Mug")]
    assert cells(b"GIF8,Rar!\n1,Mug\n") == [("GIF8", "Rar!"), ("1", "Mug")]
    assert cells(b"7z,MM\n1,Mug\n") == [("7z", "MM"), ("1", "Mug")]
    assert cells(b"{\\rtf,MM\n1,Mug\n") == [("{\\rtf", "MM"), ("1", "Mug")]
    assert cells(b"%PDF-,MM\n1,Mug\n") == [("%PDF-", "MM"), ("1", "Mug")]
    assert cells(b"<b>Name</b>,Tone\nMug,Warm\n") == [("<b>Name</b>", "Tone"), ("Mug", "Warm")]


def test_plain_numbers_have_15_digits() -> None:
    assert cells(plain_workbook(["a"], [0.1 + 0.2], [4.35 * 100]), "a.xlsx") == [("a",), ("0.3",), ("435",)]
