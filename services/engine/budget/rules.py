"""The rules by which requests may leave, from what the store knows and nothing else.

Three levels share the limit. Large batches keep below the lowest: they leave a twentieth of the limit to polls and
people, and a tenth of the rest trickles out, so that a slot comes free every few seconds. Batches that have
sent little in the last minute may use what is kept back. Polls may use all.

Between batches it is fair, slot by slot: each may take its share of what the window has for jobs, and beyond that only
what no other batch that asks lacks of its own share.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from services.engine.budget.pace import effective, rises_at
from services.store import Decision, Entry, Window

_ASK_AGAIN_FRACTION = 1 / 240
"""The part of the window (of 60 s: a quarter second) after which a batch that left a slot to another asks again."""
_LATE_ASK_FRACTION = 1 / 30
"""The part of the window (of 60 s: 2 s) by which a batch may be late when it asks again."""
_NEXT_ASK_FRACTION = 1 / 120
"""The part of the window (of 60 s: half a second) within which a batch that got something asks for more, if it does.

Not only if it got less than it asked for: a batch whose requests come back one by one asks for one each time.
"""

HELD_POLL_INTERVAL_S = 60.0
"""Seconds between two polls while Writer asked everyone to hold."""
_USED_UP_DIVISOR = 100
"""One in so many of the limit comes free and is used at once, again and again, while it is used up."""
_NOBODY = ""
"""Stands for a batch that has sent nothing."""


@dataclass(frozen=True)
class Rules:
    """The rules for one limit."""

    limit: int
    """Requests that may leave in a window."""
    minute: float
    """Seconds over which Writer counts."""
    jitter: float
    """Seconds by which a request may reach Writer later than it was entered: the window is that much longer."""

    @property
    def window(self) -> float:
        """Seconds over which requests are counted here."""
        return self.minute + self.jitter

    @property
    def for_jobs(self) -> int:
        """Requests that large batches may use in all: so results are seen while rows are sent."""
        return self.limit - max(self.limit // 20, int(self.limit >= 3))

    @property
    def for_small(self) -> int:
        """Requests that batches may use while they have sent little: even many of them leave polls something."""
        return self.limit - self.limit // 60

    def pace(self, window: Window) -> float:
        """Jobs that may be started in a minute now."""
        return effective(window, self.limit, self.minute)

    def half_free_at(self, window: Window) -> float:
        """When half of what left in the last seconds is no longer counted: then there surely is room again."""
        return _fallen_at(window, self.window, _requests, window.requests // 2)

    def other(self, window: Window) -> Decision:
        """Whether a request that starts no job may leave; during a long hold, one does now and then."""
        if window.held_until is not None and window.now < window.next_poll:
            return Decision(0, min(window.held_until, window.next_poll))
        level = _Level(window, self.window, [(_requests, self.limit)])
        if level.room <= 0:
            return Decision(0, level.free_at)
        is_held = window.held_until is not None
        return Decision(1, window.now, next_poll=window.now + HELD_POLL_INTERVAL_S if is_held else None)

    def file(self, window: Window) -> Decision:
        """Whether a request about a file that rows wait for may leave: never during a hold, which is for results.

        While batches wait for turns, such requests and polls leave them half of the limit.
        """
        if window.held_until is not None:
            return Decision(0, window.held_until)
        most = max(1, self.limit // 2) if window.waiters else self.for_jobs
        level = _Level(window, self.window, [(_requests, self.for_small), (_not_for_jobs, most)])
        return Decision(1, window.now) if level.room > 0 else Decision(0, level.free_at)

    def jobs(self, window: Window, batch_id: str, most: int) -> Decision:
        """How many requests, up to `most`, that start jobs of a batch may leave."""
        if window.held_until is not None:
            return self._later(window.held_until)
        turn = _Turn(self, window, batch_id)
        number = min(most, max(turn.of_small, turn.fair(turn.burst.room)))
        if number > 0:
            return Decision(number, window.now, window.now + _NEXT_ASK_FRACTION * self.minute)
        if turn.trickle_at <= window.now and turn.fair(turn.all.room) > 0:
            return Decision(1, window.now, window.now + _NEXT_ASK_FRACTION * self.minute, turn.next_trickle)
        return self._later(turn.again_at)

    def used_up(self, window: Window) -> bool:
        """Whether a batch that has much to send waits for requests to leave the window, or uses what has just done."""
        return _Turn(self, window, _NOBODY).burst.room <= self.limit // _USED_UP_DIVISOR

    def leaves_by(self, window: Window, batch_id: str, rows: int) -> float:
        """When the last of so many waiting rows of a batch may leave, if the pace stays and Writer answers.

        Of the slots that come free, other batches that ask take as many as it does.
        """
        begin = window.now if window.held_until is None else window.held_until
        turn = _Turn(self, window, batch_id)
        if rows <= max(0, turn.of_small):
            return begin
        # the slots of one window come free again with the next one, in the same order
        windows, wanted = divmod(rows * turn.asking - 1, turn.whole)
        for at, number in sorted((max(begin, at), number) for at, number in turn.slots(begin)):
            wanted -= number
            if wanted < 0:
                return at + windows * self.window
        return begin + (windows + 1) * self.window  # what polls have taken beyond what is left to them

    def _later(self, again_at: float) -> Decision:
        return Decision(0, again_at, again_at + _LATE_ASK_FRACTION * self.minute)


def _requests(entry: Entry) -> int:
    return entry.number


def _for_jobs(entry: Entry) -> int:
    return 0 if entry.batch_id is None else entry.number


def _not_for_jobs(entry: Entry) -> int:
    return entry.number if entry.batch_id is None else 0


def _burst_job_requests(entry: Entry) -> int:
    return _for_jobs(entry) - entry.trickled


def _jobs(entry: Entry) -> int:
    return entry.jobs


def _burst_requests(entry: Entry) -> int:
    return entry.number - entry.trickled


def _burst_jobs(entry: Entry) -> int:
    return max(0, entry.jobs - entry.trickled)


def _fallen_at(window: Window, seconds: float, count: Callable[[Entry], int], most: int) -> float:
    """When so much has left the window that no more than `most` is in it."""
    excess = sum(map(count, window.entries)) - most
    for entry in window.entries:
        if excess <= 0:
            break
        excess -= count(entry)
        if excess <= 0:
            return entry.at + seconds
    return window.now


class _Level:
    """The room below some limits, each on what some kind of entry counts, in the last seconds."""

    def __init__(self, window: Window, seconds: float, limits: Sequence[tuple[Callable[[Entry], int], int]]) -> None:
        self._window = window
        self._seconds = seconds
        self._limits = limits
        self.room = min(limit - sum(map(count, window.entries)) for count, limit in limits)

    @property
    def free_at(self) -> float:
        """When there is room for one more."""
        return max(_fallen_at(self._window, self._seconds, count, limit - 1) for count, limit in self._limits)


class _Turn:
    """What there is for a batch that asks."""

    def __init__(self, rules: Rules, window: Window, batch_id: str) -> None:
        self._rules = rules
        self._window = window
        self._mine = window.jobs[batch_id]
        self._others = [window.jobs[other] for other in window.waiters if other != batch_id]
        pace = int(rules.pace(window))
        whole = min(pace, rules.for_jobs)
        kept_back = max(whole // 10, int(whole >= 2))
        self._share = self._find_share(batch_id, whole)
        self.whole = max(1, whole)
        """Jobs that may be started in a window."""
        self.asking = len({batch_id, *window.waiters})
        """How many batches ask, with this one."""
        # half of what is kept back, but when very many batches ask no more than comes to each
        self._small_until = min(max(kept_back // 2, min(kept_back, 1)), math.ceil(whole / self.asking))
        self.trickle_interval = rules.window / max(1, kept_back)
        """Seconds between two trickled requests."""

        upper = [(_requests, rules.limit), (_for_jobs, rules.for_jobs), (_jobs, pace)]
        lower = [
            (_burst_requests, rules.limit - kept_back),
            (_burst_job_requests, rules.for_jobs - kept_back),
            (_burst_jobs, pace - kept_back),
        ]
        self.burst = _Level(window, rules.window, upper + lower)
        self.all = _Level(window, rules.window, upper)
        self._small = _Level(window, rules.window, [(_requests, rules.for_small), (_jobs, pace)])

    @property
    def of_small(self) -> int:
        """Slots for a batch that has used little."""
        return min(self._small.room, self._small_until - self._mine)

    def fair(self, room: int) -> int:
        """Of that room, what the batch may take: up to its share, and beyond that what no other lacks."""
        lacking = sum(max(0, math.floor(self._share - used)) for used in self._others)
        return min(room, max(math.ceil(self._share - self._mine), room - lacking))

    @property
    def trickle_at(self) -> float:
        """When the next trickled request is due; one that is further away was set by a clock that was ahead."""
        next_trickle = self._window.next_trickle
        return next_trickle if next_trickle <= self._window.now + self._rules.window else self._window.now

    @property
    def next_trickle(self) -> float:
        """When the trickled request after this one is due: a late one doesn't delay the next."""
        in_step = self.trickle_at + self.trickle_interval
        return in_step if in_step > self._window.now else self._window.now + self.trickle_interval

    @property
    def again_at(self) -> float:
        """When asking again makes sense, where there is nothing now."""
        now, minute = self._window.now, self._rules.minute
        times = [self.burst.free_at, max(self.trickle_at, self.all.free_at)]
        if self._mine < self._small_until:
            times.append(self._small.free_at)
        if min(times) <= now:
            return now + _ASK_AGAIN_FRACTION * minute  # it is there, and left to another batch
        return min(*times, rises_at(self._window, self._rules.limit, minute))

    def slots(self, begin: float) -> Iterator[tuple[float, int]]:
        """When slots for jobs come free within a window, and how many, for one that sends from that time on.

        The first ones may be fewer than none, while more is in the window than may be by now.
        """
        at_once = min(self.all.room, max(0, self.burst.room))
        yield begin, at_once
        leaving = [(entry.at + self._rules.window, entry) for entry in self._window.entries]
        yield from ((at, _burst_jobs(entry)) for at, entry in leaving)
        # what is kept back comes free like all else, and is taken in its own time
        free = [begin] * (self.all.room - at_once)
        free += [at for at, entry in leaving for _ in range(min(entry.trickled, entry.jobs))]
        due = max(begin, self.trickle_at)
        for at in free:
            due = max(due, at)
            yield due, 1
            due += self.trickle_interval

    def _find_share(self, batch_id: str, whole: int) -> float:
        """Slots in the window that are this batch's: what those have that do not ask now is not to be shared."""
        window = self._window
        asking = {batch_id, *window.waiters}
        theirs = sum(used for batch, used in window.jobs.items() if batch not in asking)
        no_jobs = window.requests - sum(window.jobs.values())
        return max(0.0, (min(self._rules.limit - no_jobs, whole) - theirs) / len(asking))
