"""The kinds of files, and how what a file is fits its name and what an input takes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of file."""

    media_type: str
    extensions: tuple[str, ...]
    """In lower case without the dot, the usual one first."""
    label: str
    """As in "mug.jpg is a PNG image"."""


UNKNOWN = "application/octet-stream"
"""The media type of what isn't recognized."""

TEXT = "text/plain"
XML = "application/xml"
OOXML = "application/vnd.openxmlformats-officedocument"
_KINDS = (
    Kind("image/jpeg", ("jpg", "jpeg", "jpe", "jfif"), "a JPEG image"),
    Kind("image/png", ("png",), "a PNG image"),
    Kind("image/gif", ("gif",), "a GIF image"),
    Kind("image/webp", ("webp",), "a WebP image"),
    Kind("image/bmp", ("bmp",), "a BMP image"),
    Kind("image/tiff", ("tif", "tiff"), "a TIFF image"),
    Kind("image/heic", ("heic", "heif"), "an HEIC image"),
    Kind("image/avif", ("avif",), "an AVIF image"),
    Kind("image/svg+xml", ("svg",), "an SVG image"),
    Kind("video/mp4", ("mp4", "m4v", "mov"), "a video"),
    Kind("application/pdf", ("pdf",), "a PDF document"),
    Kind(f"{OOXML}.wordprocessingml.document", ("docx", "docm"), "a Word document"),
    Kind(f"{OOXML}.spreadsheetml.sheet", ("xlsx", "xlsm"), "an Excel workbook"),
    Kind(f"{OOXML}.presentationml.presentation", ("pptx", "pptm"), "a PowerPoint presentation"),
    Kind("application/msword", ("doc",), "an old Word document"),
    Kind("application/vnd.ms-excel", ("xls",), "an old Excel workbook"),
    Kind("application/vnd.ms-powerpoint", ("ppt",), "an old PowerPoint presentation"),
    Kind("application/vnd.oasis.opendocument.text", ("odt",), "an OpenDocument text"),
    Kind("application/vnd.oasis.opendocument.spreadsheet", ("ods",), "an OpenDocument spreadsheet"),
    Kind("application/vnd.oasis.opendocument.presentation", ("odp",), "an OpenDocument presentation"),
    Kind("application/x-encrypted-office", (), "a document with a password"),
    Kind("application/x-ole-storage", (), "an old Office file"),
    Kind("application/zip", ("zip",), "a ZIP archive"),
    Kind("application/rtf", ("rtf",), "a rich text document"),
    Kind("message/rfc822", ("eml",), "an email"),
    Kind("text/html", ("html", "htm"), "a web page"),
    Kind("application/x-subrip", ("srt",), "a subtitle file"),
    Kind("text/csv", ("csv",), "a CSV file"),
    Kind("text/tab-separated-values", ("tsv",), "a TSV file"),
    Kind("text/markdown", ("md", "markdown"), "a text file"),
    Kind(XML, ("xml",), "an XML file"),
    Kind(TEXT, ("txt", "text", "log"), "a text file"),
)
_BY_MEDIA_TYPE = {kind.media_type: kind for kind in _KINDS}
_BY_EXTENSION = {extension: kind for kind in _KINDS for extension in kind.extensions}
_ANY_TEXT = frozenset(
    (
        TEXT,
        XML,
        "text/html",
        "text/csv",
        "text/tab-separated-values",
        "text/markdown",
        "application/x-subrip",
        "message/rfc822",
    )
)
"""What a text can be without a sign of it."""
_TEXT_FORMATS = _ANY_TEXT | {"image/svg+xml", "application/rtf"}
"""What may be called a text file."""
_MAX_EXTENSION_LENGTH = 10


def extension(name: str) -> str:
    """Give a name's extension in lower case, without the dot; "" if it has none."""
    stem, _, found = name.replace("\\", "/").rpartition("/")[2].rpartition(".")
    return found.lower() if stem and found.isalnum() and len(found) <= _MAX_EXTENSION_LENGTH else ""


