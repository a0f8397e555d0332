"""What a browser sends, stored: files as they are, ZIP archives by what they hold."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from services.errors import FileError
from services.files import archive
from services.files.archive import Limits, Unpacked
from services.files.kinds import extension
from services.files.paths import is_litter, is_safe, shown, slashed
from services.files.vault import Vault
from services.models import NamedFile

_PIECE_BYTES = 256 * 1024


class Intake:
    """Stores files that come together."""

    def __init__(self, vault: Vault, limits: Limits, full: str) -> None:
        """`limits` are for all of them together; `full` is the end of a sentence: why one more is left out."""
        self._vault = vault
        self._limits = limits
        self._full = full
        self._room = limits.max_total_bytes

    def take(self, given: Iterable[tuple[str, IO[bytes]]], on_progress: Callable[[int], None]) -> Unpacked:
        """Store files, each with the name that it was sent under, and tell what was left out and why.

        Nothing is said of what operating systems leave behind. `on_progress` gets the number of files stored so far.
        """
        taken = Unpacked()
        for name, content in given:
            try:
                found = self._take(name, content)
            except FileError as error:
                found = Unpacked(notes=[str(error)])
            self._room -= sum(named.file.size for named in found.files)
            taken.files += found.files
            taken.notes += found.notes
            on_progress(len(taken.files))
        return taken

    def _take(self, name: str, content: IO[bytes]) -> Unpacked:
        path = slashed(name)
        if is_litter(path):
            return Unpacked()
        if not is_safe(path):
            raise FileError(f"“{shown(name)}” has a name that can't be used. Rename it and upload it again.")
        if self._room <= 0:
            raise FileError(f"“{shown(path)}” was left out: {self._full}")
        if extension(path) == "zip":
            return self._unpack(name, content)
        pieces = iter(lambda: content.read(_PIECE_BYTES), b"")
        most = min(self._room, self._limits.max_file_bytes)
        return Unpacked([NamedFile(path, self._vault.add(pieces, path, most))])

    def _unpack(self, name: str, content: IO[bytes]) -> Unpacked:
        with TemporaryDirectory(prefix="copydesk-") as folder:
            path = Path(folder) / "archive.zip"
            with path.open("wb") as file:
                while piece := content.read(_PIECE_BYTES):
                    file.write(piece)
            limits = replace(self._limits, max_total_bytes=self._room)
            return archive.unpack(path, shown(name), self._vault, limits)
