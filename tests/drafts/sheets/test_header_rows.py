"""Where the column names are: below titles, in two rows, and in the first row of any ordinary file."""

import csv
from collections.abc import Sequence
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.drafts.sheets.cells import is_data
from services.drafts.sheets.header_rows import find_header, head_rows
from services.drafts.sheets.source import Merge
from services.errors import SheetError
from services.models import HeaderChoice, Layout, OuterKind, OuterRow, Reading, SheetRow
from tests.drafts.sheets.helpers import parsed

Row = Sequence[str]


def header(text: str, *merged: Merge) -> tuple[tuple[int, ...], tuple[str, ...], str]:
    """Find the column names of CSV text: their rows, the names, and the reason."""
    rows = list(enumerate(csv.reader(StringIO(text)), 1))
    found = find_header(head_rows(rows, merged), merged)
    return found.rows, found.names, found.reason


@pytest.mark.parametrize(
    ("text", "row", "reason"),
    [
        (
            "Report,,\nGenerated 2026-03-01,,\n,,\nProduct name,Tone,Note\nMug,Warm,a\nPlate,Bold,b\nTotal,2,\n",
            4,
            "Column names are in row 4: the rows above have one cell.",
        ),
        (
            "Products 2026\nName,Tone\nMug,Warm\nPlate,Bold\n",
            2,
            "Column names are in row 2: the row above has one cell.",
        ),
        ("Catalog\n\nName,Note,Note\nMug,a,b\n", 3, "Column names are in row 3: the row above has one cell."),
        ("Catalog,\nName,Tone\nMug,Warm\n", 2, "Column names are in row 2: the row above has one cell."),
        ("Catalog\n\nName,Tone\nMug,Warm\n", 3, "Column names are in row 3: the row above has one cell."),
        ("Catalog\nName,Price\nMug,5\nPlate,7\n", 2, "Column names are in row 2: the row above has one cell."),
        (
            "Export\nStore:,Berlin\nDate:,2026-03-01\nSKU,Name,Tone,Price\n1,Mug,Warm,5\n2,Plate,Bold,7\n",
            4,
            "Column names are in row 4: the rows above have fewer cells.",
        ),
        (
            "Store:,Berlin\nSKU,Name,Tone\n1,Mug,Warm\n2,Plate,Bold\n",
            2,
            "Column names are in row 2: the row above has fewer cells.",
        ),
        (
            "\n\nSales by year\nProduct,2024,2025\nMug,5,7\nPlate,1,2\n",
            4,
            "Column names are in row 4: the row above has one cell.",
        ),
        (
            "Report\nMarch\nName,,Tone\nMug,Red,Warm\nPlate,Blue,Bold\n",
            3,
            "Column names are in row 3: the rows above have one cell.",
        ),
        (
            "Report\nMarch\nProduct,,Price,\nName,Tone,Net,Gross\nMug,Warm,1,2\nPlate,Bold,3,4\n",
            4,
            "Column names are in row 4: the rows above have fewer cells.",
        ),
    ],
)
def test_names_below_titles_are_proposed_with_the_reason(text: str, row: int, reason: str) -> None:
    rows, _, why = header(text)
    assert (rows, why) == ((row,), reason)


