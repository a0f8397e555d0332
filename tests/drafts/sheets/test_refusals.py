"""What cannot be read: each is refused with one sentence on what is wrong, and one on what to do."""

import struct
import zipfile
from io import BytesIO

import pytest

from services.drafts.sheets import Limits
from services.drafts.sheets.archive import MAX_UNPACKED_BYTES
from services.errors import SheetError
from tests.drafts.sheets.helpers import CONTENT, LIMITS, ods, parsed, plain_workbook, with_part
from tests.drafts.sheets.test_workbook import XLS

REMEDY = "Save your spreadsheet as XLSX or CSV and upload it again."
DAMAGED = (
    "This workbook is damaged or wasn't uploaded in full. Open it in Excel or LibreOffice, save it as XLSX, and upload "
    "that."
)
PASSWORD = (
    "This workbook is protected by a password. Remove the password in Excel (File > Info > Protect Workbook), save "
    "it, and upload it again."
)
EMPTY = "This file is empty. Choose one with a header row and at least one row below it."
HEADER_ONLY = "This spreadsheet has a header but no rows. Add at least one row below the header and upload it again."
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
WORKBOOK = plain_workbook(["a", "b"], ["1", "2"])


def refusal(data: bytes, filename: str = "a.csv", limits: Limits = LIMITS) -> str:
    with pytest.raises(SheetError) as caught:
        parsed(data, filename, limits=limits)
    return str(caught.value)


def zipped(**parts: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \r\n"])
def test_an_empty_file(data: bytes) -> None:
    assert refusal(data) == EMPTY


def test_a_file_of_blank_rows() -> None:
    assert refusal(b",,\n,,\n").startswith("This spreadsheet is empty. ")
    assert refusal(plain_workbook(), "a.xlsx").startswith("This spreadsheet is empty. ")


@pytest.mark.parametrize("data", [b"a,b\n", b"a,b", b"a,b\n\n,\n"])
def test_a_header_without_rows(data: bytes) -> None:
    assert refusal(data) == HEADER_ONLY
    assert refusal(plain_workbook(["a", "b"]), "a.xlsx") == HEADER_ONLY


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\x89PNG\r\n\x1a\n", "an image"),
        (b"\xff\xd8\xff\xe0", "an image"),
        (b"GIF89a", "an image"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x1f\x8b\x08", "an archive"),
        (b"PK\x05\x06", "an archive"),
        (b"BM" + bytes((9, 9, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0)), "an image"),
        (b'<?xml version="1.0"?><feed>', "an XML file"),
    ],
)
def test_another_kind_of_file_under_the_name_of_a_spreadsheet(start: bytes, name: str) -> None:
    assert refusal(start + b"abc,def\n1,2\n") == f"This file is {name}, not a spreadsheet. {REMEDY}"


@pytest.mark.parametrize(
    "text",
    [
        '[{"name": "Mug", "price": 5}]',
        '\ufeff\n[\n  {\n    "na\\"me" :\n null\n  },\n',
        '{"rows": [{"name": "Mug"}, {"name": "Jug"}]}',
        '{"name": "Mug"}\n{"name": "Jug"}\n',
        '[["name", "tone"],\n ["Mug", "Warm"]]',
        '["name", "tone"]\n["Mug", "Warm"]\n',
        '["Mug",\n "Jug"]',
    ],
)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_json_under_the_name_of_a_text(text: str, codec: str) -> None:
    assert refusal(text.encode(codec)) == f"This is JSON, not a spreadsheet. {REMEDY}"


@pytest.mark.parametrize(
    "text", ['[name],"{tone}"\nMug,Warm\n', '{name},tone\nMug,{"a": 1}\n', '["Mug"],a\n1,2\n', "[1],[2]\n3,4\n"]
)
def test_brackets_in_cells_are_no_json(text: str) -> None:
    assert parsed(text.encode())[0].row_count == 1


