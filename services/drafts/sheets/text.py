"""Text files: CSV, TSV, TXT and pasted cells."""

import io
from collections.abc import Iterable
from itertools import islice

from services.drafts.sheets.dialect import excel_hint
from services.drafts.sheets.encodings import codec_for, find_encoding
from services.drafts.sheets.records import Records
from services.drafts.sheets.separators import SEPARATORS, find_separator
from services.drafts.sheets.table import Source, counted
from services.errors import SheetError
from services.models import Reading

_SAMPLE_CHARACTERS = 200_000


def open_text(data: bytes, reading: Reading) -> Source:
    """Find out how to read a text, or do as the reading says; gives its rows, every cell exactly as it stands.

    Raises:
        SheetError: the encoding does not fit or cannot be found, or too many quotes are out of place.
    """
    encoding = reading.encoding or find_encoding(data)
    codec = codec_for(data, encoding)
    sample = _lines(data, codec).read(_SAMPLE_CHARACTERS)
    hint = excel_hint(sample)
    whole = len(sample) < _SAMPLE_CHARACTERS
    separator = reading.separator or hint or find_separator(sample, whole=whole)
    if separator not in SEPARATORS:
        raise SheetError(f"The separator “{separator}” is not known. Choose one from the list.")
    records = Records(lambda: islice(_clean_lines(data, codec), 1 if hint else 0, None), separator)
    return Source(
        rows=records.rows,
        reading=Reading(encoding=encoding, separator=separator),
        notes=lambda: _notes(_count_nul(data, codec)) + records.notes(),
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


def _clean_lines(data: bytes, codec: str) -> Iterable[str]:
    """Give the lines without NUL."""
    lines = _lines(data, codec)
    return (line.replace("\0", "\ufffd") for line in lines) if b"\0" in data else lines
