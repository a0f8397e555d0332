"""Bytes of a spreadsheet -> its columns and rows, as text."""

from pathlib import Path

from services.drafts.sheets.clipboard import requoted
from services.drafts.sheets.encodings import ENCODINGS
from services.drafts.sheets.kinds import SUFFIXES
from services.drafts.sheets.process import ParsedSheet, read
from services.drafts.sheets.separators import SEPARATORS, find_separator
from services.drafts.sheets.table import Limits
from services.models import Reading

__all__ = ["ENCODINGS", "SAMPLE_NAME", "SEPARATORS", "SUFFIXES", "Limits", "ParsedSheet", "pasted", "read", "sample"]

SAMPLE_NAME = "sample.csv"
"""The file name of the sample spreadsheet."""

_PASTED = "Pasted cells"
_SAMPLE_CHARACTERS = 200_000


def pasted(text: str) -> tuple[bytes, str, Reading]:
    """Turn pasted cells into the first three arguments of `read`.

    Cells copied from a spreadsheet have tabs between them and quotes as they were typed; pasted CSV is left as it is.
    """
    if '"' in text:
        separator = find_separator(text[:_SAMPLE_CHARACTERS], whole=len(text) <= _SAMPLE_CHARACTERS)
        if separator == "\t" or separator not in text:
            text = requoted(text)
    return text.encode("utf-8", "replace"), _PASTED, Reading(encoding="utf-8")


def sample() -> bytes:
    """Give the sample spreadsheet: products to describe, as CSV in UTF-8."""
    return (Path(__file__).parent / SAMPLE_NAME).read_bytes()
