"""Names of files from outside: which are safe to keep, and which are only litter of an operating system."""

import re
import unicodedata

MAX_NAME_LENGTH = 240
"""In characters, for each folder and for the file; file systems allow 255 bytes or characters."""

_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(?:\..*)?", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_UNSAFE_CHARACTERS = re.compile(r'[<>:"|?*/\\]')
_AROUND = re.compile(r"\A[\s.]+|[\s.]+\Z")
"""Blanks of any kind and dots, which names don't begin or end with."""
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MAX_SHOWN_LENGTH = 100
_LITTER = frozenset(("__macosx", "thumbs.db", "desktop.ini", "ehthumbs.db"))


def slashed(name: str) -> str:
    """Write a path with slashes, and without "." and empty parts."""
    root = "/" if name.startswith(("/", "\\")) else ""
    return root + "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def is_safe(path: str) -> bool:
    """Whether a path with slashes stays within its folder, and could be saved under that name on any machine."""
    return not (path.startswith("/") or _DRIVE.match(path)) and all(_is_safe_part(part) for part in path.split("/"))


def is_litter(path: str) -> bool:
    """Whether an operating system left this behind: hidden files, previews, locks of open documents."""
    return any(part.lower() in _LITTER or part.startswith((".", "~$")) for part in path.split("/") if part != "..")


def safe_name(name: str) -> str:
    """Make a file name from outside safe; "" if nothing of it can be kept."""
    last = slashed(name).rpartition("/")[2]
    kept = "".join(" " if _is_control(character) else character for character in last)
    kept = _AROUND.sub("", _AROUND.sub("", _UNSAFE_CHARACTERS.sub("_", kept))[-MAX_NAME_LENGTH:])
    return f"_{kept}" if _DEVICE.fullmatch(kept) else kept


def shown(name: str) -> str:
    """Write a name from outside as it can stand in a sentence: not too long, and with nothing invisible."""
    kept = name if len(name) <= _MAX_SHOWN_LENGTH else f"{name[: _MAX_SHOWN_LENGTH - 1]}…"
    if kept.isprintable():
        return kept
    return "".join("\ufffd" if _is_control(character) else character for character in kept)


def _is_safe_part(part: str) -> bool:
    return not (
        part.strip() in ("", "..")
        or len(part) > MAX_NAME_LENGTH
        or _DEVICE.fullmatch(part)
        or any(_is_control(character) for character in part)
    )


def _is_control(character: str) -> bool:
    """Whether it's a control character, half of a character, or one that turns the direction of writing around."""
    return unicodedata.category(character) in ("Cc", "Cs") or character in _DIRECTIONS
