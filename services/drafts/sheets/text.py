"""Text files: CSV, TSV, TXT and pasted cells."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from services.drafts.sheets.encodings import codec_for, find_encoding
from services.drafts.sheets.separators import SEPARATORS, find_separator
from services.drafts.sheets.table import RawRow, Source, counted
from services.errors import SheetError
from services.models import Reading

_SAMPLE_CHARACTERS = 200_000
_END = '"\0"'  # a line of its own behind the text, read as one cell of NUL unless a quote is still open there
_EXCEL_HINT = re.compile(r"sep=([,;\t|])\r?\n?")
_LONGEST_CELL = 2**31 - 1  # characters, more than any file that is taken has


def open_text(data: bytes, reading: Reading) -> Source:
    """Find out how to read a text, or do as the reading says; gives its rows, every cell exactly as it stands.

    Raises:
        SheetError: the encoding does not fit or cannot be found; reading the rows raises it for an open quote.
    """
    encoding = reading.encoding or find_encoding(data)
    codec = codec_for(data, encoding)
    sample = _lines(data, codec).read(_SAMPLE_CHARACTERS)
    hint = _EXCEL_HINT.match(sample)
    whole = len(sample) < _SAMPLE_CHARACTERS
    separator = reading.separator or (hint and hint[1]) or find_separator(sample, whole=whole)
    if separator not in SEPARATORS:
        raise SheetError(f"The separator “{separator}” is not known. Choose one from the list.")
    return Source(
        rows=lambda: _records(data, codec, separator, skip_line=bool(hint)),
        reading=Reading(encoding=encoding, separator=separator),
        notes=lambda: _notes(_count_nul(data, codec)),
    )


def nul_note(count: int) -> str:
    """Say that NUL characters were replaced."""
    return f"{counted(count, 'NUL character')} replaced by “\ufffd”: cells cannot hold NUL."


def _notes(nul: int) -> tuple[str, ...]:
    return (nul_note(nul),) if nul else ()


def _lines(data: bytes, codec: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), codec, newline="")


def _count_nul(data: bytes, codec: str) -> int:
    if b"\0" not in data:
        return 0
    return sum(line.count("\0") for line in _lines(data, codec))


def _records(data: bytes, codec: str, separator: str, *, skip_line: bool) -> Iterator[RawRow]:
    """Give the records and their numbers; Excel shows a blank line as a row, and hides its own `sep=` line."""
    lines: Iterable[str] = _lines(data, codec)
    if b"\0" in data:
        lines = (line.replace("\0", "\ufffd") for line in lines)
    records = csv.reader(chain(lines, [_END]), delimiter=separator)
    csv.field_size_limit(_LONGEST_CELL)
    if skip_line:
        next(records)
    number = 0
    for number, cells in enumerate(records, 1):
        if cells == ["\0"]:
            return
        yield number, cells, ()
    raise SheetError(
        f'A quotation mark (") that opens in row {number} is never closed. Close or delete it, and upload the file '
        "again."
    )
