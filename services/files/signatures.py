"""What a file is, going by what is in it.

The libraries for this (filetype, puremagic) know more formats, but take a text that begins with "BM" for a bitmap, and
have no answer for web pages, emails, or subtitles.
"""

import codecs
import re
import zipfile
from contextlib import suppress
from pathlib import Path

from services.files.kinds import OOXML, TEXT, UNKNOWN, XML
from services.files.zips import UNREADABLE, open_zip

_SAMPLE_BYTES = 65_536
_SIGNATURES = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"BM.{4}\0{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0{3}", re.DOTALL), "image/bmp"),
    (re.compile(rb"II\*\0|MM\0\*"), "image/tiff"),
    (re.compile(rb".{4}ftypavi[fs]", re.DOTALL), "image/avif"),
    (re.compile(rb".{4}ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)", re.DOTALL), "image/heic"),
    (re.compile(rb".{4}ftyp", re.DOTALL), "video/mp4"),
    (re.compile(rb"%PDF-[0-9]"), "application/pdf"),
    (re.compile(rb"\{\\rtf[0-9]"), "application/rtf"),
)
_LATE_PDF = re.compile(rb".{1,1024}?%PDF-[0-9]", re.DOTALL)  # readers forgive what stands before
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_OLE_DIRECTORY_BYTES = 65_536
_OLE_STREAMS = (
    ("EncryptedPackage", "application/x-encrypted-office"),
    ("WordDocument", "application/msword"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
)
_OOXML_PARTS = (
    ("word/", f"{OOXML}.wordprocessingml.document"),
    ("xl/", f"{OOXML}.spreadsheetml.sheet"),
    ("ppt/", f"{OOXML}.presentationml.presentation"),
)
_OPENDOCUMENT = "application/vnd.oasis.opendocument."
_MAX_MEDIA_TYPE_BYTES = 200
_MAX_STRAY_CONTROLS = 4
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1a\x1b")
_PAGE_START = re.compile(
    r"<(?:html|head|body|title|meta|script|style|link|div|p|span|table|section|article|main|center|h[1-6]|ul|ol|br)\b",
    re.IGNORECASE,
)
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_SUBTITLE = re.compile(r"\s*\d{1,9}[ \t]*\r?\n\d{1,3}:\d\d:\d\d[,.]\d{1,3}[ \t]*-->")
_MAIL_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,70}):[^\n]*\n(?:[ \t][^\n]*\n)*")
_MAIL_HEADERS = frozenset(
    (
        "from",
        "to",
        "cc",
        "subject",
        "date",
        "received",
        "return-path",
        "reply-to",
        "message-id",
        "mime-version",
        "content-type",
        "delivered-to",
        "dkim-signature",
        "x-mailer",
    )
)
_MIN_MAIL_HEADERS = 2


def detect(path: Path) -> str:
    """Give the media type of a file by its content; `UNKNOWN` where nothing is recognized.

    Formats that any text may have, such as CSV, are "text/plain".
    """
    with path.open("rb") as file:
        start = file.read(_SAMPLE_BYTES)
    if start.startswith(_ZIP):
        return _zip_type(path)
    if start.startswith(_OLE):
        return _ole_type(path, start)
    found = next((media_type for pattern, media_type in _SIGNATURES if pattern.match(start)), None)
    if found == "image/heic" and b"avif" in start[8:40]:
        return "image/avif"
    return found or _text_type(start) or ("application/pdf" if _LATE_PDF.match(start) else UNKNOWN)


def _zip_type(path: Path) -> str:
    with suppress(*UNREADABLE), open_zip(path) as archive:
        names = {name.replace("\\", "/").lstrip("/").lower() for name in archive.namelist()}
        if "mimetype" in names:
            return _opendocument_type(archive)
        if "[content_types].xml" in names:
            for folder, media_type in _OOXML_PARTS:
                if any(name.startswith(folder) for name in names):
                    return media_type
    return "application/zip"


def _opendocument_type(archive: zipfile.ZipFile) -> str:
    with archive.open("mimetype") as part:
        media_type = part.read(_MAX_MEDIA_TYPE_BYTES).decode("latin-1").strip()
    return media_type if media_type.startswith(_OPENDOCUMENT) else "application/zip"


def _ole_type(path: Path, start: bytes) -> str:
    """Look for the names of streams in the container's directory, which begins in the sector that the header names."""
    sector_bytes = 1 << min(int.from_bytes(start[30:32], "little"), 16)
    place = (int.from_bytes(start[48:52], "little") + 1) * sector_bytes
    with path.open("rb") as file:
        file.seek(min(place, path.stat().st_size))
        directory = file.read(_OLE_DIRECTORY_BYTES)
    places = {directory.find(f"{name}\0".encode("utf-16-le")): media_type for name, media_type in _OLE_STREAMS}
    places.pop(-1, None)
    return places[min(places)] if places else "application/x-ole-storage"  # what is embedded stands further down


def _text_type(start: bytes) -> str | None:
    text = _decoded(start)
    if text is None or not text.strip():
        return None
    if _SUBTITLE.match(text):
        return "application/x-subrip"
    if _is_mail(text):
        return "message/rfc822"
    return _markup_type(text) or TEXT


def _decoded(start: bytes) -> str | None:
    """Decode the beginning of a text far enough to see what it is; None for what isn't a text."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = start[: len(start) // 2 * 2].decode("utf-16", "replace")
        start = text.encode("utf-8", "replace")
    controls = len(start) - len(start.translate(None, delete=_CONTROLS))
    if controls > min(_MAX_STRAY_CONTROLS, len(start) // 50):
        return None
    return start.decode("utf-8-sig", "replace")


def _is_mail(text: str) -> bool:
    names: set[str] = set()
    header = _MAIL_HEADER.match(text)
    while header:
        names.add(header[1].lower())
        header = _MAIL_HEADER.match(text, header.end())
    return len(names & _MAIL_HEADERS) >= _MIN_MAIL_HEADERS


def _markup_type(text: str) -> str | None:
    """Tell web pages, SVG images, and other XML; None for what is none of these."""
    rest, is_xml = text.lstrip(), False
    while rest.startswith(("<?", "<!")):
        if rest[:14].lower() == "<!doctype html":
            return "text/html"
        is_xml = is_xml or rest.startswith("<?xml")
        end = "-->" if rest.startswith("<!--") else "?>" if rest.startswith("<?") else ">"
        _, found, after = rest.partition(end)
        if not found:
            break
        rest = after.lstrip()
    root = _ROOT.match(rest)
    if root and root[1].lower() == "svg":
        return "image/svg+xml"
    if _PAGE_START.match(rest):
        return "text/html"
    return XML if is_xml else None
