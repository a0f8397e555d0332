"""What a browser sends, stored: files as they are, ZIP archives by what they hold."""

from dataclasses import dataclass, replace
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
_MB = 1024 * 1024


@dataclass
class Intake:
    """Files that come together, and what is left out of them."""

    vault: Vault
    limits: Limits
    """For all of them together."""
    size: int = 0
    """The bytes that they have together so far."""

    def take(self, name: str, content: IO[bytes]) -> Unpacked:
        """Store a file, or what a ZIP archive holds.

        Nothing comes of what operating systems leave behind. Raises FileError: the file can't be taken.
        """
        path = slashed(name)
        if is_litter(path):
            return Unpacked()
        if not is_safe(path):
            raise FileError(f"“{shown(name)}” has a name that can't be used. Rename it and upload it again.")
        room = self.limits.max_total_bytes - self.size
        if room <= 0:
            most = f"{self.limits.max_total_bytes / _MB:,.0f} MB"
            raise FileError(f"“{shown(path)}” was left out: at most {most} can be uploaded together.")
        found = self._unpack(name, content, room) if extension(path) == "zip" else self._store(path, content, room)
        self.size += sum(named.file.size for named in found.files)
        return found

    def _store(self, path: str, content: IO[bytes], room: int) -> Unpacked:
        pieces = iter(lambda: content.read(_PIECE_BYTES), b"")
        return Unpacked([NamedFile(path, self.vault.add(pieces, path, min(room, self.limits.max_file_bytes)))])

    def _unpack(self, name: str, content: IO[bytes], room: int) -> Unpacked:
        with TemporaryDirectory(prefix="copydesk-") as folder:
            path = Path(folder) / "archive.zip"
            with path.open("wb") as file:
                while piece := content.read(_PIECE_BYTES):
                    file.write(piece)
            return archive.unpack(path, shown(name), self.vault, replace(self.limits, max_total_bytes=room))
