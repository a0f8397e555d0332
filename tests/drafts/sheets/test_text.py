"""CSV, TSV, TXT and pasted cells."""

import pytest

from services.drafts import sheets
from services.errors import SheetError
from services.models import Reading, SheetRow
from tests.drafts.sheets.helpers import cells, parsed, written


def test_cells_stay_exactly_as_they_stand() -> None:
    row = ("00123", "1e5", "NA", "null", "123456789012345678", " x ", "TRUE", "=1+1", "1.0")
    header = tuple(f"h{i}" for i in range(len(row)))
    assert cells(written([header, row]).encode()) == [header, row]


def test_quoted_line_breaks_quotes_and_separators_belong_to_the_cell() -> None:
    assert cells(b'a,b\r\n"one\r\ntwo\nthree\rfour","say ""hi"", ok"\r\n') == [
        ("a", "b"),
        ("one\r\ntwo\nthree\rfour", 'say "hi", ok'),
    ]


def test_a_cell_may_be_very_long() -> None:
    long = "x" * 11_000_000
    assert cells(f"a,b\n{long},y\n".encode()) == [("a", "b"), (long, "y")]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_every_line_break_ends_a_row(line_break: str) -> None:
    text = line_break.join(["a,b", "1,2", "3,4"])
    assert cells(text.encode()) == [("a", "b"), ("1", "2"), ("3", "4")]
    assert cells((text + line_break).encode()) == [("a", "b"), ("1", "2"), ("3", "4")]


def test_short_rows_are_filled_up_and_longer_ones_get_further_columns() -> None:
    sheet, rows = parsed(b"a,b\n1\n1,2,3,\n1,2,,4\n1,2,,,\n")
    assert sheet.columns == ("a", "b", "Column 3", "Column 4")
    assert sheet.notes == ("Columns without a name are called “Column 3”, “Column 4”.",)
    assert rows == [
        SheetRow(2, ("1", "", "", "")),
        SheetRow(3, ("1", "2", "3", "")),
        SheetRow(4, ("1", "2", "", "4")),
        SheetRow(5, ("1", "2", "", "")),
    ]


def test_a_longer_row_far_down_widens_the_rows_before_it() -> None:
    sheet, rows = parsed(b"a,b\n" + b"1,2\n" * 3_000 + b"1,2,3\n")
    assert sheet.columns == ("a", "b", "Column 3")
    assert {row.cells for row in rows[:-1]} == {("1", "2", "")}
    assert rows[-1] == SheetRow(3002, ("1", "2", "3"))


def test_blank_rows_are_left_out_and_numbers_stay_those_of_the_spreadsheet_program() -> None:
    sheet, rows = parsed(b'\n,\na,b\n1,2\n\n , \t\n3,"x\ny"\n,\n5,6\n\n\n')
    assert rows == [SheetRow(4, ("1", "2")), SheetRow(7, ("3", "x\ny")), SheetRow(9, ("5", "6"))]
    assert sheet.notes == ("3 blank rows were left out.",)


def test_one_blank_row_is_reported_in_the_singular() -> None:
    assert parsed(b"a,b\n1,2\n,\n3,4\n")[0].notes == ("1 blank row was left out.",)


def test_empty_columns_without_a_header_at_the_end_are_left_out() -> None:
    sheet, rows = parsed(b"a,b,, ,\n1,2,,,\n3,4,,,\n")
    assert (sheet.columns, sheet.notes) == (("a", "b"), ())
    assert [row.cells for row in rows] == [("1", "2"), ("3", "4")]


def test_headers_become_names_of_their_own() -> None:
    sheet, _ = parsed(b'Name, Name ,,"Key\r\nfeatures",Name (2),Column 3\n1,2,3,4,5,6\n')
    assert sheet.columns == ("Name", "Name (3)", "Column 3 (2)", "Key features", "Name (2)", "Column 3")
    assert sheet.notes == (
        "A column without a name is called “Column 3 (2)”.",
        "A repeated column name is called “Name (3)”.",
    )


def test_nul_becomes_a_replacement_character_and_is_announced() -> None:
    sheet, rows = parsed(b"a,b\nx\0y,\0\n")
    assert rows == [SheetRow(2, ("x\ufffdy", "\ufffd"))]
    assert sheet.notes == ("2 NUL characters were replaced by “\ufffd” because cells can't hold NUL.",)


def test_a_quotation_mark_inside_a_cell_stays() -> None:
    assert cells(b'a,b\nScreen 5" wide,x\n') == [("a", "b"), ('Screen 5" wide', "x")]


def test_excels_separator_line_is_obeyed_and_is_no_row() -> None:
    sheet, rows = parsed(b"sep=;\r\na,b;c\r\n1;2\r\n")
    assert (sheet.columns, sheet.reading.separator) == (("a,b", "c"), ";")
    assert rows == [SheetRow(2, ("1", "2"))]


@pytest.mark.parametrize("separator", sheets.SEPARATORS)
def test_pasted_cells_and_pasted_csv_are_read_alike(separator: str) -> None:
    data, filename, reading = sheets.pasted(written([("Näme", "Features"), ("Mug", "warm\nround")], separator))
    sheet, rows = parsed(data, filename, reading)
    assert (sheet.filename, sheet.reading) == ("Pasted cells", Reading("utf-8", separator))
    assert (sheet.columns, rows) == (("Näme", "Features"), [SheetRow(2, ("Mug", "warm\nround"))])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Name\tTone\n", "The pasted text has a header but no rows"),
        (" \n", "The pasted text is empty"),
        ('[{"name": "Mug"}]', "The pasted text is JSON, not a spreadsheet"),
        ("<html><body>Sign in", "The pasted text is a web page without a table"),
        ("a\t" * 300 + "\n1\n", "The pasted text has 300 columns; the limit is 256"),
    ],
)
def test_what_is_wrong_with_pasted_cells_is_said_in_words_about_pasting(text: str, what: str) -> None:
    with pytest.raises(SheetError) as caught:
        parsed(*sheets.pasted(text))
    again = "Copy the cells you need, including the header row, and paste them again."
    assert str(sheets.pasted_error(caught.value)) == f"{what}. {again}"


def test_a_text_named_xls_is_read_as_the_text_it_is() -> None:
    assert cells(b"a\tb\n1\t2\n", "export.xls") == [("a", "b"), ("1", "2")]
