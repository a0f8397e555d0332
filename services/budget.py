"""Who may send a request, when: never more than the limit in any 60 seconds, in all processes together."""

import asyncio
import random
from collections import defaultdict, deque
from dataclasses import dataclass

from services.clock import Clock
from services.store import Allowance, Store

_WINDOW = 60.0
"""Seconds over which Writer counts requests."""
_JITTER = 1.0
"""Seconds by which a request may reach Writer later than it was entered: the window is counted that much longer."""
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
"""Seconds that everyone holds when nobody said how long: doubled each time, up to the longest."""


@dataclass(frozen=True)
class Grant:
    """Leave to send requests now."""

    number: int
    again_at: float
    """When asking again makes sense, where the number is 0."""


class Budget:
    """The requests of one connection. What is entered here must leave at once, or not at all."""

    def __init__(self, store: Store, connection_id: str, requests_per_minute: int, clock: Clock) -> None:
        self._store = store
        self._connection_id = connection_id
        self._clock = clock
        self._pause = _FIRST_PAUSE
        self._spent: dict[str, deque[float]] = defaultdict(deque)
        # a few below, so that a jitter of the network does not carry one over
        limit = max(1, requests_per_minute - requests_per_minute // 100)
        # jobs leave a twentieth to polls, so that results are seen while rows are sent
        jobs = max(1, limit - limit // 20)
        self._kept_back = limit // 10
        self._for_polls = self._allowance(limit, limit)
        self._for_small_batches = self._allowance(jobs, jobs)
        self._for_large_batches = self._allowance(jobs, jobs - self._kept_back)

    async def reserve(self, batch_id: str, most: int) -> Grant:
        """Enter up to so many requests that create or retry jobs of a batch.

        A batch that has spent much of the last minute gets the reserve only in drops, and only what others leave of it.
        """
        spent = self._spent[batch_id]
        while spent and spent[0] <= self._clock.now() - _WINDOW:
            spent.popleft()
        is_small = len(spent) < self._kept_back // 2
        grant = await self._enter(most, self._for_small_batches if is_small else self._for_large_batches)
        spent.extend([self._clock.now()] * grant.number)
        return grant

    def forget(self, batch_id: str) -> None:
        """Keep no account of a batch any more."""
        self._spent.pop(batch_id, None)

    async def turn(self) -> None:
        """Wait until one other request may leave, and enter it."""
        while (grant := await self._enter(1, self._for_polls)).number == 0:
            await self._clock.sleep(max(0.05, grant.again_at - self._clock.now()))

    async def hold(self, seconds: float | None) -> None:
        """Let everyone hold for so many seconds; None: for a pause that grows each time until `relax`."""
        if seconds is None:
            seconds = self._pause * random.uniform(0.75, 1.25)  # noqa: S311 - no secret: it only spreads requests
            self._pause = min(_LONGEST_PAUSE, self._pause * 2)
        await asyncio.to_thread(self._store.connections.hold, self._connection_id, self._clock.now() + seconds)

    def relax(self) -> None:
        """Begin anew with short pauses, because Writer answers again."""
        self._pause = _FIRST_PAUSE

    def _allowance(self, limit: int, burst: int) -> Allowance:
        # half as long again as the drops take to fill the minute, so that others come first
        spacing = 1.5 * _WINDOW / max(1, self._kept_back)
        return Allowance(limit, max(1, burst), spacing, _WINDOW + _JITTER)

    async def _enter(self, most: int, allowance: Allowance) -> Grant:
        reserve = self._store.connections.reserve
        number, again_at = await asyncio.to_thread(reserve, self._connection_id, most, allowance, self._clock.now)
        return Grant(number, again_at)