@pytest.mark.parametrize("data", [bytes(range(256)) * 20, b"\x7fELF\x02\x01\x01" + bytes(200), bytes(5_000)])
def test_binary_data_under_the_name_of_a_text(data: bytes) -> None:
    assert refusal(data) == f"This isn't a spreadsheet. {REMEDY}"


def test_a_document_that_is_no_spreadsheet() -> None:
    assert refusal(zipped(**{"word/document.xml": b""}), "a.xlsx").startswith("This file is an archive or a document")
    assert refusal(OLE + "WordDocument".encode("utf-16-le"), "a.xls").startswith("This file is an Office document")


def test_a_type_of_file_that_cannot_be_read() -> None:
    assert refusal(b"a,b\n1,2\n", "a.json") == f"Files of type .json can't be read. {REMEDY}"


@pytest.mark.parametrize(
    "length", [len(WORKBOOK) // 2, len(WORKBOOK) - 10, 100], ids=["half", "nearly all", "a little"]
)
def test_a_truncated_workbook(length: int) -> None:
    assert refusal(WORKBOOK[:length], "a.xlsx") == DAMAGED


def test_a_workbook_with_a_damaged_part() -> None:
    start = WORKBOOK.index(b"xl/worksheets/sheet1.xml") + len(CONTENT)
    assert refusal(WORKBOOK[:start] + bytes(60) + WORKBOOK[start + 60 :], "a.xlsx") == DAMAGED
    assert refusal(with_part(WORKBOOK, CONTENT, lambda xml: xml[: len(xml) // 2]), "a.xlsx") == DAMAGED
    assert refusal(with_part(WORKBOOK, "xl/workbook.xml", lambda _: b"<work"), "a.xlsx") == DAMAGED
    assert refusal(OLE + "Workbook\0".encode("utf-16-le"), "a.xls") == DAMAGED


def test_a_workbook_that_needs_a_password() -> None:
    assert refusal(OLE + "EncryptedPackage".encode("utf-16-le"), "a.xlsx") == PASSWORD
    assert refusal(ods("", manifest="<encryption-data/>"), "a.ods") == PASSWORD
    first_record = 512 + 20
    locked = XLS.read_bytes()
    locked = locked[:first_record] + struct.pack("<HHH", 0x2F, 2, 1) + locked[first_record + 6 :]
    assert refusal(locked, "a.xls") == PASSWORD


def test_a_workbook_that_unpacks_to_too_much_is_refused_by_what_its_directory_says() -> None:
    size = MAX_UNPACKED_BYTES + 1
    data = bytearray(WORKBOOK)
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", size)
    assert refusal(bytes(data), "a.xlsx").startswith("This workbook unpacks to 1,000 MB; the limit is 1,000 MB. ")


def test_a_part_that_is_longer_than_the_directory_says_is_refused() -> None:
    data = bytearray(with_part(WORKBOOK, CONTENT, lambda xml: xml + b" " * 10_000_000))
    entry = data.rindex(CONTENT.encode()) - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    data[entry + 24 : entry + 28] = struct.pack("<I", 1_000)
    assert refusal(bytes(data), "a.xlsx") == DAMAGED


def test_too_many_columns_in_the_header_or_in_any_row() -> None:
    expected = (
        "This spreadsheet has 300 columns; the limit is 256. Delete the columns you don't need and upload it again."
    )
    wide = ",".join("x" * 300).encode()
    assert refusal(wide + b"\n1,2\n") == expected
    assert refusal(b"a,b\n" + wide + b"\n") == expected


def test_too_many_rows_are_counted_and_not_kept() -> None:
    assert refusal(b"a,b\n" + b"1,2\n" * 20_001, limits=Limits(10**6, 20_000, 10)) == (
        "This spreadsheet has 20,001 rows; the limit is 20,000. Split it into several files and upload them one by one."
    )


def test_as_many_rows_and_columns_as_are_taken() -> None:
    assert parsed(b"a,b\n" + b"1,2\n" * 3 + b"\n\n", limits=Limits(100, 3, 2))[0].row_count == 3
