"""Quotation marks that aren't CSV's are left out where only that makes the table even, and formulas show their text."""

import pytest

from tests.drafts.sheets.helpers import cells, parsed

SPACES = "Spaces after separators were left out, because quotation marks follow."
LINES = "Each line of this file is in quotation marks, which were left out."


def marks(pair: str) -> str:
    return f"Quotation marks like {pair[0]}…{pair[1]} around cells were left out."


@pytest.mark.parametrize(
    ("text", "expected", "note"),
    [
        ('Name; Tone\n"Mug; blue"; "Warm"\nJug;  "Bold; big"\n',
         [("Name", "Tone"), ("Mug; blue", "Warm"), ("Jug", "Bold; big")], SPACES),
        ('"Name", "Tone"\n"Mug", "Warm"\n"Jug", "Bold"\n',
         [("Name", "Tone"), ("Mug", "Warm"), ("Jug", "Bold")], SPACES),
        ('Name, Note\nMug, "two\nlines, and a comma"\nJug, "say ""hi"", ok"\n',
         [("Name", "Note"), ("Mug", "two\nlines, and a comma"), ("Jug", 'say "hi", ok')], SPACES),
        ('"Name;Tone"\r\n"Mug;""Warm; soft"""\r\n"Jug;Bold"',
         [("Name", "Tone"), ("Mug", "Warm; soft"), ("Jug", "Bold")], LINES),
        ('"Name,Tone,Price"\n"Mug,Warm,1"\n\n"Jug,Bold,2"\n',
         [("Name", "Tone", "Price"), ("Mug", "Warm", "1"), ("Jug", "Bold", "2")], LINES),
        ("'Name','Tone'\n'Mug, blue','Warm'\n'Men''s jug','It's, well, bold'\n",
         [("Name", "Tone"), ("Mug, blue", "Warm"), ("Men''s jug", "It's, well, bold")], marks("''")),
        ("Name\tTone\nMug\t„warm\tsoft“\nJug\t„bold“\n", [("Name", "Tone"), ("Mug", "warm\tsoft"), ("Jug", "bold")],
         marks("„“")),
        ("Name,Tone\n‘Mug, blue’,Warm\nJug,‘Bold’\n", [("Name", "Tone"), ("Mug, blue", "Warm"), ("Jug", "Bold")],
         marks("‘’")),
        ("Nom;Note\nTasse;«bleue; claire»\nPot;gris\n", [("Nom", "Note"), ("Tasse", "bleue; claire"), ("Pot", "gris")],
         marks("«»")),
    ],
)  # fmt: skip
def test_quotation_marks_of_other_kinds_are_left_out(text: str, expected: list[tuple[str, ...]], note: str) -> None:
    sheet, rows = parsed(text.encode())
    assert [sheet.columns, *(row.cells for row in rows)] == expected
    assert note in sheet.notes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Name"\n"red, blue"\n"green, black"\n', [("Name",), ("red, blue",), ("green, black",)]),
        ('"Tags"\n"red,blue"\n"green,black"\n', [("Tags",), ("red,blue",), ("green,black",)]),
        ('"Names, tones"\n"red, blue"\n"green, black"\n', [("Names, tones",), ("red, blue",), ("green, black",)]),
        ("Name,Tone\n'Mug',Warm\nJug,Bold\n", [("Name", "Tone"), ("'Mug'", "Warm"), ("Jug", "Bold")]),
        ("Name,Tone\n'90s mug,it's Warm\n“Best”,‘Bold’\n",
         [("Name", "Tone"), ("'90s mug", "it's Warm"), ("“Best”", "‘Bold’")]),
        ('Name,Note\nMug,"He said, ""hi"""\nJug, bold\n',
         [("Name", "Note"), ("Mug", 'He said, "hi"'), ("Jug", " bold")]),
    ],
)  # fmt: skip
def test_quotation_marks_that_may_be_part_of_the_text_stay(text: str, expected: list[tuple[str, ...]]) -> None:
    sheet, rows = parsed(text.encode())
    assert [sheet.columns, *(row.cells for row in rows)] == expected
    assert sheet.notes == ()


def test_marks_are_left_out_far_down_too() -> None:
    text = "Name,Tone\n" + f"'Mug, blue',{'x' * 100}\n" * 3_000
    assert set(cells(text.encode())[1:]) == {("Mug, blue", "x" * 100)}


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "cp1252"])
def test_a_formula_that_protects_a_text_shows_the_text(codec: str) -> None:
    text = 'SKU,"=""Né""",Note\n="00123",="007",<a href="x">\n"=""say """"hi""""""",="",="1"2"\n'
    sheet, rows = parsed(text.encode(codec))
    assert sheet.columns == ("SKU", "Né", "Note")
    assert [row.cells for row in rows] == [("00123", "007", '<a href="x">'), ('say "hi"', "", '="1"2"')]
    assert sheet.notes == ('5 cells such as ="Né" were read as the text in quotation marks.',)


def test_one_protected_cell_is_told_in_the_singular() -> None:
    note = 'SKU,Tone\n="00123",Warm\n'
    assert parsed(note.encode())[0].notes == ('1 cell such as ="00123" was read as the text in quotation marks.',)
