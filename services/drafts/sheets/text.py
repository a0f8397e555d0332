"""Text files: CSV, TSV, TXT, and pasted cells."""

import codecs
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

from services.drafts.sheets.dialect import excel_hint
from services.drafts.sheets.encodings import ENCODINGS, codec_for, find_encoding
from services.drafts.sheets.protected import Protected
from services.drafts.sheets.quoting import find_quoting
from services.drafts.sheets.records import Records
from services.drafts.sheets.row_numbers import name_rows
from services.drafts.sheets.separators import SEPARATORS, find_separator
from services.drafts.sheets.table import RawRow, Source, counted
from services.errors import SheetError
from services.models import Reading

_SAMPLE_CHARACTERS = 200_000
_REPAIRED = "\ufdd0"
"""Stands behind each character that stands in for bytes that can't be decoded, until its row is known."""
_READ, _REPLACED = "read as Windows-1252", "replaced by “\ufffd”"
_AS_WESTERN, _AS_UNKNOWN = "copydesk-western", "copydesk-unknown"
"""The names under which the two ways to replace such bytes are registered with Python's codecs."""
_END_OF_FILE = re.compile(rb"(?:\A|(?<=[\r\n]))\x1a[\x1a\r\n\0 ]*\Z|\x1a+\Z")
"""Ctrl-Z, with which old programs end a text; within the last line it may be part of a cell."""
_MARKS = re.compile("(?:\ufeff|ï»¿)+")
"""Byte order marks in front of a text; a program that read them as Windows-1252 wrote the second kind."""
_END_BYTES = 4_096
"""How far from the end it is looked for: some programs fill up a block with it."""


def open_text(data: bytes, reading: Reading, language: str = "") -> Source:
    """Find out how to read a text, or do as the reading says; gives its rows, every cell exactly as it stands.

    Bytes that the encoding doesn't know are replaced, and a note names their rows. `language` is a hint.

    Raises:
        SheetError: a choice isn't on the list, or too many quotes are out of place.
    """
    guess = find_encoding(data, language)
    encoding = reading.encoding or guess.encoding
    text = _Text(data, encoding)
    sample = text.sample()
    hint, whole = excel_hint(sample), len(sample) < _SAMPLE_CHARACTERS
    quoting = None if hint else find_quoting(sample, reading.separator, whole=whole)
    sample = quoting.sample(sample) if quoting else sample
    separator = reading.separator or hint or find_separator(sample, whole=whole)
    if separator not in SEPARATORS:
        raise SheetError(f"The separator “{separator}” isn't on the list. Choose one from the list.")
    lines = (lambda: quoting.lines(text.lines())) if quoting else text.lines
    records = Records(lambda: islice(lines(), 1 if hint else 0, None), separator)
    protected = Protected()
    return Source(
        rows=lambda: protected.rows(text.rows(records)) if text.may_have('="') else text.rows(records),
        reading=Reading(encoding=encoding, separator=separator),
        notes=lambda: text.notes() + ((quoting.note,) if quoting else ()) + records.notes() + protected.notes(),
        encoding_previews=guess.previews,
        is_encoding_sure=reading.encoding is not None or guess.is_sure,
    )


def nul_note(count: int) -> str:
    """Say that NUL characters were replaced."""
    return f"{counted(count, 'NUL character')} replaced by “\ufffd” because cells can't hold NUL."


