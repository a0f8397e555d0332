"""The agents of the key, kept for a few minutes so that a page need not wait for Writer."""

import threading
from collections.abc import Callable

from services.clock import Clock
from services.models import Agent

KEPT = 300.0
"""Seconds that the list is kept."""


class Agents:
    """The list of agents, by name."""

    def __init__(self, ask: Callable[[], list[Agent]], clock: Clock) -> None:
        """`ask` gets the list from Writer; what it raises is raised by `list`."""
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._agents: list[Agent] = []
        self._until = 0.0

    def list(self, *, refresh: bool = False) -> list[Agent]:
        """The agents as they were some minutes ago at the most, or now. Raises WriterError."""
        with self._lock:
            if refresh or self._clock.now() >= self._until:
                self._agents = sorted(self._ask(), key=lambda agent: (agent.name.casefold(), agent.id))
                self._until = self._clock.now() + KEPT
            return list(self._agents)
