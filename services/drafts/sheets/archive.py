"""The parts of a zipped workbook, read no further than they claim to reach."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.etree import ElementTree

from services.drafts.sheets.refusals import damaged_error, password_error
from services.errors import SheetError

MAX_UNPACKED_BYTES = 1_000_000_000
"""What a workbook may unpack to. A full sheet of 200,000 rows and 20 columns needs about a fifth of that."""

_PIECE_BYTES = 1_048_576
_START_BYTES = 4_096
_MAX_PARSED_BYTES = 64_000_000  # of a part that is held in memory as a tree: styles, relationships and the like
_ENCRYPTED_FLAG = 0x1  # the zip directory's mark for a part that needs a password
_MAX_PARTS = 100_000
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    KeyError,
)


def part_name(name: str) -> str:
    """Write the name of a zip entry as the standard has it: with slashes, and none at the start."""
    return name.replace("\\", "/").lstrip("/")


class Archive:
    """A zipped workbook, opened; use it as a context manager.

    Parts are found whatever slashes and case their entries are named with. Its methods raise SheetError for a part
    that is damaged, or longer than the directory says.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")  # closed by us: the zip would keep it open for parts that are half read
        try:
            self._zip = zipfile.ZipFile(self._file)
        except _UNREADABLE as exc:
            self._file.close()
            raise damaged_error() from exc
        self._entries = {part_name(info.filename).lower(): info for info in self._zip.infolist()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._zip.close()
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._entries

    def names(self) -> list[str]:
        """Give the names of all parts, in lower case."""
        return list(self._entries)

    def entry_name(self, name: str) -> str:
        """Give the name of a part just as the zip directory has it."""
        return self._entries[name.lower()].orig_filename

    def check(self) -> None:
        """Refuse what is locked, or would unpack to more than `MAX_UNPACKED_BYTES`."""
        infos = self._zip.infolist()
        size = sum(info.file_size for info in infos)
        if size > MAX_UNPACKED_BYTES:
            raise SheetError(
                f"This workbook unpacks to {size / 1e6:,.0f} MB; the limit is {MAX_UNPACKED_BYTES / 1e6:,.0f} MB. "
                "Save the sheet you need as CSV and upload that."
            )
        if len(infos) > _MAX_PARTS:
            raise damaged_error()
        if any(info.flag_bits & _ENCRYPTED_FLAG for info in infos) or self._is_encrypted_ods():
            raise password_error()

    def prove_length(self, name: str) -> None:
        """Unpack a part for nothing but to see that it isn't longer than the directory says."""
        for _ in self.pieces(name):
            pass

    def pieces(self, name: str) -> Iterator[bytes]:
        """Unpack a part piece by piece; nothing if there is no such part."""
        info = self._entries.get(name.lower())
        if info is None:
            return
        try:
            with self._zip.open(info) as part:
                while piece := part.read(_PIECE_BYTES):
                    yield piece
        except _UNREADABLE as exc:
            raise damaged_error() from exc

    def start(self, name: str) -> bytes:
        """Unpack the beginning of a part, a few pieces' worth at most."""
        data = b""
        for piece in self.pieces(name):
            data += piece
            if len(data) >= _START_BYTES:
                break
        return data[:_START_BYTES]

    def tree(self, name: str) -> ElementTree.Element:
        """Parse a small part; an empty element if there is none."""
        data = bytearray()
        for piece in self.pieces(name):
            data += piece
            if len(data) > _MAX_PARSED_BYTES:
                raise damaged_error()
        try:
            return ElementTree.fromstring(bytes(data) or b"<none/>")  # noqa: S314 (expat bounds entities)
        except (ElementTree.ParseError, ValueError, LookupError) as exc:
            raise damaged_error() from exc

    def elements(self, name: str, local_name: str) -> Iterator[ElementTree.Element]:
        """Give the elements of a small part that have a name in whatever namespace."""
        return (element for element in self.tree(name).iter() if local(element.tag) == local_name)

    def _is_encrypted_ods(self) -> bool:
        return any(b"encryption-data" in piece for piece in self.pieces("META-INF/manifest.xml"))


def local(tag: str) -> str:
    """Cut a tag's or attribute's namespace off."""
    return tag.rpartition("}")[2]
