"""Which encoding a text is in, and what becomes of bytes that no encoding explains."""

import codecs
from itertools import product
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.drafts.sheets.encodings import ENCODINGS, find_encoding
from services.models import Reading
from tests.drafts.sheets.encoded import RARE, TUNED, UNSEEN, Text
from tests.drafts.sheets.helpers import cells, parsed
from tests.drafts.sheets.test_properties import WINDOWS_CODECS

FILES = Path(__file__).parent / "files"


def encoded(text: Text) -> bytes:
    return text[1].encode(WINDOWS_CODECS.get(text[0], text[0]))


def read(text: Text, language: str) -> str:
    """What the text says in the encoding that was found."""
    found = find_encoding(encoded(text), language).encoding
    return encoded(text).decode(WINDOWS_CODECS.get(found, found), "replace")


@pytest.mark.parametrize("text", TUNED, ids=lambda text: f"{text[0]}-{text[2]}")
@pytest.mark.parametrize("hinted", [False, True])
def test_short_texts_are_read_as_they_were_written(text: Text, hinted: bool) -> None:
    assert read(text, text[2] if hinted else "") == text[1]


@pytest.mark.parametrize("language", ["", "en-US", "own"])
def test_nine_in_ten_texts_it_was_not_tuned_on_are_read_right(language: str) -> None:
    wrong = [text for text in UNSEEN if read(text, text[2] if language == "own" else language) != text[1]]
    assert len(wrong) <= len(UNSEEN) / 10, wrong


SIGNS = ("£5", "€3.20", "¥900", "90 °C", "20°", "m²", "2 × 4", "½ in", "1¾", "© 2026", "Acme™", "Acme®", "± 2", "§ 4")
QUOTES = ("“Best”", "don’t", "a – b", "wait…", "• soft", "5 µm", "n° 5", "25 ‰", "12 m³")


@pytest.mark.parametrize(("sign", "language"), list(product((*SIGNS, *QUOTES), ("", "ja", "pl", "ru"))))
def test_signs_of_western_spreadsheets_never_become_another_script(sign: str, language: str) -> None:
    text = f"Name,Note\nMug,{sign}\nPlate,plain\n"
    assert find_encoding(text.encode("cp1252"), language).encoding == "windows-1252"


@given(st.lists(st.sampled_from((*SIGNS, *QUOTES, "plain", "red mug")), min_size=1, max_size=6))
def test_any_of_these_signs_together_are_windows_1252(notes: list[str]) -> None:
    data = "".join(["Name,Note\n", *(f"Mug,{note}\n" for note in notes)]).encode("cp1252")
    assert data.decode({"utf-8": "utf-8"}.get(find_encoding(data).encoding, "cp1252")) == data.decode("cp1252")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cp1252-pound.csv", ("windows-1252", "£5")),
        ("mac-roman.csv", ("mac-roman", "Pão de açúcar")),
        ("polish.csv", ("windows-1250", "Gęś")),
    ],
)
def test_files_that_people_brought_are_read(name: str, expected: tuple[str, str]) -> None:
    sheet, rows = parsed((FILES / name).read_bytes())
    assert sheet.reading.encoding == expected[0]
    assert any(expected[1] in cell for row in (sheet.columns, *(row.cells for row in rows)) for cell in row)


@given(st.binary(max_size=300))
@example(b"\xff")
@example(b"\x80\x81\x8d")
def test_any_bytes_have_an_encoding_on_the_list(data: bytes) -> None:
    guess = find_encoding(data)
    assert guess.encoding in ENCODINGS
    assert {encoding for encoding, _ in guess.previews} <= set(ENCODINGS)


def test_a_few_bytes_that_are_not_utf8_are_read_as_windows_1252_and_their_rows_are_named() -> None:
    data = "Name,Note\nCafé,a\nMug,it\x92s\n\nPlate,\x81\nBowl,ü\n".encode().replace(b"\xc2\x92", b"\x92")
    data = data.replace(b"\xc2\x81", b"\x81")
    sheet, rows = parsed(data)
    assert [row.cells[1] for row in rows] == ["a", "it’s", "\ufffd", "ü"]
    assert sheet.reading.encoding == "utf-8"
    assert sheet.notes[-2:] == (
        "1 character isn't valid UTF-8 and was read as Windows-1252: row 3.",
        "1 character isn't valid UTF-8 and was replaced by “\ufffd”: row 5.",
    )


def test_the_row_of_a_bad_byte_counts_lines_inside_quotes_as_one_row() -> None:
    data = 'Name,Note\nMug,"two\nlines"\nCafé,it\x92s\n'.encode().replace(b"\xc2\x92", b"\x92")
    note = "1 character isn't valid UTF-8 and was read as Windows-1252: row 3."
    assert note in parsed(data)[0].notes


