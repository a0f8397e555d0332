"""What is known of each connection to Writer: its health, who must hold, and which requests left.

Requests are counted by a time that nobody can set: see `Connections.ahead_of` and `Clock.steady`. It may begin anew
when the machine is started again; what was noted before that then looks as if it were still to come.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Connection, Double, case, cast, delete, func, insert, or_, select, text, update

from services.models import ConnectionHealth
from services.store import codec
from services.store.database import AnyRow, Database
from services.store.tables import askers, connections, requests

_LONGEST_HOLD = 3_700.0
"""Seconds; a hold beyond that is from another time. Writer's `Retry-After` is believed up to an hour."""
_TOGETHER = 0.1
"""Seconds; what leaves for a batch within the same ones is one entry, so that thousands in a minute are few to read."""


class Entry(NamedTuple):
    """Requests that left together."""

    at: float
    batch_id: str | None
    """Whose jobs they start; None for polls and all else."""
    number: int
    refused: int = 0
    """Of those, the ones Writer refused for the time being."""
    drops: int = 0
    """Of those, the ones that were taken from what large batches leave to others."""

    @property
    def jobs(self) -> int:
        """The jobs they started, or may still start."""
        return 0 if self.batch_id is None else self.number - self.refused


@dataclass(frozen=True)
class Window:
    """What left on a connection in the last seconds, by whichever process, and what all its senders keep to."""

    now: float
    entries: tuple[Entry, ...] = ()
    """The oldest first."""
    held_until: float | None = None
    """Until when nobody may send, where that is still to come."""
    askers: frozenset[str] = frozenset()
    """The batches that wait for a turn, or had one a moment ago."""
    next_drop: float = 0.0
    """When large batches may take from what is kept back for others."""
    pace: float | None = None
    """Jobs a minute that Writer was found to accept; None: as many as the limit allows."""
    paced_at: float = 0.0
    """When that was found."""

    @cached_property
    def requests(self) -> int:
        """All requests in the window."""
        return sum(entry.number for entry in self.entries)

    @cached_property
    def jobs(self) -> Counter[str]:
        """The jobs that each batch started, or may still start; a request that was refused starts none."""
        jobs: Counter[str] = Counter()
        for entry in self.entries:
            if entry.batch_id is not None:
                jobs[entry.batch_id] += entry.jobs
        return jobs


@dataclass(frozen=True)
class Decision:
    """What becomes of one that asks to send."""

    number: int
    """Requests that leave now."""
    again_at: float
    """When asking again makes sense, where the number is 0."""
    asks_until: float = 0.0
    """By when the batch will have asked again, or else does not wait any more."""
    next_drop: float | None = None
    """A new time for that, where the requests are taken from it."""

    @property
    def drops(self) -> int:
        """The requests that are taken from what is kept back."""
        return 0 if self.next_drop is None else self.number


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

    def ahead_of(self, steady: float) -> float:
        """How far the time by which requests are counted is ahead of that of this machine, which is now `steady`.

        A file is for the processes of one machine. A server is for those of many, and it is the server's time that
        they share.
        """
        if self._database.is_sqlite:
            return 0.0
        there = select(cast(func.extract("epoch", func.clock_timestamp()), Double))
        with self._database.read() as connection:
            now: float = connection.execute(there).scalar_one()
        return now - steady

    def hold(self, connection_id: str, until: float) -> None:
        """Let nobody send before then, or before a later time that was set already."""
        too_late = until + _LONGEST_HOLD
        was_later = connections.c.hold_until.between(until, too_late)
        later = case((was_later, connections.c.hold_until), else_=until)
        self._set(connection_id, hold_until=later)

    def window(self, connection_id: str, now: float, seconds: float) -> Window:
        """What left in the last seconds, to be looked at."""
        with self._database.read() as connection:
            row = connection.execute(select(connections).where(connections.c.id == connection_id)).one_or_none()
            return Window(now) if row is None else _window(connection, row, now, seconds)

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
            now = clock()  # waiting for the lock took its time
            _tidy(connection, row, now, seconds)
            decision = decide(_window(connection, row, now, seconds))
            if decision.number:
                _enter(connection, connection_id, batch_id, decision, now)
            if batch_id is not None:
                _ask(connection, connection_id, batch_id, decision.asks_until)
            if decision.next_drop is not None:
                _change(connection, connection_id, next_drop=decision.next_drop)
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
                _refuse(connection, connection_id, refused)
            pace = decide(_window(connection, row, now, seconds))
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


