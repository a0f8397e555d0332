"""Tables that web systems and Excel itself save as web pages, web archives or XML, under the name .xls."""

import base64
import quopri
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drafts.sheets.flaws import flaw_notes
from services.drafts.sheets.moments import DATE_NOTE
from services.drafts.sheets.problems import ERROR_VALUE, NO_RESULT
from services.drafts.sheets.refusals import REMEDY, damaged_error
from services.errors import SheetError
from services.models import Problem, Reading, SheetRow
from tests.drafts.sheets.helpers import cells, parsed
from tests.drafts.sheets.test_refusals import refusal

ROWS = "<tr><th>Name</th><th>Tone</th></tr><tr><td>Café</td><td>Warm &amp; &eacute;</td></tr>"
TABLE = f"<table border=1>{ROWS}</table>"
EXPECTED = [("Name", "Tone"), ("Café", "Warm & é")]
UTF8 = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
LATIN = '<meta charset="windows-1252">'


def mhtml(content: bytes, encoding: str, head: bytes = b"MIME-Version: 1.0\r\n") -> bytes:
    return (
        head
        + b'Content-Type: multipart/related; boundary="b"\r\n\r\nThis document is a Web archive.\r\n\r\n--b\r\n'
        + b"Content-Location: file:///C:/x.htm\r\nContent-Transfer-Encoding: "
        + encoding.encode()
        + b'\r\nContent-Type: text/html; charset="utf-8"\r\n\r\n'
        + content
        + b"\r\n--b\r\nContent-Type: text/css\r\n\r\ntd {}\r\n--b--\r\n"
    )


@pytest.mark.parametrize(
    "data",
    [
        TABLE.encode(),
        (UTF8 + TABLE).encode(),
        (LATIN + TABLE).encode("cp1252"),
        b"\xef\xbb\xbf" + (UTF8 + TABLE).encode(),
        b"\xef\xbb\xbf\xef\xbb\xbf" + TABLE.encode(),
        TABLE.encode("utf-16"),
        TABLE.encode("utf-16-le"),
        (UTF8 + TABLE).encode("utf-16"),
        f"<!DOCTYPE html>\n<html><head>{UTF8}</head><body><p>Report</p>{TABLE}</body></html>".encode(),
        f"<style>td {{color: red}}</style>{TABLE}".encode(),
        f"<!-- made by a shop -->\n\n{TABLE}".encode(),
        f"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><body>{TABLE}</body></html>".encode(),
        f"<script>document.write('<table><tr><td>no</td></tr></table>')</script>{TABLE}".encode(),
        f"<div><b>Report</b>{TABLE}</div>".encode(),
        f"\r\n  {TABLE.replace('table', 'TABLE').replace('td>', 'TD>')}".encode(),
        b"<table><tr><td>Name<td>Tone<tr><td>Caf\xc3\xa9<td>Warm &amp; \xc3\xa9</table>",
        f"<table><thead><tr><th>Name</th><th>Tone</th></tr></thead><tbody>{ROWS.partition('</tr>')[2]}</tbody>".encode(),
        f"<html><tr><td>Name</td><td>Tone</td></tr>{ROWS.partition('</tr>')[2]}</html>".encode(),
        mhtml(TABLE.encode(), "8bit"),
        mhtml(quopri.encodestring(TABLE.encode()), "quoted-printable"),
        mhtml(base64.encodebytes(TABLE.encode()), "base64"),
        mhtml(TABLE.encode(), "8bit", b"From: <Saved by Excel>\r\nSubject: x\r\n\ty\r\n"),
        mhtml(TABLE.encode(), "8bit").replace(b"\r\n", b"\n"),
    ],
)  # fmt: skip
def test_a_table_in_a_web_page_is_read(data: bytes) -> None:
    sheet, rows = parsed(data, "export.xls")
    assert [sheet.columns, *(row.cells for row in rows)] == EXPECTED
    assert (sheet.sheets, sheet.reading, sheet.notes) == (("Table 1",), Reading(sheet="Table 1"), ())
    assert cells(data, "export.csv") == EXPECTED


def body_of(*cells_: str) -> tuple[str, ...]:
    row = "".join(cells_)
    return cells(f"<table><tr>{'<th>h' * len(cells_)}</tr><tr>{row}</tr></table>".encode(), "a.xls")[1]


def test_breaks_paragraphs_and_white_space_look_as_in_a_browser() -> None:
    assert body_of("<td>a<br>b<br/> c </td>", "<td> a \n  b&nbsp;&nbsp;c </td>", "<td><p>a</p><p>b</p></td>") == (
        "a\nb\nc", "a b c", "a\nb",
    )  # fmt: skip
    assert body_of("<td>&nbsp;</td>", "<td>x<script>y</script><!-- z --></td>", "<td>&lt;b&gt; &#8364;</td>") == (
        "", "x", "<b> €",
    )  # fmt: skip


