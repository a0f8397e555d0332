"""Files beside a draft's spreadsheet: what the cells that its file inputs are read from stand for."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote, urlsplit

from services.drafts.mapping.values import Finder, UnfitError, is_empty
from services.files.checks import count_problem, problems
from services.files.kinds import label_of_name, proper_name
from services.files.matching import is_url, match
from services.files.names import FileIndex
from services.models import (
    AgentInput,
    CellFiles,
    Choice,
    ChoiceKind,
    Draft,
    FileMatches,
    FileRef,
    FilesReport,
    InputFiles,
    InputType,
    NamedFile,
    SheetRow,
    StoredFile,
)
from services.store import DraftSource

_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
"""Writer's ids are UUIDs."""
_NO_FETCHING = (
    "This link can't be used: the agent needs a file, and downloading is turned off (FETCH_URLS). "
    "Attach the file instead."
)
_NOT_FETCHED = "This link hasn't been downloaded yet."

WordCount = Callable[[StoredFile], int | None]
"""Counts the words of a file; None where that can't be told."""


@dataclass(frozen=True)
class DraftFiles:
    """What is known of a draft's files."""

    report: FilesReport
    finders: Mapping[str, Finder]
    """What gives a cell its values, by the name of the file input."""


def file_inputs(draft: Draft) -> list[tuple[AgentInput, Choice]]:
    """The inputs of the draft's agent that take files, and where their values come from; not those left out."""
    if draft.agent is None:
        return []
    inputs = (field for field in draft.agent.inputs if field.type in (InputType.FILE, InputType.MEDIA))
    chosen = ((field, draft.choices.get(field.name, Choice())) for field in inputs)
    return [(field, choice) for field, choice in chosen if choice.kind is not ChoiceKind.LEAVE_OUT]


def look(
    draft: Draft,
    sources: Sequence[DraftSource],
    rows: Iterable[SheetRow],
    count_words: WordCount,
    *,
    may_fetch: bool,
) -> DraftFiles:
    """Find out what the cells of a draft's file inputs stand for.

    Args:
        draft: with an agent.
        sources: what stands beside the draft: attached files, and what URLs led to.
        rows: the draft's rows.
        count_words: how the words of a file are counted.
        may_fetch: whether Copydesk downloads what URLs lead to.
    """
    attached = [NamedFile(each.source, each.file.file) for each in sources if each.file and not is_url(each.source)]
    fetched = {each.source: each for each in sources if is_url(each.source)}
    inputs = [
        _Input(field, cells, attached, fetched, count_words, may_fetch=may_fetch)
        for field, cells in _cells(draft, rows)
    ]
    used = {named.file.hash for each in inputs for named in each.attached()}
    urls = list(dict.fromkeys(url for each in inputs for url in each.urls()))
    report = FilesReport(
        inputs=tuple(each.summary() for each in inputs),
        attached=tuple(attached),
        unused=tuple(file for file in attached if file.file.hash not in used),
        downloaded=tuple(file for url in urls if url in fetched and (file := fetched[url].file)),
        urls=len(urls),
        failed_urls=sum(1 for url in urls if url in fetched and fetched[url].error),
        pending_urls=tuple(url for url in urls if url not in fetched) if may_fetch else (),
    )
    return DraftFiles(report, {each.field.name: each.find for each in inputs})


