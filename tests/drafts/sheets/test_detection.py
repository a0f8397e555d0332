"""Finding encoding and separator, and obeying the person's choice."""

import pytest

from services.drafts.sheets import ENCODINGS, SEPARATORS
from services.errors import SheetError
from services.models import Reading
from tests.drafts.sheets.helpers import cells, parsed, written

WESTERN = [("Name", "Tone"), ("Café crème", "Warm"), ("Über-Tasse – “gut”", "Bold")]
CHINESE = [("产品名称", "语气"), ("蓝色茶壶", "温暖"), ("陶瓷杯子", "专业")]
JAPANESE = [("商品名", "トーン"), ("青いティーポット", "温かい"), ("湯のみ", "プロ")]
RUSSIAN = [("Название", "Тон"), ("Синий чайник", "Тёплый"), ("Кружка", "Игривый")]
KOREAN = [("제품 이름", "어조"), ("파란 찻주전자", "따뜻한")]
TAIWANESE = [("產品名稱", "語氣"), ("藍色茶壺", "溫暖")]


@pytest.mark.parametrize(
    ("table", "codec", "encoding"),
    [
        (WESTERN, "utf-8", "utf-8"),
        (WESTERN, "utf-8-sig", "utf-8"),
        (WESTERN, "utf-16", "utf-16"),
        (WESTERN, "utf-16-le", "utf-16"),
        (WESTERN, "utf-16-be", "utf-16"),
        (WESTERN, "cp1252", "windows-1252"),
        ([("a", "b"), ("Café", "c")], "cp1252", "windows-1252"),
        (CHINESE, "gbk", "gbk"),
        ([("Name", "Tone"), ("茶壶", "Warm")], "gbk", "gbk"),
        (JAPANESE, "shift-jis", "shift-jis"),
        ([("Name", "Tone"), ("カップ", "Warm")], "cp932", "shift-jis"),
        (RUSSIAN, "cp1251", "windows-1251"),
        (TAIWANESE, "big5", "big5"),
    ],
)
def test_the_encoding_is_found(table: list[tuple[str, str]], codec: str, encoding: str) -> None:
    data = written(table).encode(codec)
    assert (cells(data), parsed(data)[0].reading) == (table, Reading(encoding, ","))


def test_utf16_with_a_big_endian_mark_is_found() -> None:
    assert cells(b"\xfe\xff" + written(WESTERN).encode("utf-16-be")) == WESTERN


@pytest.mark.parametrize(("word", "encoding"), [("蓝色茶壶", "gbk"), ("Cafés crémeux", "windows-1252")])
def test_one_foreign_word_far_down_is_enough_to_find_the_encoding(word: str, encoding: str) -> None:
    data = b"a,b\n" + b"x,y\n" * 4_000 + f"{word},z\n".encode(encoding)
    sheet, rows = parsed(data)
    assert (sheet.reading.encoding, rows[-1].cells) == (encoding, (word, "z"))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_can_be_chosen(encoding: str) -> None:
    table = {
        "windows-1251": RUSSIAN,
        "koi8-r": RUSSIAN,
        "windows-1253": [("Όνομα", "b"), ("1", "Κούπα")],
        "windows-1255": [("שם", "b"), ("1", "ספל")],
        "windows-1256": [("الاسم", "b"), ("1", "كوب")],
        "gbk": CHINESE,
        "shift-jis": JAPANESE,
        "euc-jp": JAPANESE,
        "iso-2022-jp": JAPANESE,
        "euc-kr": KOREAN,
        "big5": TAIWANESE,
    }
    expected = table.get(encoding, [("Né", "b"), ("1", "ü")])
    assert cells(written(expected).encode(encoding), reading=Reading(encoding=encoding)) == expected


def test_the_chosen_encoding_wins_over_the_found_one() -> None:
    data = written([("a", "b"), ("é", "c")]).encode()
    sheet, rows = parsed(data, reading=Reading(encoding="windows-1252"))
    assert (sheet.reading.encoding, rows[0].cells) == ("windows-1252", ("Ã©", "c"))


def test_a_chosen_encoding_is_used_even_where_it_does_not_fit() -> None:
    data = "Name,Tone\nMug,\x81Warm\nPlate,Bold\nBowl,\x81\x8d\n".encode("latin-1")
    sheet, rows = parsed(data, reading=Reading(encoding="windows-1252"))
    assert [row.cells for row in rows] == [("Mug", "\ufffdWarm"), ("Plate", "Bold"), ("Bowl", "\ufffd\ufffd")]
    assert sheet.notes == (
        "3 characters don't fit Western European (Windows-1252) and were replaced by “\ufffd”: rows 2 and 4.",
    )


