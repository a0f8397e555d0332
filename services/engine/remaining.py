"""How long a batch still takes, from how its last rows went and when the others may leave."""

from itertools import accumulate, pairwise
from statistics import fmean

from services.engine.gateway import Gateway
from services.engine.runner.windows import LONGEST_CHECK_S
from services.models import BatchSummary, RowState, held_back
from services.store import Signs

LOOK_BACK_S = 120.0
"""Seconds of the past that rows are looked at which ended in them: a minute may have gone by in which nothing was sent,
because Writer asked to hold or the limit was used up, and the few slow rows that ended in it are like no others."""
MAX_ROWS = 500
"""Rows that are looked at, the last ones to end."""
_MIN_ENDED_ROWS = 3
"""Rows that have to end before anything is told."""
_SETTLED_SHARE = 0.9
_MIN_SPAN = 30.0
"""For how long, in times of what a row takes or in seconds, rows have to end before their rate says anything: the first
ones are the quickest, and few."""


def remaining(signs: Signs, unfinished: int, leaves_in: float | None, now: float) -> float | None:
    """Seconds until the last row ends; None while too few rows have ended to tell.

    `unfinished` is how many rows are still to end, `leaves_in` the seconds until the last of those
    that wait may leave, None where none waits.
    """
    if len(signs.ended) < _MIN_ENDED_ROWS:
        return None
    took = fmean(ended - sent for sent, ended in signs.ended)
    by_rate = unfinished * _seconds_a_row(signs.ended, took)
    return max(0.0, by_rate, _last_leaves_at(signs, leaves_in, now) + took - now)


def to_end(summary: BatchSummary) -> int:
    """How many rows of a running batch are still to end, without those that wait behind a sample."""
    counts = summary.counts
    return counts.unfinished - held_back(summary.batch, counts) + counts.retrying


def to_leave(summary: BatchSummary) -> int:
    """How many of those rows still need a turn."""
    counts = summary.counts
    return counts[RowState.WAITING] - held_back(summary.batch, counts) + counts.retrying


def leaves_in(gateway: Gateway, batch_id: str, rows: int) -> float | None:
    """Seconds until the last of a batch's waiting rows may leave, and again where its answer is likely to be lost.

    None where no row waits. Only the process that sends knows how many answers are lost.
    """
    if rows == 0:
        return None
    seconds = max(gateway.budget.leaves_in(batch_id, rows), gateway.concurrency.leaves_in(rows))
    return seconds + (LONGEST_CHECK_S if gateway.concurrency.expects_loss(rows) else 0.0)


def at_least(signs: Signs, leaves_in: float | None, now: float) -> float:
    """Seconds until the last row may have been sent, which is known before any has ended."""
    return max(0.0, _last_leaves_at(signs, leaves_in, now) - now)


def _last_leaves_at(signs: Signs, leaves_in: float | None, now: float) -> float:
    """When the last row leaves, or has left; what was lost may have to be sent again once it has been checked."""
    checked_at = None if signs.last_lost is None else signs.last_lost + LONGEST_CHECK_S
    waiting = None if leaves_in is None else now + leaves_in
    times = (waiting, signs.last_sent, checked_at, signs.last_retry_at)
    return max((time for time in times if time is not None), default=now)


def _seconds_a_row(spans: tuple[tuple[float, float], ...], took: float) -> float:
    """How far apart rows ended, in the middle of their time, while any was at Writer.

    So neither a time in which nothing was sent counts as slowness, nor a few rows that took much longer than the rest.
    """
    sent, ended = zip(*sorted(spans, key=lambda span: span[1]), strict=True)
    if ended[-1] - ended[0] < min(_SETTLED_SHARE * took, _MIN_SPAN):
        return 0.0
    sent_since = list(accumulate(reversed(sent), min))[::-1]  # the first of each row and those that ended after it
    gaps = [after - max(before, first) for (before, after), first in zip(pairwise(ended), sent_since[1:], strict=True)]
    return fmean(gaps[len(gaps) // 8 : len(gaps) - len(gaps) // 8])
