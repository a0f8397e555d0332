"""Knowledge Graphs in the database."""

from collections.abc import Sequence

from services.sandbox.records import Graph
from services.sandbox.store.database import Database

ADD_GRAPH = "INSERT INTO graphs (id, name, description, created_at) VALUES (:id, :name, :description, :created_at)"

ADD_TO_AGENT = "INSERT INTO agent_graphs (agent_id, position, graph_id) VALUES (?, ?, ?)"

GRAPHS = """
SELECT graphs.id, graphs.name, description, graphs.created_at,
    count(*) FILTER (WHERE finishes_at > :now),
    count(*) FILTER (WHERE finishes_at <= :now AND outcome = 'completed'),
    count(*) FILTER (WHERE finishes_at <= :now AND outcome = 'failed')
FROM graphs LEFT JOIN graph_files ON graph_id = graphs.id LEFT JOIN uploads ON uploads.id = file_id
WHERE :id IS NULL OR graphs.id = :id
GROUP BY graphs.seq ORDER BY graphs.seq DESC
"""


class Graphs:
    """Reads and writes Knowledge Graphs; its methods block, and are safe to call from several threads at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, graph: Graph) -> None:
        """Keep a new Knowledge Graph."""
        with self._database.connection() as connection:
            connection.execute(ADD_GRAPH, vars(graph))

    def get(self, graph_id: str, now: float) -> Graph | None:
        """Return the Knowledge Graph with this id, and its counts at that moment."""
        with self._database.connection() as connection:
            row = connection.execute(GRAPHS, {"id": graph_id, "now": now}).fetchone()
        return Graph(*row) if row else None

    def all(self, now: float) -> list[Graph]:
        """Return all Knowledge Graphs, newest first."""
        with self._database.connection() as connection:
            return [Graph(*row) for row in connection.execute(GRAPHS, {"id": None, "now": now})]

    def of_agent(self, agent_id: str) -> list[str]:
        """Return the ids of those that the agent uses, in the order they were given."""
        query = "SELECT graph_id FROM agent_graphs WHERE agent_id = ? ORDER BY position"
        with self._database.connection() as connection:
            return [row[0] for row in connection.execute(query, [agent_id])]

    def set_for_agent(self, agent_id: str, graph_ids: Sequence[str]) -> None:
        """Have the agent use these and no others."""
        rows = [(agent_id, position, graph_id) for position, graph_id in enumerate(graph_ids)]
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM agent_graphs WHERE agent_id = ?", [agent_id])
            connection.executemany(ADD_TO_AGENT, rows)
