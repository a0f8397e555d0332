"""The header that tells Writer the name of an uploaded file."""

import re
import unicodedata
from urllib.parse import quote

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSAFE = re.compile(r'[^ -~]|["\\%]')
"""What isn't printable ASCII, and what readers of a quoted name take in different ways."""


def attachment(name: str) -> str:
    """Return the Content-Disposition for a file of that name, whatever is in it (RFC 6266, RFC 8187).

    A name that isn't plain ASCII is there twice: exactly, and for those who can't read that, as near as ASCII comes.
    Control characters become "_", lone surrogates U+FFFD.
    """
    exact = _CONTROL.sub("_", _LONE_SURROGATE.sub("\ufffd", name))
    if not _UNSAFE.search(exact):
        return f'attachment; filename="{exact}"'
    without_marks = "".join(char for char in unicodedata.normalize("NFKD", exact) if not unicodedata.combining(char))
    plain = _UNSAFE.sub("_", without_marks)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(exact, safe='')}"
