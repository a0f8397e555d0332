"""Cells and files: which files the cells of a column refer to."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from services.files.kinds import extension
from services.files.names import FileIndex, Meaning
from services.files.paths import shown
from services.models import CellFiles, FileMatches, NamedFile, UnmatchedName

MAX_CLOSE_LOOKUPS = 300
"""For how many missing names close ones are looked up: if more are missing, it's likely the wrong column."""

_URL = re.compile(r"https?://", re.IGNORECASE)
_BETWEEN_URLS = re.compile(r"[,;]\s+|[,;](?=https?://)|\s+", re.IGNORECASE)
_SEPARATOR = re.compile(r"[,;]")


def is_url(text: str) -> bool:
    """Whether a text is the address of something on the web."""
    return _URL.match(text.strip()) is not None


def match(files: Sequence[NamedFile], cells: Iterable[str], *, several: bool) -> FileMatches:
    """Find the files that cells refer to.

    A precise match wins over a loose one. A loose one is a guess: it's only made if the file is clear, and no cell
    calls the same file something else.

    Args:
        files: what was uploaded.
        cells: the texts of the column; empty ones are skipped.
        several: whether a cell may refer to several files, separated by line breaks, semicolons, or commas. A file
            whose name has such a separator in it wins over splitting.

    Returns:
        What each cell refers to, and which names and files have no counterpart. URLs are left as they are.
    """
    return _Matching(files, several=several).run(cells)


class _Matching:
    def __init__(self, files: Sequence[NamedFile], *, several: bool) -> None:
        self._files = files
        self._index = FileIndex(files)
        self._several = several
        self._max_separators = max((len(_SEPARATOR.findall(file.name)) for file in files), default=0)
        self._meanings: dict[str, Meaning] = {}
        self._close: dict[str, tuple[str, ...]] = {}
        self._contested: set[str] = set()
        """The hashes of files that cells call by names that contradict each other."""

    def run(self, cells: Iterable[str]) -> FileMatches:
        parts = {text: self._parts(text) for text in dict.fromkeys(cells) if text.strip()}
        names = dict.fromkeys(part for found in parts.values() for part in found if not is_url(part))
        self._contested = self._find_contested(names)
        missing = [name for name in names if not self._meaning(name).files]
        self._close = {name: self._index.close_names(name) for name in missing[:MAX_CLOSE_LOOKUPS]}
        matched = {text: self._cell(found) for text, found in parts.items()}
        used = {value.file.hash for cell in matched.values() for value in cell.values if isinstance(value, NamedFile)}
        return FileMatches(
            cells=matched,
            missing=tuple(UnmatchedName(name, self._close.get(name, ())) for name in missing),
            ambiguous=tuple(self._ambiguous(name) for name in names if self._is_unclear(self._meaning(name))),
            unused=tuple(file for file in self._files if file.file.hash not in used),
            found=len(used),
        )

    def _parts(self, text: str) -> list[str]:
        """Split a cell into names and URLs."""
        text = text.strip()
        if not self._several or self._is_one_name(text):
            return [text]
        return list(dict.fromkeys(part for line in text.splitlines() if line.strip() for part in self._line(line)))

    def _is_one_name(keys: Iterable[str]) -> bool:
    """Whether these are one name, written with more or fewer folders."""
    longest = f"/{max(keys, key=len)}"
    return all(longest.endswith(f"/{key}") for key in keys)
