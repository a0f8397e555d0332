"""The text of HTML and XML files, whatever encoding they are in."""

import codecs
import re

from services.drafts.sheets.encodings import codec_for, find_encoding

_DECLARATIONS = (
    re.compile(rb"<\?xml\b[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE),
    re.compile(rb"<meta\b[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE),
)
_START_BYTES = 16_384
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# As browsers do: what calls itself Latin-1 comes from Windows
_SUPERSETS = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932"}


def decode_markup(data: bytes, declared: str = "") -> str:
    """Decode markup by its byte order mark, by what it or `declared` says it is in, or by what it looks like.

    A declaration that doesn't fit is ignored, but for single characters.
    """
    for bom, codec in _BOMS.items():
        if data.startswith(bom):
            return data.decode(codec, "replace").lstrip("\ufeff")
    if b"\0" not in data[:200]:
        for name in (declared, *_declared(data[:_START_BYTES])):
            if codec := _codec(name):
                return _decode(data, codec)
    codec, _ = codec_for(data, find_encoding(data).encoding)
    return data.decode(codec, "replace").lstrip("\ufeff")


def _declared(start: bytes) -> list[str]:
    return [match[1].decode("ascii", "replace") for pattern in _DECLARATIONS if (match := pattern.search(start))]


def _decode(data: bytes, codec: str) -> str:
    """Decode by a declaration, unless the data is plainly UTF-8 instead."""
    try:
        return data.decode("utf-8") if not data.isascii() else data.decode("ascii")
    except UnicodeDecodeError:
        return data.decode(codec, "replace")


def _codec(name: str) -> str:
    """Name Python's codec for a declared encoding; empty for one that is unknown or no text encoding."""
    try:
        found = codecs.lookup(name)
        "".encode(found.name)
    except (LookupError, ValueError):
        return ""
    known = _SUPERSETS.get(found.name, found.name)
    return "" if known.startswith(("utf-16", "utf-32")) else known
