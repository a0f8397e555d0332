"""Agents on the desk: how much each was used here."""

from services.models import AgentUsage
from services.store import Store


class Usage:
    """What can be seen of the agents' batches."""

    def __init__(self, connection_id: str, store: Store) -> None:
        self._connection_id = connection_id
        self._store = store

    def by_agent(self) -> dict[str, AgentUsage]:
        """How much each agent was used on this connection, by the agent's id; agents without a batch are missing."""
        return self._store.usage.by_agent(self._connection_id)
