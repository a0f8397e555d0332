"""What comes with an uploaded file: its name, its type, its content."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from mimetypes import guess_extension
from pathlib import PurePath
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from services.sandbox.errors import bad_request, quoted

TYPES = (
    *("txt", "doc", "docx", "ppt", "pptx", "jpg", "jpeg", "png", "eml", "html", "pdf", "srt", "csv", "xls", "xlsx"),
    *("mp3", "mp4"),
)
"""The extensions that Writer's OpenAPI description names."""

PARAMETER = re.compile(r';\s*([^\s;="]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;"]*)')
"""A parameter of a header (RFC 6266): its name, and its value with the quotes it may have."""


@dataclass(frozen=True)
class Content:
    """What is known of a file's content."""

    size: int
    sha256: str


async def receive(request: Request) -> Content:
    """Read the body to its end, and count it.

    The bytes are not kept: nothing here reads them, and a catalog of images would fill the disk.
    """
    size, digest = 0, sha256()
    async for chunk in request.stream():
        size += len(chunk)
        digest.update(chunk)
    return Content(size, digest.hexdigest())


def read_name(headers: Mapping[str, str]) -> str:
    """Return the file's name; raises ApiError where a header is missing, or the type can't be uploaded."""
    for header in ("Content-Type", "Content-Length", "Content-Disposition"):
        if not headers.get(header, "").strip():
            raise bad_request(f'The header "{header}" is missing.', "fail.header")
    name = disposition_name(headers["Content-Disposition"])
    if not name:
        words = 'The header "Content-Disposition" must name the file: attachment; filename="brief.pdf".'
        raise bad_request(words, "fail.header")
    # the official SDK says text/plain of every file, so the name decides where it can
    extension = extension_of(name) or (guess_extension(headers["Content-Type"].partition(";")[0].strip()) or "")[1:]
    if extension not in TYPES:
        kind = f'of the type "{extension}"' if extension else "without an extension"
        words = (
            f"The file {quoted(name)} can't be uploaded. Files {kind} aren't supported. Use one of: {', '.join(TYPES)}."
        )
        raise bad_request(words, "fail.file.type")
    return name


def extension_of(name: str) -> str:
    """Return what follows the last dot of a file's name, in lower case; empty without one."""
    return PurePath(name).suffix.lower().lstrip(".")


def disposition_name(header: str) -> str:
    """Return the file name out of a Content-Disposition, empty without one; `filename*` wins over `filename`."""
    found = {name.lower(): value for name, value in PARAMETER.findall(header)}
    return _extended(found.get("filename*", "")) or _plain(found.get("filename", ""))


def _extended(value: str) -> str:
    """Decode `UTF-8''caf%C3%A9.txt` (RFC 8187)."""
    charset, _, encoded = value.partition("'")
    try:
        return unquote_to_bytes(encoded.partition("'")[2]).decode(charset or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return ""


def _plain(value: str) -> str:
    if value.startswith('"'):
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    try:
        # headers come as Latin-1; many senders write UTF-8 into them all the same
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
