"""How many jobs may be started in a minute: Writer counts more than requests, and others may use the same limits.

A refusal lowers the pace, and it rises again automatically, the faster the longer nothing is refused. Nothing here
keeps state: all of it follows from what the store keeps.
"""

import math

from services.store import Window

_MIN_JOBS_PER_MINUTE = 5.0
"""Jobs a minute that are tried even when fewer were accepted: else nobody would notice that there is room."""
_REFUSED_AT_PACE_FACTOR = 0.9
"""What is left of a pace that was kept, and refused all the same."""
_CAPACITY_FAILURE_FACTOR = 0.7
"""The part of the jobs started in a minute that becomes the pace when some of them failed for capacity."""
_MIN_CAPACITY_FAILURES = 3
_MIN_CAPACITY_FAILURE_SHARE = 0.1
"""Failures for capacity that mean something, and the part of the jobs started in a minute that they have to be."""
_FIRST_RISE_DIVISOR = 20
"""The first rise is one in so many; each later one, a minute apart, is twice the one before."""
_CALM_MINUTES = 3
"""Minutes without a refusal in which the pace stays as it is."""
_MAX_RISES = 20


def effective(window: Window, most: int, minute: float) -> float:
    """Jobs that may be started in a minute now, `most` where nothing lowers that."""
    if window.pace is None:
        return most
    rises = min(_MAX_RISES, max(0, _minutes(window, minute) - _CALM_MINUTES))
    return min(most, window.pace + _step(window.pace) * ((1 << rises) - 1))


def rises_at(window: Window, most: int, minute: float) -> float:
    """When the pace is next higher than now."""
    if effective(window, most, minute) >= most:
        return math.inf
    return window.paced_at + max(_CALM_MINUTES + 1, _minutes(window, minute) + 1) * minute


def after_refusal(window: Window, most: int, minute: float, left_at: float) -> float:
    """The pace when Writer has refused a job whose request left then: no more than it accepted.

    If that is what was sent anyway, others use the limit too, and the pace falls by a tenth: once for all requests
    that were in flight together.
    """
    now = effective(window, most, minute)
    accepted = sum(window.jobs.values())
    if accepted >= now and left_at >= window.paced_at:
        return max(_least(most), now * _REFUSED_AT_PACE_FACTOR)
    return max(_least(most), min(now, accepted))


def after_failures(window: Window, most: int, minute: float, failures: int) -> float | None:
    """The pace when so many jobs have failed for capacity in the last minute.

    None: as it is, for they are few, as they are at any pace, or it was lowered within the last minute.
    """
    started = sum(entry.number for entry in window.entries if entry.batch_id is not None)
    if failures < max(_MIN_CAPACITY_FAILURES, _MIN_CAPACITY_FAILURE_SHARE * started):
        return None
    if window.pace is not None and window.now < window.paced_at + minute:
        return None
    return max(_least(most), min(effective(window, most, minute), started * _CAPACITY_FAILURE_FACTOR))


def _least(most: int) -> float:
    return min(_MIN_JOBS_PER_MINUTE, most)


def _step(pace: float) -> float:
    return max(1.0, pace // _FIRST_RISE_DIVISOR)


def _minutes(window: Window, minute: float) -> int:
    """Whole minutes since the pace was found; none when a clock that was ahead found it."""
    return max(0, int((window.now - window.paced_at) // minute))
