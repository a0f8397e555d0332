"""Who may send a request, when: never more than the limit in any 60 seconds, in all processes together."""

import asyncio
import random
from collections import defaultdict, deque
from dataclasses import dataclass

from services.clock import Clock
from services.errors import NoEffectError
from services.models import Load
from services.store import Store

_WINDOW = 60.0
"""Seconds over which Writer counts requests."""
_JITTER = 1.0
"""Seconds by which a request may reach Writer later than it was entered: the window is counted that much longer."""
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
"""Seconds of a pause when nobody said how long: doubled each time, up to the longest."""
_PATIENCE = 5.0
"""Seconds that a person waits for a turn."""


@dataclass(frozen=True)
class Grant:
    """Leave to send requests now."""

    number: int
    again_at: float
    """When asking again makes sense, where the number is 0."""


class _Growing:
    """Pauses that double, up to the longest, with some jitter so that processes do not come back together."""

    def __init__(self) -> None:
        self._next = _FIRST_PAUSE

    def next(self, *, afresh: bool = False) -> float:
        """Seconds of the next pause; `afresh` begins with the first one again."""
        seconds = _FIRST_PAUSE if afresh else self._next
        self._next = min(_LONGEST_PAUSE, seconds * 2)
        return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - no secret: it only spreads requests


class Budget:
    """The requests of one connection. What is entered here must leave at once, or not at all."""

    def __init__(self, store: Store, connection_id: str, requests_per_minute: int, clock: Clock) -> None:
        self._store = store
        self._connection_id = connection_id
        self._clock = clock
        self._pauses = _Growing()
        self._paused_until = 0.0
        self._holds = _Growing()
        self._held_until = 0.0
        self._spent: dict[str, deque[float]] = defaultdict(deque)
        # a few below, so that a jitter of the network does not carry one over
        self._limit = max(1, requests_per_minute - requests_per_minute // 100)
        # large batches leave a twentieth to polls and small batches, so that results are seen while rows are sent
        self._for_large = max(1, self._limit - self._limit // 20)
        self._kept_back = self._limit // 10
        self.jobs_per_minute: float = self._for_large
        self._next_drop = 0.0

    async def reserve(self, batch_id: str, most: int) -> Grant:
        """Enter up to so many requests that create or retry jobs of a batch.

        A tenth of the limit is kept back for batches that have spent little in the last minute; the others get it in
        drops, and only what is left of it.
        """
        spent, now = self._spent[batch_id], self._clock.now()
        while spent and spent[0] <= now - _WINDOW:
            spent.popleft()
        if len(spent) < self._kept_back // 2:
            grant = await self._enter(most, self._limit)
        else:
            grant = await self._enter_large(most)
        spent.extend([now] * grant.number)
        return grant

    def forget(self, batch_id: str) -> None:
        """Keep no account of a batch any more."""
        self._spent.pop(batch_id, None)

    async def turn(self) -> None:
        """Wait until one other request may leave, and enter it."""
        while (grant := await self._enter(1, self._limit)).number == 0:
            await self._clock.sleep(max(0.05, grant.again_at - self._clock.now()))

    async def person_turn(self) -> None:
        """Enter a request that a person waits for; a pause of ours is no reason to let them wait.

        Raises NoEffectError: there is no turn within seconds.
        """
        until = self._clock.now() + _PATIENCE
        while (grant := await self._enter(1, self._limit, pausing=False)).number == 0:
            if grant.again_at > until:
                raise NoEffectError("Writer's limit is used up for the moment. Try again in a minute.")
            await self._clock.sleep(max(0.05, grant.again_at - self._clock.now()))

    async def hold(self, seconds: float | None) -> None:
        """After a 429, let everyone hold, in all processes: for so many seconds, or as long as it takes to fit."""
        now = self._clock.now()
        if seconds is None:
            if now < self._held_until:
                return  # requests are refused together
            # good answers between two refusals do not mean that the pace is right: only a minute without one does
            seconds = self._holds.next(afresh=now > self._held_until + _WINDOW)
        self._held_until = now + seconds
        await asyncio.to_thread(self._store.connections.hold, self._connection_id, self._held_until)

    def load(self) -> Load:
        """What the requests of the connection are doing right now, those of all processes."""
        return Load(0, self._limit)

    def pause(self) -> None:
        """Send nothing from this process for a growing while, because Writer cannot be asked."""
        now = self._clock.now()
        if now >= self._paused_until:  # requests fail together
            self._paused_until = now + self._pauses.next()

    def relax(self) -> None:
        """Go on at once, and begin anew with short pauses: Writer answers again, or a person wants to try."""
        self._pauses = _Growing()
        self._paused_until = 0.0

    async def _enter_large(self, most: int) -> Grant:
        grant = await self._enter(most, max(1, self._for_large - self._kept_back))
        now = self._clock.now()
        if grant.number or now < self._next_drop:
            return Grant(grant.number, min(grant.again_at, max(now, self._next_drop)))
        grant = await self._enter(1, self._for_large)
        if grant.number:
            self._next_drop = now + _WINDOW / max(1, self._kept_back)
        return grant

    async def _enter(self, most: int, limit: int, *, pausing: bool = True) -> Grant:
        if pausing and self._clock.now() < self._paused_until:
            return Grant(0, self._paused_until)
        reserve, window = self._store.connections.reserve, _WINDOW + _JITTER
        number, again_at = await asyncio.to_thread(reserve, self._connection_id, most, limit, window, self._clock.now)
        return Grant(number, again_at)
