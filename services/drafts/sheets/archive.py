"""The parts of a zipped workbook, read no further than they claim to reach."""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.etree import ElementTree

from services.drafts.sheets.kinds import damaged_error, password_error
from services.drafts.sheets.numbers import BUILT_IN, matters
from services.errors import SheetError

MAX_UNPACKED = 1_000_000_000
"""Bytes that a workbook may unpack to. A full sheet of 200,000 rows and 20 columns takes about a fifth of that."""

_PIECE = 1_048_576  # bytes
_SIGNS = (b"f>", b'"e"', b"'e'")  # the end of a formula, the type of an error value
_LONGEST_SIGN = 3
_STYLES = "xl/styles.xml"
_PACKED_FLAG = 0x1  # the zip directory's mark for a part that needs a password


class Archive:
    """A zipped workbook, opened; use it as a context manager.

    Its methods raise SheetError for a part that is damaged, or longer than the directory says.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError) as exc:
            raise damaged_error() from exc
        self._names = {info.filename.lstrip("/"): info.filename for info in self._zip.infolist()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._zip.close()

    def check(self) -> None:
        """Refuse what is locked, or would unpack to more than `MAX_UNPACKED`."""
        infos = self._zip.infolist()
        size = sum(info.file_size for info in infos)
        if size > MAX_UNPACKED:
            raise SheetError(
                f"This workbook unpacks to {size / 1e6:,.0f} MB; at most {MAX_UNPACKED / 1e6:,.0f} MB are taken. "
                "Save the sheet that is needed as CSV, and upload that."
            )
        if any(info.flag_bits & _PACKED_FLAG for info in infos) or self._is_encrypted_ods():
            raise password_error()
        for name in ("xl/sharedStrings.xml", "content.xml"):
            for _ in self.pieces(name):
                pass  # reading proves its length

    def pieces(self, name: str) -> Iterator[bytes]:
        """Unpack a part piece by piece; nothing if there is no such part."""
        if name not in self._names:
            return
        try:
            with self._zip.open(self._names[name]) as part:
                while piece := part.read(_PIECE):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError) as exc:
            raise damaged_error() from exc

    def needs_marks(self, part: str) -> bool:
        """Whether a sheet may have formulas or error values; reads all of it, which proves its length too."""
        found = False
        tail = b""
        for piece in self.pieces(part):
            text = tail + piece
            found = found or any(sign in text for sign in _SIGNS)
            tail = text[-_LONGEST_SIGN:]
        return found

    def sheet_parts(self) -> dict[str, str]:
        """Map the sheets' names to the parts they are in."""
        targets = {r.get("Id", ""): r.get("Target", "") for r in self._elements("xl/_rels/workbook.xml.rels")}
        parts = {}
        for sheet in self._elements("xl/workbook.xml", "sheet"):
            relation = next((value for key, value in sheet.items() if key.endswith("}id")), "")
            parts[sheet.get("name", "")] = posixpath.normpath(posixpath.join("/xl", targets.get(relation, ""))).lstrip(
                "/"
            )
        return parts

    def number_formats(self) -> dict[int, str]:
        """Map the cell styles whose number format changes how a number looks to that format's code."""
        codes = dict(BUILT_IN)
        for element in self._elements(_STYLES, "numFmt"):
            codes[_whole(element.get("numFmtId"))] = element.get("formatCode", "")
        styles = [child for cells in self._elements(_STYLES, "cellXfs") for child in cells]
        used = {number: codes.get(_whole(style.get("numFmtId")), "") for number, style in enumerate(styles)}
        return {number: code for number, code in used.items() if matters(code)}

    def _elements(self, part: str, local_name: str = "Relationship") -> Iterator[ElementTree.Element]:
        try:
            root = ElementTree.fromstring(b"".join(self.pieces(part)) or b"<none/>")  # noqa: S314 (the process is caged)
        except ElementTree.ParseError as exc:
            raise damaged_error() from exc
        return (element for element in root.iter() if element.tag.rpartition("}")[2] == local_name)

    def _is_encrypted_ods(self) -> bool:
        return any(b"encryption-data" in piece for piece in self.pieces("META-INF/manifest.xml"))


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0
