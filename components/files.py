"""Where the bytes and the small images of stored files come from."""

from services.models import FileRef


def thumbnail_url(ref: FileRef) -> str:
    """Where the small image of a file is; an address that leads to nothing where the file is no image."""
    return f"/thumbnails/{ref.hash}.webp"


def file_url(ref: FileRef) -> str:
    """Where a file can be downloaded."""
    return f"/files/{ref.hash}"