def test_cells_that_span_others_keep_them_in_their_columns() -> None:
    data = (
        b"<table><tr><td rowspan=2>Name<td colspan=2>Price<td>Tone</tr><tr><td>net<td>gross<td>t</tr>"
        b"<tr><td>Mug<td>1<td>2<td>Warm</table>"
    )
    assert cells(data, "a.xls") == [
        ("Name", "Price", "Column 3", "Tone"), ("", "net", "gross", "t"), ("Mug", "1", "2", "Warm"),
    ]  # fmt: skip


def test_the_largest_table_is_proposed_and_the_others_can_be_chosen() -> None:
    layout = f"<table><tr><td>Menu</td></tr><tr><td>{TABLE}</td></tr></table><table></table>"
    small = "<table><caption>Totals</caption><tr><td>a</td></tr><tr><td>1</td></tr></table>"
    sheet, rows = parsed((layout + small).encode(), "a.xls")
    assert sheet.sheets == ("Table 2", "Table 1", "Table 3")
    assert [sheet.columns, *(row.cells for row in rows)] == EXPECTED
    assert cells((layout + small).encode(), "a.xls", Reading(sheet="Table 3")) == [("a",), ("1",)]
    assert cells((layout + small).encode(), "a.xls", Reading(sheet="Table 1")) == [
        ("Menu",), ("Name Tone\nCafé Warm & é",),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<td style=\"mso-number-format:'00000'\">123</td>", "00123"),
        ("<td style='mso-number-format:\"\\@\"'>00123</td>", "00123"),
        ("<td class=xl1>123.5</td>", "123.50"),
        ("<td class=xl2>0.25</td>", "25%"),
        ("<td class=xl2 x:num=\"0.25\">25%</td>", "25%"),
        ("<td class=xl3 x:num>12</td>", "12"),
        ("<td x:num=\"1234.5\"></td>", "1234.5"),
        ("<td x:num=\"1234.5\">###</td>", "1234.5"),
        ("<td class=xl1>n/a</td>", "n/a"),
        ("<td style='mso-number-format:\"\\\\dd800\"'>12</td>", "12"),
    ],
)  # fmt: skip
def test_number_formats_of_excel_count(cell: str, text: str) -> None:
    rules = '.xl1 {mso-number-format:"0\\.00";} td.xl2 {mso-number-format:0%} .xl3 {mso-number-format:"0\\,"}'
    data = f"<style><!-- {rules} --></style><table><tr><td>a</td></tr><tr>{cell}</tr></table>".encode()
    assert cells(data, "a.xls") == [("a",), (text,)]


def test_an_error_of_excel_is_a_problem() -> None:
    data = b'<table><tr><td>a</td></tr><tr><td x:err="#REF!">#REF!</td></tr><tr><td>#REF!</td></tr></table>'
    assert parsed(data, "a.xls")[1] == [
        SheetRow(2, ("#REF!",), (Problem("a", "#REF!", ERROR_VALUE),)),
        SheetRow(3, ("#REF!",)),
    ]


def test_the_only_sheet_of_a_page_saved_by_excel_has_its_name() -> None:
    head = (
        "<html><!--[if gte mso 9]><xml><x:ExcelWorksheet><x:Name>Products</x:Name></x:ExcelWorksheet></xml><![endif]-->"
    )
    assert parsed((head + TABLE).encode(), "a.xls")[0].sheets == ("Products",)


@pytest.mark.parametrize("around", ["div", 'span class="a"', "p", "b"])
def test_a_table_within_very_many_elements_is_read(around: str) -> None:
    data = f"\n<{around}>" * 40_000 + TABLE
    assert cells(data.encode(), "export.xls") == EXPECTED


def test_tags_without_a_table_are_a_text() -> None:
    assert cells(b"<b>" * 30_000 + b"\nx\n", "a.csv", Reading(separator=","))[-1] == ("x",)


@pytest.mark.parametrize(
    "data", [b"<html><body>Please log in</body></html>", b"<!DOCTYPE html><p>x", mhtml(b"x", "8bit")]
)
def test_a_page_without_a_table_is_refused(data: bytes) -> None:
    assert refusal(data, "a.xls") == f"This file is a web page without a table. {REMEDY}"


def test_a_page_whose_tables_are_empty_is_refused_as_such() -> None:
    assert refusal(b"<table><tr><td>" * 900, "a.xls") == f"This file is a web page whose tables are empty. {REMEDY}"


def test_tables_nested_deeper_than_any_page_are_refused_and_nothing_breaks() -> None:
    with pytest.raises(SheetError):
        parsed(b"<table><tr><td>x" * 5_000, "a.xls")


@given(
    st.lists(
        st.lists(
            st.text(
                st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zs", "Zl", "Zp"]), min_size=1, max_size=6
            ),
            min_size=2,
            max_size=2,
        ),
        min_size=2,
        max_size=5,
    )
)
def test_any_text_in_a_table_reads_back(table: list[list[str]]) -> None:
    import html

    table[0] = ["h1", "h2"]
    rows = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in table)
    assert cells(f"<meta charset=utf-8><table>{rows}</table>".encode(), "a.xls") == [tuple(row) for row in table]


def spreadsheetml(rows: str, *, before: str = "", after: str = "", name: str = ' ss:Name="Data"') -> str:
    return (
        '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"'
        ' xmlns:x="urn:schemas-microsoft-com:office:excel"'
        f' xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">{before}'
        f"<Worksheet{name}><Table>{rows}</Table>{after}</Worksheet></Workbook>"
    )


