"""How alike the name of an input and the name of a column are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from services.drafts.mapping.synonyms import (
    KNOWN_MEANINGS,
    POINTED_AT,
    POINTERS,
    WEAK_MEANINGS,
    meanings,
    split_words,
)

_FILLERS = frozenset({"a", "an", "the", "of", "for"})
_PREPOSITIONS = frozenset({"of", "for", "in", "per", "du", "de", "des", "del", "der", "von", "fur", "para"})
"""Words after which no head of a name comes: "tone of voice" is a tone."""
_LANGUAGE_CODES = frozenset({"en", "de", "fr", "es", "it", "nl", "pt"})
"""At the end of a name they are a remark: "Description DE"."""
_NOTE = re.compile(r"[(\[{][^)\]}]*[^\W\d_][^)\]}]*[)\]}]")
"""A remark in brackets, such as "(EUR)" or "(max 5)"; a number alone is none."""

AS_WRITTEN, SAME_WORDS, ANY_ORDER = 4.0, 3.0, 2.0
MIN_SIMILARITY = 0.83
"""How alike (0 to 1) different words must be: one slip in six letters."""
MIN_SIMILARITY_BESIDE_SHARED_WORDS = 0.75
"""The same where the names share other words: one slip in four letters."""
_WEAK_EXTRA, _UNKNOWN_EXTRA, _NOT_LITERAL, _NOTE_EXTRA = 0.1, 0.3, 0.1, 0.05
"""What takes from the likeness of two names of which one is a part of the other (1 for the same meaning)."""
MIN_PART_LIKENESS = 0.4


@dataclass(frozen=True)
class Name:
    """A name, and what in it counts for comparing."""

    written: str
    words: tuple[str, ...]
    """Without case, accents, plural, fillers, and numbers."""
    numbers: tuple[str, ...]
    core_words: tuple[str, ...]
    """The words without remarks in brackets."""
    core_numbers: tuple[str, ...]
    meanings: frozenset[str]
    head: str
    """What the named thing is: the feature in "Key features"."""


def read_name(written: str) -> Name:
    """Split a name into its parts."""
    words, numbers = _words_and_numbers(split_words(written))
    tokens = split_words(_NOTE.sub(" ", written)) or split_words(written)
    if len(tokens) > 1 and tokens[-1] in _LANGUAGE_CODES:
        tokens = tokens[:-1]
    core_words, core_numbers = _words_and_numbers(tokens)
    found = meanings(core_words)
    meant = frozenset(meaning for meaning, _ in found)
    if meant == {"product"}:  # which product it is, its name tells
        meant |= {"name"}
    return Name(
        written.strip(), tuple(words), tuple(numbers), tuple(core_words), tuple(core_numbers), meant, _head(tokens)
    )


def likeness(wanted: Name, column: Name) -> float:
    """Say how alike two names are: from 0 to 1 for close spellings, above that for the same words."""
    if wanted.written and wanted.written == column.written:
        return AS_WRITTEN
    if not wanted.words or sorted(wanted.numbers) != sorted(column.numbers):
        return 0.0
    if "".join(wanted.words) == "".join(column.words):
        return SAME_WORDS
    if sorted(wanted.words) == sorted(column.words):
        return ANY_ORDER
    return _similarity(wanted.words, column.words)


def part_likeness(wanted: Name, column: Name, *, with_numbers: bool = False) -> float:
    """Say how well one name is a part of the other, or means the same: 0, or from `MIN_PART_LIKENESS` to 1.

    "Product" is a part of "Product name" and "Features" of "Key features", but not "Product" of "Product price": a
    price is another thing. `with_numbers`: whatever numbers the column's name has don't count.
    """
    if not (with_numbers or sorted(wanted.core_numbers) == sorted(column.core_numbers)):
        return 0.0
    shared, extra = wanted.meanings & column.meanings, wanted.meanings ^ column.meanings
    if not shared or not _same_thing(wanted, column):
        return 0.0
    weak = sum(1 for meaning in extra if _is_weak(meaning, shared))
    found = 1 - weak * _WEAK_EXTRA - (len(extra) - weak) * _UNKNOWN_EXTRA
    if not is_literal(wanted, column):
        found -= _NOT_LITERAL
    if wanted.core_words != wanted.words or column.core_words != column.words:
        found -= _NOTE_EXTRA
    return round(found, 2) if found >= MIN_PART_LIKENESS else 0.0


def is_literal(wanted: Name, column: Name) -> bool:
    """Say whether one name has the very words of the other, rather than words that mean the same."""
    one, other = set(wanted.core_words), set(column.core_words)
    return one <= other or other <= one


def same_words(wanted: Name, column: Name) -> bool:
    """Say whether both names have the same words in any order."""
    return bool(wanted.words) and sorted(wanted.words) == sorted(column.words)


def is_part_of(wanted: Name, column: Name) -> bool:
    """Say whether the column has some of the input's words, with the last: "Feature 3" is one of the key features."""
    return bool(column.words) and wanted.words[-1:] == column.words[-1:] and set(column.words) <= set(wanted.words)


def _words_and_numbers(tokens: Sequence[str]) -> tuple[list[str], list[str]]:
    inside = {n for n, token in enumerate(tokens) if 0 < n < len(tokens) - 1 and token in _PREPOSITIONS}
    kept = [token for n, token in enumerate(tokens) if token not in _FILLERS and n not in inside]
    return [token for token in kept if not token.isdigit()], [token for token in kept if token.isdigit()]


def _head(tokens: Sequence[str]) -> str:
    """Give the meaning of the last word before a preposition that tells what the thing is."""
    cut = next((n for n, token in enumerate(tokens[:-1]) if n > 0 and token in _PREPOSITIONS), len(tokens))
    words, _ = _words_and_numbers(tokens[:cut])
    telling = [meaning for meaning, _ in meanings(words) if meaning != "key"]
    return telling[-1] if telling else ""


def _similarity(wanted: Sequence[str], column: Sequence[str]) -> float:
    """Compare only the words that differ, or a long shared one would hide that "price net" is not "price new"."""
    own = "".join(word for word in wanted if word not in column)
    other = "".join(word for word in column if word not in wanted)
    shared = any(word in column for word in wanted)
    cutoff = MIN_SIMILARITY_BESIDE_SHARED_WORDS if shared else MIN_SIMILARITY
    return OSA.normalized_similarity(own, other, score_cutoff=cutoff)


def _same_thing(wanted: Name, column: Name) -> bool:
    """Say whether nothing that only one of the names has makes it another thing."""
    shared, extra = wanted.meanings & column.meanings, wanted.meanings ^ column.meanings
    strong = {meaning for meaning in extra if not _is_weak(meaning, shared)}
    if strong & KNOWN_MEANINGS:
        return False
    longer = wanted if wanted.meanings > column.meanings else column
    if wanted.meanings <= column.meanings or column.meanings <= wanted.meanings:
        return not strong or longer.head in shared
    return not strong and wanted.head in shared and column.head in shared


def _is_weak(meaning: str, shared: frozenset[str]) -> bool:
    return meaning in WEAK_MEANINGS or (meaning in POINTERS and bool(shared & POINTED_AT))
