"""What left on a connection in the last seconds, and who waits for a turn: read once for a turn, and noted."""

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import Connection, Text, bindparam, delete, insert, or_, select, update

from services.store.database import AnyRow
from services.store.tables import requests, waiters

_CLOCK_DIFFERENCE_S = 1.0
"""Seconds by which two processes may differ about the time; in a file they do not."""
_ENTRY_SPAN_S = 0.1
"""Seconds; what leaves for a batch within the same ones is one entry, so that thousands in a minute are few to read."""
_KEPT_LONGER_S = 5.0
"""Seconds for which the oldest entry stays when it has left the window: so not every turn has one to delete."""

# Every request takes its turn here, and to make a statement costs more than to execute it.
_THIS = bindparam("this", type_=Text)
_MINE = requests.c.connection == _THIS
_ENTRIES = (
    select(
        requests.c.id, requests.c.at, requests.c.batch_id, requests.c.number, requests.c.refused, requests.c.trickled
    )
    .where(_MINE)
    .order_by(requests.c.at, requests.c.id)
)
_NOT_LATER = update(requests).where(_MINE, requests.c.at > bindparam("now")).values(at=bindparam("now"))
_FORGET = delete(requests).where(_MINE, requests.c.at <= bindparam("until_then"))
_ADD = update(requests).where(requests.c.id == bindparam("entry"))
_ADD = _ADD.values(
    at=bindparam("now"),
    number=requests.c.number + bindparam("more"),
    trickled=requests.c.trickled + bindparam("more_trickled"),
)
_REFUSE = update(requests).where(requests.c.id == bindparam("entry")).values(refused=requests.c.refused + 1)
_WAITERS = select(waiters.c.batch_id, waiters.c.until).where(waiters.c.connection == _THIS)
_ASK = update(waiters).where(waiters.c.connection == _THIS, waiters.c.batch_id == bindparam("batch"))
_ASK = _ASK.values(until=bindparam("new_until"))
_ASK_NO_MORE = delete(waiters).where(
    waiters.c.connection == _THIS, or_(waiters.c.until <= bindparam("now"), waiters.c.until > bindparam("last"))
)


class Entry(NamedTuple):
    """Requests that left together."""

    at: float
    batch_id: str | None
    """Whose jobs they start; None for polls and all else."""
    number: int
    refused: int = 0
    """Of those, the ones Writer refused for the time being."""
    trickled: int = 0
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
    waiters: frozenset[str] = frozenset()
    """The batches that wait for a turn, or had one a moment ago."""
    next_trickle: float = 0.0
    """When large batches may take from what is kept back for others."""
    pace: float | None = None
    """Jobs a minute that Writer was found to accept; None: as many as the limit allows."""
    paced_at: float = 0.0
    """When that was found."""
    hold_reason: str = ""
    """What Writer said when it asked for the hold."""
    next_poll: float = math.inf
    """When one poll may leave although the hold lasts."""

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
    next_trickle: float | None = None
    """A new time for that, where the requests are taken from it."""
    next_poll: float | None = None
    """A new time for that, where this is a poll during a hold."""

    @property
    def trickled(self) -> int:
        """The requests that are taken from what is kept back."""
        return 0 if self.next_trickle is None else self.number


class Noted:
    """What is noted of a connection, read once for a turn."""

    def __init__(self, connection: Connection, row: AnyRow, now: float, seconds: float) -> None:
        self._row = row
        self._now = now
        self._seconds = seconds
        self._entries = connection.execute(_ENTRIES, {"this": row.id}).all()
        self._askers = connection.execute(_WAITERS, {"this": row.id}).all()
        self.held_until = held_until(row, now)
        """Until when nobody may send, where that is still to come."""
        # nobody is told to ask again later than when the window has passed, or the hold
        self._last = (self.held_until or now) + 2 * seconds

    @property
    def window(self) -> Window:
        """What it is now; what seems to be still to come was now at the latest."""
        now, seconds = self._now, self._seconds
        return Window(
            now,
            tuple(
                Entry(min(at, now), batch_id, number, refused, trickled)
                for _, at, batch_id, number, refused, trickled in self._entries
                if at + seconds > now
            ),
            self.held_until,
            frozenset(batch_id for batch_id, until in self._askers if now < until <= self._last),
            self._row.next_trickle or 0.0,
            self._row.pace,
            min(self._row.paced_at or 0.0, now),
            self._row.hold_reason if self.held_until else "",
            math.inf if self._row.next_poll is None else self._row.next_poll,
        )

    def tidy(self, connection: Connection) -> None:
        """Forget what left the window, now and then, and correct what seems to lie in the future."""
        this, now, left = self._row.id, self._now, self._now - self._seconds
        if self._entries and self._entries[-1].at > now:
            connection.execute(_NOT_LATER, {"this": this, "now": now})
        if self._entries and self._entries[0].at <= left - _KEPT_LONGER_S:
            connection.execute(_FORGET, {"this": this, "until_then": left})
        if not all(now < waiter.until <= self._last for waiter in self._askers):
            connection.execute(_ASK_NO_MORE, {"this": this, "now": now, "last": self._last})

    def enter(self, connection: Connection, batch_id: str | None, decision: Decision) -> None:
        """Add to the batch's entry of the same tenth of a second, with the later time, or else make one."""
        begin = self._now // _ENTRY_SPAN_S * _ENTRY_SPAN_S
        together = (entry.id for entry in reversed(self._entries) if entry.at >= begin and entry.batch_id == batch_id)
        found, number, trickled = next(together, None), decision.number, decision.trickled
        if found is None:
            new = {
                "connection": self._row.id,
                "at": self._now,
                "batch_id": batch_id,
                "number": number,
                "trickled": trickled,
            }
            connection.execute(insert(requests), new)
        else:
            connection.execute(_ADD, {"entry": found, "now": self._now, "more": number, "more_trickled": trickled})


def held_until(row: AnyRow, now: float) -> float | None:
    """Until when nobody may send on that connection, where that is still to come.

    A hold that was set later than now was set before time began anew.
    """
    until: float | None = row.hold_until
    if until is None or row.held_at is None or row.held_at > now + _CLOCK_DIFFERENCE_S:
        return None
    return until if until > now else None


def ask(connection: Connection, connection_id: str, batch_id: str, until: float) -> None:
    """Note by when a batch asks again."""
    asking = {"this": connection_id, "batch": batch_id, "new_until": until}
    if connection.execute(_ASK, asking).rowcount == 0:
        # the lock on the connection keeps others from doing the same
        connection.execute(insert(waiters).values(connection=connection_id, batch_id=batch_id, until=until))


def refuse(connection: Connection, connection_id: str, batch_id: str) -> None:
    """Count one more request of a batch as refused, among the last that may have been."""
    entries = connection.execute(_ENTRIES, {"this": connection_id}).all()
    may_be = (entry.id for entry in reversed(entries) if entry.batch_id == batch_id and entry.refused < entry.number)
    found = next(may_be, None)
    if found is not None:
        connection.execute(_REFUSE, {"entry": found})
