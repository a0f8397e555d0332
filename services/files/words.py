"""How many words a file has. Runs in the process of `services.files`, because documents may be hostile."""

import logging
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree

from services.files.kinds import OOXML
from services.files.zips import UNREADABLE, open_zip

_MAX_PDF_PAGES = 3_000
_MAX_MARKUP_BYTES = 50_000_000
_TEXTS = frozenset(("text/plain", "application/x-subrip"))
_OOXML_PARTS = {
    f"{OOXML}.wordprocessingml.document": re.compile(r"word/(?:document|footnotes|endnotes)\d*\.xml"),
    f"{OOXML}.presentationml.presentation": re.compile(r"ppt/slides/slide\d+\.xml"),
}
_WITHIN_LINES = re.compile("a|abbr|b|bdi|bdo|code|del|em|font|i|ins|kbd|mark|q|s|small|span|strong|sub|sup|u|wbr")
_BREAKS = frozenset(("p", "br", "tab", "tc", "cr"))


def count(path: Path, media_type: str) -> int | None:
    """Count the words of a text, web page, Word document, presentation, or PDF.

    Returns:
        The number of words; None for other kinds, and for files that can't be read.
    """
    try:
        if media_type in _TEXTS:
            return _words(_text(path))
        if media_type == "text/html":
            return _words(_page(path))
        if media_type == "application/pdf":
            return _words(_pdf(path))
        if media_type in _OOXML_PARTS:
            return _words(_office(path, _OOXML_PARTS[media_type]))
    except (*UNREADABLE, ElementTree.ParseError, MemoryError, RecursionError):
        pass
    return None


def _words(texts: Iterator[str]) -> int:
    return sum(len(text.split()) for text in texts)


def _text(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        start = file.read(2)
    encoding = "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8"  # other encodings have the same blanks
    with path.open(encoding=encoding, errors="replace") as lines:
        yield from lines


def _page(path: Path) -> Iterator[str]:
    from lxml import etree, html

    if path.stat().st_size > _MAX_MARKUP_BYTES:
        raise ValueError("the page is too large")
    root = html.document_fromstring(path.read_bytes())
    yield "".join(_page_text(etree.iterwalk(root, events=("start", "end"))))


def _page_text(events: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Give the texts of a page, and a blank where something begins or ends that isn't within a line."""
    for event, element in events:
        tag = element.tag if isinstance(element.tag, str) else "script"  # comments aren't read either
        if not _WITHIN_LINES.fullmatch(tag):
            yield " "
        if event == "end":
            yield element.tail or ""
        elif tag not in ("script", "style"):
            yield element.text or ""


def _pdf(path: Path) -> Iterator[str]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.disable()  # pypdf tells of every oddity
    try:
        pages = PdfReader(path).pages
        if len(pages) > _MAX_PDF_PAGES:
            raise ValueError("there are too many pages")
        for page in pages:
            yield page.extract_text()
    except (PyPdfError, AttributeError, TypeError, AssertionError) as exc:  # as pypdf raises for damaged files
        raise ValueError("the document is damaged") from exc


def _office(path: Path, parts: re.Pattern[str]) -> Iterator[str]:
    with open_zip(path) as archive:
        for name in archive.namelist():
            if parts.fullmatch(name):
                with archive.open(name) as part:
                    yield "".join(_xml_text(part))


def _xml_text(part: IO[bytes] | zipfile.ZipExtFile) -> Iterator[str]:
    """Give the text runs of a part, and a blank where a paragraph, cell, or line ends."""
    for _, element in ElementTree.iterparse(part):  # noqa: S314 (expat bounds entities)
        tag = element.tag.rpartition("}")[2]
        if tag == "t":
            yield element.text or ""
        elif tag in _BREAKS:
            yield " "
            element.clear()