def data_cell(kind: str, text: str, more: str = "") -> str:
    return f'<Cell{more}><Data ss:Type="{kind}">{text}</Data></Cell>'


STYLES = (
    '<Styles><Style ss:ID="sku"><NumberFormat ss:Format="00000"/></Style>'
    '<Style ss:ID="p"><NumberFormat ss:Format="Percent"/></Style>'
    '<Style ss:ID="d"><NumberFormat ss:Format="Short Date"/></Style></Styles>'
)


def test_every_type_of_value_in_xml_spreadsheet_2003() -> None:
    names = "".join(data_cell("String", name) for name in "abcdefgh")
    values = (
        data_cell("Number", "123", ' ss:StyleID="sku"')
        + data_cell("Number", "0.25", ' ss:StyleID="p"')
        + data_cell("Number", "434.99999999999994")
        + data_cell("DateTime", "2026-03-01T00:00:00.000", ' ss:StyleID="d"')
        + data_cell("DateTime", "1899-12-31T14:30:00.000")
        + data_cell("Boolean", "1")
        + data_cell("Error", "#REF!")
        + '<Cell ss:Formula="=RC[-1]*2"/>'
    )
    sheet, rows = parsed(spreadsheetml(f"<Row>{names}</Row><Row>{values}</Row>", before=STYLES).encode(), "a.xls")
    assert rows == [
        SheetRow(
            2,
            ("00123", "25.00%", "435", "2026-03-01", "14:30:00", "TRUE", "#REF!", ""),
            (Problem("g", "#REF!", ERROR_VALUE), Problem("h", "=RC[-1]*2", NO_RESULT)),
        )
    ]
    flaws = flaw_notes(Counter([(ERROR_VALUE, 6), (NO_RESULT, 7)]), sheet.columns)
    assert (sheet.reading, sheet.notes) == (Reading(sheet="Data"), (*flaws, DATE_NOTE))


def test_rows_and_cells_stand_where_their_index_says() -> None:
    rows = (
        '<Row ss:Index="3"><Cell ss:Index="2"><Data ss:Type="String">a</Data></Cell><Cell ss:MergeAcross="1">'
        '<Data ss:Type="String">b</Data></Cell><Cell><Data ss:Type="String">c</Data></Cell></Row>'
        '<Row ss:Index="6"><Cell ss:Index="4"><Data ss:Type="String">x</Data></Cell></Row>'
        '<Row><Cell ss:Index="2"><ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-html40"><B>bo</B>ld</ss:Data>'
        "<Comment><ss:Data>no</ss:Data></Comment></Cell></Row>"
    )
    sheet, found = parsed(spreadsheetml(rows, name="").encode(), "a.xml.xls")
    assert (sheet.columns, sheet.sheets) == (("a", "b", "Column 3", "c"), ("Sheet1",))
    assert found == [SheetRow(6, ("", "", "x", "")), SheetRow(7, ("bold", "", "", ""))]


def test_the_active_sheet_is_first_and_the_hidden_one_last() -> None:
    hidden = "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>"
    rows = "<Row><Cell><Data>a</Data></Cell></Row><Row><Cell><Data>1</Data></Cell></Row>"
    more = "".join(f'</Worksheet><Worksheet ss:Name="{name}"><Table>{rows}</Table>' for name in ("B", "B", "C"))
    before = "<x:ExcelWorkbook><x:ActiveSheet>3</x:ActiveSheet></x:ExcelWorkbook>"
    sheet, _ = parsed(spreadsheetml(rows, before=before, after=hidden + more).encode(), "a.xls")
    assert (sheet.sheets, sheet.hidden_sheets) == (("C", "B", "B (3)", "Data"), ("Data",))


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: b"\n " + text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace('"1.0"', '"1.0" encoding="utf-16"').encode(),
        lambda text: text.replace('"1.0"', '"1.0" encoding="windows-1252"').encode("cp1252"),
        lambda text: text.replace('"1.0"', '"1.0" encoding="GB2312"').encode("gb18030"),
        lambda text: text.replace("<", "<ss:").replace("<ss:/", "</ss:").replace("<ss:?", "<?"),
    ],
)  # fmt: skip
def test_xml_spreadsheet_2003_is_read_in_any_encoding(encode: object) -> None:
    text = spreadsheetml("<Row><Cell><Data>Name</Data></Cell></Row><Row><Cell><Data>Café</Data></Cell></Row>")
    data = encode(text)  # type: ignore[operator]
    assert cells(data.encode() if isinstance(data, str) else data, "a.xls") == [("Name",), ("Café",)]


def test_declared_entities_are_refused() -> None:
    bomb = '<!DOCTYPE Workbook [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>\n<Workbook'
    text = spreadsheetml("<Row><Cell><Data>&b;</Data></Cell></Row>").replace("\n<Workbook", bomb)
    assert refusal(text.encode(), "a.xls") == str(damaged_error())
    assert refusal(spreadsheetml("<Row>").encode(), "a.xls") == str(damaged_error())
