"""Where the bytes of files are kept: each content once, by its hash."""

import errno
import hashlib
import math
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from services.errors import FileError
from services.files.paths import shown
from services.files.reader import Reader
from services.files.signatures import detect
from services.models import StoredFile

_HASH = re.compile(r"[0-9a-f]{64}")
_MB = 1024 * 1024
_INCOMING = "incoming-"
_LEFTOVER_AFTER_S = 24 * 3600
_THUMBNAIL_BOX = (320, 320)
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


class Incoming:
    """A file on its way into the vault; use it as a context manager. What isn't stored when that ends is gone.

    Its methods raise FileError where the file is too large, or can't be written.
    """

    def __init__(self, vault: "Vault", name: str, max_bytes: int) -> None:
        self._vault = vault
        self._name = shown(name)
        self._max_bytes = max_bytes
        self._size = 0
        self._hash = hashlib.sha256()

    def __enter__(self) -> Self:
        try:
            descriptor, path = tempfile.mkstemp(prefix=_INCOMING, dir=self._vault.folder)
        except OSError as exc:
            raise _unwritable(self._name, exc) from exc
        self._path = Path(path)
        self._file = os.fdopen(descriptor, "wb")
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        try:
            self._file.close()
        except OSError:  # a full disk, which has been told
            pass
        finally:
            self._path.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Add bytes."""
        self._size += len(chunk)
        if self._size > self._max_bytes:
            raise FileError(
                f"“{self._name}” has more than {self._max_bytes / _MB:,.0f} MB. Make it smaller and upload it again."
            )
        self._hash.update(chunk)
        try:
            self._file.write(chunk)
        except OSError as exc:
            raise _unwritable(self._name, exc) from exc

    def store(self) -> StoredFile:
        """Keep what was written. Once this returns, the file is there even if the power fails."""
        content_hash = self._hash.hexdigest()
        path = self._vault.path(content_hash)
        try:
            self._file.flush()
            if not _renewed(path):
                os.fsync(self._file.fileno())
                self._file.close()
                path.parent.mkdir(exist_ok=True)
                self._path.replace(path)
                _sync_folder(path.parent)
                _sync_folder(self._vault.folder)
            return StoredFile(content_hash, self._size, detect(path))
        except OSError as exc:
            raise _unwritable(self._name, exc) from exc


class Vault:
    """Files by the hash of their content. Threads and processes may use the same folder at the same time."""

    def __init__(self, folder: Path) -> None:
        """Use a folder, which is created where it's missing, and remove what a crash left half written a day ago."""
        self.folder = folder
        self._words = Reader()
        self._thumbnails = Reader()  # one of its own: whoever looks at a page doesn't wait for long documents
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob(f"{_INCOMING}*"):
            _remove_leftover(path)

    def close(self) -> None:
        """End the processes that look into files."""
        self._words.close()
        self._thumbnails.close()

    def incoming(self, name: str, max_bytes: int) -> Incoming:
        """Begin to add a file of at most so many bytes; `name` is for the errors."""
        return Incoming(self, name, max_bytes)

    def add(self, chunks: Iterable[bytes], name: str, max_bytes: int) -> StoredFile:
        """Add a file; content that is there already is kept once.

        Args:
            chunks: its bytes, in pieces.
            name: what it's called, for the errors.
            max_bytes: the most it may have.

        Raises:
            FileError: it's too large, or the disk is full.
        """
        with self.incoming(name, max_bytes) as incoming:
            for chunk in chunks:
                incoming.write(chunk)
            return incoming.store()

    def path(self, content_hash: str) -> Path:
        """Say where the content with a hash is."""
        return self.folder / content_hash[:2] / content_hash

    def open(self, content_hash: str) -> IO[bytes]:
        """Open a file to read it.

        Raises:
            FileError: it isn't there (any more).
            OSError: the disk can't be read, or not by this process.
        """
        try:
            return self.path(content_hash).open("rb")
        except FileNotFoundError as exc:
            raise FileError("The file isn't there anymore. Upload it again.") from exc

    def remove(self, content_hash: str) -> None:
        """Remove a file and what was derived from it, if it's there."""
        path = self.path(content_hash)
        for found in path.parent.glob(f"{path.name}*"):
            found.unlink(missing_ok=True)

    def hashes(self, unused_for_s: float) -> Iterator[str]:
        """Give what is kept, without what was added in the last so many seconds."""
        before = time.time() - unused_for_s
        for path in self.folder.glob("??/*"):
            if _HASH.fullmatch(path.name) and _changed_at(path) < before:
                yield path.name

    def size(self) -> int:
        """Count the bytes of everything that is kept, thumbnails included."""
        return sum(_size(path) for path in self.folder.rglob("*"))

    def thumbnail(self, content_hash: str, box: tuple[int, int] = _THUMBNAIL_BOX) -> bytes | None:
        """Give a WebP image that fits into a box of pixels; None where the file is no image that can be read.

        It's drawn once and kept beside the file.
        """
        path = self.path(content_hash)

        def draw(into: Path) -> None:
            if not self._thumbnails.thumbnail(path, into, box):
                into.write_bytes(b"")

        return self._derived(path, f"{box[0]}x{box[1]}.webp", draw) or None

    def words(self, file: StoredFile) -> int | None:
        """Count the words of a file; None where they can't be counted.

        They're counted once, and the number is kept beside the file.
        """
        path = self.path(file.hash)

        def count(into: Path) -> None:
            number = self._words.words(path, file.media_type)
            into.write_bytes(b"" if number is None else b"%d" % number)

        digits = self._derived(path, "words", count)
        return int(digits) if digits else None

    def _derived(self, path: Path, suffix: str, make: Callable[[Path], None]) -> bytes:
        """Give what was derived from a file and kept beside it, and make it before if need be.

        Nothing, where nothing can be derived: that's kept, too, so that nobody tries it again.
        """
        kept = path.with_name(f"{path.name}.{suffix}")
        try:
            if not kept.exists():
                with tempfile.TemporaryDirectory(prefix=_INCOMING, dir=self.folder) as folder:
                    make(Path(folder) / suffix)
                    if path.exists():
                        (Path(folder) / suffix).replace(kept)
            return kept.read_bytes()
        except OSError:  # the file isn't there, or the disk is full
            return b""


def _unwritable(name: str, exc: OSError) -> FileError:
    if exc.errno in _FULL:
        return FileError(f"“{name}” can't be stored, because the server's disk is full. Free some space and try again.")
    return FileError(f"“{name}” can't be stored: {exc.strerror}. Check the folder for files on the server.")


def _sync_folder(folder: Path) -> None:
    """See that a new entry of a folder survives a power cut; Windows does that without being asked."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftover(path: Path) -> None:
    with suppress(OSError):  # another process may have been faster
        if time.time() - path.stat().st_mtime > _LEFTOVER_AFTER_S:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _renewed(path: Path) -> bool:
    """Have a file count as added now, so that nobody clears it away; False if there is none."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # it was removed meanwhile
        return math.inf


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:  # it was removed meanwhile
        return 0
