"""What is known of each connection to Writer: its health, who must hold, and when requests left."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, case, delete, func, insert, select, text, update

from services.models import ConnectionHealth
from services.store import codec
from services.store.database import Database
from services.store.tables import connections, requests

_LONGEST_HOLD = 3_700.0
"""Seconds; a hold beyond that was set by a clock that was ahead. Writer's `Retry-After` is believed up to an hour."""


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
        """Let nobody send before then, or before a later time that was set already."""
        later = case((connections.c.hold_until > until, connections.c.hold_until), else_=until)
        self._set(connection_id, hold_until=later)

    def reserve(
        self, connection_id: str, most: int, limit: int, window: float, clock: Callable[[], float]
    ) -> tuple[int, float]:
        """Enter up to `most` requests that leave now, so that no more than `limit` leave in any `window` seconds.

        Gives how many were entered, and, where that is none, the time at which asking again makes sense.
        """
        with self._database.write() as connection:
            _ensure(connection, connection_id)
            # the row is the lock: on PostgreSQL two processes must not count at the same time
            hold = select(connections.c.hold_until).where(connections.c.id == connection_id).with_for_update()
            held = connection.execute(hold).scalar_one()
            now = clock()  # waiting for the lock took its time
            if held is not None and now < held < now + _LONGEST_HOLD:
                return 0, held
            return _enter(connection, connection_id, most, limit, window, now)

    def _set(self, connection_id: str, **values: Any) -> None:
        with self._database.write() as connection:
            _ensure(connection, connection_id)
            connection.execute(update(connections).where(connections.c.id == connection_id).values(**values))


def _ensure(connection: Connection, connection_id: str) -> None:
    # two processes may note a new connection at the same time
    statement = "INSERT INTO connections (id, detail) VALUES (:id, '') ON CONFLICT (id) DO NOTHING"
    connection.execute(text(statement), {"id": connection_id})


def _enter(
    connection: Connection, connection_id: str, most: int, limit: int, window: float, now: float
) -> tuple[int, float]:
    mine = requests.c.connection == connection_id
    # a process whose clock was ahead entered what is still to come; it left now at the latest
    connection.execute(update(requests).where(mine, requests.c.at > now).values(at=now))
    connection.execute(delete(requests).where(mine, requests.c.at <= now - window))
    used, oldest = connection.execute(select(func.count(), func.min(requests.c.at)).where(mine)).one()
    granted = min(most, limit - used)
    if granted <= 0:
        return 0, oldest + window
    connection.execute(insert(requests), [{"connection": connection_id, "at": now}] * granted)
    return int(granted), now
