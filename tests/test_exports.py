import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import load_workbook

from services.exports import (
    CELL_LIMIT,
    CUT_MARK,
    content_disposition,
    csv_stream,
    filename,
    xlsx_stream,
)
from services.models import ExportRow, RowState

OWN = ["Suggestion", "Status", "Error", "Job ID"]


def row(*cells: str, suggestion: str = "", state: RowState = RowState.COMPLETED) -> ExportRow:
    return ExportRow(cells, suggestion, state, "", "")


def read_csv(chunks: Iterable[bytes], separator: str = ",") -> list[list[str]]:
    text = io.StringIO(b"".join(chunks).decode("utf-8-sig"), newline="")
    return list(csv.reader(text, delimiter=separator, strict=True))


def split_elsewhere(columns: list[str], rows: list[ExportRow], separator: str) -> list[str]:
    """Download, and give the cells that a program sees which splits at the other separator and at tabs."""
    text = b"".join(csv_stream(columns, rows, separator)).decode("utf-8-sig")
    other = ";" if separator == "," else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=other)
    return [part for line in lines for cell in line for part in [cell, *cell.split("\t")]]


def read_xlsx(chunks: Iterable[bytes]) -> list[list[str]]:
    sheet = load_workbook(io.BytesIO(b"".join(chunks))).get_sheet_by_index(0)
    return [[str(cell) for cell in cells] for cells in sheet.to_python(skip_empty_area=False)]


# --- CSV


def test_the_csv_is_the_persons_columns_then_ours_in_utf_8_with_a_byte_order_mark() -> None:
    rows = [
        ExportRow(("Schuh, groß", 'say "hi"'), "Two\nlines", RowState.COMPLETED, "", "job-1"),
        ExportRow(("نعل", ""), "", RowState.IN_PROGRESS, "", "job-2"),
        ExportRow(("Hat", "x"), "", RowState.FAILED, "Too long", "job-3"),
        ExportRow(("Cap", ""), "", RowState.SENDING, "", ""),
    ]
    assert b"".join(csv_stream(["Name", "Note"], rows)) == (
        b"\xef\xbb\xbf"
        + (
            "Name,Note,Suggestion,Status,Error,Job ID\r\n"
            '"Schuh, groß","say ""hi""","Two\nlines",Completed,,job-1\r\n'
            "نعل,,,In progress,,job-2\r\n"
            "Hat,x,,Failed,Too long,job-3\r\n"
            "Cap,,,Waiting,,\r\n"
        ).encode()
    )


def test_without_rows_there_is_still_the_header() -> None:
    assert b"".join(csv_stream(["Name"], [])) == b"\xef\xbb\xbfName,Suggestion,Status,Error,Job ID\r\n"


def test_a_name_of_ours_that_is_taken_gets_the_next_free_number() -> None:
    columns = ["Suggestion", "Suggestion (2)", "Job ID", "status"]
    header = [*columns, "Suggestion (3)", "Status", "Error", "Job ID (2)"]
    assert read_csv(csv_stream(columns, [])) == [header]
    assert read_xlsx(xlsx_stream(columns, [])) == [header]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1-2", "- item", "-5 apples", "@brand", "\tx", "\rx", "-", "=5", "-inf", "-1_0", "-5\n"]
)
def test_text_that_would_run_as_a_formula_gets_an_apostrophe_wherever_it_stands(cell: str) -> None:
    export = ExportRow((cell,), cell, RowState.FAILED, cell, cell)
    guarded = f"'{cell}"
    assert read_csv(csv_stream([cell], [export])) == [
        [guarded, *OWN],
        [guarded, guarded, "Failed", guarded, guarded],
    ]


@pytest.mark.parametrize(
    "cell", ["-5", "+3.2", "-1e6", "00123", "1e5", "-.5", "+7.", "-2.5E-3", "'=x", " =x", "a=b", "＝1", "", "5-3"]
)
def test_numbers_and_other_text_come_back_unchanged(cell: str) -> None:
    assert read_csv(csv_stream(["A"], [row(cell, suggestion=cell)]))[1] == [cell, cell, "Completed", "", ""]


