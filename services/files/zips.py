"""ZIP files, opened without trusting what they say about themselves."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_DIRECTORY_BYTES = 8_000_000
"""The largest directory that is read: one of 20,000 files with long names has about 4 MB."""

UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    KeyError,
    OverflowError,
)
"""What `zipfile` raises for a damaged or hostile file."""


class _BoundedFile(io.FileIO):
    """A file of which only pieces are read: the directory of a ZIP file is the largest piece that `zipfile` wants."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile("the directory is too large")
        return super().read(size) or b""


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP file.

    Raises:
        One of `UNREADABLE`: it's damaged, or its directory is too large to hold in memory.
    """
    with _BoundedFile(path) as file, zipfile.ZipFile(file) as archive:
        yield archive
