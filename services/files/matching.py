"""Cells and files: which files the cells of a column refer to."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from services.files.kinds import extension
from services.files.names import FileIndex, Meaning
from services.files.paths import shown
from services.models import CellFiles, FileMatches, NamedFile, UnmatchedName

MAX_CLOSE_LOOKUPS = 300
"""For how many missing names close ones are looked up: if more are missing, it's likely the wrong column."""

_URL = re.compile(r"https?://", re.IGNORECASE)
_URL_IN_LINE = re.compile(r"\s*https?://\S*?(?=[,;]{0,9}(?:\s|$)|[,;]{1,9}https?://)", re.IGNORECASE)
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
        if not self._several:
            return [text]
        return list(dict.fromkeys(part for line in text.splitlines() if line.strip() for part in self._line(line)))

    def _line(self, line: str) -> Iterator[str]:
        begin = 0
        while begin < len(line):
            if url := _URL_IN_LINE.match(line, begin):
                begin = url.end()
                yield url[0].strip()
                continue
            end = self._end_of_name(line, begin)
            if name := line[begin:end].strip():
                yield name
            begin = end + 1

    def _end_of_name(self, line: str, begin: int) -> int:
        """Say where a name ends: at the next separator, or further on if a file's name has separators in it."""
        found = _SEPARATOR.finditer(line, begin)
        ends = [separator.start() for separator in islice(found, self._max_separators + 1)]
        if len(ends) <= self._max_separators:
            ends.append(len(line))
        longer = (end for end in reversed(ends[1:]) if self._meaning(line[begin:end].strip()).files)
        return next(longer, ends[0])

    def _meaning(self, name: str) -> Meaning:
        if name not in self._meanings:
            self._meanings[name] = self._index.find(name)
        return self._meanings[name]

    def _find_contested(self, names: Iterable[str]) -> set[str]:
        called: dict[str, set[str]] = defaultdict(set)
        for meaning in map(self._meaning, names):
            if len(meaning.files) == 1:
                ending = f".{extension(meaning.files[0].name)}"
                called[meaning.files[0].file.hash].add(meaning.key.removesuffix(ending))
        return {content for content, keys in called.items() if not _is_one_name(keys)}

    def _is_unclear(self, meaning: Meaning) -> bool:
        return len(meaning.files) > 1 or self._is_contested(meaning)

    def _is_contested(self, meaning: Meaning) -> bool:
        """Whether this is a guess at a file that other cells call something else."""
        return meaning.is_guess and meaning.files[0].file.hash in self._contested

    def _ambiguous(self, name: str) -> UnmatchedName:
        return UnmatchedName(name, tuple(file.name for file in self._meaning(name).files))

    def _cell(self, parts: Iterable[str]) -> CellFiles:
        values: list[NamedFile | str] = []
        for part in parts:
            if is_url(part):
                values.append(part)
                continue
            meaning = self._meaning(part)
            if problem := self._problem(part, meaning):
                return CellFiles(problem=problem)
            values.append(meaning.files[0])
        return CellFiles(tuple(dict.fromkeys(values)))

    def _problem(self, name: str, meaning: Meaning) -> str:
        if not meaning.files:
            close = self._close.get(name, ())
            remedy = f"Did you mean “{shown(close[0])}”?" if close else "Upload it, or fix its name in the spreadsheet."
            return f"No file is named “{shown(name)}”. {remedy}"
        if len(meaning.files) > 1:
            first, second, *more = (f"“{shown(file.name)}”" for file in meaning.files)
            others = f"{first}, {second}, or another one" if more else f"{first} or {second}"
            return f"“{shown(name)}” may be {others}. Write the name with its folder and extension."
        if self._is_contested(meaning):
            return (
                f"“{shown(name)}” may be “{shown(meaning.files[0].name)}”, but other cells name that file differently. "
                "Write the name with its folder and extension."
            )
        return ""


def _is_one_name(keys: Iterable[str]) -> bool:
    """Whether these are one name, written with more or fewer folders."""
    longest = f"/{max(keys, key=len)}"
    return all(longest.endswith(f"/{key}") for key in keys)
