"""A poll for results, as it is planned."""

from enum import Enum, auto
from typing import NamedTuple


class Strategy(Enum):
    """How to poll for results."""

    ALL = auto()
    """List all jobs: those of a few rows fit on one page, whatever their status."""
    ENDED = auto()
    """List the completed jobs, and the failed ones."""
    ALONE = auto()
    """Ask for each job that should have ended, by its id."""


class Poll(NamedTuple):
    """A poll for results: what it takes, and what it may yield."""

    at: float
    strategy: Strategy
    requests: int
    expected: float
    """Results that are likely there by now."""
    due: list[str]
    """The jobs that have ended more likely than not, oldest first; where there are none, the oldest ones."""
    sure: frozenset[str]
    """Those that have almost certainly ended."""
