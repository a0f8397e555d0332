"""The requests of one connection: asked for, waited for, held back. What the rules are is in `rules.py`."""

import asyncio
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from services.clock import Clock
from services.engine.budget.pace import after_failures, after_refusal
from services.engine.budget.rules import HELD_POLL_INTERVAL_S, Rules
from services.errors import NoEffectError
from services.models import Load
from services.store import Decision, Store, Window

_WINDOW_S = 60.0
"""Seconds over which Writer counts requests."""
_JITTER_S = 0.5
"""Seconds by which a request may reach Writer later than it was entered: the window is counted that much longer."""
_MIN_PAUSE_S = 1.0
_MAX_PAUSE_S = 60.0
"""Seconds of a pause when nobody said how long: doubled each time, up to the longest."""
MAX_HELD_POLL_INTERVAL_S = 300.0
"""Seconds between two polls at the most while Writer asked everyone to hold, however long that lasts."""
_SLACK_SHARE = 0.7
"""The share of the limit below which polls may be more frequent."""
_PERSON_PATIENCE_S = 5.0
"""Seconds that a person waits for a request to leave."""
_MIN_WAIT_S = 0.05
"""Seconds between two tries to get a turn at the least."""


@dataclass(frozen=True)
class Grant:
    """Leave to send requests now."""

    number: int
    wait: float
    """Seconds after which asking again makes sense, where the number is 0."""


class _Growing:
    """Pauses that double, up to the longest, with some jitter so that processes do not come back together."""

    def __init__(self) -> None:
        self._next = _MIN_PAUSE_S

    def next(self, *, afresh: bool = False) -> float:
        """Seconds of the next pause; `afresh` begins with the first one again."""
        seconds = _MIN_PAUSE_S if afresh else self._next
        self._next = min(_MAX_PAUSE_S, seconds * 2)
        return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - no secret: it only spreads requests


