"""Choices that look random and come out the same every time."""

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

SALT = "copydesk-2"
"""Decides which inputs fail, are slow, and get which words; chosen so that two or three of 24 sample rows fail."""

T = TypeVar("T")


def fraction(*words: str) -> float:
    """Return a number from 0 up to, not including, 1 that depends on nothing but `words`."""
    digest = sha256("\x1f".join((SALT, *words)).encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


class Chooser:
    """A sequence of choices that depends on nothing but its seed."""

    def __init__(self, *seed: str) -> None:
        self._seed = seed
        self._turn = 0

    def one(self, options: Sequence[T]) -> T:
        """Return one of `options`."""
        self._turn += 1
        return options[int(fraction(*self._seed, str(self._turn)) * len(options))]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """Return `count` different ones of `options`, in a chosen order."""
        left = list(options)
        return [left.pop(left.index(self.one(left))) for _ in range(count)]