@pytest.mark.parametrize(
    "text",
    [
        "Name\nMug\nPlate\n",
        "Name,Tone\nMug,Warm\n",
        "Name,Tone\n\nMug,Warm\nPlate,Bold\n",
        "Name,Tone\nMug,Warm,extra\nPlate,Bold,more\n",
        "Name,Tone,\nMug,Warm,extra\nPlate,Bold,more\n",
        ",Name\n0,Mug\n1,Plate\n",
        ",Name\nmug,Mug\nplate,Plate\n",
        'Prompt\nWrite a post\n"Write a poem, short"\nSing\n',
        "Prompt\nWrite a post\nWrite a poem, short\nSing\n",
        "Prompt\nWrite a friendly post for us, short\nWrite a poem about the sea, long\n",
        "Name,Tone\nMug,\nPlate,\nVase,Warm\n",
        "2024,2025\n1,2\n",
        "Name,Tone\nName,Tone\nMug,Warm\n",
        "Product,,Price,\nName,Tone,Net,Gross\nMug,Warm,1,2\n",
        "Name,,Tone,\nMug,Red,Warm,Blue\nPlate,Red,Bold,Blue\n",
        "Name,,Tone,\nMug,Red,Warm,Red\nPlate,Red,Bold,Red\n",
        "a,b,c\nTotal,,\n1,2,3\n",
    ],
)
def test_an_ordinary_first_row_keeps_the_names(text: str) -> None:
    assert header(text)[0] == (1,)
    assert header(text)[2] == ""


names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8)
words = st.sampled_from(
    ["Mug", "Warm", "Total", "a b", "2026", "5", "1,5", "Price:", "Source: x", "2026-03-01", "x@y.z"]
)


@st.composite
def ordinary_tables(draw: st.DrawFn) -> list[list[str]]:
    """Tables with different names and full rows."""
    columns = draw(st.lists(names | words, min_size=1, max_size=5, unique_by=str.casefold))
    row = st.lists(words | names, min_size=len(columns), max_size=len(columns))
    return [columns, *draw(st.lists(row, min_size=1, max_size=6))]


@given(ordinary_tables())
def test_the_first_row_of_an_ordinary_table_always_keeps_the_names(table: list[list[str]]) -> None:
    out = StringIO()
    csv.writer(out).writerows(table)
    assert header(out.getvalue()) == ((1,), tuple(cell.strip() for cell in table[0]), "")


label = st.sampled_from(["Name", "Tone", "Price", "Channel", "Key features", "Audience", "2025"])
value = st.sampled_from(["Mug", "warm and bold", "5", "12.50", "2026-03-01", "Instagram", ""])


@given(
    titles=st.lists(
        st.sampled_from(["Report", "Generated 2026-03-01", "All products, all shops"]), min_size=1, max_size=4
    ),
    blanks=st.integers(1, 3),
    columns=st.lists(label, min_size=3, max_size=6, unique=True),
    data=st.data(),
)
def test_names_below_titles_and_a_blank_row_are_always_found(
    titles: list[str], blanks: int, columns: list[str], data: st.DataObject
) -> None:
    row = st.tuples(st.just("Mug"), *[value.filter(bool)] * (len(columns) - 2), value)
    rows = data.draw(st.lists(row, min_size=1, max_size=5))
    out = StringIO()
    csv.writer(out).writerows([*([title] for title in titles), *[[]] * blanks, columns, *rows])
    assert header(out.getvalue())[:2] == ((len(titles) + blanks + 1,), tuple(columns))


# two rows


FIELD = "Product report 2026,,,\n,,,\nProduct,,Price,\nName,Tone,Net,Gross\nMug,Warm,10,11.9\nPlate,Bold,5,5.95\n"


def test_names_in_two_rows_are_joined_where_the_upper_one_is_merged() -> None:
    assert header(FIELD, Merge(1, 1, 0, 3), Merge(3, 3, 0, 1), Merge(3, 3, 2, 3)) == (
        (3, 4),
        ("Product Name", "Product Tone", "Price Net", "Price Gross"),
        "Column names are in rows 3 and 4: row 3 has names over several columns.",
    )


def test_a_name_merged_over_both_rows_stands_once() -> None:
    text = "SKU,Product,,Notes\n,Name,Tone,\n1,Mug,Warm,x\n2,Plate,Bold,y\n"
    merges = Merge(1, 2, 0, 0), Merge(1, 1, 1, 2), Merge(1, 2, 3, 3)
    assert header(text, *merges)[:2] == ((1, 2), ("SKU", "Product Name", "Product Tone", "Notes"))
    assert header("Report,,,\n" + text, *(Merge(m[0] + 1, m[1] + 1, m[2], m[3]) for m in merges))[0] == (2, 3)


