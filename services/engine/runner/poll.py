"""A look for results, as it is planned."""

from enum import Enum, auto
from typing import NamedTuple


class Strategy(Enum):
    """How to look for results."""

    ALL = auto()
    """List all jobs: those of a few rows stand on one page, whatever has become of them."""
    ENDED = auto()
    """List the completed jobs, and the failed ones."""
    ALONE = auto()
    """Ask for each job that should have ended."""


class Poll(NamedTuple):
    """A look for results: what it takes, and what may come of it."""

    at: float
    strategy: Strategy
    requests: int
    expected: float
    """Results that are likely there by now."""
    due: list[str]
    """The jobs that have ended more likely than not, oldest first; where there are none, the oldest ones."""
    sure: frozenset[str]
    """Those that have as good as surely ended."""