def _locked(connection: Connection, connection_id: str) -> AnyRow:
    """The connection's row, which is the lock: on PostgreSQL two processes must not count at the same time."""
    query = select(connections).where(connections.c.id == connection_id).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        _ensure(connection, connection_id)
        row = connection.execute(query).one()
    return row


def _tidy(connection: Connection, row: AnyRow, now: float, seconds: float) -> None:
    """Forget what left the window; what seems to be still to come was now at the latest."""
    mine = requests.c.connection == row.id
    connection.execute(update(requests).where(mine, requests.c.at > now).values(at=now))
    connection.execute(delete(requests).where(mine, requests.c.at + seconds <= now))
    # nobody is told to ask again later than when the window has passed, or the hold
    last = (_held_until(row, now) or now) + 2 * seconds
    gone = or_(askers.c.until <= now, askers.c.until > last)
    connection.execute(delete(askers).where(askers.c.connection == row.id, gone))
    if row.paced_at is not None and row.paced_at > now:
        _change(connection, row.id, paced_at=now)


def _held_until(row: AnyRow, now: float) -> float | None:
    """Until when nobody may send, where that is still to come."""
    held: float | None = row.hold_until
    return held if held is not None and now < held < now + _LONGEST_HOLD else None


def _window(connection: Connection, row: AnyRow, now: float, seconds: float) -> Window:
    columns = (requests.c.at, requests.c.batch_id, requests.c.number, requests.c.refused, requests.c.drops)
    entries = select(*columns).where(requests.c.connection == row.id).order_by(requests.c.at)
    asking = select(askers.c.batch_id).where(askers.c.connection == row.id, askers.c.until > now)
    return Window(
        now,
        tuple(entry for entry in map(Entry._make, connection.execute(entries)) if entry.at + seconds > now),
        _held_until(row, now),
        frozenset(connection.execute(asking).scalars()),
        row.next_drop or 0.0,
        row.pace,
        min(row.paced_at or 0.0, now),
    )


def _enter(connection: Connection, connection_id: str, batch_id: str | None, decision: Decision, now: float) -> None:
    """Add to the batch's entry of the same tenth of a second, with the later time, or else make one."""
    begin = now // _TOGETHER * _TOGETHER
    together = (requests.c.connection == connection_id, requests.c.batch_id.is_not_distinct_from(batch_id))
    last = select(func.max(requests.c.id)).where(*together, requests.c.at >= begin)
    found = connection.execute(last).scalar_one()
    if found is None:
        what = {"number": decision.number, "drops": decision.drops}
        connection.execute(insert(requests).values(connection=connection_id, at=now, batch_id=batch_id, **what))
    else:
        number, drops = requests.c.number + decision.number, requests.c.drops + decision.drops
        more = {"at": now, "number": number, "drops": drops}
        connection.execute(update(requests).where(requests.c.id == found).values(more))


def _ask(connection: Connection, connection_id: str, batch_id: str, until: float) -> None:
    """Note by when a batch asks again."""
    one = (askers.c.connection == connection_id, askers.c.batch_id == batch_id)
    if connection.execute(update(askers).where(*one).values(until=until)).rowcount == 0:
        # the lock on the connection keeps others from doing the same
        connection.execute(insert(askers).values(connection=connection_id, batch_id=batch_id, until=until))


def _refuse(connection: Connection, connection_id: str, batch_id: str) -> None:
    """Count one more request of a batch as refused, among the last that may have been."""
    mine = (requests.c.connection == connection_id, requests.c.batch_id == batch_id)
    last = select(requests.c.id).where(*mine, requests.c.refused < requests.c.number).order_by(requests.c.at.desc())
    found = connection.execute(last.limit(1)).scalar_one_or_none()
    if found is not None:
        connection.execute(update(requests).where(requests.c.id == found).values(refused=requests.c.refused + 1))