def test_a_name_in_one_of_the_rows_alone_needs_no_merge() -> None:
    text = "SKU,Product,,\n,Name,Tone,Notes\n1,Mug,Warm,x\n2,Plate,Bold,y\n"
    assert header(text, Merge(1, 1, 1, 2))[:2] == ((1, 2), ("SKU", "Product Name", "Product Tone", "Notes"))


@pytest.mark.parametrize(
    ("text", "merge"),
    [
        ("Name,Features,\nMug,light,blue\nPlate,heavy,red\n", Merge(1, 1, 1, 2)),  # one name over two columns of data
        ("Product,,Price\nMug,Warm,5\nPlate,Bold,7\n", Merge(1, 1, 0, 1)),
        ("Product,,Price,\nMug,Mug,a,b\nPlate,Bold,c,d\n", Merge(1, 1, 0, 1)),  # the same text twice is no names
    ],
)
def test_a_merged_name_over_data_is_not_joined_with_it(text: str, merge: Merge) -> None:
    assert header(text, merge)[0] == (1,)


def test_a_merged_title_over_the_whole_table_is_a_title() -> None:
    assert header("Products,\nName,Tone\nMug,Warm\nPlate,Bold\n", Merge(1, 1, 0, 1))[:2] == ((2,), ("Name", "Tone"))


def test_without_merges_two_rows_are_joined_where_gaps_are_over_the_same_names_again() -> None:
    assert header(",2025,,2026,\nProduct,Net,Gross,Net,Gross\nMug,1,2,3,4\nPlate,5,6,7,8\n")[:2] == (
        (1, 2),
        ("Product", "2025 Net", "2025 Gross", "2026 Net", "2026 Gross"),
    )
    assert header("SKU,EN,,DE,\n,Title,Body,Title,Body\n1,a,b,c,d\n2,e,f,g,h\n")[:2] == (
        (1, 2),
        ("SKU", "EN Title", "EN Body", "DE Title", "DE Body"),
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Item,,Texts,\nNo.,Label,Title,Body\n7,Mug,a,b\n8,Cup,c,d\n",
            ("Item No.", "Item Label", "Texts Title", "Texts Body"),
        ),
        (
            "Item,Item,Texts,Texts\nLabel,Weight,Title,Body\nMug,1.5,a,b\nCup,0.2,c,d\n",
            ("Item Label", "Item Weight", "Texts Title", "Texts Body"),
        ),
        ("Item,,Texts,\nMug,1,a,b\nCup,0.2,c,d\nJug,3,e,f\n", None),
        ("Item,,Texts,\nMug,n/a,a,b\nCup,0.2,c,d\nMug,3,e,f\n", None),  # the second row is one of many
        ("Item,,Weight\nMug,Red,n/a\nCup,Blue,0.2\nJug,Black,3\n", None),
    ],
)
def test_two_rows_are_joined_where_the_second_is_the_only_text_in_a_column_of_values(
    text: str, names: tuple[str, ...] | None
) -> None:
    found = header(text)
    assert found[:2] == ((1, 2), names) if names else found[0] == (1,)


GO_ON = "Row 2 may belong to the column names. If it does, choose “Rows 1 and 2” below."


@pytest.mark.parametrize(
    ("text", "is_noted"),
    [
        ("Brief,,Reader,\nTitle,Text,Group,Language\na,b,Buyers,English\nc,d,Owners,English\n", True),
        ("Brief,Brief,Reader,Reader\nTitle,Text,Group,Language\na,b,Buyers,English\n", True),
        ("Brief,,Reader,\nTitle,Text,Group,English\na,b,Buyers,English\nc,d,Owners,English\n", False),
        ("Title,,Reader\na,b,Buyers\nc,d,Owners\n", False),
        ("Title,Text,Reader,Language\na,b,Buyers,English\nc,d,Owners,German\n", False),
        ("Title,Text,,\na,b,,\nc,d,,\n", False),
    ],
)
def test_a_second_row_that_may_hold_names_is_said_to_and_can_be_chosen(text: str, is_noted: bool) -> None:
    sheet, _ = parsed(text.encode())
    assert sheet.layout.header == (1,)
    assert (GO_ON in sheet.notes) is is_noted
    assert not is_noted or (1, 2) in [choice.rows for choice in sheet.layout.header_choices]
    assert GO_ON not in parsed(text.encode(), reading=Reading(header_row=1))[0].notes


