"""What kind of file it is, going by what is in it rather than by its name."""

import codecs
import re
from enum import StrEnum
from pathlib import Path, PurePath

from services.drafts.sheets.encodings import is_utf32
from services.drafts.sheets.refusals import REMEDY, not_a_spreadsheet, password_error
from services.errors import SheetError

SUFFIXES = ("csv", "tsv", "txt", "xlsx", "xlsm", "xls", "ods")
"""The endings of the files that can be uploaded."""


class Kind(StrEnum):
    """The kinds of files that can be read."""

    TEXT = "text"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    HTML = "html"
    """A web page or web archive (MHTML) that many web systems and Excel itself save as .xls."""
    SPREADSHEETML = "spreadsheetml"
    """XML Spreadsheet 2003."""


_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_BARE_BIFF = re.compile(rb"\x09\0\x04\0|\x09[\x02\x04]\x06\0|\x09\x08[\x08\x10]\0", re.DOTALL)

_OTHERS = (
    (
        re.compile(
            rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|BM.{4}\0\0\0\0.{4}[\x0c-\x80]\0\0\0|II\*\0|MM\0\*|RIFF.{4}WEBP",
            re.DOTALL,
        ),
        "an image",
    ),
    (re.compile(rb"%PDF-[0-9]"), "a PDF document"),
    (re.compile(rb"\x1f\x8b\x08|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|PK(?:\x05\x06|\x07\x08)"), "an archive"),
    (re.compile(rb"\{\\rtf[0-9]"), "a text document"),
)

_SAMPLE_BYTES = 65_536
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\r\v\f\x1a\x1b")
_MAX_STRAY_CONTROLS = 8

_BEFORE_ROOT = re.compile(
    r"(?:\ufeff|\s|<!--.*?-->|<\?.*?\?>|<!doctype(?:[^>\[]|\[.*?\])*>)+", re.DOTALL | re.IGNORECASE
)
_ROOT = re.compile(r"<(?:([A-Za-z][\w.-]*):)?([A-Za-z][\w.-]*)")
_ONLY_TAGS = re.compile(rb"(?:\s*+<[A-Za-z/!][^<>]*+>)++\s*+(?:<[^<>]*+)?")
_TABLE = re.compile(rb"<table[\s>]", re.IGNORECASE)
_JSON_TEXT = r'"(?:[^"\\\r\n]|\\.)*+"'
_JSON = re.compile(
    rf"""[\ufeff\s]*+(?:(?:\[\s*)*\{{\s*{_JSON_TEXT}\s*:\s*(?:["\[{{\d-]|true|false|null)  # objects
    |\[\s*\[\s*(?:["\d-]|true|false|null)  # lists of values
    |(?:\[\s*{_JSON_TEXT}(?:\s*,\s*{_JSON_TEXT})*+\s*\]\s*)++\Z)""",
    re.VERBOSE,
)
_MIME_HEADER = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*)+", re.DOTALL)
_MIME_PAGES = re.compile(r"^content-type:\s*(?:multipart/|text/html)", re.MULTILINE | re.IGNORECASE)
_PAGE_TAGS = frozenset(["html", "head", "body", "table", "meta", "style", "title", "script", "link", "base"])
_TEXT_TAGS = frozenset(
    [
        "div",
        "center",
        "form",
        "font",
        "p",
        "span",
        "b",
        "i",
        "br",
        "hr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "tr",
        "thead",
        "tbody",
        "caption",
    ]
)
_EXCEL_XML = "urn:schemas-microsoft-com:office:spreadsheet"