def label(media_type: str) -> str:
    """Say what a file of this media type is, as in "mug.jpg is a PNG image"."""
    kind = _BY_MEDIA_TYPE.get(media_type)
    return kind.label if kind else "a file of an unknown type"


def label_of_name(name: str) -> str:
    """Say what a file is by its extension; "" where nothing in its content would show that."""
    kind = _BY_EXTENSION.get(extension(name))
    return kind.label if kind else ""


def fits(name: str, media_type: str) -> bool:
    """Whether a file's name may stay as it is: content of this media type can have that extension."""
    named = _BY_EXTENSION.get(extension(name))
    if named is None:
        return media_type == UNKNOWN
    if media_type == TEXT:
        return named.media_type in _ANY_TEXT
    return media_type == named.media_type or (named.media_type == TEXT and media_type in _TEXT_FORMATS)


def proper_name(name: str, media_type: str, file_types: Iterable[str] = ()) -> str:
    """Give a file the extension of what it is, in a spelling that the input takes.

    Args:
        name: the file's name.
        media_type: what it is by its content.
        file_types: what the input takes; nothing stands for everything.

    Returns:
        The name: "mug.jpg" becomes "mug.png" if it's a PNG image, "mug.jpeg" becomes "mug.jpg" where only that's taken.
    """
    allowed = _extensions(file_types)
    kind = _BY_MEDIA_TYPE.get(media_type)
    named = extension(name)
    if kind is None or not kind.extensions or (fits(name, media_type) and (not allowed or named in allowed)):
        return name
    stem = name[: -len(named) - 1] if named in _BY_EXTENSION else name
    return f"{stem}.{next((ending for ending in kind.extensions if ending in allowed), kind.extensions[0])}"


def named_type(name: str, media_type: str) -> str:
    """Give the media type under which a file is sent: a text is what its name says, such as "text/csv"."""
    named = _BY_EXTENSION.get(extension(name))
    return named.media_type if named and media_type == TEXT and fits(name, media_type) else media_type


def accepted(name: str, media_type: str, file_types: Iterable[str]) -> bool:
    """Whether an input takes a file, by its content first and its name second.

    Args:
        name: the file's name.
        media_type: what it is by its content.
        file_types: what the input takes, as extensions or media types; nothing stands for everything.
    """
    allowed = _extensions(file_types)
    if not allowed:
        return True
    named = extension(name)
    if media_type == UNKNOWN:  # then it isn't of a kind that is always recognized
        return named in allowed and named not in _BY_EXTENSION
    if named in allowed and (fits(name, media_type) or named not in _BY_EXTENSION):
        return True
    if media_type == TEXT and named in _BY_EXTENSION:
        return False
    kind = _BY_MEDIA_TYPE.get(media_type)
    return kind is not None and any(name in allowed for name in kind.extensions)


def listed(file_types: Iterable[str]) -> str:
    """Write the types that an input takes as in "takes JPG, PNG, and WEBP files"."""
    allowed = _extensions(file_types)
    names = [name.upper() for name in allowed if not _is_variant(name, allowed)]
    if len(names) <= 2:
        return " and ".join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"


def _is_variant(name: str, allowed: Collection[str]) -> bool:
    """Whether an extension is another spelling of one that is listed as well, as "jpeg" is of "jpg"."""
    kind = _BY_EXTENSION.get(name)
    return kind is not None and name != next(other for other in kind.extensions if other in allowed)


def _extensions(file_types: Iterable[str]) -> dict[str, None]:
    """Write types as extensions, in their order; for a media type, those of its kinds."""
    found: dict[str, None] = {}
    for given in file_types:
        text = given.strip().lower().removeprefix("*").removeprefix(".")
        if "/" in text:
            found |= dict.fromkeys(
                name for kind in _KINDS if _matches(kind.media_type, text) for name in kind.extensions
            )
        elif text:
            found[text] = None
    return found


def _matches(media_type: str, pattern: str) -> bool:
    """Whether a media type is the pattern, or one of those that it stands for, as "image/*" does."""
    return media_type == pattern or (pattern.endswith("/*") and media_type.startswith(pattern[:-1]))
