"""Quotes out of place: the table stays even, and a note names the rows."""

import csv
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.drafts import sheets
from services.drafts.sheets.clipboard import requoted
from services.drafts.sheets.records import Records
from services.drafts.sheets.source import MisreadError
from services.errors import SheetError
from services.models import Reading
from tests.drafts.sheets.helpers import cells, parsed

FILES = Path(__file__).parent / "files"
ALIGNED = "out of place; the reading that keeps the columns aligned was used."
UNEVEN = "Correct the quotation marks and upload the file again."

Table = list[list[str]]


def read(text: str, separator: str = ",") -> tuple[Table, tuple[str, ...]]:
    """Read a text, and give its records and the notes on them."""
    records = Records(lambda: StringIO(text, newline=""), separator)
    with suppress(MisreadError):
        return [list(row) for _, row, _ in records.rows()], records.notes()
    return [list(row) for _, row, _ in records.rows()], records.notes()


def pasted(text: str) -> list[tuple[str, ...]]:
    """Paste cells, and give the columns' names and the cells of each row."""
    data, filename, reading = sheets.pasted(text)
    return cells(data, filename, reading)


@pytest.mark.parametrize(
    ("name", "notes", "rows"),
    [
        (
            "backslash-quotes.csv",
            ("Quotation marks after a backslash were read as part of the text.",),
            [("1", "Mug", 'A mug that says "hello, you" every day'), ("2", "Plate", 'The "big" plate'),
             ("3", "Bowl", "Plain")],
        ),
        (
            "inch-quotes.csv",
            (f"Rows 2 and 3 have quotation marks {ALIGNED}",),
            [("Laptop sleeve", '15.6" laptop', "Bold"), ("Frame", '8" x 10", black', "Calm"), ("Mug", "small", "Warm")],
        ),
        (
            "swallowed-rows.csv",
            (f"Row 3 has a quotation mark {ALIGNED}",),
            [
                ("Mug", "Warm"), ('"Tray 12, round', "Calm"), ("Plate", "Bold"), ("Bowl", "Warm"),
                ('Frame 5" wide', "Calm"), ("Vase", "Bold"),
            ],
        ),
    ],
)  # fmt: skip
def test_files_with_quotes_out_of_place_stay_even(
    name: str, notes: tuple[str, ...], rows: list[tuple[str, ...]]
) -> None:
    sheet, found = parsed((FILES / name).read_bytes())
    assert ([row.cells for row in found], sheet.notes) == (rows, notes)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('1,Mug 5",x', ["1", 'Mug 5"', "x"]),
        ('"1","a ""b"" c","x"', ["1", 'a "b" c', "x"]),
        ('1,"one\ntwo, three\n\nfour",x', ["1", "one\ntwo, three\n\nfour", "x"]),
        ('1,"a ""b"', ["1", 'a "b']),
        ("1,C:\\new\\,x", ["1", "C:\\new\\", "x"]),
    ],
)
def test_quotes_in_place_say_nothing(text: str, row: list[str]) -> None:
    assert read(f"a,b,c\n{text}\n2,y,z\n") == ([["a", "b", "c"], row, ["2", "y", "z"]], ())


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('"1","Mug 5"","x"', ["1", 'Mug 5"', "x"]),
        ('"1","He said "hi" and left","x"', ["1", 'He said "hi" and left', "x"]),
        ('"1","He said "hi"\nand 5" wide","x"', ["1", 'He said "hi"\nand 5" wide', "x"]),
        ('1,"Mug" big,x', ["1", '"Mug" big', "x"]),
        ('1,"Mug big,x', ["1", '"Mug big', "x"]),
        ('1,"8 x 10", black",x', ["1", '8 x 10", black', "x"]),
        ('1, "Mug, big" ,x', ["1", "Mug, big", "x"]),
        ('1,"Mug, big,x', ["1", '"Mug, big', "x"]),
    ],
)
def test_a_quote_out_of_place_keeps_the_row_even_with_a_note(text: str, row: list[str]) -> None:
    assert read(f"a,b,c\n0,w,v\n{text}\n2,y,z\n") == (
        [["a", "b", "c"], ["0", "w", "v"], row, ["2", "y", "z"]],
        (f"Row 3 has a quotation mark {ALIGNED}",),
    )


@pytest.mark.parametrize("text", ['1,2\n3,"4\n5,6\n', '1,2\n"3,4\n5,6', '1,2\n3","4\n5,6'])
def test_a_quote_that_stays_open_swallows_no_rows(text: str) -> None:
    table, notes = read(f"a,b\n{text}")
    assert [len(row) for row in table] == [2, 2, 2, 2]
    assert notes == (f"Row 3 has a quotation mark {ALIGNED}",)


