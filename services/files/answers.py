"""What the answer to a download says: where else to look, when to come back, what the file is called, and its bytes."""

import zlib
from collections.abc import AsyncIterable, AsyncIterator
from email.message import Message
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

import httpx

from services.files.paths import safe_name

DEFAULT_WAIT_S = 5.0
"""How long to wait where a server asks to slow down, but doesn't say for how long."""

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_SLOW_DOWN = frozenset((429, 503))
_PIECE_BYTES = 262_144
_EITHER_FORMAT = zlib.MAX_WBITS | 32  # gzip and zlib, told by their headers
_COMPRESSED = frozenset(("gzip", "x-gzip", "deflate"))


class UnreadableError(Exception):
    """The body is packed in a way that wasn't asked for, or damaged."""


def redirect(status: int, headers: httpx.Headers) -> str:
    """Say where an answer redirects to; "" if it doesn't."""
    return headers.get("location", "") if status in _REDIRECTS else ""


def wait(status: int, headers: httpx.Headers, now: float) -> float | None:
    """Say how many seconds the server wants to be left alone; None if it doesn't. `now` is in seconds since 1970."""
    if status not in _SLOW_DOWN:
        return None
    given = headers.get("retry-after", "").strip()
    if given.isascii() and given.isdecimal():
        return float(given[:9])
    try:
        return max(0.0, parsedate_to_datetime(given).timestamp() - now)
    except (ValueError, OverflowError):
        return DEFAULT_WAIT_S


async def decoded(chunks: AsyncIterable[bytes], encoding: str) -> AsyncIterator[bytes]:
    """Unpack a body in pieces of limited size, however much it unpacks to.

    Raises:
        UnreadableError: it can't be unpacked.
    """
    if encoding.lower() in ("", "identity"):
        async for chunk in chunks:
            yield chunk
        return
    if encoding.lower() not in _COMPRESSED:
        raise UnreadableError
    unpacker = zlib.decompressobj(_EITHER_FORMAT)
    try:
        async for chunk in chunks:
            yield unpacker.decompress(chunk, _PIECE_BYTES)
            while unpacker.unconsumed_tail:
                yield unpacker.decompress(unpacker.unconsumed_tail, _PIECE_BYTES)
    except zlib.error as exc:
        raise UnreadableError from exc
    if not unpacker.eof:
        raise UnreadableError


def file_name(headers: httpx.Headers, url: httpx.URL) -> str:
    """Give what a file is called by its server, else by the last part of its URL; always a name that is safe."""
    return (
        safe_name(_told_name(headers.get("content-disposition", "")))
        or safe_name(unquote(url.path.rpartition("/")[2]))
        or "file"
    )


def _told_name(disposition: str) -> str:
    message = Message()
    try:
        message["Content-Disposition"] = " ".join(disposition.split())
        return message.get_filename() or ""
    except (ValueError, LookupError, TypeError):  # as the standard library has them for odd headers
        return ""
