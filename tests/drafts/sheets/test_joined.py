"""Files that were joined: byte order marks and the column names stand in the middle."""

import pytest

from services.models import SheetRow
from tests.drafts.sheets.helpers import parsed, plain_workbook

PART = '\ufeffName,"Tone, if any"\r\nMug,Warm\r\nJug,Bold\r\n'
PLATES = PART.replace("Mug", "Plate").replace("Jug", "Dish")


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r"])
def test_joined_files_are_one_table(codec: str, line_break: str) -> None:
    sheet, rows = parsed((PART + PLATES + PART).replace("\r\n", line_break).encode(codec))
    assert sheet.columns == ("Name", "Tone, if any")
    assert [(row.number, row.cells[0]) for row in rows] == [
        (2, "Mug"), (3, "Jug"), (5, "Plate"), (6, "Dish"), (8, "Mug"), (9, "Jug"),
    ]  # fmt: skip
    assert sheet.notes == (
        "Rows 4 and 7 repeat the column names and were left out.",
        "2 byte order marks were left out at the start of a row.",
    )


def test_a_repeated_header_of_a_workbook_is_left_out_whatever_spaces_are_around_its_names() -> None:
    sheet, rows = parsed(
        plain_workbook(["Name ", "Tone"], ["Mug", "Warm"], [" Name", "Tone"], ["Jug", "Bold"]), "a.xlsx"
    )
    assert rows == [SheetRow(2, ("Mug", "Warm")), SheetRow(4, ("Jug", "Bold"))]
    assert sheet.notes == ("Row 3 repeats the column names and was left out.",)


@pytest.mark.parametrize(
    "text", ["Name\nMug\nName\nJug\n", "Name,Tone\nName,Bold\nMug,Tone\n", "Name,\nName,\nJug,x\n"]
)
def test_rows_that_only_look_a_bit_like_the_header_stay(text: str) -> None:
    sheet, rows = parsed(text.encode())
    assert len(rows) == text.count("\n") - 1
    assert not any("repeat" in note for note in sheet.notes)


def test_a_row_far_down_that_repeats_the_header_is_left_out() -> None:
    sheet, rows = parsed(b"Name,Tone\n" + b"Mug,Warm\n" * 3_000 + b"Name,Tone\n" + b"Mug,Warm\n" * 900)
    assert len(rows) == 3_900
    assert sheet.notes == ("Row 3002 repeats the column names and was left out.",)
