"""Which column an input's values probably come from, judged by the names alone."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from services.models import Agent, Choice, ChoiceKind

_FILLERS = frozenset({"a", "an", "the", "of", "for"})
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+|\d+")

_AS_WRITTEN, _SAME_WORDS, _ANY_ORDER = 4.0, 3.0, 2.0
_CLOSE_ALONE = 0.83
"""How alike (0 to 1) different words must be: one slip in six letters."""
_CLOSE_TOGETHER = 0.75
"""The same where the names share other words: one slip in four letters."""


@dataclass(frozen=True)
class _Name:
    """A name, and the words in it that count for comparing."""

    written: str
    words: tuple[str, ...]
    """Without case, accents, plural and fillers, and without numbers."""
    numbers: tuple[str, ...]


def match(agent: Agent, columns: Sequence[str]) -> dict[str, Choice]:
    """Propose a column for each input by name; the best pairs come first, and no column is proposed twice.

    Case, accents, punctuation, plural and word order do not matter, and close spellings count. An input of several
    values takes numbered columns ("Key feature 1", "Key feature 2") when no column has just its name.

    Args:
        agent: the agent whose inputs want columns.
        columns: the spreadsheet's columns.

    Returns:
        A choice for every input by its name; an input without a likely column is left out.
    """
    proposal = _Proposal(agent, columns)
    proposal.take_single(_ANY_ORDER)
    proposal.take_numbered(_same_words)
    proposal.take_numbered(_part_of)
    proposal.take_single(_CLOSE_TOGETHER)
    return proposal.choices()


class _Proposal:
    """The columns given to inputs so far, by their places."""

    def __init__(self, agent: Agent, columns: Sequence[str]) -> None:
        self._inputs = agent.inputs
        self._columns = columns
        self._input_names = [_read(field.name) for field in agent.inputs]
        self._column_names = [_read(column) for column in columns]
        self._given: dict[int, list[int]] = {}
        self._named: set[int] = set()
        self._free = set(range(len(columns)))

    def take_single(self, least: float) -> None:
        """Give inputs that have no column one that is at least so alike, best pairs first."""
        pairs = [
            (-likeness, place, column)
            for place, wanted in enumerate(self._input_names)
            for column in self._free
            if (likeness := _likeness(wanted, self._column_names[column])) >= least
        ]
        for _, place, column in sorted(pairs):
            if place not in self._given and column in self._free:
                self._give(place, column)
                self._named.add(place)

    def take_numbered(self, fits: Callable[[_Name, _Name], bool]) -> None:
        """Give inputs of several values the numbered columns that fit, unless a column has just their name."""
        for place, (field, wanted) in enumerate(zip(self._inputs, self._input_names, strict=True)):
            if field.max_values == 1 or wanted.numbers or place in self._named:
                continue
            room = field.max_values - len(self._given.get(place, ()))
            numbered = [column for column in sorted(self._free) if self._column_names[column].numbers]
            fitting = [column for column in numbered if fits(wanted, self._column_names[column])]
            for column in fitting[:room]:
                self._give(place, column)

    def choices(self) -> dict[str, Choice]:
        """Give the choice for every input."""
        return {field.name: self._choice(self._given.get(place, ())) for place, field in enumerate(self._inputs)}

    def _give(self, place: int, column: int) -> None:
        self._given.setdefault(place, []).append(column)
        self._free.discard(column)

    def _choice(self, given: Iterable[int]) -> Choice:
        columns = tuple(self._columns[column] for column in sorted(given))
        return Choice(ChoiceKind.COLUMN, columns) if columns else Choice()


def _read(name: str) -> _Name:
    split = _CAMEL.sub(" ", name)
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", split).casefold() if unicodedata.category(char) != "Mn"
    )
    tokens = [token for token in _WORD.findall(plain) if token not in _FILLERS]
    words = tuple(_singular(token) for token in tokens if not token.isdigit())
    return _Name(name.strip(), words, tuple(token for token in tokens if token.isdigit()))


def _singular(word: str) -> str:
    if word.endswith("s") and len(word) > 2 and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return word[:-2] + "y" if word.endswith("ie") else word


def _likeness(wanted: _Name, column: _Name) -> float:
    """Say how alike two names are: from 0 to 1 for close spellings, above that for the same words."""
    if wanted.written and wanted.written == column.written:
        return _AS_WRITTEN
    if not wanted.words or sorted(wanted.numbers) != sorted(column.numbers):
        return 0.0
    if "".join(wanted.words) == "".join(column.words):
        return _SAME_WORDS
    if sorted(wanted.words) == sorted(column.words):
        return _ANY_ORDER
    return _closeness(wanted.words, column.words)


def _closeness(wanted: Sequence[str], column: Sequence[str]) -> float:
    """Compare only the words that differ, or a long shared one would hide that "price net" is not "price new"."""
    own = "".join(word for word in wanted if word not in column)
    other = "".join(word for word in column if word not in wanted)
    shared = any(word in column for word in wanted)
    return OSA.normalized_similarity(own, other, score_cutoff=_CLOSE_TOGETHER if shared else _CLOSE_ALONE)


def _same_words(wanted: _Name, column: _Name) -> bool:
    return bool(wanted.words) and sorted(wanted.words) == sorted(column.words)


def _part_of(wanted: _Name, column: _Name) -> bool:
    """Say whether the column has some of the input's words, with the last: "Feature 3" is one of the key features."""
    return bool(column.words) and wanted.words[-1:] == column.words[-1:] and set(column.words) <= set(wanted.words)
