"""Which files the cells of a column refer to: what is found, what is guessed, and what is never guessed."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.files.matching import is_url, match
from services.models import CellFiles, FileMatches, NamedFile, UnmatchedName
from tests.files.samples import named


def matched(files: list[str], *cells: str, several: bool = True) -> FileMatches:
    return match([named(name) for name in files], cells, several=several)


def found(files: list[str], cell: str, *, several: bool = True) -> list[str]:
    """What one cell refers to, by name; its problem if it has one."""
    result = matched(files, cell, several=several).cells[cell]
    return [value.name if isinstance(value, NamedFile) else value for value in result.values] or [result.problem]


@pytest.mark.parametrize(
    ("file", "cell"),
    [
        ("mug-01.jpg", "mug-01.jpg"),
        ("mug-01.jpg", "  MUG-01.JPG\u00a0"),
        ("Mug 01.jpg", "mug  01.jpg"),
        ("photos/mug-01.jpg", "photos\\mug-01.jpg"),
        ("photos/mug-01.jpg", "./photos//mug-01.jpg"),
        ("photos/mug-01.jpg", "mug-01.jpg"),
        ("2024/photos/mug-01.jpg", "Photos/mug-01.jpg"),
        ("mug-01.jpg", "C:\\Users\\Ann\\mug-01.jpg"),
        ("mug-01.jpg", '"C:\\Users\\Ann\\mug-01.jpg"'),
        ("mug-01.jpg", "/images/mug-01.jpg"),
        ("new/mug-01.jpg", "old/mug-01.jpg"),
        ("mug-01.jpg", "mug-01"),
        ("new/mug-01.jpg", "old/MUG-01"),
        ("mug v1.2.jpg", "mug v1.2"),
        ("README", "readme"),
        ("my mug.jpg", "my%20mug.jpg"),
        ("100%20.jpg", "100%20.jpg"),
        ("100%.jpg", "100%.jpg"),
        (unicodedata.normalize("NFD", "café.jpg"), "Café.jpg"),
        ("café.jpg", unicodedata.normalize("NFD", "Café")),
        ("straße.png", "STRASSE.PNG"),
        ("mug, blue; large.jpg", "mug, blue; large.jpg"),
        ("mug, blue; large.jpg", "Mug, blue; large"),
    ],
)
@pytest.mark.parametrize("several", [True, False])
def test_a_name_finds_its_file(file: str, cell: str, several: bool) -> None:
    assert found([file, "other/cup.png"], cell, several=several) == [file]


@pytest.mark.parametrize(
    ("cell", "file"),
    [
        ("mug.jpg", "mug.jpg"),
        ("Mug.jpg", "Mug.jpg"),
        ("mug", "mug"),
        ("photos/mug.jpg", "photos/mug.jpg"),
        ("x/photos/mug.jpg", "photos/mug.jpg"),
        ("my%20mug.jpg", "my%20mug.jpg"),
        ("my mug.jpg", "my mug.jpg"),
    ],
)
def test_a_precise_match_wins(cell: str, file: str) -> None:
    files = ["Mug.jpg", "mug.jpg", "photos/mug.jpg", "mug", "my mug.jpg", "my%20mug.jpg"]
    assert found(files, cell) == [file]


def test_what_isnt_clear_isnt_guessed_but_reported() -> None:
    files = ["a/mug.jpg", "b/mug.jpg", "cup.jpg", "cup.png", "Pot.jpg", "pot.jpg"]
    result = matched(files, "mug.jpg", "cup", "POT.JPG", "a/mug.jpg", "c/mug")
    problems = {cell: files.problem for cell, files in result.cells.items()}
    remedy = "Write the name with its folder and extension."
    assert problems == {
        "mug.jpg": f"“mug.jpg” may be “a/mug.jpg” or “b/mug.jpg”. {remedy}",
        "cup": f"“cup” may be “cup.jpg” or “cup.png”. {remedy}",
        "POT.JPG": f"“POT.JPG” may be “Pot.jpg” or “pot.jpg”. {remedy}",
        "a/mug.jpg": "",
        "c/mug": f"“c/mug” may be “a/mug.jpg” or “b/mug.jpg”. {remedy}",
    }
    assert result.ambiguous == (
        UnmatchedName("mug.jpg", ("a/mug.jpg", "b/mug.jpg")),
        UnmatchedName("cup", ("cup.jpg", "cup.png")),
        UnmatchedName("POT.JPG", ("Pot.jpg", "pot.jpg")),
        UnmatchedName("c/mug", ("a/mug.jpg", "b/mug.jpg")),
    )
    assert [file.name for file in result.unused] == ["b/mug.jpg", "cup.jpg", "cup.png", "Pot.jpg", "pot.jpg"]


def test_equal_files_make_no_name_unclear() -> None:
    files = [named("a/mug.jpg", content="same"), named("b/mug.jpg", content="same")]
    result = match(files, ["mug.jpg"], several=False)
    assert result == FileMatches({"mug.jpg": CellFiles((files[0],))}, (), (), (), 1)


def test_a_guess_never_gives_one_file_to_two_names() -> None:
    result = matched(["mug.jpg"], "red/mug.jpg", "blue/mug.jpg", "mug.jpg")
    remedy = "Write the name with its folder and extension."
    assert {cell: files.problem for cell, files in result.cells.items()} == {
        f"{color}/mug.jpg": f"“{color}/mug.jpg” may be “mug.jpg”, but other cells name that file differently. {remedy}"
        for color in ("red", "blue")
    } | {"mug.jpg": ""}
    assert [name.name for name in result.ambiguous] == ["red/mug.jpg", "blue/mug.jpg"]
    assert (result.found, result.unused) == (1, ())


def test_one_name_may_be_written_in_full_and_in_short() -> None:
    cells = ["mug v1.2", "mug v1.2.jpg", "C:\\photos\\mug v1.2.JPG", "photos/mug v1.2"]
    result = matched(["photos/mug v1.2.jpg"], *cells)
    assert [files.problem for files in result.cells.values()] == [""] * 4


def test_missing_names_have_close_ones() -> None:
    result = matched(["photos/mug-01.jpg", "mug-02.jpg", "mug-03.jpg", "mug-04.jpg", "x.png"], "mug-1.jpg", "sofa")
    assert result.missing == (
        UnmatchedName("mug-1.jpg", ("photos/mug-01.jpg", "mug-02.jpg", "mug-03.jpg")),
        UnmatchedName("sofa"),
    )
    assert {cell: files.problem for cell, files in result.cells.items()} == {
        "mug-1.jpg": "No file is named “mug-1.jpg”. Did you mean “photos/mug-01.jpg”?",
        "sofa": "No file is named “sofa”. Upload it, or fix its name in the spreadsheet.",
    }
    assert result.found == 0


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("a.jpg\nb.jpg", ["a.jpg", "b.jpg"]),
        ("a.jpg; b.jpg,\r\na.jpg", ["a.jpg", "b.jpg"]),
        ("a.jpg,mug, blue.jpg;b", ["a.jpg", "mug, blue.jpg", "b.jpg"]),
        ("mug, blue;x;b", ["No file is named “x”. Upload it, or fix its name in the spreadsheet."]),
        ("https://x.example/a,b.jpg?c=1;2", ["https://x.example/a,b.jpg?c=1;2"]),
        (
            "https://x.example/1.jpg,https://x.example/2.jpg; a.jpg",
            ["https://x.example/1.jpg", "https://x.example/2.jpg", "a.jpg"],
        ),
        ("https://x.example/1.jpg;; my mug.jpg, b.jpg", ["https://x.example/1.jpg", "my mug.jpg", "b.jpg"]),
        (",odd.jpg, a.jpg,,", [",odd.jpg", "a.jpg"]),
        ("a.jpg, https://x.example/1.jpg\nHTTP://X/2", ["a.jpg", "https://x.example/1.jpg", "HTTP://X/2"]),
    ],
)
def test_several_names_in_a_cell(cell: str, parts: list[str]) -> None:
    assert found(["a.jpg", "b.jpg", "mug, blue.jpg", "my mug.jpg", ",odd.jpg"], cell) == parts


def test_a_cell_for_one_file_isnt_split() -> None:
    assert found(["a.jpg", "b.jpg"], "a.jpg, b.jpg", several=False)[0].startswith("No file is named “a.jpg, b.jpg”.")
    assert found([], " https://x.example/a b,c ", several=False) == ["https://x.example/a b,c"]


def test_empty_cells_and_no_files() -> None:
    assert matched([], "", "  \n", several=True) == FileMatches({}, (), (), (), 0)
    assert matched(["a.jpg"], ",;,").cells == {",;,": CellFiles()}
    assert not is_url("ftp://x.example/a.jpg")


@pytest.mark.parametrize("kind", ["exact", "loose", "missing"])
def test_10_000_files_and_100_000_cells_take_a_few_seconds(kind: str) -> None:
    files = [named(f"photos/{n % 20}/product-{n:05d}-front.jpg") for n in range(10_000)]
    cells = {
        "exact": [file.name for file in files] * 10,
        "loose": [f"x{m}/PRODUCT-{n:05d}-front.jpg; product-{n:05d}-front" for n in range(10_000) for m in range(10)],
        "missing": [f"product-{n:06d}-back.jpg" for n in range(100_000)],
    }[kind]
    begin = time.process_time()
    result = match(files, cells, several=True)
    assert time.process_time() - begin < 8
    assert len(result.cells) == len(set(cells))
    assert (result.found == 10_000, len(result.missing)) == {
        "exact": (True, 0),
        "loose": (False, 0),
        "missing": (False, 100_000),
    }[kind]


def test_hostile_cells_and_names_take_no_time() -> None:
    begin = time.process_time()
    matched(
        ["a," * 100 + "b.jpg", "/".join("x" * 200)],
        "a," * 16_000,
        "https://x " * 3_000,
        "https://x" + "," * 30_000 + "y",
        "/" * 32_000,
        "%" * 9_000,
    )
    matched(["x/" * 100 + "y"] * 200, *("z/" * 900 + str(n) for n in range(50)))
    assert time.process_time() - begin < 5


NAMES = st.text(st.sampled_from("aAéb.%20/\\,; \njpg"), max_size=12)


@given(files=st.lists(NAMES, unique=True, max_size=6), cells=st.lists(NAMES, max_size=6), several=st.booleans())
def test_whatever_the_names_each_cell_has_files_or_a_problem(files: list[str], cells: list[str], several: bool) -> None:
    result = match([named(name) for name in files], cells, several=several)
    assert set(result.cells) == {cell for cell in cells if cell.strip()}
    used = {value for cell in result.cells.values() for value in cell.values if isinstance(value, NamedFile)}
    assert len(used) == result.found
    assert {file.name for file in used} | {file.name for file in result.unused} == set(files)
    for cell in result.cells.values():
        assert not (cell.values and cell.problem)


@given(st.lists(st.text(min_size=1, max_size=10).filter(lambda name: name.strip()), unique=True, max_size=6))
def test_the_exact_name_of_a_file_always_finds_it(files: list[str]) -> None:
    names = [name.strip() for name in files]
    result = match([named(name) for name in dict.fromkeys(names)], names, several=False)
    assert all(not isinstance(v, NamedFile) or v.name == cell for cell, f in result.cells.items() for v in f.values)
    assert {files.problem for files in result.cells.values()} <= {""}