# what a person chooses


TITLES = b"Report,\nMarch,\n\nName,Tone\nMug,Warm\nPlate,Bold\n"


def test_what_was_left_out_above_and_what_can_be_chosen_is_kept() -> None:
    sheet, rows = parsed(TITLES)
    above = (OuterRow(1, OuterKind.TITLE, ("Report",)), OuterRow(2, OuterKind.TITLE, ("March",)))
    choices = (
        HeaderChoice((1,), "Report"),
        HeaderChoice((2,), "March"),
        HeaderChoice((4,), "Name, Tone"),
        HeaderChoice((5,), "Mug, Warm"),
        HeaderChoice((6,), "Plate, Bold"),
    )
    assert sheet.layout == Layout((4,), choices, above, 2)
    assert sheet.notes == ("Column names are in row 4: the rows above have one cell.",)
    assert rows == [SheetRow(5, ("Mug", "Warm")), SheetRow(6, ("Plate", "Bold"))]


@pytest.mark.parametrize("row", [1, 2, 5])
def test_the_row_that_a_person_chooses_holds_the_names(row: int) -> None:
    sheet, rows = parsed(TITLES, reading=Reading(header_row=row))
    assert sheet.layout.header == (row,)
    assert sheet.reading.header_row == row
    assert sheet.columns[0] == {1: "Report", 2: "March", 5: "Mug"}[row]
    assert [row.number for row in rows] == [n for n in (2, 4, 5, 6) if n > row]


def test_two_rows_that_a_person_chooses_are_joined() -> None:
    sheet, rows = parsed(
        b"Product,,Price,\nName,Tone,Net,Gross\nMug,Warm,1,2\n", reading=Reading(header_row=1, header_rows=2)
    )
    assert sheet.columns == ("Product Name", "Product Tone", "Price Net", "Price Gross")
    assert (sheet.layout.header, rows) == ((1, 2), [SheetRow(3, ("Mug", "Warm", "1", "2"))])


def test_a_row_far_down_can_be_chosen() -> None:
    text = "".join(f"a{n},b{n}\n" for n in range(1, 401)).encode()
    sheet, rows = parsed(text, reading=Reading(header_row=300))
    assert (sheet.columns, rows[0].number, len(rows)) == (("a300", "b300"), 301, 100)
    assert (sheet.layout.above_count, len(sheet.layout.above)) == (299, 20)
    assert (300,) in [choice.rows for choice in sheet.layout.header_choices]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (3, "Row 3 is empty. Choose a row that holds the column names."),
        (99, "Row 99 is empty. Choose a row that holds the column names."),
        (6, "There are no rows below row 6. Choose another row for the column names."),
    ],
)
def test_a_row_that_cannot_hold_the_names_is_refused_by_its_number(row: int, sentence: str) -> None:
    with pytest.raises(SheetError) as refusal:
        parsed(TITLES, reading=Reading(header_row=row))
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    "text", ["5", "-1.5", "€ 1.234,50", "25%", "1,000", "(12)", "2026-03-01", "14:30", "TRUE", "a@b.co", "x" * 101]
)
def test_values_are_no_names(text: str) -> None:
    assert is_data(text)


@pytest.mark.parametrize(
    "text", ["Name", "Feature 1", "5 stars", "Q1 2026", "Price (€)", "#", "%", "€", "-", "A/B", "1st"]
)
def test_names_are_no_values(text: str) -> None:
    assert not is_data(text)