def kind_of(path: Path, filename: str, *, is_text: bool) -> Kind:
    """Tell the kind of the file at `path`, which its owner calls `filename`.

    `is_text` says that the owner has already said so, by choosing an encoding.

    Raises:
        SheetError: it is empty, of a kind that can't be read, protected by a password, or damaged.
    """
    suffix = PurePath(filename).suffix.removeprefix(".").lower()
    if suffix and suffix not in SUFFIXES:
        raise SheetError(f"Files of type .{suffix} can't be read. {REMEDY}")
    with path.open("rb") as file:
        start = file.read(_SAMPLE_BYTES)
    if not start.strip(b" \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise SheetError("This file is empty. Choose one with a header row and at least one row below it.")
    if start.startswith(_OLE):
        return _ole_kind(path.read_bytes())
    if start.startswith(_ZIP):
        return _zip_kind(path)
    if _BARE_BIFF.match(start):
        return Kind.XLS
    kind = _markup_kind(start) or _text_kind(start, is_text=is_text)
    return Kind.HTML if kind is Kind.TEXT and _is_deep_page(start, path) else kind


def _ole_kind(data: bytes) -> Kind:
    """Look for the names of streams, which stand in the container's directory in UTF-16."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise password_error()
    if any(name.encode("utf-16-le") in data for name in ("Workbook\0", "Book\0", "WORKBOOK\0", "BOOK\0")):
        return Kind.XLS
    raise not_a_spreadsheet("an Office document")


def _zip_kind(path: Path) -> Kind:
    from services.drafts.sheets.archive import Archive
    from services.drafts.sheets.package import is_xlsx

    with Archive(path) as archive:
        mime = archive.start("mimetype")
        if b"opendocument" in mime or "content.xml" in archive:
            if mime and b"opendocument.spreadsheet" not in mime:
                raise not_a_spreadsheet("an OpenDocument file")
            if "META-INF/manifest.xml" in archive and "content.xml" in archive:
                return Kind.ODS
        if "xl/workbook.bin" in archive:
            raise SheetError(f"XLSB workbooks can't be read. {REMEDY}")
        if is_xlsx(archive):
            return Kind.XLSX
    raise not_a_spreadsheet("an archive or a document")


def _markup_kind(start: bytes) -> Kind | None:
    """Tell web pages and XML from texts that merely begin with a tag; None for those."""
    text = _decoded_start(start)
    if _has_mime_header(text):
        return Kind.HTML
    before = _BEFORE_ROOT.match(text)
    root = _ROOT.match(text, before.end() if before else 0)
    if root is None:
        return _unfinished_markup(text)
    if before and "<!doctype html" in before[0].lower():
        return Kind.HTML
    if root[2].lower() in _PAGE_TAGS or (root[2].lower() in _TEXT_TAGS and "<table" in text.lower()):
        return Kind.HTML
    if root[2] == "Workbook" and _EXCEL_XML in text:
        return Kind.SPREADSHEETML
    if before and "<?xml" in before[0]:
        raise not_a_spreadsheet("an XML file")
    return None


def _is_deep_page(start: bytes, path: Path) -> bool:
    """Tell a page whose table is within so many other elements that the sample holds nothing but their tags."""
    if len(start) < _SAMPLE_BYTES or not _ONLY_TAGS.fullmatch(start):
        return False
    return _TABLE.search(path.read_bytes()) is not None


def _unfinished_markup(text: str) -> Kind | None:
    """Tell a page whose first comment or declaration is longer than the sample."""
    lowered = text[:200].lstrip("\ufeff \t\r\n").lower()
    if lowered.startswith(("<!--", "<!doctype html")):
        return Kind.HTML
    if lowered.startswith("<?xml"):
        raise not_a_spreadsheet("an XML file")
    return None


def is_json(text: str) -> bool:
    """Whether a text, or its beginning, is JSON with objects or lists."""
    return _JSON.match(text) is not None


def is_mime(data: bytes) -> bool:
    """Whether a file begins like a message, as web archives do."""
    return _has_mime_header(_decoded_start(data[:_SAMPLE_BYTES]))


def _has_mime_header(text: str) -> bool:
    header = _MIME_HEADER.match(text)
    return bool(header and _MIME_PAGES.search(header[0]))


def _decoded_start(start: bytes) -> str:
    """Decode the beginning of a file far enough to see its tags."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return start.decode("utf-16", "replace")
    if _zeros_alternate(start):
        return start.decode("utf-16-le" if start[1:2] == b"\0" else "utf-16-be", "replace")
    return start.decode("utf-8", "replace")


def _text_kind(start: bytes, *, is_text: bool) -> Kind:
    if is_json(_decoded_start(start)):
        raise SheetError(f"This is JSON, not a spreadsheet. {REMEDY}")
    for signature, name in _OTHERS:
        if signature.match(start):
            raise not_a_spreadsheet(name)
    if not is_text and _is_binary(start):
        raise SheetError(f"This isn't a spreadsheet. {REMEDY}")
    return Kind.TEXT


def _is_binary(start: bytes) -> bool:
    """Whether there are more control characters than a text has by accident; in UTF-16, zeros are no sign."""
    if is_utf32(start):
        return False
    text = start.rstrip(b"\0")
    if b"\n" in text or b"\r" in text:
        start = text  # what fills up the end of a file of several lines is no sign either
    zeros = start.count(0)
    control = len(start) - len(start.translate(None, delete=_CONTROL))
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _zeros_alternate(start):
        control -= zeros
    return control > max(_MAX_STRAY_CONTROLS, len(start) // 50)


def _zeros_alternate(start: bytes) -> bool:
    even, odd = start[0::2].count(0), start[1::2].count(0)
    return max(even, odd) * 4 > len(start) and min(even, odd) * 10 < max(even, odd)