def test_the_csv_for_excel_is_split_at_semicolons_and_keeps_numbers_with_a_decimal_comma() -> None:
    cells = ("Mug, red", "a;b", "-5,2", "+0,5", "-,5", "-1,5e3", "-5.2", "-5,2,1", "-5;2")
    columns = [f"c{n}" for n in range(len(cells))]
    table = read_csv(csv_stream(columns, [row(*cells)], ";"), ";")
    assert table == [
        [*columns, *OWN],
        ["Mug, red", "a;b", "-5,2", "+0,5", "-,5", "-1,5e3", "-5.2", "'-5,2,1", "'-5;2", "", "Completed", "", ""],
    ]
    assert read_csv(csv_stream(["A"], [row("-5,2")]))[1][0] == "'-5,2"


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("cell", ["a;b", "a,b", "a\tb", "a|b", "a\nb", "a\rb"])
def test_a_cell_with_any_separator_or_a_line_break_is_quoted(cell: str, separator: str) -> None:
    content = b"".join(csv_stream(["A"], [row(cell)], separator)).decode()
    assert f'\r\n"{cell}"{separator}' in content


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("break_", ["{other}", "\t", "\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "formula",
    [
        "=1+1", "=cmd|'/c calc'!A0", '"=cmd|\'/c calc\'!A0', '""=A1', "@SUM(A1)", "-2+3+cmd|' /C calc'!D4",
        "+Sheet1!A1", "+HYPERLINK(B2)", "- A1&",
    ],
)  # fmt: skip
def test_a_formula_inside_a_cell_cannot_break_out_where_a_program_splits_elsewhere(
    formula: str, break_: str, separator: str
) -> None:
    other = ";" if separator == "," else ","
    cell = f"A mug{break_.format(other=other)}{formula}"
    guarded = f"A mug{break_.format(other=other)}'{formula}"
    assert read_csv(csv_stream(["A"], [row(cell, suggestion=cell)], separator), separator)[1][:2] == [guarded] * 2
    assert read_csv(csv_stream([cell], [], separator), separator)[0][0] == guarded
    assert not [
        part for part in split_elsewhere(["A", "B"], [row("x", cell)], separator) if part[:1] in "=+-@" and part
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "Mug\n- dishwasher safe\n- holds 350 ml (12 oz)\n+ free lid!", "New in\n@mugshop", "3;-5;x", "a\t-1,5\tb",
        "Enjoy ;-) and smile;=)", "Title\n---\nText", "a; b=c; d-e", "a - b, - c, =d", "| a |-|\n|---|---|",
    ],
)  # fmt: skip
def test_lists_handles_numbers_and_smileys_inside_a_cell_stay_as_they_are(cell: str) -> None:
    assert read_csv(csv_stream(["A"], [row(cell)]))[1][0] == cell


def test_a_lone_surrogate_is_replaced_and_nothing_else() -> None:
    assert read_csv(csv_stream(["\ud83d"], [row("a\udc00b😀")])) == [
        ["\ufffd", *OWN],
        ["a\ufffdb😀", "", "Completed", "", ""],
    ]


def test_the_csv_comes_in_chunks_while_rows_are_read() -> None:
    taken: list[int] = []

    def rows() -> Iterator[ExportRow]:
        for number in range(1000):
            taken.append(number)
            yield row(str(number), suggestion="x" * 600)

    chunks = csv_stream(["A"], rows())
    first = next(chunks)
    assert len(taken) < 150
    rest = list(chunks)
    assert all(60_000 < len(chunk) < 70_000 for chunk in [first, *rest[:-1]])
    assert [cells[0] for cells in read_csv([first, *rest])[1:]] == [str(number) for number in range(1000)]


# --- XLSX


def test_the_workbook_has_the_same_table_with_a_bold_header_that_stays_in_view() -> None:
    rows = [ExportRow(("Shoe", ""), "Run!", RowState.COMPLETED, "", "job-1"), row("", "", state=RowState.SKIPPED)]
    book = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx_stream(["Name", "Note"], rows))))
    sheet = book["Suggestions"]
    assert list(sheet.iter_rows(values_only=True)) == [
        ("Name", "Note", "Suggestion", "Status", "Error", "Job ID"),
        ("Shoe", None, "Run!", "Completed", None, "job-1"),
        (None, None, None, "Skipped", None, None),
    ]
    assert sheet.freeze_panes == "A2"
    assert [cell.font.b for cell in sheet[1]] == [True] * 6
    assert [sheet.column_dimensions[letter].width > 13 for letter in "ACDEF"] == [True] * 5