def test_utf16_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    sheet, rows = parsed("a,b\n1,é2\n".encode("utf-16") + b"\xd8", reading=Reading(encoding="utf-16"))
    assert rows[0].cells == ("1", "é2")
    assert len(sheet.notes) == 1


@pytest.mark.parametrize("separator", SEPARATORS)
def test_the_separator_is_found_though_others_stand_inside_quotes(separator: str) -> None:
    table = [("Name, first; last", "a|b\tc", "x"), *[("1,2,3;4", "5|6,7\t8", "y")] * 5]
    sheet, _ = parsed(written(table, separator).encode())
    assert sheet.reading.separator == separator
    assert cells(written(table, separator).encode()) == table


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";"),
        ("Weight, kg;Price, EUR\n1,5;2,5\n", ";"),
        ('Name;Tags\nx;"a,b,c"\ny;"d,e,f"\n', ";"),
        ("a,b\n1\n1,2,3\n", ","),
        ("Report of March\na;b;c\n1;2;3\n4;5;6\n", ";"),
        ("a\tb\nx, y\tz\n", "\t"),
        ("a,b", ","),
    ],
)
def test_the_separator_is_found(text: str, separator: str) -> None:
    assert parsed((text + "\nx" if text == "a,b" else text).encode())[0].reading.separator == separator


def test_a_single_column_is_not_cut_at_the_commas_of_its_prose() -> None:
    assert cells(b"Product\nMug\nA red, large mug\n", "a.txt") == [("Product",), ("Mug",), ("A red, large mug",)]


TITLED = [("Name", "Tone", "Qty"), ("Mug", "Warm", "3"), ("Plate", "Bold", "4"), ("Tray", "Calm", "7")]


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize(
    "titles", ["Stock list\n", "Stock list\n\nExported by Anna\n\n", "Acme\nStock list of March\nAnna\n"]
)
@pytest.mark.parametrize("end", ["", "\nSource: ERP\n"])
def test_titles_and_remarks_of_one_cell_do_not_hide_the_separator(separator: str, titles: str, end: str) -> None:
    data = (titles + written(TITLED, separator) + end).encode()
    assert cells(data) == TITLED


@pytest.mark.parametrize(
    "lines",
    [
        ["Name", "Plain mug", "Red;blue", "Blue;green"],
        ["Text", "A mug", "A plate", "A tray", "A bowl", "One, two", "Salt|pepper", "a;b", "c;d", "e;f"],
        ["Text", "Warm, round", "Plain", "Bold, flat", "Calm, soft"],
    ],
)
def test_a_single_column_is_not_cut_where_a_few_cells_have_the_same_character(lines: list[str]) -> None:
    assert cells("\n".join(lines).encode()) == [(line,) for line in lines]


def test_a_single_column_without_any_separator_is_read_with_commas() -> None:
    sheet, rows = parsed(b"Product\nMug\nPlate\n")
    assert (sheet.reading.separator, [row.cells for row in rows]) == (",", [("Mug",), ("Plate",)])


def test_the_chosen_separator_wins_over_the_found_one() -> None:
    assert cells(b"a,b;c\n1,2;3\n", reading=Reading(separator=",")) == [("a", "b;c"), ("1", "2;3")]


@pytest.mark.parametrize("reading", [Reading(encoding="klingon"), Reading(separator="--")])
def test_a_choice_that_is_not_on_the_list_is_refused(reading: Reading) -> None:
    with pytest.raises(SheetError, match="isn't on the list"):
        parsed(b"a,b\n1,2\n", reading=reading)


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("SKU,Name,Category|Subcategory\n1,Mug,Home|Kitchen\n2,Plate,Home|Table\n", ","),
        ("SKU,a|b|c|d\n1,Home|Kitchen|Mugs|Red\n", ","),
        ("Name,Note; more\nMug,red; round\nPlate,blue; flat\n", ","),
        ("Report, March, 2026\nName;Price\nMug;1,5\nPlate;2,5\n", ";"),
        ("Product report,,\n,,\nName,Tone,Note\nMug,Warm,a\n", ","),
        ('"sep=;"\r\nName;Tone\r\nMug, red;Warm\r\n', ";"),
        ("\ufeffsep=|\rName|Tone\rMug|Warm\r", "|"),
        ("sep=;;;\nName;Tone;x\nMug;Warm;y\n", ";"),
        (f"Name,Text\nMug,{'x' * 150_000}\n", ","),
    ],
)
def test_the_separator_is_the_one_that_leaves_the_table_even(text: str, separator: str) -> None:
    assert parsed(text.encode())[0].reading.separator == separator
