"""Whatever stands in a table comes back cell for cell."""

from hypothesis import assume, given
from hypothesis import strategies as st

from services.drafts.sheets import ENCODINGS, SEPARATORS
from services.drafts.sheets.dialect import swallowed_rows
from services.drafts.sheets.invisible import is_invisible
from services.models import Reading
from tests.drafts.sheets.helpers import cells, workbook, written

Table = list[tuple[str, ...]]

WINDOWS_CODECS = {"gbk": "gb18030", "big5": "cp950", "shift-jis": "cp932", "euc-kr": "cp949"}
SCRIPTS = (range(1, 0x600), range(0x2010, 0x2130), range(0x3000, 0x3100), range(0x4E00, 0x4F00), range(0xAC00, 0xAC80))


def letters(codec: str) -> list[str]:
    """Pick characters of many scripts that an encoding has."""
    candidates = [chr(code) for script in SCRIPTS for code in script] + ["\uffe5", "\U0001f600"]
    if codec == "iso-2022-jp":
        candidates = [letter for letter in candidates if letter not in "\x0e\x0f\x1b"]  # which switch character sets
    return [letter for letter in candidates if letter.encode(codec, "ignore").decode(codec) == letter]


LETTERS = {codec: letters(codec) for codec in (WINDOWS_CODECS.get(name, name) for name in ENCODINGS)}


def tables(text: st.SearchStrategy[str]) -> st.SearchStrategy[Table]:
    """Make a header of plain names, and rows of any texts."""

    def of_width(width: int) -> st.SearchStrategy[Table]:
        header = tuple(f"h{position}" for position in range(width))
        rows = st.lists(st.tuples(*[text] * width), min_size=1, max_size=8)
        return rows.map(lambda rows: [header, *rows])

    return st.integers(1, 5).flatmap(of_width).filter(lambda table: not is_blank(table[-1]))


def is_blank(row: tuple[str, ...]) -> bool:
    return not "".join(map(kept_cell, row)).strip()


def kept_cell(cell: str) -> str:
    return "" if is_invisible(cell) else cell.replace("\0", "\ufffd")


def kept(table: Table) -> Table:
    return [tuple(map(kept_cell, row)) for row in table if not is_blank(row)]


@given(st.data(), st.sampled_from(list(ENCODINGS)), st.sampled_from(list(SEPARATORS)))
def test_csv_reads_back_in_every_encoding_and_separator(data: st.DataObject, encoding: str, separator: str) -> None:
    codec = WINDOWS_CODECS.get(encoding, encoding)
    texts = st.text(LETTERS[codec], max_size=12) | st.text(' \n\r\t,;|"x\0', max_size=6)
    table = data.draw(tables(texts))
    assume(not any(swallowed_rows(list(row), len(row), separator) for row in table))  # those are read as rows
    assert cells(written(table, separator).encode(codec), reading=Reading(encoding, separator)) == kept(table)


@given(tables(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12)))
def test_csv_in_utf8_reads_back_without_a_word_on_the_encoding(table: Table) -> None:
    assert cells(written(table).encode(), reading=Reading(separator=",")) == kept(table)


@given(tables(st.text(st.characters(codec="utf-8", exclude_characters="\0\ufffe\uffff"), max_size=12)))
def test_xlsx_reads_back(table: Table) -> None:
    assert cells(xlsx(table), "a.xlsx") == kept(table)


def xlsx(table: Table) -> bytes:
    """Make a workbook of texts, whatever they look like."""
    return workbook(
        lambda _, sheet: [
            sheet.write_string(number, column, cell)
            for number, row in enumerate(table)
            for column, cell in enumerate(row)
        ]
    )