@pytest.mark.parametrize("text", ['"', '"x', 'x"y","z" w', '"a","b" c "d",e,"f'])
def test_a_row_that_no_reading_makes_even_is_named(text: str) -> None:
    notes = read(f"a,b,c,d,e,f,g\n1,2,3,4,5,6,7\n{text}\n")[1]
    assert notes == (f"Row 3 has a quotation mark out of place, and its cells may be in the wrong columns. {UNEVEN}",)


@pytest.mark.parametrize("closing", ['Frame 5",Calm', 'Frame 5" wide,Calm', '"Frame",Calm'])
def test_a_quote_that_closes_rows_later_swallows_none_of_them(closing: str) -> None:
    table, notes = read(f'Name,Tone\nMug,Warm\n"Tray 12,Calm\nPlate,Bold\nBowl,Warm\n{closing}\nVase,Bold\n')
    assert table[2:5] == [['"Tray 12', "Calm"], ["Plate", "Bold"], ["Bowl", "Warm"]]
    assert (len(table), table[-1], notes) == (7, ["Vase", "Bold"], (f"Row 3 has a quotation mark {ALIGNED}",))


def test_two_lines_in_a_cell_that_look_like_rows_stay_with_a_note() -> None:
    assert read('Name,Tone\n"Tray 12,Calm\nFrame 5",Calm\nVase,Bold\n') == (
        [["Name", "Tone"], ["Tray 12,Calm\nFrame 5", "Calm"], ["Vase", "Bold"]],
        (
            "Row 2 has a cell with several lines that look like rows. If they are rows, delete the quotation marks "
            "around them and upload the file again.",
        ),
    )


def test_prose_of_several_lines_is_not_taken_for_rows() -> None:
    text = 'Name,Notes\n"Mug, red\nPlate, blue\nBowl",x\nVase,"Soft\nwarm, light"\n'
    assert read(text) == (list(csv.reader(StringIO(text, newline=""))), ())


def test_many_rows_are_named_in_short() -> None:
    notes = read("a,b\n" + '"x" y,1\n' * 1_500)[1]
    assert notes == (f"Rows 2, 3, 4 and 1,497 more have quotation marks {ALIGNED}",)


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ('"x \\"y\\"",1\n', [['x "y"', "1"]]),
        ('x \\"y\\",1\n', [['x "y"', "1"]]),
        ('"C:\\\\new \\"y\\" \\z",1\n', [['C:\\new "y" \\z', "1"]]),
        ("x\\, y,1\nz,2\n", [["x, y", "1"], ["z", "2"]]),
    ],
)
def test_backslash_escapes_are_understood_where_they_make_the_table_even(text: str, table: Table) -> None:
    notes = ("Quotation marks after a backslash were read as part of the text.",)
    assert read(f"a,b\n{text}") == ([["a", "b"], *table], notes)


def test_a_backslash_before_a_closing_quote_is_part_of_the_text() -> None:
    text = 'a,b\n"C:\\dir\\","x"\n"D:\\","y ""z"""\n'
    assert read(text) == ([["a", "b"], ["C:\\dir\\", "x"], ["D:\\", 'y "z"']], ())


def test_backslashes_and_stray_quotes_in_one_file() -> None:
    table, notes = read('a,b,c\n"1","x \\"y, z\\"","w"\n"2","15.6" laptop","v"\n')
    assert table[1:] == [["1", 'x "y, z"', "w"], ["2", '15.6" laptop', "v"]]
    assert notes[1:] == (f"Row 3 has a quotation mark {ALIGNED}",)


# --- pasted cells


def test_pasted_quotes_stay_as_they_were_typed() -> None:
    assert pasted((FILES / "pasted-quotes.txt").read_text()) == [
        ("Product name", "Tone", "Note"),
        ('"Best" mug', "Warm", '"new"'),
        ('"Happy hour cup', "Bold", "x"),
        ('Ends with quote"', "Calm", "y"),
        ("Plain", "Warm", "z"),
    ]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('Mug\tx\t"one\ntwo"\n', [("Mug", "x", "one\ntwo")]),
        ('"a ""b""\r\nc"\tx\ty\r\n', [('a "b"\r\nc', "x", "y")]),
        ('"a\tb"\tx\ty\n', [("a\tb", "x", "y")]),
        ('"a ""b"""\tx\ty\n', [('"a ""b"""', "x", "y")]),
        ('"\t"\t""\n', [('"', '"', '""')]),
        ('"Tray\tx\ty\nMug\tx\ty\nCup"\tx\ty\n', [('"Tray', "x", "y"), ("Mug", "x", "y"), ('Cup"', "x", "y")]),
        ('x\ty\t"open\n', [("x", "y", '"open')]),
    ],
)
def test_only_pasted_cells_with_tabs_or_line_breaks_are_quoted(text: str, rows: list[tuple[str, ...]]) -> None:
    assert pasted(f"A\tB\tC\n{text}") == [("A", "B", "C"), *rows]


