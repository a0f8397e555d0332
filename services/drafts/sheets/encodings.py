"""Which encoding a text file is in."""

import codecs
from collections.abc import Iterable
from itertools import islice

from services.errors import SheetError

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16 (Unicode text)",
    "windows-1252": "Western European (Windows-1252)",
    "iso-8859-15": "Western European (ISO 8859-15)",
    "mac-roman": "Western European (Mac Roman)",
    "windows-1250": "Central European (Windows-1250)",
    "iso-8859-2": "Central European (ISO 8859-2)",
    "windows-1251": "Cyrillic (Windows-1251)",
    "gbk": "Simplified Chinese (GBK)",
    "big5": "Traditional Chinese (Big5)",
    "shift-jis": "Japanese (Shift-JIS)",
    "euc-kr": "Korean (EUC-KR)",
}
"""The encodings a person may choose from, and what each is called."""

# The supersets that Windows writes under these names
_CODECS = {"utf-8": "utf-8-sig", "gbk": "gb18030", "big5": "cp950", "shift-jis": "cp932", "euc-kr": "cp949"}

# A short text often fits many encodings: the later groups are only asked when the common ones don't fit
_GUESSES = (("windows-1252", "gbk", "shift-jis"), ("windows-1251", "big5", "euc-kr", "mac-roman"))
_FALLBACK = "windows-1252"

_SAMPLE_BYTES = 32_768
_SAMPLE_LINES = 200


def find_encoding(data: bytes) -> str:
    """Find the encoding of a text: one of the keys of `ENCODINGS`.

    Raises:
        SheetError: none of them fits.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _utf16_without_mark(data):
        return "utf-16"
    if _fits(data, "utf-8"):
        return "utf-8"
    for group in _GUESSES:
        if found := _guess(data, group):
            return found
    if _fits(data, _FALLBACK):
        return _FALLBACK
    raise SheetError(
        "The encoding of this file cannot be found. Save it as XLSX or as CSV in UTF-8, and upload it again."
    )


def codec_for(data: bytes, encoding: str) -> str:
    """Name Python's codec that reads `data` in an encoding of `ENCODINGS`.

    Raises:
        SheetError: the encoding is unknown, or the data is not in it.
    """
    if encoding not in ENCODINGS:
        raise SheetError(f"The encoding “{encoding}” is not known. Choose one from the list.")
    codec = _CODECS.get(encoding, encoding)
    if encoding == "utf-16" and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        codec = _utf16_without_mark(data) or "utf-16-le"
    if not _decodes(data, codec):
        raise SheetError(f"This file is not in the encoding {ENCODINGS[encoding]}. Choose another encoding.")
    return codec


def _fits(data: bytes, encoding: str) -> bool:
    return _decodes(data, _CODECS.get(encoding, encoding))


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _utf16_without_mark(data: bytes) -> str | None:
    """Name the UTF-16 codec for text whose every other byte is mostly zero."""
    sample = data[: _SAMPLE_BYTES - _SAMPLE_BYTES % 2]
    pairs = len(sample) // 2
    first, second = sample[0::2].count(0), sample[1::2].count(0)
    if len(data) % 2 or min(first, second) * 10 > pairs or max(first, second) * 2 < pairs:
        return None
    return "utf-16-le" if second > first else "utf-16-be"


def _guess(data: bytes, encodings: Iterable[str]) -> str | None:
    """Ask for the likeliest of the encodings that fit the whole text."""
    by_codec = {_CODECS.get(name, name).replace("windows-", "cp"): name for name in encodings if _fits(data, name)}
    if not by_codec:
        return None
    from charset_normalizer import from_bytes

    likeliest = from_bytes(_telling_lines(data), cp_isolation=list(by_codec)).best()
    return by_codec.get(likeliest.encoding) if likeliest else None


def _telling_lines(data: bytes) -> bytes:
    """Pick lines that are not plain ASCII, since the others fit every encoding."""
    lines = (line for line in data.splitlines(keepends=True) if not line.isascii())
    return b"".join(islice(lines, _SAMPLE_LINES))[:_SAMPLE_BYTES]
