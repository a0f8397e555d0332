"""Bytes of a spreadsheet -> its columns and rows, as text."""

from pathlib import Path

from services.drafts.sheets.encodings import ENCODINGS
from services.drafts.sheets.kinds import SUFFIXES
from services.drafts.sheets.process import ParsedSheet, read
from services.drafts.sheets.separators import SEPARATORS
from services.drafts.sheets.table import Limits
from services.models import Reading

__all__ = ["ENCODINGS", "SAMPLE_NAME", "SEPARATORS", "SUFFIXES", "Limits", "ParsedSheet", "pasted", "read", "sample"]

SAMPLE_NAME = "sample.csv"
"""The file name of the sample spreadsheet."""

_PASTED = "Pasted cells"


def pasted(text: str) -> tuple[bytes, str, Reading]:
    """Turn pasted cells into the first three arguments of `read`.

    The separator is detected: cells copied from a spreadsheet have tabs between them, pasted CSV has its own.
    """
    return text.encode("utf-8", "replace"), _PASTED, Reading(encoding="utf-8")


def sample() -> bytes:
    """Give the sample spreadsheet: products to describe, as CSV in UTF-8."""
    return (Path(__file__).parent / SAMPLE_NAME).read_bytes()
