"""ZIP archives of files, unpacked into the vault without trusting what they say about themselves."""

import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from services.errors import FileError
from services.files.kinds import extension
from services.files.paths import is_litter, is_safe, shown, slashed
from services.files.vault import Vault
from services.files.zips import UNREADABLE, open_zip
from services.models import NamedFile

_PIECE_BYTES = 262_144
_MB = 1024 * 1024
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_ARCHIVES = frozenset(("zip", "7z", "rar", "gz", "tgz", "tar"))
_BOMB_RATIO = 200
"""How much more an archive may unpack to than it has: a bomb has a ratio of 1,000, photos have 1."""
_NO_BOMB_BYTES = 50 * _MB
"""What may unpack at any ratio: a small archive of texts or drawings."""


@dataclass(frozen=True)
class Limits:
    """What an archive may unpack to."""

    max_files: int
    max_file_bytes: int
    max_total_bytes: int


@dataclass
class Unpacked:
    """What was in an archive."""

    files: list[NamedFile] = field(default_factory=list)
    """In the archive's order, each with its path in the archive."""
    notes: list[str] = field(default_factory=list)
    """What was left out and why, as sentences."""


class _LeftOutError(FileError):
    """One member is left out; the text says why, as the end of a sentence."""


def unpack(
    archive: Path, name: str, vault: Vault, limits: Limits, on_progress: Callable[[int], None] = lambda _: None
) -> Unpacked:
    """Unpack a ZIP archive into the vault.

    Left out without a word are folders and what operating systems leave behind; left out with a note are links,
    names that lead elsewhere, archives in the archive, and what is damaged or too large.

    Args:
        archive: where it is.
        name: what the person calls it, for sentences.
        vault: where its files go. If unpacking fails, some may be there already.
        limits: what it may unpack to. They are checked against what really unpacks, not against what it says.
        on_progress: gets the number of files so far; if it raises, unpacking stops.

    Raises:
        FileError: it's no ZIP archive, damaged, protected by a password, has no files, or unpacks to too much; or the
            disk is full.
    """
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(open_zip(archive))
        except UNREADABLE as exc:
            raise FileError(
                f"“{name}” is damaged or isn't a ZIP archive. Create it again and upload the new one."
            ) from exc
        found = _Unpacking(opened, name, vault, limits, archive.stat().st_size).run(on_progress)
    if not found.files and not found.notes:
        raise FileError(f"“{name}” has no files in it. Create it again and upload the new one.")
    return found


class _Unpacking:
    def __init__(self, opened: zipfile.ZipFile, name: str, vault: Vault, limits: Limits, size: int) -> None:
        self._opened = opened
        self._name = name
        self._vault = vault
        self._limits = limits
        self._max_bytes = min(limits.max_total_bytes, max(_NO_BOMB_BYTES, size * _BOMB_RATIO))
        self._bytes = 0
        self._found = Unpacked()

    def run(self, on_progress: Callable[[int], None]) -> Unpacked:
        for info, name in self._members():
            try:
                stored = self._vault.add(self._pieces(info), name, self._limits.max_file_bytes)
            except _LeftOutError as exc:
                self._note(name, str(exc))
            except UNREADABLE:
                self._note(name, "is damaged or compressed in a way that can't be read")
            else:
                self._found.files.append(NamedFile(name, stored))
                on_progress(len(self._found.files))
        return self._found

    def _members(self) -> Iterator[tuple[zipfile.ZipInfo, str]]:
        """Give the files that are wanted; note those that are left out for a reason a person can do something about."""
        infos = [info for info in self._opened.infolist() if not _is_folder(info)]
        named = [(info, name) for info in infos if not is_litter(name := slashed(_decoded_name(info)))]
        if len(named) > self._limits.max_files:
            raise FileError(
                f"“{self._name}” has {len(named):,} files; the limit is {self._limits.max_files:,}. "
                "Split it into several archives and upload the parts."
            )
        if any(info.flag_bits & _ENCRYPTED_FLAG for info, _ in named):
            raise FileError(f"“{self._name}” is protected by a password. Create it without one and upload it again.")
        for info, name in named:
            if problem := self._problem(info, name):
                self._note(name, problem)
            else:
                yield info, name

    def _problem(self, info: zipfile.ZipInfo, name: str) -> str:
        mode = info.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            return "is a link, not a file"
        if not is_safe(name):
            return "has a name that can't be used"
        if extension(name) in _ARCHIVES:
            return "is an archive inside the archive"
        return ""

    def _pieces(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        unpacked = 0
        with self._opened.open(info) as member:
            while piece := member.read(_PIECE_BYTES):
                unpacked += len(piece)
                self._bytes += len(piece)
                if self._bytes > self._max_bytes:
                    raise FileError(
                        f"“{self._name}” unpacks to more than {self._max_bytes / _MB:,.0f} MB. "
                        "Split it into several archives and upload the parts."
                    )
                if unpacked > self._limits.max_file_bytes:
                    raise _LeftOutError(f"is larger than {self._limits.max_file_bytes / _MB:,.0f} MB")
                yield piece

    def _note(self, name: str, problem: str) -> None:
        self._found.notes.append(f"“{shown(name)}” {problem}, so it was left out.")


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.orig_filename.endswith(("/", "\\"))


def _decoded_name(info: zipfile.ZipInfo) -> str:
    """Give a member's whole name; without a mark that it's UTF-8, it may be that nevertheless, as macOS writes it."""
    name = info.orig_filename
    if not info.flag_bits & _UTF8_FLAG:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return name
