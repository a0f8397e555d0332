"""What is known of each connection to Writer: its health, holds, and which requests left.

Requests are counted in seconds of a time of their own. In a file it is the machine's since its start, which nobody can
set: see `Clock.steady`. On a server it is the server's wall clock as each process reads it when it starts, and counts
on from by its machine's seconds: see `Connections.ahead_of`. Who sets that clock changes nothing for processes that
run; those that start later differ from them by as much. Time may also begin anew, when the machine is started again:
what was noted before then looks as if it were still to come.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Double, bindparam, cast, func, select, text, update

from services.models import ConnectionHealth
from services.store import codec
from services.store.database import AnyRow, Database
from services.store.tables import connections
from services.store.window import Decision, Noted, Window, ask, held_until, refuse

_TIME_READINGS = 3
"""How often the server is asked for its time; the quickest answer is the most precise."""

# Every request passes through here, and building a statement costs more than executing it.
_ONE = select(connections).where(connections.c.id == bindparam("this"))
_ONE_TO_CHANGE = _ONE.with_for_update()
_SERVERS_TIME = select(cast(func.extract("epoch", func.clock_timestamp()), Double))


class Connections:
    """The connections in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def health(self, connection_id: str) -> ConnectionHealth:
        """What the last requests said about the connection."""
        with self._database.read() as connection:
            row = connection.execute(_ONE, {"this": connection_id}).one_or_none()
        if row is None:
            return ConnectionHealth()
        return ConnectionHealth(codec.moment(row.unreachable_since), codec.moment(row.key_refused_at), row.detail)

    def clear_trouble(self, connection_id: str) -> None:
        """Note that Writer answers."""
        self._set(connection_id, unreachable_since=None, key_refused_at=None, detail="")

    def unreachable(self, connection_id: str, now: float, detail: str) -> None:
        """Note that Writer can't be reached; the time of the first such note is kept."""
        since = func.coalesce(connections.c.unreachable_since, now)
        self._set(connection_id, unreachable_since=since, detail=detail)

    def key_refused(self, connection_id: str, now: float, detail: str) -> None:
        """Note that Writer refuses the key."""
        self._set(connection_id, key_refused_at=now, unreachable_since=None, detail=detail)

    def ahead_of(self, steady: Callable[[], float]) -> float:
        """How far the time by which requests are counted is ahead of that of this machine, which `steady` tells.

        A file is for the processes of one machine. A server is for those of many, and it is the server's wall clock
        that they share, as it is now. Seconds.
        """
        if self._database.is_sqlite:
            return 0.0
        with self._database.read() as connection:
            looks = [_look_at(connection, steady) for _ in range(_TIME_READINGS)]
        return min(looks)[1]

    def hold(
        self, connection_id: str, now: float, until: float, reason: str = "", next_poll: float | None = None
    ) -> None:
        """Hold all requests until then, or until a later time that was set already; `reason` is Writer's own words.

        Only a poll may leave from `next_poll` on, so that results are still seen while a hold is long.
        """
        with self._database.write() as connection:
            earlier = held_until(_locked(connection, connection_id), now)
            held = {"hold_until": max(until, earlier or until), "held_at": now}
            _change(connection, connection_id, **held, hold_reason=reason, next_poll=next_poll)

    def window(self, connection_id: str, now: float, seconds: float) -> Window:
        """What left in the last `seconds`, to be read only."""
        with self._database.read() as connection:
            row = connection.execute(_ONE, {"this": connection_id}).one_or_none()
            return Window(now) if row is None else Noted(connection, row, now, seconds).window

    def reserve(
        self,
        connection_id: str,
        batch_id: str | None,
        seconds: float,
        clock: Callable[[], float],
        decide: Callable[[Window], Decision],
    ) -> Decision:
        """Enter the requests that `decide` lets leave now, of a batch or (None) others; gives what it decided.

        What it is given is what left in the last seconds, and nobody else decides at the same time.
        """
        with self._database.write() as connection:
            row = _locked(connection, connection_id)
            now = clock()  # waiting for the lock took time
            noted = Noted(connection, row, now, seconds)
            noted.tidy(connection)
            if row.paced_at is not None and row.paced_at > now:
                _change(connection, connection_id, paced_at=now)
            if row.hold_until is not None and noted.held_until is None:
                _change(connection, connection_id, hold_until=None)  # or else the time that began anew comes to it
            decision = decide(noted.window)
            if decision.number:
                noted.enter(connection, batch_id, decision)
            if batch_id is not None:
                ask(connection, connection_id, batch_id, decision.asks_until)
            if decision.next_poll is not None:
                _change(connection, connection_id, next_poll=decision.next_poll)
            if decision.next_trickle is not None:
                _change(connection, connection_id, next_trickle=decision.next_trickle)
            return decision

    def pace(
        self,
        connection_id: str,
        refused: str | None,
        seconds: float,
        clock: Callable[[], float],
        decide: Callable[[Window], float | None],
    ) -> None:
        """Keep the pace that `decide` finds (None: as it was), after a refusal of a request of that batch, if any."""
        with self._database.write() as connection:
            row = _locked(connection, connection_id)
            now = clock()
            if refused is not None:
                refuse(connection, connection_id, refused)
            pace = decide(Noted(connection, row, now, seconds).window)
            if pace is not None:
                _change(connection, connection_id, pace=pace, paced_at=now)

    def _set(self, connection_id: str, **values: Any) -> None:
        with self._database.write() as connection:
            _ensure(connection, connection_id)
            _change(connection, connection_id, **values)


def _ensure(connection: Connection, connection_id: str) -> None:
    # two processes may note a new connection at the same time
    statement = "INSERT INTO connections (id, detail) VALUES (:id, '') ON CONFLICT (id) DO NOTHING"
    connection.execute(text(statement), {"id": connection_id})


def _change(connection: Connection, connection_id: str, **values: Any) -> None:
    connection.execute(update(connections).where(connections.c.id == connection_id).values(**values))


def _look_at(connection: Connection, steady: Callable[[], float]) -> tuple[float, float]:
    """How long the server took to tell its time, and how far that is ahead: it was told half-way, as far as we know."""
    before = steady()
    there: float = connection.execute(_SERVERS_TIME).scalar_one()
    after = steady()
    return after - before, there - (before + after) / 2


def _locked(connection: Connection, connection_id: str) -> AnyRow:
    """The connection's row, which is the lock: on PostgreSQL two processes must not count at the same time."""
    row = connection.execute(_ONE_TO_CHANGE, {"this": connection_id}).one_or_none()
    if row is None:
        _ensure(connection, connection_id)
        row = connection.execute(_ONE_TO_CHANGE, {"this": connection_id}).one()
    return row