class _Input:
    """One file input, and the cells that feed it."""

    def __init__(
        self,
        field: AgentInput,
        cells: Iterable[str],
        attached: Sequence[NamedFile],
        fetched: Mapping[str, DraftSource],
        count_words: WordCount,
        *,
        may_fetch: bool,
    ) -> None:
        self.field = field
        self._fetched = fetched
        self._may_fetch = may_fetch
        self._count_words = count_words
        self._takes_other_ids = not attached
        self._index = FileIndex(attached)
        named = [text for text in cells if self._ids(text) is None]
        self._matches: FileMatches = match(attached, named, several=field.max_values > 1)
        self._lists = self._lists_of_files(attached) if field.max_values == 1 else {}
        self._checked = cache(self._check)

    def find(self, text: str) -> list[str]:
        """Give the values of a cell. Raises UnfitError: it names no file, or one that the input doesn't take."""
        if (ids := self._ids(text)) is not None:
            return ids
        cell = self._lists.get(text) or self._matches.cells.get(text, CellFiles())
        if problem := cell.problem or count_problem(cell.values, self.field):
            raise UnfitError(problem)
        return [self._value(value) for value in cell.values]

    def _lists_of_files(self, attached: Sequence[NamedFile]) -> dict[str, CellFiles]:
        """The cells that name several files though the input takes one: that is said, and not that there's no file."""
        unmatched = [text for text, cell in self._matches.cells.items() if cell.problem]
        found = match(attached, unmatched, several=True).cells
        return {text: cell for text, cell in found.items() if len(cell.values) > 1}

    def attached(self) -> Iterable[NamedFile]:
        """The attached files that cells refer to."""
        for value in self._values():
            named = value if isinstance(value, NamedFile) else self._in_place_of(value)
            if named is not None:
                yield named

    def urls(self) -> Iterable[str]:
        """The URLs that Writer doesn't take from us."""
        return () if self.field.takes_urls else (value for value in self._values() if isinstance(value, str))

    def summary(self) -> InputFiles:
        """How many names have a file, and which don't."""
        return InputFiles(self.field.name, self._matches.found, self._matches.missing, self._matches.ambiguous)

    def _values(self) -> Iterable[NamedFile | str]:
        return (value for cell in self._matches.cells.values() for value in cell.values)

    def _in_place_of(self, url: str) -> NamedFile | None:
        """The attached file to use instead of a URL that can't be downloaded: the one with the same name."""
        source = self._fetched.get(url)
        if self.field.takes_urls or (self._may_fetch and (source is None or source.file)):
            return None
        found = self._index.find(unquote(urlsplit(url).path).rpartition("/")[2])
        return found.files[0] if len(found.files) == 1 else None

    def _value(self, value: NamedFile | str) -> str:
        if isinstance(value, NamedFile):
            return self._checked(value)
        if self.field.takes_urls:
            return value
        if instead := self._in_place_of(value):
            return self._checked(instead)
        if not self._may_fetch:
            raise UnfitError(_NO_FETCHING)
        source = self._fetched.get(value)
        if source is None or source.file is None:
            raise UnfitError(source.error if source else _NOT_FETCHED)
        return self._checked(source.file)

    def _check(self, named: NamedFile) -> str:
        words = self._count_words(named.file) if self.field.max_words is not None else None
        if found := problems(named, self.field, words):
            raise UnfitError(found[0])
        name = proper_name(named.name.rpartition("/")[2], named.file.media_type, self.field.file_types)
        return str(FileRef(named.file.hash, name))

    def _ids(self, text: str) -> list[str] | None:
        """The file ids in a cell, where it holds nothing else."""
        parts = text.split() if self.field.max_values > 1 else [text.strip()]
        return parts if all(map(self._is_id, parts)) else None

    def _is_id(self, part: str) -> bool:
        if _ID.fullmatch(part):
            return True
        return self._takes_other_ids and not is_url(part) and not label_of_name(part) and len(part.split()) == 1


def _cells(draft: Draft, rows: Iterable[SheetRow]) -> list[tuple[AgentInput, list[str]]]:
    """The file inputs, each with the different texts in its cells."""
    inputs = file_inputs(draft)
    texts: list[dict[str, None]] = [{choice.value: None} if choice.value else {} for _, choice in inputs]
    places = [_places(choice, draft.sheet.columns) for _, choice in inputs]
    if any(places):
        for row in rows:
            for found, at in zip(texts, places, strict=True):
                for place in at:
                    if not is_empty(row.cells[place]):
                        found[row.cells[place]] = None
    return [(field, list(found)) for (field, _), found in zip(inputs, texts, strict=True)]


def _places(choice: Choice, columns: Sequence[str]) -> list[int]:
    return [columns.index(name) for name in choice.columns if name in columns] if choice.columns else []
