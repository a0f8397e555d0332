"""What a row gives to its agent. Until its job is sent, a reference stands where Writer's id of a file will be."""

import re
from collections.abc import Iterable
from typing import NamedTuple, Self

Inputs = dict[str, list[str]]
"""What one row gives to the agent: the name of each input that is not left out, and its values."""

_REFERENCE = re.compile(r"file:([0-9a-f]{64})/(.*)", re.DOTALL)


class FileRef(NamedTuple):
    """A stored file, as the inputs of a row name it."""

    hash: str
    """SHA-256 of its content, in hex."""
    name: str
    """The name that a person knows it by."""

    def __str__(self) -> str:
        """The reference as a value of an input."""
        return f"file:{self.hash}/{self.name}"

    @classmethod
    def parse(cls, value: str) -> Self | None:
        """Read a value of an input; None where it's something else, such as text or an id that Writer knows."""
        found = _REFERENCE.fullmatch(value)
        return cls(found[1], found[2]) if found else None


def file_refs(inputs: Inputs) -> list[FileRef]:
    """The files that a row gives to its agent, each once, in order."""
    found = (FileRef.parse(value) for values in inputs.values() for value in values)
    return list(dict.fromkeys(ref for ref in found if ref is not None))


def with_file_ids(inputs: Inputs, ids: dict[str, str]) -> Inputs:
    """The inputs as Writer takes them: with its ids, by the hash of the file, in place of references.

    A reference to a file without an id stays.
    """

    def given(values: Iterable[str]) -> list[str]:
        return [ids.get(ref.hash, value) if (ref := FileRef.parse(value)) else value for value in values]

    return {name: given(values) for name, values in inputs.items()}