def test_quotes_in_a_single_pasted_column_stay() -> None:
    assert pasted('Name\n"Best" mug\n"new"\n"Happy\n') == [("Name",), ('"Best" mug',), ('"new"',), ('"Happy',)]


def test_pasted_csv_keeps_the_quotes_of_csv() -> None:
    assert pasted('Name,Note\n"a, b",x\n"new","say ""y"""\n') == [("Name", "Note"), ("a, b", "x"), ("new", 'say "y"')]


def clipboard(table: list[tuple[str, ...]]) -> str:
    """Write cells as spreadsheet programs put them on the clipboard."""

    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if "\n" in cell else cell

    return "".join("\t".join(map(quoted, row)) + "\r\n" for row in table)


_typed = st.text('"ab ,', max_size=8).map("{}b".format)
_lines = st.text('"ab \n,', max_size=8).map("a\n{}".format)


@given(st.lists(st.tuples(*[_typed | _lines] * 3), max_size=6))
def test_any_cells_from_the_clipboard_come_back(rows: list[tuple[str, ...]]) -> None:
    table = [("A", "B", "C"), *rows]
    assert list(csv.reader(StringIO(requoted(clipboard(table)), newline=""), delimiter="\t")) == list(map(list, table))


# --- any table

_texts = st.text('ab1 ,;\t|"\n\\', max_size=8) | st.text(st.characters(exclude_characters="\0\r\n"), max_size=6)


_words = st.sampled_from(["Mug", "red, warm", 'say "hi", please', "two\nlines", "5", "", '15.6"'])


@st.composite
def _tables(draw: st.DrawFn, texts: st.SearchStrategy[str], min_rows: int = 1) -> Table:
    width = draw(st.integers(2, 4))
    rows = st.lists(st.lists(texts, min_size=width, max_size=width), min_size=min_rows, max_size=6)
    return [[f"h{number}" for number in range(width)], *draw(rows)]


@settings(max_examples=100)
@given(
    _tables(_texts),
    st.sampled_from(list(sheets.SEPARATORS)),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_any_table_that_csv_writes_comes_back_or_a_note_says_what_changed(
    table: Table, separator: str, quoting: Literal[0, 1, 2], line_break: str, escapes: bool
) -> None:
    table = [[cell.replace("\n", line_break) for cell in row] for row in table]  # csv quotes no other line breaks
    out = StringIO(newline="")
    csv.writer(
        out,
        delimiter=separator,
        quoting=quoting,
        lineterminator=line_break,
        doublequote=not escapes,
        escapechar="\\" if escapes else None,
    ).writerows(table)
    found, notes = read(out.getvalue(), separator)
    # Without a quote to go by, the backslashes that escape themselves can't be told from two
    doubled = [[cell.replace("\\", "\\\\") for cell in row] for row in table]
    assert found == table or notes or (escapes and '\\"' not in out.getvalue() and found == doubled)


@settings(max_examples=100)
@example(
    table=[["h0", "h1"], *[["Mug", "Mug"]] * 3, ["two\nlines", '15.6"']],
    quoting=csv.QUOTE_MINIMAL,
    deletes=True,
    position=0,
)
@given(
    _tables(_words, min_rows=4),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(),
    st.integers(0, 10_000),
)
def test_a_quote_too_many_or_too_few_never_shifts_cells_silently(
    table: Table, quoting: Literal[0, 1], deletes: bool, position: int
) -> None:
    out = StringIO(newline="")
    csv.writer(out, quoting=quoting, lineterminator="\n").writerows(table)
    text = out.getvalue()
    quotes = [index for index, char in enumerate(text) if char == '"']
    if quotes and deletes:
        at = quotes[position % len(quotes)]
        damaged = text[:at] + text[at + 1 :]
    else:
        at = position % (len(text) + 1)
        damaged = f'{text[:at]}"{text[at:]}'
    found, notes = read(damaged)
    changed = [number for number, (was, now) in enumerate(zip(table, found, strict=False)) if was != now]
    assert notes or (
        len(found) == len(table) and len(changed) <= 1 and [len(row) for row in found] == [len(row) for row in table]
    )


# --- hostile


@pytest.mark.parametrize(
    "text", ['"' * 200_001, '"\n' * 50_000, 'x","y\n' * 1_000, 'a,"b\n' * 2_000, ('",' * 500 + "\n") * 100]
)
def test_a_file_of_quotes_is_read_or_refused_in_words(text: str) -> None:
    try:
        assert read(text)[0]
    except SheetError as refusal:
        assert "Too many quotation marks" in str(refusal)  # noqa: PT017 (either is fine, silence isn't)


def test_the_reading_of_the_fields_is_even_when_the_separator_is_chosen() -> None:
    assert cells(b'a,b\n"x" y,1\n', reading=Reading("utf-8", ",")) == [("a", "b"), ('"x" y', "1")]
