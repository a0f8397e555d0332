"""Characters that take no room and can't be seen: web pages and old programs leave them in cells."""

import re

_CHARACTERS = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_ANY = re.compile(f"[{_CHARACTERS}]")
_NOTHING_ELSE = re.compile(rf"[\s{_CHARACTERS}]*")
_AROUND = re.compile(rf"\A[\s{_CHARACTERS}]+|[\s{_CHARACTERS}]+\Z")


def has_invisible(text: str) -> bool:
    """Whether there is any such character in a text."""
    return not text.isascii() and _ANY.search(text) is not None


def is_invisible(text: str) -> bool:
    """Whether a text has such characters, and nothing else but white space."""
    return has_invisible(text) and _NOTHING_ELSE.fullmatch(text) is not None


def stripped(text: str) -> str:
    """Cut off white space and such characters at both ends."""
    return text.strip() if text.isascii() else _AROUND.sub("", text)
