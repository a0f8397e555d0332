"""What kind of file it is, by what is in it rather than by its name."""

import re
import zipfile
from enum import StrEnum
from pathlib import Path, PurePath

from services.errors import SheetError

SUFFIXES = ("csv", "tsv", "txt", "xlsx", "xlsm", "xls", "ods")
"""The endings of the files that are taken."""


class Kind(StrEnum):
    """The kinds of files that are taken."""

    TEXT = "text"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"


_REMEDY = "Open your spreadsheet in Excel, LibreOffice or Google Sheets, and save it as XLSX or CSV."

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"

_OTHERS = (
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|BM.{4}\0\0\0\0|II\*\0|MM\0\*|RIFF.{4}WEBP", re.DOTALL), "an image"),
    (re.compile(rb"%PDF-"), "a PDF document"),
    (re.compile(rb"\x1f\x8b|7z\xbc\xaf|Rar!|PK"), "an archive"),
    (re.compile(rb"\{\\rtf"), "a text document"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|table|\?xml)", re.IGNORECASE), "a web page or XML file"),
)

_SAMPLE_BYTES = 65_536
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\r\v\f\x1a\x1b")


def kind_of(path: Path, filename: str, *, is_text: bool) -> Kind:
    """Tell the kind of the file at `path`, which its owner calls `filename`.

    `is_text` says that the owner has already said so, by choosing an encoding.

    Raises:
        SheetError: it is empty, of a kind that is not taken, protected by a password, or damaged.
    """
    suffix = PurePath(filename).suffix.removeprefix(".").lower()
    if suffix and suffix not in SUFFIXES:
        raise SheetError(f"Files of the kind .{suffix} are not taken. {_REMEDY}")
    with path.open("rb") as file:
        start = file.read(_SAMPLE_BYTES)
    if not start.strip(b" \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise SheetError("This file is empty. Choose one with a header row and at least one row below it.")
    if start.startswith(_OLE):
        return _ole_kind(path.read_bytes())
    if start.startswith(_ZIP):
        return _zip_kind(path)
    return _text_kind(start, is_text=is_text)


def _ole_kind(data: bytes) -> Kind:
    """Look for the names of streams, which stand in the container's directory in UTF-16."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise password_error()
    if any(name.encode("utf-16-le") in data for name in ("Workbook\0", "Book\0", "WORKBOOK\0", "BOOK\0")):
        return Kind.XLS
    raise SheetError(f"This file is an Office document, but not a spreadsheet. {_REMEDY}")


def _zip_kind(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as exc:
        raise damaged_error() from exc
    if any(name.lower().lstrip("/").startswith("xl/") for name in names) and "xl/workbook.bin" not in names:
        return Kind.XLSX
    if {"content.xml", "META-INF/manifest.xml"} <= names and not any(name.startswith("word/") for name in names):
        return Kind.ODS
    raise SheetError(f"This file is an archive or a document, but not a spreadsheet. {_REMEDY}")


def _text_kind(start: bytes, *, is_text: bool) -> Kind:
    for beginning, name in _OTHERS:
        if beginning.match(start):
            raise SheetError(f"This file is {name}, not a spreadsheet. {_REMEDY}")
    if not is_text and _is_binary(start):
        raise SheetError(f"This file is neither a text nor a workbook. {_REMEDY}")
    return Kind.TEXT


def _is_binary(start: bytes) -> bool:
    """Whether there are more control characters than a text has by accident; in UTF-16, zeros are no sign."""
    zeros = start.count(0)
    control = len(start) - len(start.translate(None, delete=_CONTROL))
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or _zeros_alternate(start):
        control -= zeros
    return control > max(8, len(start) // 50)


def _zeros_alternate(start: bytes) -> bool:
    even, odd = start[0::2].count(0), start[1::2].count(0)
    return max(even, odd) * 4 > len(start) and min(even, odd) * 10 < max(even, odd)


def damaged_error() -> SheetError:
    """Make the error for a workbook that cannot be read to its end."""
    return SheetError(
        "This workbook is damaged or was not uploaded whole. Open it in Excel or LibreOffice, save it again as XLSX, "
        "and upload that."
    )


def password_error() -> SheetError:
    """Make the error for a workbook that only its owner can open."""
    return SheetError(
        "This workbook is protected by a password. Remove the password in Excel (File, Info, Protect Workbook), save "
        "it, and upload it again."
    )
