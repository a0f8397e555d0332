"""Stored files on the screens: where their bytes and small images come from, and how they're named."""

from services.models import FileRef

_MB, _KB = 1024 * 1024, 1024


def thumbnail_url(ref: FileRef) -> str:
    """Where the small image of a file is; an address that leads to nothing where the file is no image."""
    return f"/thumbnails/{ref.hash}.webp"


def file_url(ref: FileRef) -> str:
    """Where a file can be downloaded."""
    return f"/files/{ref.hash}"


def size_words(size: int) -> str:
    """A size in bytes for people: "820 bytes", "14 KB", "3.2 MB"."""
    if size < _KB:
        return "1 byte" if size == 1 else f"{size} bytes"
    return f"{size / _KB:,.0f} KB" if size < _MB else f"{size / _MB:,.1f} MB"
