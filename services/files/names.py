"""The index of files by name: which file a name in a spreadsheet means, if it's clear."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from rapidfuzz import fuzz, process

from services.files.kinds import extension
from services.files.paths import slashed
from services.models import NamedFile

_MAX_FOLDERS = 16  # of a path, counted from its end, that a cell may name: paths come from outside, too
_MAX_CLOSE = 3
_MIN_CLOSENESS = 70.0
_QUOTES = ('"', '"'), ("'", "'"), ("“", "”")


@dataclass(frozen=True)
class Meaning:
    """What a name may mean."""

    key: str
    """The name without what makes no difference: case, blanks around it, Unicode form, kind of slashes."""
    files: tuple[NamedFile, ...] = ()
    """One file if it's clear, several if it isn't."""
    is_guess: bool = False
    """Whether name and file differ in more than that: in their folders, or by a missing extension."""


class FileIndex:
    """Files by everything that a name may have in common with theirs."""

    def __init__(self, files: Iterable[NamedFile]) -> None:
        self._exact: dict[str, list[NamedFile]] = defaultdict(list)
        self._paths: dict[str, list[NamedFile]] = defaultdict(list)
        self._keys: dict[str, list[NamedFile]] = defaultdict(list)
        self._tails: dict[str, list[NamedFile]] = defaultdict(list)
        self._stems: dict[str, list[NamedFile]] = defaultdict(list)
        for file in files:
            self._add(file)
        self._close_keys = {key: _stem(key.rpartition("/")[2]) for key in self._keys}

    def _add(self, file: NamedFile) -> None:
        path = _path(file.name)
        key = path.casefold()
        self._exact[file.name].append(file)
        self._paths[path].append(file)
        self._keys[key].append(file)
        for tail in _tails(key):
            self._tails[tail].append(file)
            if ending := extension(tail):
                self._stems[tail[: -len(ending) - 1]].append(file)

    def find(self, name: str) -> Meaning:
        """Say what a name means; more precise ways to read it win, and several files mean that it isn't clear."""
        spellings = [(name, _path(name))]
        if "%" in name:
            spellings.append((unquote(name), _path(unquote(name))))
        for spelling, path in spellings:
            if files := self._certain(spelling, path):
                return Meaning(path.casefold(), _distinct(files))
        for _, path in spellings:
            if files := self._guessed(path.casefold()):
                return Meaning(path.casefold(), _distinct(files), is_guess=True)
        return Meaning(spellings[0][1].casefold())

    def close_names(self, name: str) -> tuple[str, ...]:
        """Give the names of files that are spelled most like a name that no file has."""
        wanted = _stem(_path(name).casefold().rpartition("/")[2])
        found = process.extract(
            wanted, self._close_keys, scorer=fuzz.ratio, limit=_MAX_CLOSE, score_cutoff=_MIN_CLOSENESS
        )
        return tuple(self._keys[key][0].name for _, _, key in found)

    def _certain(self, name: str, path: str) -> Sequence[NamedFile]:
        key = path.casefold()
        ways = (self._exact.get(name), self._paths.get(path), self._keys.get(key), self._tails.get(key))
        return next((files for files in ways if files), ())

    def _guessed(self, key: str) -> Sequence[NamedFile]:
        """Look for files that lie in fewer folders or in others than the name says, or for a missing extension."""
        tails = _tails(key)
        for tail in tails:
            if files := self._keys.get(tail):
                return files
        base = tails[-1]
        ways = (self._tails.get(base), self._stems.get(key), self._stems.get(base))
        return next((files for files in ways if files), ())


def _stem(name: str) -> str:
    """Give a file name without its extension: that two names end alike doesn't make them alike."""
    ending = extension(name)
    return name[: -len(ending) - 1] if ending else name


def _distinct(files: Iterable[NamedFile]) -> tuple[NamedFile, ...]:
    """Give one file of each content: which of two equal ones is meant makes no difference."""
    files = list(files)
    if len(files) == 1:
        return (files[0],)
    return tuple({file.file.hash: file for file in reversed(files)}.values())[::-1]


def _path(name: str) -> str:
    """Write a name with slashes, single blanks, in the composed form of Unicode, and without quotes around it."""
    text = " ".join(name.split())
    for opening, closing in _QUOTES:
        if len(text) > 1 and text.startswith(opening) and text.endswith(closing):
            text = text[1:-1].strip()
    path = slashed(text if text.isascii() else unicodedata.normalize("NFC", text))
    return path.removeprefix("/")


def _tails(path: str) -> list[str]:
    """Give the path, then without its first folder, and so on, down to the bare file name."""
    parts = path.split("/")[-_MAX_FOLDERS:]
    return ["/".join(parts[start:]) for start in range(len(parts))]
