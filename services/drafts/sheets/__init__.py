"""Bytes of a spreadsheet -> its columns and rows, as text."""

import re
from pathlib import Path

from services.drafts.sheets.clipboard import requoted
from services.drafts.sheets.encodings import ENCODINGS
from services.drafts.sheets.kinds import SUFFIXES, is_json
from services.drafts.sheets.process import ParsedSheet, read
from services.drafts.sheets.separators import SEPARATORS, find_separator
from services.drafts.sheets.table import Limits
from services.errors import SheetError
from services.models import Reading

__all__ = [
    "ENCODINGS",
    "PASTED_NAME",
    "SAMPLE_NAME",
    "SEPARATORS",
    "SUFFIXES",
    "Limits",
    "ParsedSheet",
    "pasted",
    "pasted_error",
    "read",
    "sample",
]

SAMPLE_NAME = "sample.csv"
"""The file name of the sample spreadsheet."""

PASTED_NAME = "Pasted cells"
"""What pasted cells have as a file name."""

_FILE = re.compile(r"\b[Tt]his (?:file|spreadsheet|workbook)\b|\AThis(?= is)")
_PASTE_AGAIN = "Copy the cells you need, including the header row, and paste them again."
_SAMPLE_CHARACTERS = 200_000


def pasted(text: str) -> tuple[bytes, str, Reading]:
    """Turn pasted cells into the first three arguments of `read`.

    Cells copied from a spreadsheet have tabs between them and quotes as they were typed; pasted CSV is left as it is.
    """
    if '"' in text and not is_json(text[:_SAMPLE_CHARACTERS]):
        separator = find_separator(text[:_SAMPLE_CHARACTERS], whole=len(text) <= _SAMPLE_CHARACTERS)
        if separator == "\t" or separator not in text:
            text = requoted(text)
    return text.encode("utf-8", "replace"), PASTED_NAME, Reading(encoding="utf-8")


def pasted_error(error: SheetError) -> SheetError:
    """Turn what is wrong with a file into what is wrong with pasted cells; what to do is to paste others."""
    what = _FILE.sub("the pasted text", str(error).partition(". ")[0])
    return SheetError(f"{what[:1].upper()}{what[1:].rstrip('.')}. {_PASTE_AGAIN}")


def sample() -> bytes:
    """Give the sample spreadsheet: products to describe, as CSV in UTF-8."""
    return (Path(__file__).parent / SAMPLE_NAME).read_bytes()
