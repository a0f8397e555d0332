"""Files of many kinds, made by the programs that make them where there is one."""

import io
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

import xlsxwriter
import xlwt
from PIL import Image

from services.files.kinds import OOXML
from services.models import NamedFile, StoredFile

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"


def image(form: str = "PNG", size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 50).convert("RGB").save(out, form, **options)
    return out.getvalue()


def zipped(members: Mapping[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def docx(*paragraphs: str) -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    document = f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": document})


def pptx(*lines: str) -> bytes:
    slides = {
        f"ppt/slides/slide{number}.xml": f'<a:sld xmlns:a="{A}"><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:sld>'
        for number, text in enumerate(lines, 1)
    }
    return zipped({"[Content_Types].xml": "<Types/>", "ppt/presentation.xml": "<p/>", **slides})


def xlsx() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet().write(0, 0, "Mug")
    return out.getvalue()


def xls() -> bytes:
    out = io.BytesIO()
    book = xlwt.Workbook()
    book.add_sheet("Mugs").write(0, 0, "Mug")
    book.save(out)
    return out.getvalue()


def ole(stream: str) -> bytes:
    """Make the beginning of an old Office document: a header, and a directory with one stream in its third sector."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(22) + b"\x09\0" + bytes(16) + b"\x02\0\0\0"
    return header.ljust(3 * 512, b"\0") + (stream + "\0").encode("utf-16-le").ljust(512, b"\0")


def pdf(*lines: str) -> bytes:
    """Make a PDF document with a page for each line."""
    count = len(lines)
    pages = " ".join(f"{3 + 2 * n} 0 R" for n in range(count))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{pages}]/Count {count}>>".encode()]
    font = "<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    for number, line in enumerate(lines):
        content = f"BT /F 12 Tf 50 700 Td ({line}) Tj ET".encode()
        objects.append(f"<</Type/Page/Parent 2 0 R/Resources{font}/Contents {4 + 2 * number} 0 R>>".encode())
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
    out, places = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        size,
        table,
        size,
        len(out),
    )


def email() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.com", "b@example.com", "Mugs"
    message.set_content("Hello")
    return bytes(message)


SUBTITLES = b"1\r\n00:00:01,000 --> 00:00:02,500\r\nHello there\r\n"

SAMPLES = {
    "mug.jpg": (image("JPEG"), "image/jpeg"),
    "mug.png": (image("PNG"), "image/png"),
    "mug.gif": (image("GIF"), "image/gif"),
    "mug.webp": (image("WEBP"), "image/webp"),
    "mug.bmp": (image("BMP"), "image/bmp"),
    "mug.tiff": (image("TIFF"), "image/tiff"),
    "mug.avif": (image("AVIF"), "image/avif"),
    "mug.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "image/heic"),
    "iphone.heif": (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(99), "image/heic"),
    "film.mp4": (b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(99), "video/mp4"),
    "mug.svg": (b'<?xml version="1.0"?>\n<!-- <html> -->\n<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
    "bare.svg": (b"<svg/>", "image/svg+xml"),
    "brief.pdf": (pdf("Two words"), "application/pdf"),
    "sent.pdf": (b"HTTP/1.1 200 OK\r\n\0\0\0\0\0\0\0\0" + pdf("Two words"), "application/pdf"),
    "brief.docx": (docx("Hello"), f"{OOXML}.wordprocessingml.document"),
    "deck.pptx": (pptx("Hello"), f"{OOXML}.presentationml.presentation"),
    "mugs.xlsx": (xlsx(), f"{OOXML}.spreadsheetml.sheet"),
    "brief.odt": (
        zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"}),
        "application/vnd.oasis.opendocument.text",
    ),
    "mugs.xls": (xls(), "application/vnd.ms-excel"),
    "brief.doc": (ole("WordDocument"), "application/msword"),
    "deck.ppt": (ole("PowerPoint Document"), "application/vnd.ms-powerpoint"),
    "secret.docx": (ole("EncryptedPackage"), "application/x-encrypted-office"),
    "drawing.vsd": (ole("VisioDocument"), "application/x-ole-storage"),
    "mugs.zip": (zipped({"mug.txt": "Mug"}), "application/zip"),
    "brief.rtf": (rb"{\rtf1\ansi Mug}", "application/rtf"),
    "mail.eml": (email(), "message/rfc822"),
    "received.eml": (b"Received: from a\n by b\nReturn-Path: <a@b>\n\nHi", "message/rfc822"),
    "page.html": (b"\n<!-- x --><!DOCTYPE html><title>Mugs</title>", "text/html"),
    "part.html": (b"<div>Mugs</div>", "text/html"),
    "film.srt": (SUBTITLES, "application/x-subrip"),
    "data.xml": (b'<?xml version="1.0"?><mugs/>', "application/xml"),
    "mugs.csv": (b"name,price\nMug,4\n", "text/plain"),
    "bm.txt": (b"BM is a good brand for mugs, and 100% ours.", "text/plain"),
    "note.txt": (b"Note: mugs\nThere are many.", "text/plain"),
    "about.txt": (b"A text about %PDF-1.4 files", "text/plain"),
    "old.txt": ("Zażółć gęślą jaźń".encode("cp1250"), "text/plain"),
    "wide.txt": ("Zażółć gęślą jaźń".encode("utf-16"), "text/plain"),
    "noise.bin": (bytes(range(256)), "application/octet-stream"),
    "empty.txt": (b"", "application/octet-stream"),
    "blank.txt": (b" \n", "application/octet-stream"),
}
"""Contents with the media type that they are, by a name that fits them."""


def saved(folder: Path, data: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def named(name: str, media_type: str = "image/jpeg", size: int = 1000, content: str = "") -> NamedFile:
    """Make a file without bytes; its content is its own unless told otherwise."""
    return NamedFile(name, StoredFile(content or name, size, media_type))