class Budget:
    """The requests of one connection. What is entered here must leave at once, or not at all."""

    def __init__(self, store: Store, connection_id: str, requests_per_minute: int, clock: Clock) -> None:
        self._store = store
        self._connection_id = connection_id
        self._clock = clock
        self._ahead = store.connections.ahead_of(clock.steady)
        self._pauses = _Growing()
        self._paused_until = 0.0
        self.relaxed_at = -math.inf
        """When a person last wanted to try, by the clock's `now`."""
        self._holds = _Growing()
        self._held_until = 0.0
        self._held_poll_pause = HELD_POLL_INTERVAL_S
        # a few below, so that a jitter of the network does not carry one over
        limit = max(1, requests_per_minute - requests_per_minute // 100)
        self._rules = Rules(limit, _WINDOW_S, _JITTER_S)
        self._failed_at: list[float] = []
        self.jobs_per_minute: float = self._rules.for_jobs
        """The pace at which large batches may start jobs, as this process saw it last."""
        self.jobs_in_minute = 0
        """Jobs that were started in the last minute, as this process saw it last."""
        self.is_slack = True
        """Whether the limit is far from used up, so that polls take nothing from anybody."""

    async def reserve(self, batch_id: str, most: int) -> Grant:
        """Enter up to so many requests that create or retry jobs of a batch."""
        return await self._enter(batch_id, lambda window: self._rules.jobs(window, batch_id, most))

    async def acquire(self) -> None:
        """Wait until one other request may leave, and enter it."""
        await self._wait_for_turn(self._rules.other)

    async def acquire_for_file(self) -> None:
        """The same for an upload that rows wait for, or a question about it: it leaves jobs and polls their part."""
        await self._wait_for_turn(self._rules.file)

    async def acquire_for_person(self) -> None:
        """Enter a request that a person waits for; a pause of ours is no reason to let them wait.

        Raises NoEffectError: there is no turn within seconds.
        """
        until = self._now() + _PERSON_PATIENCE_S
        while (grant := await self._enter(None, self._rules.other, pausing=False)).number == 0:
            if self._now() + grant.wait > until:
                raise NoEffectError("The rate limit is used up for the moment. Try again in a minute.")
            await self._clock.sleep(max(_MIN_WAIT_S, grant.wait))

    async def hold(self, seconds: float | None, reason: str = "", *, refused_poll: bool = False) -> None:
        """After a 429, let everyone hold, in all processes: for so many seconds, or as long as it takes to fit.

        A second at the least: `Retry-After: 0` would have whoever was refused ask again at once, and again. `reason` is
        what Writer said. Polls go on during a long hold, but rarely, and more rarely where it was a poll that was
        refused.
        """
        now = self._now()
        poll_pause = self._next_poll_pause(now, seconds if refused_poll else None)
        if seconds is not None:
            self._held_until = now + max(seconds, _MIN_PAUSE_S)
        elif now < self._held_until:
            return  # requests are refused together
        else:
            # good answers between two refusals do not mean that the pace is right: only a minute without one does
            pause = self._holds.next(afresh=now > self._held_until + _WINDOW_S)
            window = await asyncio.to_thread(self._window)
            self._held_until = min(now + pause, max(now + _MIN_PAUSE_S, self._rules.half_free_at(window)))
        hold, until = self._store.connections.hold, self._held_until
        await asyncio.to_thread(hold, self._connection_id, now, until, reason, now + poll_pause)

    async def refused(self, batch_id: str, seconds: float) -> None:
        """After a 429 to a request that was to start a job, and left so long ago: start fewer jobs in a minute."""
        left_at = self._now() - seconds
        await self._find_pace(batch_id, lambda window: after_refusal(window, self._rules.limit, _WINDOW_S, left_at))

    async def failed_for_capacity(self, jobs: int) -> None:
        """After so many jobs failed because Writer was busy: if that is many, start fewer jobs in a minute."""
        if not jobs:
            return
        now = self._now()
        self._failed_at = [*(at for at in self._failed_at if at > now - _WINDOW_S), *[now] * jobs]
        number = len(self._failed_at)
        await self._find_pace(None, lambda window: after_failures(window, self._rules.limit, _WINDOW_S, number))

    def load(self) -> Load:
        """What the requests of the connection are doing right now, those of all processes."""
        window = self._window()
        pace = self._rules.pace(window)
        held = None if window.held_until is None else self._clock.now() + window.held_until - window.now
        return Load(
            window.requests,
            self._rules.limit,
            None if held is None else datetime.fromtimestamp(held, UTC),
            window.hold_reason,
            int(pace) if pace < self._rules.for_jobs else None,
            self._rules.used_up(window),
            len(window.waiters),
        )

    def leaves_in(self, batch_id: str, rows: int) -> float:
        """Seconds until the last of so many waiting rows of a batch may leave, as far as that is known now."""
        window = self._window()
        return max(0.0, self._rules.leaves_by(window, batch_id, rows) - window.now)

    def pause(self) -> None:
        """Send nothing from this process for a growing while, because Writer cannot be asked."""
        now = self._now()
        if now >= self._paused_until:  # requests fail together
            self._paused_until = now + self._pauses.next()

    def recover(self) -> None:
        """Go on at once, and begin anew with short pauses: Writer answers again."""
        self._pauses = _Growing()
        self._paused_until = 0.0

    def relax(self) -> None:
        """Go on at once, and begin anew with short pauses: a person wants to try."""
        self.recover()
        self.relaxed_at = self._clock.now()

    def _next_poll_pause(self, now: float, asked_of_polls: float | None) -> float:
        """Seconds until a poll may leave during a hold; `asked_of_polls` is what a refused poll was told to wait."""
        is_refused_again = asked_of_polls is not None and now < self._held_until
        pause = min(MAX_HELD_POLL_INTERVAL_S, 2 * self._held_poll_pause) if is_refused_again else HELD_POLL_INTERVAL_S
        self._held_poll_pause = pause
        return min(MAX_HELD_POLL_INTERVAL_S, max(pause, asked_of_polls or 0.0))

    async def _wait_for_turn(self, decide: Callable[[Window], Decision]) -> None:
        while (grant := await self._enter(None, decide)).number == 0:
            await self._clock.sleep(max(_MIN_WAIT_S, grant.wait))

    async def _enter(
        self, batch_id: str | None, decide: Callable[[Window], Decision], *, pausing: bool = True
    ) -> Grant:
        now = self._now()
        if pausing and now < self._paused_until:
            return Grant(0, self._paused_until - now)

        def noting(window: Window) -> Decision:
            self.jobs_per_minute = min(self._rules.pace(window), self._rules.for_jobs)
            self.jobs_in_minute = sum(window.jobs.values())
            self.is_slack = window.requests < _SLACK_SHARE * self._rules.limit
            return decide(window)

        reserve, seconds = self._store.connections.reserve, self._rules.window
        decision = await asyncio.to_thread(reserve, self._connection_id, batch_id, seconds, self._now, noting)
        return Grant(decision.number, decision.again_at - self._now())

    def _now(self) -> float:
        """The time by which requests are counted, in seconds: see `services/store/connections.py`."""
        return self._clock.steady() + self._ahead

    def _window(self) -> Window:
        return self._store.connections.window(self._connection_id, self._now(), self._rules.window)

    async def _find_pace(self, refused: str | None, decide: Callable[[Window], float | None]) -> None:
        find = self._store.connections.pace
        await asyncio.to_thread(find, self._connection_id, refused, self._rules.window, self._now, decide)
