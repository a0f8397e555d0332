"""The agents of the API key, cached for a few minutes so that pages don't wait for Writer."""

import threading
from collections.abc import Callable

from services.clock import Clock
from services.models import Agent

CACHE_TTL_S = 300.0
"""How long the list is cached."""


class Agents:
    """The list of agents, sorted by name."""

    def __init__(self, fetch: Callable[[], list[Agent]], clock: Clock) -> None:
        """`fetch` gets the list from Writer; `list` raises what it raises."""
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._agents: list[Agent] = []
        self._expires_at = 0.0

    def list(self, *, refresh: bool = False) -> list[Agent]:
        """Give the agents, at most `CACHE_TTL_S` old; `refresh`: as they are now. Raises WriterError."""
        with self._lock:
            if refresh or self._clock.now() >= self._expires_at:
                self._agents = sorted(self._fetch(), key=lambda agent: (agent.name.casefold(), agent.id))
                self._expires_at = self._clock.now() + CACHE_TTL_S
            return list(self._agents)