class _Text:
    """The characters of a file, from any number of passes."""

    def __init__(self, data: bytes, encoding: str) -> None:
        self._codec, self._is_intact = codec_for(data, encoding)
        self._encoding = encoding
        if encoding == "utf-32":  # four bytes a character are cumbersome
            data, self._codec = data.decode(self._codec, self._errors()).encode(), "utf-8-sig"
        self._data = _without_nul_pairs(data) if self._codec.startswith("utf-16") else _without_padding(data)
        self._inner_marks = _inner_marks(self._data, self._codec)
        self._repaired: dict[str, dict[int, int]] = {}
        """What became of characters that the encoding doesn't know, and how many of them are in which rows."""

    def sample(self) -> str:
        """The first characters."""
        text = self._open().read(_SAMPLE_CHARACTERS)
        return text[_leading_marks(text) :].replace(_REPAIRED, "")

    def lines(self) -> Iterable[str]:
        """The lines with their line breaks, without byte order marks in front and without NUL."""
        lines: Iterable[str] = self._open()
        if self._codec.startswith("utf-16"):
            lines = _without_end_of_file(lines)
        if self._encoding in ("utf-8", "utf-16", "utf-32"):
            lines = iter(lines)
            lines = chain((line[_leading_marks(line) :] for line in islice(lines, 1)), lines)
        if self._inner_marks:
            lines = (line.lstrip("\ufeff") for line in lines)
        return (line.replace("\0", "\ufffd") for line in lines) if b"\0" in self._data else lines

    def rows(self, records: Records) -> Iterable[RawRow]:
        """The rows, with the places of repaired characters noted and their marks removed."""
        return records.rows() if self._is_intact else self._noted(records.rows())

    def may_have(self, text: str) -> bool:
        """Whether characters of ASCII may be anywhere in the file."""
        encodings = ("utf-16-le", "utf-16-be") if self._codec.startswith("utf-16") else ("ascii",)
        return any(text.encode(encoding) in self._data for encoding in encodings)

    def notes(self) -> tuple[str, ...]:
        """What was replaced in the rows read so far."""
        nul = self._data.count(b"\0") if b"\0" in self._data and not self._codec.startswith("utf-16") else 0
        if self._codec.startswith("utf-16") and b"\0\0" in self._data:
            nul = sum(line.count("\0") for line in self._open())
        marks = (f"{counted(self._inner_marks, 'byte order mark')} left out at the start of a row.",)
        return (*self._repair_notes(), *(marks if self._inner_marks else ()), *((nul_note(nul),) if nul else ()))

    def _repair_notes(self) -> tuple[str, ...]:
        return tuple(self._repair_note(how, rows) for how, rows in self._repaired.items() if rows)

    def _repair_note(self, how: str, rows: Mapping[int, int]) -> str:
        number = sum(rows.values())
        if self._encoding == "utf-8":
            what = "1 character isn't" if number == 1 else f"{number:,} characters aren't"
            what = f"{what} valid UTF-8"
        else:
            what = "1 character doesn't" if number == 1 else f"{number:,} characters don't"
            what = f"{what} fit {ENCODINGS[self._encoding]}"
        return f"{what} and {_was(number)} {how}: {name_rows(sorted(rows))}."

    def _open(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(self._data), self._codec, self._errors(), newline="")

    def _errors(self) -> str:
        """Name the way to replace bytes that the encoding doesn't know."""
        if self._is_intact:
            return "strict"
        return _AS_WESTERN if self._encoding == "utf-8" else _AS_UNKNOWN

    def _noted(self, rows: Iterable[RawRow]) -> Iterator[RawRow]:
        self._repaired = {_READ: {}, _REPLACED: {}}
        for number, cells, flaws in rows:
            if marks := sum(cell.count(_REPAIRED) for cell in cells):
                lost = sum(cell.count(f"\ufffd{_REPAIRED}") for cell in cells)
                for how, count in ((_REPLACED, lost), (_READ, marks - lost)):
                    if count:
                        self._repaired[how][number] = count
                cells = [cell.replace(_REPAIRED, "") for cell in cells]
            yield number, cells, flaws


def _without_padding(data: bytes) -> bytes:
    """Cut off Ctrl-Z, and the NUL that fills up a file's last block, at the end."""
    data = data.rstrip(b"\0") if data.endswith(b"\0") else data
    end = _END_OF_FILE.search(data[-_END_BYTES:]) if b"\x1a" in data[-_END_BYTES:] else None
    return data[: len(data) - len(end[0])] if end else data


def _without_nul_pairs(data: bytes) -> bytes:
    """Cut off the NUL that fills up the end of UTF-16, but not the second byte of its last character."""
    end = len(data.rstrip(b"\0"))
    return data[: end + end % 2]


def _leading_marks(line: str) -> int:
    marks = _MARKS.match(line)
    return marks.end() if marks else 0


def _inner_marks(data: bytes, codec: str) -> int:
    """Count the lines after the first that begin with a byte order mark, as where files were joined."""
    if codec == "utf-16":
        codec = "utf-16-le" if data.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
    if codec not in ("utf-8-sig", "utf-16-le", "utf-16-be"):
        return 0
    codec = codec.removesuffix("-sig")
    mark = "\ufeff".encode(codec)
    if data.find(mark, len(mark)) < 0:
        return 0
    return sum(data.count(f"{end}\ufeff".encode(codec)) for end in "\r\n")


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _without_end_of_file(lines: Iterable[str]) -> Iterator[str]:
    """Cut off Ctrl-Z at the end."""
    held = ""
    for line in lines:
        if held:
            yield held
        held = line
    if held := held.rstrip("\x1a"):
        yield held


def _as_western(error: UnicodeError) -> tuple[str, int]:
    """Read the bytes that aren't UTF-8 as Windows-1252, which is where they mostly come from."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    if error.reason == "unexpected end of data":
        return "\ufffd" + _REPAIRED, error.end  # the text was cut within its last character
    read = (bytes([byte]).decode("cp1252", "replace") for byte in error.object[error.start : error.end])
    return "".join((char if char.isprintable() else "\ufffd") + _REPAIRED for char in read), error.end


def _as_unknown(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\ufffd" + _REPAIRED, error.end


codecs.register_error(_AS_WESTERN, _as_western)
codecs.register_error(_AS_UNKNOWN, _as_unknown)