def test_without_a_valid_sequence_a_byte_does_not_make_a_text_utf8() -> None:
    assert parsed(b"Name,Note\nMug,it\x92s\n")[0].reading.encoding == "windows-1252"


@pytest.mark.parametrize("marks", [1, 2, 3])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be"])
def test_byte_order_marks_in_front_are_no_part_of_the_first_name(marks: int, codec: str) -> None:
    for name in ("Product name", '"Product name"'):
        data = ("\ufeff" * marks + f"{name},Tone\nMug,Warm\n").encode(codec)
        assert cells(data) == [("Product name", "Tone"), ("Mug", "Warm")]


@pytest.mark.parametrize(
    "text", ["ï»¿Name;Tone\nMug;Warm\n", "\ufeffï»¿Name;Tone\nMug;Warm\n", "ï»¿sep=;\nName;Tone\nMug;Warm\n"]
)
def test_a_byte_order_mark_that_was_encoded_twice_is_no_part_of_the_first_name(text: str) -> None:
    assert cells(text.encode()) == [("Name", "Tone"), ("Mug", "Warm")]


@pytest.mark.parametrize("count", [1, 100, 5_000, 70_000])
@pytest.mark.parametrize("end", ["", "\r\n", "\r\n\x1a", "\x1a"])
@pytest.mark.parametrize("codec", ["utf-8", "cp1252"])
def test_nul_that_fills_up_the_end_of_a_file_is_no_row(count: int, end: str, codec: str) -> None:
    data = f"Name,Tone\r\nCafé mug,Warm{end}".encode(codec) + b"\0" * count
    sheet, rows = parsed(data)
    assert (sheet.columns, [row.cells for row in rows], sheet.notes) == (("Name", "Tone"), [("Café mug", "Warm")], ())


@pytest.mark.parametrize("count", [2, 101, 70_000])
@pytest.mark.parametrize("end", ["", "\r\n"])
@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_nul_that_fills_up_the_end_of_utf16_is_no_row(count: int, end: str, codec: str) -> None:
    data = f"\ufeffName,Tone\r\nMug,Żółw{end}".encode(codec) + b"\0" * count
    sheet, rows = parsed(data)
    assert (sheet.columns, [row.cells for row in rows], sheet.notes) == (("Name", "Tone"), [("Mug", "Żółw")], ())


@pytest.mark.parametrize("end", ["\x1a", "\n\x1a", "\x1a\x1a\x1a", "\n\x1a\r\n", "\n\x1a\0\0\0"])
@pytest.mark.parametrize("codec", ["utf-8", "cp1252", "utf-16"])
def test_ctrl_z_at_the_end_is_no_row(end: str, codec: str) -> None:
    if codec == "utf-16" and end not in ("\x1a", "\n\x1a", "\x1a\x1a\x1a"):
        pytest.skip("only texts of one byte a character were padded so")
    assert cells(f"Name,Tone\nMug,Warm{end}".encode(codec)) == [("Name", "Tone"), ("Mug", "Warm")]


@pytest.mark.parametrize(
    "invisible", ["\u200b", "\ufeff", "\u2060", "\u200c\u200d", "\u200b \ufeff", "\xad", "\u202a\u202c", "\u2068"]
)
def test_a_cell_of_characters_nobody_can_see_is_empty(invisible: str) -> None:
    text = f"{invisible}Product name{invisible},Tone\n{invisible},Warm\n{invisible},{invisible}\nMu{invisible}g,Bold\n"
    sheet, rows = parsed(text.encode("utf-8"))
    assert sheet.columns == ("Product name", "Tone")
    assert [row.cells for row in rows] == [("", "Warm"), (f"Mu{invisible}g", "Bold")]
    assert "1 blank row was left out." in sheet.notes


def test_likely_readings_are_shown_by_how_they_read_a_line() -> None:
    layout = parsed("Nazwa,Cena\nTaca,5 zł\n".encode("cp1250"))[0].layout
    assert layout.encoding_previews[0] == ("windows-1250", "Taca,5 zł")
    assert len({text for _, text in layout.encoding_previews}) == len(layout.encoding_previews) > 1


def test_a_text_in_unicode_offers_no_other_readings() -> None:
    for data in (b"a,b\n1,2\n", "a,b\né,2\n".encode(), "a,b\né,2\n".encode("utf-16")):
        assert parsed(data)[0].layout.encoding_previews == ()


def test_a_reading_that_is_hardly_better_than_the_next_is_not_sure() -> None:
    assert not parsed(b"Name,Note\nMug,\xb5\xf0\xd0\n")[0].layout.is_encoding_sure
    assert parsed("Nom,Goût\nCrème brûlée,sucré\n".encode("cp1252"))[0].layout.is_encoding_sure


