"""What is known of each connection to Writer: its health, who must hold, and when requests left."""

from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text, update

from services.models import ConnectionHealth
from services.store import codec
from services.store.database import Database
from services.store.tables import connections, requests


class Connections:
    """The connections in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def health(self, connection_id: str) -> ConnectionHealth:
        """What the last requests told."""
        with self._database.read() as connection:
            row = connection.execute(select(connections).where(connections.c.id == connection_id)).one_or_none()
        if row is None:
            return ConnectionHealth()
        return ConnectionHealth(codec.moment(row.unreachable_since), codec.moment(row.key_refused_at), row.detail)

    def well(self, connection_id: str) -> None:
        """Note that Writer answers."""
        self._set(connection_id, unreachable_since=None, key_refused_at=None, detail="")

    def unreachable(self, connection_id: str, now: float, detail: str) -> None:
        """Note that Writer cannot be reached; the time of the first such note is kept."""
        since = func.coalesce(connections.c.unreachable_since, now)
        self._set(connection_id, unreachable_since=since, detail=detail)

    def key_refused(self, connection_id: str, now: float, detail: str) -> None:
        """Note that Writer refuses the key."""
        self._set(connection_id, key_refused_at=now, unreachable_since=None, detail=detail)

    def hold(self, connection_id: str, until: float) -> None:
        """Let nobody send before then."""
        self._set(connection_id, hold_until=until)

    def reserve(self, connection_id: str, most: int, limit: int, since: float, now: float) -> tuple[int, float]:
        """Enter up to `most` requests that leave now, so that no more than `limit` have left after `since`.

        Gives how many were entered, and, where that is none, the time at which asking again makes sense.
        """
        with self._database.write() as connection:
            _ensure(connection, connection_id)
            where = connections.c.id == connection_id
            # the row is the lock: on PostgreSQL two processes must not count at the same time
            held = connection.execute(select(connections.c.hold_until).where(where).with_for_update()).scalar_one()
            if held is not None and held > now:
                return 0, held
            mine = requests.c.connection == connection_id
            connection.execute(delete(requests).where(mine, requests.c.at <= since))
            used, oldest = connection.execute(select(func.count(), func.min(requests.c.at)).where(mine)).one()
            granted = min(most, limit - used)
            if granted <= 0:
                return 0, oldest + (now - since)
            connection.execute(insert(requests), [{"connection": connection_id, "at": now}] * granted)
            return int(granted), now

    def _set(self, connection_id: str, **values: Any) -> None:
        with self._database.write() as connection:
            _ensure(connection, connection_id)
            connection.execute(update(connections).where(connections.c.id == connection_id).values(**values))


def _ensure(connection: Connection, connection_id: str) -> None:
    # two processes may note a new connection at the same time
    statement = "INSERT INTO connections (id, detail) VALUES (:id, '') ON CONFLICT (id) DO NOTHING"
    connection.execute(text(statement), {"id": connection_id})
