"""Uploaded files in the database."""

import json
from typing import Any

from services.sandbox.records import File
from services.sandbox.store.database import Database

FILE = "id, name, size, sha256, created_at, finishes_at, outcome"

ADD_FILE = f"""
INSERT INTO uploads ({FILE}) VALUES (:id, :name, :size, :sha256, :created_at, :finishes_at, :outcome)
"""  # noqa: S608 - put together from constants

ADD_TO_GRAPH = "INSERT OR IGNORE INTO graph_files (graph_id, file_id) VALUES (:graph_id, :file_id)"

GET_FILE = f"""
SELECT {FILE}, (SELECT json_group_array(graph_id) FROM graph_files WHERE file_id = uploads.id)
FROM uploads WHERE id = ?
"""  # noqa: S608 - put together from constants

LIST_FILES = """
SELECT id, name FROM uploads
WHERE (:status IS NULL OR :status = CASE WHEN finishes_at > :now THEN 'in_progress' ELSE outcome END)
AND (:graph_id IS NULL OR id IN (SELECT file_id FROM graph_files WHERE graph_id = :graph_id))
ORDER BY seq DESC
"""


class Files:
    """Reads and writes files; its methods block, and are safe to call from several threads at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, file: File, graph_id: str | None) -> None:
        """Keep what is known of an uploaded file, in that Knowledge Graph if one is named."""
        with self._database.transaction() as connection:
            connection.execute(ADD_FILE, vars(file))
            if graph_id is not None:
                connection.execute(ADD_TO_GRAPH, {"graph_id": graph_id, "file_id": file.id})

    def get(self, file_id: str) -> File | None:
        """Return the file with this id."""
        with self._database.connection() as connection:
            row = connection.execute(GET_FILE, [file_id]).fetchone()
        return File(*(*row[:-1], tuple(json.loads(row[-1])))) if row else None

    def was_uploaded(self, name: str, sha256: str) -> bool:
        """Return whether the same content was uploaded under the same name before."""
        query = "SELECT 1 FROM uploads WHERE name = ? AND sha256 = ? LIMIT 1"
        with self._database.connection() as connection:
            return connection.execute(query, [name, sha256]).fetchone() is not None

    def named(self, status: str | None, graph_id: str | None, now: float) -> list[tuple[str, str]]:
        """Return ids and names, newest first: with a status or a Knowledge Graph, of the files that have it."""
        values: dict[str, Any] = {"status": status, "graph_id": graph_id, "now": now}
        with self._database.connection() as connection:
            return connection.execute(LIST_FILES, values).fetchall()

    def process_again(self, file_id: str, finishes_at: float, outcome: str) -> None:
        """Begin to process a file once more."""
        query = "UPDATE uploads SET finishes_at = ?, outcome = ? WHERE id = ?"
        with self._database.connection() as connection:
            connection.execute(query, [finishes_at, outcome, file_id])

    def delete(self, file_id: str) -> bool:
        """Forget a file, also in its Knowledge Graphs; False if there is none."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM graph_files WHERE file_id = ?", [file_id])
            return connection.execute("DELETE FROM uploads WHERE id = ?", [file_id]).rowcount == 1

    def add_to_graph(self, file_id: str, graph_id: str) -> None:
        """Put a file into a Knowledge Graph; nothing changes where it is in it."""
        with self._database.connection() as connection:
            connection.execute(ADD_TO_GRAPH, {"graph_id": graph_id, "file_id": file_id})

    def remove_from_graph(self, file_id: str, graph_id: str) -> bool:
        """Take a file out of a Knowledge Graph; False if it isn't in it."""
        query = "DELETE FROM graph_files WHERE graph_id = ? AND file_id = ?"
        with self._database.connection() as connection:
            return connection.execute(query, [graph_id, file_id]).rowcount == 1