@pytest.mark.parametrize(
    ("word", "codec"), [("Żółw", "cp1250"), ("чай", "cp1251"), ("컵", "euc-kr"), ("Łza", "cp1250")]
)
def test_a_word_too_short_to_tell_another_script_by_is_not_read_as_one_with_certainty(word: str, codec: str) -> None:
    layout = parsed(f"Name,Note\nMug,{word}\nPlate,x\n".encode(codec))[0].layout
    found, _ = layout.encoding_previews[0]
    assert found in ("windows-1250", "windows-1252") or not layout.is_encoding_sure
    assert f"Mug,{word}" in dict(layout.encoding_previews).values()


def test_a_chosen_encoding_is_sure_and_the_other_readings_stay_on_offer() -> None:
    layout = parsed("Nazwa\nŻyła\nGęś\n".encode("cp1250"), reading=Reading(encoding="iso-8859-15"))[0].layout
    assert layout.is_encoding_sure
    assert "windows-1250" in dict(layout.encoding_previews)


def test_the_readers_language_decides_where_a_text_leaves_it_open() -> None:
    data = b"SKU,Name\nA-1,\xd6z\nA-2,S\xfdn\xfdr\n"
    assert find_encoding(data, "tr-TR").encoding == "windows-1254"


def test_every_codec_on_the_list_is_known_to_python() -> None:
    assert all(codecs.lookup(WINDOWS_CODECS.get(name, name)) for name in ENCODINGS)


@pytest.mark.parametrize("text", RARE, ids=lambda text: f"{text[0]}-{text[2]}")
@pytest.mark.parametrize("language", ["", "en-US"])
def test_texts_in_rare_encodings_are_read_or_in_doubt_with_the_right_reading_on_offer(
    text: Text, language: str
) -> None:
    guess = find_encoding(encoded(text), language)
    assert read(text, language) == text[1]
    assert guess.is_sure or any(text[1].splitlines()[1] in reading for _, reading in guess.previews)


CAPITALS = ("ЧАЙ ЗЕЛЁНЫЙ", "МОСКВА", "ТОВАР", "ЦЕНА", "СКИДКА НА ВСЕ КРУЖКИ", "НОВИНКА")


@pytest.mark.parametrize("text", [*CAPITALS, *map(str.title, CAPITALS), *map(str.lower, CAPITALS)])
def test_windows_1251_is_not_read_as_koi8(text: str) -> None:
    assert find_encoding(f"Name,Note\nMug,{text}\n".encode("cp1251"), "ru").encoding == "windows-1251"


@pytest.mark.parametrize("codec", ["utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_utf32_is_read_with_a_mark_and_without(codec: str, mark: str) -> None:
    sheet, rows = parsed(f"{mark}Name,Tone\nТарелка 😀,Warm\n".encode(codec))
    assert (sheet.reading.encoding, sheet.columns, sheet.notes) == ("utf-32", ("Name", "Tone"), ())
    assert [row.cells for row in rows] == [("Тарелка 😀", "Warm")]


@pytest.mark.parametrize("last", ["é", "’", "😀", "Ł", "茶"])
@pytest.mark.parametrize("start", ["Näme,Tone\nMug,a\nCaf", "Näme,Tone\nMug,a\n5 "])
def test_utf8_that_was_cut_within_its_last_character_stays_utf8(start: str, last: str) -> None:
    for length in range(1, len(last.encode())):
        sheet, rows = parsed(start.encode() + last.encode()[:length])
        assert (sheet.reading.encoding, rows[-1].cells[0]) == ("utf-8", start.rpartition("\n")[2] + "\ufffd")
        assert sheet.notes[-1] == "1 character isn't valid UTF-8 and was replaced by “\ufffd”: row 3."


@pytest.mark.parametrize("cut", [b"Caf\xc3", b"Price \xc2", b"it\xe2\x80", b"party \xf0\x9f"])
def test_utf8_cut_within_its_only_character_beyond_ascii_stays_utf8(cut: bytes) -> None:
    assert find_encoding(b"Name,Tone\nMug," + cut).encoding == "utf-8"


@pytest.mark.parametrize("word", ["Café", "LÃ", "Cliché", "Größ", "qualità", "naï"])
def test_windows_1252_that_ends_in_a_letter_is_not_cut_utf8(word: str) -> None:
    assert find_encoding(f"Name,Tone\nMug,{word}".encode("cp1252")).encoding.startswith("windows-125")


def test_other_readings_of_a_long_text_are_on_offer_however_unlikely_they_are() -> None:
    text = "Nazwa,Opis\n" + "".join(f"Taca {number},ładna i żółta\n" for number in range(300))
    assert len(find_encoding(text.encode("cp1250")).previews) > 1