TRICKY = [
    "=1+1", "@brand", "-5", "00123", "1e5", "TRUE", "https://example.com", "{=A1}", "_x000D_", "a\r\nb", "\x00\x0b",
    " blanks ", "<r>bold</r>", "<r>\x01_x0001_</r>", "<b>&amp;", "😀", "שלום", "#N/A",
]  # fmt: skip


def test_every_cell_is_a_string_and_reads_back_exactly() -> None:
    content = b"".join(xlsx_stream(TRICKY, [row(*TRICKY)]))
    assert read_xlsx([content]) == [[*TRICKY, *OWN], [*TRICKY, "", "Completed", "", ""]]
    kinds = {
        cell.data_type for cells in openpyxl.load_workbook(io.BytesIO(content)).active for cell in cells if cell.value
    }
    assert kinds <= {"s", "inlineStr"}


def test_what_xml_cannot_carry_is_replaced() -> None:
    assert read_xlsx(xlsx_stream(["A"], [row("\ud800x\uffff\ufffe")]))[1][0] == "\ufffdx\ufffd\ufffd"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x" * CELL_LIMIT, "x" * CELL_LIMIT),
        ("x" * (CELL_LIMIT + 1), "x" * (CELL_LIMIT - len(CUT_MARK)) + CUT_MARK),
        ("😀" * (CELL_LIMIT // 2), "😀" * (CELL_LIMIT // 2)),
        ("😀" * (CELL_LIMIT // 2 + 1), "😀" * ((CELL_LIMIT - len(CUT_MARK)) // 2) + CUT_MARK),
        ("x" + "😀" * CELL_LIMIT, "x" + "😀" * ((CELL_LIMIT - len(CUT_MARK) - 1) // 2) + CUT_MARK),
    ],
    ids=["fits", "one too many", "emoji fit", "emoji too many", "no half emoji"],
)
def test_a_cell_too_long_for_excel_is_cut_with_a_mark_and_the_csv_is_whole(text: str, expected: str) -> None:
    assert read_xlsx(xlsx_stream(["A"], [row("x", suggestion=text)]))[1][1] == expected
    assert b"".join(csv_stream(["A"], [row("x", suggestion=text)])).decode().splitlines()[1] == f"x,{text},Completed,,"


def test_the_workbook_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    taken = xlsx_stream(["A"], [row("x")])
    abandoned = xlsx_stream(["A"], [row("x")])
    assert next(abandoned)[:2] == b"PK"
    assert [path.suffix for path in tmp_path.glob("*/*")] == [".xlsx"]
    abandoned.close()
    assert b"".join(taken)[:2] == b"PK"
    assert list(tmp_path.iterdir()) == []


def test_rows_that_fail_half_way_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> Iterator[ExportRow]:
        yield row("x")
        assert [path.is_dir() for path in tmp_path.iterdir()] == [True]
        raise OSError("gone")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(OSError, match="gone"):
        list(xlsx_stream(["A"], failing()))
    assert list(tmp_path.iterdir()) == []


# --- any table

_cells = st.text(max_size=20) | st.sampled_from(
    [*TRICKY, "-5", "+3.2", "-1e6", '"', "\r\n", "\n", ",", "+-", "\u202e", "'=x"]
)
_names = _cells.filter(lambda name: name not in OWN)
_tables = st.integers(0, 3).flatmap(
    lambda width: st.tuples(
        st.lists(_names, min_size=width, max_size=width, unique=True),
        st.lists(
            st.builds(ExportRow, st.tuples(*[_cells] * width), _cells, st.sampled_from(RowState), _cells, _cells),
            max_size=4,
        ),
    )
)


def _table(columns: list[str], rows: list[ExportRow]) -> list[list[str]]:
    """The download's table, before any guard."""
    return [[*columns, *OWN], *([*r.cells, r.suggestion, r.state.label, r.error, r.job_id] for r in rows)]


def _runs(cell: str) -> bool:
    """Whether a spreadsheet program would take the cell for a formula, found in another way than the code does."""
    if not cell or cell[0] not in "=+-@\t\r":
        return False
    try:
        float(cell)
    except ValueError:
        return True
    return not set(cell) <= set("+-.0123456789eE")


def _guarded(table: list[list[str]]) -> list[list[str]]:
    return [[f"'{cell}" if _runs(cell) else cell for cell in cells] for cells in table]


def _unguarded(table: list[list[str]]) -> list[list[str]]:
    """Take the guards away; an apostrophe of the person's own before a formula can't be told from them."""
    inner = [[re.sub("""(?<=[,;\t\r\n])'(?="*[=+@-])""", "", cell) for cell in cells] for cells in table]
    return [[re.sub("^'(?=[=+@\t\r-])", "", cell) for cell in cells] for cells in inner]


@given(_tables, st.sampled_from(",;"))
def test_any_table_comes_back_from_the_csv(table: tuple[list[str], list[ExportRow]], separator: str) -> None:
    read = read_csv(csv_stream(*table, separator), separator)
    assert _unguarded(read) == _unguarded(_table(*table))


_one_line = st.text(st.characters(exclude_characters=",;\t\r\n", exclude_categories=["Cs"]), max_size=20)
_plain_tables = st.lists(_one_line, max_size=3).map(lambda cells: (["A"] * len(cells), [row(*cells)]))


@given(_plain_tables)
def test_cells_of_one_line_without_separators_are_guarded_at_their_start_only(
    table: tuple[list[str], list[ExportRow]],
) -> None:
    assert read_csv(csv_stream(*table)) == _guarded(_table(*table))


_attacks = st.lists(
    st.sampled_from([*"=+-@,;\t\r\n\"' &)", "A1", "5", "1,5", "SUM(A1)", "cmd|'/c x'!A0", "word", "é"]), max_size=8
).map("".join)


def _is_harmless(part: str) -> bool:
    """Whether a cell of a program that splits elsewhere is no formula, or one that ends in an error at worst."""
    sign, rest = part[:1], part[1:]
    if sign not in {*"=+-@"} or rest[:1] == ")":
        return True
    number = re.match('[0-9]+(?:,[0-9]+)?(?![^",;])', rest)  # a quote or separator after a number is no formula
    return bool(number) or (sign != "=" and not re.search(r"\w\(|!", rest))


@settings(max_examples=300)
@given(st.lists(_attacks, min_size=3, max_size=3), st.sampled_from(",;"))
def test_no_cells_become_a_formula_in_a_program_that_splits_elsewhere(cells: list[str], separator: str) -> None:
    parts = split_elsewhere(["A", "B", "C"], [row(*cells)], separator)
    assert [part for part in parts if not _is_harmless(part)] == []


@settings(max_examples=40)
@given(_tables)
def test_any_table_comes_back_from_the_workbook(table: tuple[list[str], list[ExportRow]]) -> None:
    plain = str.maketrans("\uffff\ufffe", "\ufffd\ufffd")
    assert read_xlsx(xlsx_stream(*table)) == [[cell.translate(plain) for cell in cells] for cells in _table(*table)]


# --- names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Spring shoes", "Spring shoes.csv"),
        ("Größe / Farbe: 50%?", "Größe - Farbe- 50%-.csv"),
        ("../../etc/passwd", "-..-etc-passwd.csv"),
        ('a"b\\c', "a-b-c.csv"),
        ("line\r\nbreak\t\x00", "line break.csv"),
        ("gpj\u202excod", "gpj xcod.csv"),
        (" . ", "batch.csv"),
        ("", "batch.csv"),
        ("con", "_con.csv"),
        ("LPT1.x", "_LPT1.x.csv"),
        ("Console", "Console.csv"),
        ("é" * 200, "é" * 90 + ".csv"),
        ("x\ud800", "x.csv"),
    ],
)
def test_a_file_name_is_safe_on_every_system(name: str, expected: str) -> None:
    assert filename(name, ".csv") == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Shoes", "attachment; filename=\"Shoes.xlsx\"; filename*=UTF-8''Shoes.xlsx"),
        (
            "Café 5% 靴",
            "attachment; filename=\"Cafe 5_ _.xlsx\"; filename*=UTF-8''Caf%C3%A9%205%25%20%E9%9D%B4.xlsx",
        ),
    ],
)
def test_the_header_names_the_file_in_utf_8_and_in_ascii(name: str, expected: str) -> None:
    assert content_disposition(name, ".xlsx") == expected


@given(st.text(max_size=300) | st.text(alphabet='"\\;%\r\n\ud800a.', max_size=20))
def test_no_batch_name_breaks_the_header(name: str) -> None:
    header = content_disposition(name, ".csv")
    head, fallback, rest = header.split('"')
    assert head == "attachment; filename="
    assert rest.startswith("; filename*=UTF-8''")
    assert header.isascii()
    assert header.isprintable()
    assert not set(fallback) & set("\\%/")
    assert fallback.endswith(".csv")
