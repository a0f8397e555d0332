"""When a lost request may have created a job, and which unknown jobs may be its own.

The answer of a lost request never came or can't be used. The request may have created a job between the moment it left
and some time after its answer was lost, at the latest MAX_EFFECT_DELAY_S later:

    ANSWER      10 s. The server itself answered, with an error (500, 501, 503) or with something unreadable, so work
                on the request was over. 10 s are left for a queue that it may have handed the job to before.
    GATEWAY     15 s. A gateway gave up on the server behind it (502, 504, 408, anything else in its place). The server
                may still work on the request, for as long as it ever takes to create a job: seconds, not minutes.
    CONNECTION  15 s. Reset, time-out, broken answer: as GATEWAY. A time-out of ours comes after 60 s of silence, so the
                window is as long as that, and 15 s more.
    None        15 s from the moment the next process noticed that the last one ended. Nothing else is known then.

LIST_LAG_S comes on top before the list is read. Times are mapped to the clock that stamps jobs, with the bounds of
`services.engine.writer_clock`. That gives the likely window of a request.

Should one of these assumptions be wrong, some job is in no lost request's likely window, or there are more jobs in some
windows than requests. Such a stray may belong to any request in whose widest window it was created: with the longest
delay, and with clocks as far apart as is ever thought possible. Strays may also be other people's jobs.
"""

import heapq
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from services.engine.writer_clock import MAX_SKEW_S, Offset
from services.errors import Loss
from services.models import Job
from services.store import EffectWindow, Lost

LIST_LAG_S = 30.0
"""Seconds after which a job that exists is in the list."""
MAX_EFFECT_DELAY_S = {Loss.ANSWER: 10.0, Loss.GATEWAY: 15.0, Loss.CONNECTION: 15.0}
"""Seconds after which a request whose answer was lost in that way has no effect any more."""

LONGEST_CHECK_S = max(MAX_EFFECT_DELAY_S.values()) + LIST_LAG_S
"""Seconds after which every lost request can be checked."""

Key = TypeVar("Key", bound=Hashable)


class Windows(NamedTuple):
    """When a lost request may have created a job, by the clock that stamps jobs."""

    likely: EffectWindow
    widest: EffectWindow


@dataclass(frozen=True)
class Suspicion:
    """Why a row is not proven to have no job."""

    window: EffectWindow
    """The one that decided."""
    jobs: frozenset[str]
    """The unknown jobs that may be the row's."""


def proof_at(lost: Lost) -> float:
    """When a list shows all that the request may have done, by our clock."""
    return lost.lost_at + _max_delay(lost.loss) + LIST_LAG_S


def windows_of(lost: Lost, offset: Offset | None) -> Windows:
    """The windows of a lost request; without bounds where nothing is known of the clock."""
    if offset is None:
        start = -math.inf if lost.sent_at_writer is None else lost.sent_at_writer
        return Windows(EffectWindow(start, math.inf), EffectWindow(start, math.inf))
    longest = max(MAX_EFFECT_DELAY_S.values())
    if lost.loss is None:  # our clock may have been set since it left, so only what was noted then tells when that was
        start = -math.inf if lost.sent_at_writer is None else lost.sent_at_writer - offset.behind
        window = EffectWindow(start, lost.lost_at + longest + offset.most + MAX_SKEW_S)
        return Windows(window, window)
    likely = EffectWindow(
        lost.sent_at + offset.least - offset.skew, lost.lost_at + _max_delay(lost.loss) + offset.most + offset.skew
    )
    widest = EffectWindow(lost.sent_at + offset.least - MAX_SKEW_S, lost.lost_at + longest + offset.most + MAX_SKEW_S)
    return Windows(likely, widest)


def suspicions(
    requests: Mapping[Key, Windows], others: Iterable[EffectWindow], unknown: Sequence[Job]
) -> dict[Key, Suspicion]:
    """Which of these requests may have created one of the unknown jobs; the others surely created none.

    `others` are the windows of all other requests whose answers were lost. `unknown` has every job that no row knows
    and that was created within one of the widest windows, or whose time is not told.
    """
    times = {job.id: job.created_at.timestamp() for job in unknown if job.created_at is not None}
    timeless = {job.id for job in unknown if job.created_at is None}
    early = _early(times.values())
    likely = [windows.likely for windows in requests.values()]
    strays = _strays([*likely, *others], times, early)
    found: dict[Key, Suspicion] = {}
    for key, windows in requests.items():
        stray = frozenset(job for job in strays if _contains(windows.widest, times[job], early))
        window = windows.widest if stray else windows.likely
        jobs = stray | timeless | {job for job, time in times.items() if _contains(windows.likely, time, early)}
        if jobs:
            found[key] = Suspicion(window, jobs)
    return found


def most_with_jobs(windows: Sequence[EffectWindow | None], created_at: Sequence[float | None]) -> int:
    """How many of these requests may have created one of these jobs, each job by one request at most.

    Where a window or a time is None, it may be any.
    """
    known = [window for window in windows if window is not None]
    times = {number: time for number, time in enumerate(created_at) if time is not None}
    certain = len(_assign(known, times, _early(times.values())))
    anywhere = len(windows) - len(known) + len(created_at) - len(times)
    return min(len(windows), certain + anywhere)


def _early(times: Iterable[float]) -> float:
    """By how many seconds a job may be younger than its stamp says: stamps without fractions are cut to the second."""
    return 1.0 if all(time == int(time) for time in times) else 0.0


def _max_delay(loss: Loss | None) -> float:
    return max(MAX_EFFECT_DELAY_S.values()) if loss is None else MAX_EFFECT_DELAY_S[loss]


def _contains(window: EffectWindow, time: float, early: float) -> bool:
    return window.start - early <= time <= window.end


def _assign(windows: Sequence[EffectWindow], times: Mapping[Key, float], early: float) -> dict[int, Key]:
    """Give as many windows as possible a job of their own: each job to the window that ends first of those left."""
    opening = sorted(range(len(windows)), key=lambda index: windows[index].start, reverse=True)
    open_: list[tuple[float, int]] = []
    assigned: dict[int, Key] = {}
    for job, time in sorted(times.items(), key=lambda item: item[1]):
        while opening and windows[opening[-1]].start - early <= time:
            index = opening.pop()
            heapq.heappush(open_, (windows[index].end, index))
        while open_ and open_[0][0] < time:
            heapq.heappop(open_)
        if open_:
            assigned[heapq.heappop(open_)[1]] = job
    return assigned


def _strays(windows: Sequence[EffectWindow], times: Mapping[str, float], early: float) -> set[str]:
    """The jobs that may be nobody's: those that some way to give each window at most one job leaves over."""
    assigned = _assign(windows, times, early)
    strays = set(times) - set(assigned.values())
    left = list(strays)
    while left:
        time = times[left.pop()]
        # where this job was the window's, the job that has it now would be left over instead
        others = {job for index, job in assigned.items() if _contains(windows[index], time, early)} - strays
        strays |= others
        left += others
    return strays
