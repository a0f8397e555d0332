"""Writer's clocks, as its answers show them: by how much they are ahead of ours, with bounds.

Two clocks matter: the one behind the `Date` header of answers, and the one that stamps `created_at` on jobs. Each
answer bounds its clock: the time in it was read between the moment the request left and the moment the answer came.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

SAMPLES_KEPT_S = 1800.0
"""Answers older than this say nothing any more: clocks drift apart."""
RECENT_S = 600.0
"""A clock that has told nothing for so long is worth asking again."""
MAX_SKEW_S = 2.0
"""By how much the clocks of Writer's servers may differ from what a few answers showed."""
MIN_SKEW_S = 0.25
"""The same after many answers agreed, at the least: machines that are synchronized differ by milliseconds."""
MANY_SAMPLES = 30
"""After so many answers, a server whose clock differs would have answered one of them, unless hardly any request
reaches it."""
_QUICKEST = 10
"""One in so many seconds had quicker answers than those that tell how far apart clocks may be."""
_DATE_RESOLUTION_S = 1.0
"""`Date` has whole seconds; so may a stamp that shows no fraction."""
_BUCKET_S = 1.0


@dataclass(frozen=True)
class Offset:
    """By how many seconds a clock of Writer's is ahead of ours."""

    least: float
    most: float
    skew: float
    """By how much a server that none of the answers came from may differ from that."""
    behind: float = 0.0
    """By how much this clock is behind the one that `WriterClock.passed` used while nothing was known of this one."""


@dataclass
class _Bucket:
    """What the answers of one second have in common."""

    least: float
    most: float
    narrowest: float
    samples: int = 1

    def add(self, least: float, most: float) -> None:
        self.least, self.most = max(self.least, least), min(self.most, most)
        self.narrowest = min(self.narrowest, most - least)
        self.samples += 1


class _Samples:
    """What the answers say about one clock."""

    def __init__(self) -> None:
        self._buckets: dict[int, _Bucket] = {}
        self.last_at: float | None = None

    def add(self, stamp: datetime | None, sent_at: float, now: float) -> None:
        """Note that the clock showed `stamp` between `sent_at` and `now`."""
        if stamp is None:
            return
        unsaid = 0.0 if stamp.microsecond else _DATE_RESOLUTION_S
        least, most = stamp.timestamp() - now, stamp.timestamp() + unsaid - sent_at
        second = int(now / _BUCKET_S)
        if second in self._buckets:
            self._buckets[second].add(least, most)
        else:
            self._buckets[second] = _Bucket(least, most, most - least)
            self._forget(second)
        self.last_at = now

    def offset(self) -> Offset | None:
        """The offset that the answers agree on; where they disagree, everything from one extreme to the other."""
        if not self._buckets:
            return None
        buckets = list(self._buckets.values())
        ends = max(each.least for each in buckets), min(each.most for each in buckets)
        return Offset(min(ends), max(ends), _skew(buckets))

    def _forget(self, second: int) -> None:
        # the clock may have been stopped between two answers: the last ones before stay until there are others
        old = [each for each in self._buckets if each < second - SAMPLES_KEPT_S / _BUCKET_S]
        for each in old:
            del self._buckets[each]


def _skew(buckets: Iterable[_Bucket]) -> float:
    """How far a server's clock may be off without any of the answers showing it.

    An answer shows a clock that is off by more than the answer took. So the quickest answers of many seconds count.
    """
    buckets = list(buckets)
    if sum(each.samples for each in buckets) < MANY_SAMPLES:
        return MAX_SKEW_S
    narrowest = sorted(each.narrowest for each in buckets)
    return min(MAX_SKEW_S, max(MIN_SKEW_S, narrowest[len(narrowest) // _QUICKEST]))


class WriterClock:
    """What is known of Writer's clocks in this process. All times of ours are those of `Clock.now`."""

    def __init__(self) -> None:
        self._dates = _Samples()
        self._stamps = _Samples()

    def record_date(self, date: datetime | None, sent_at: float, now: float) -> None:
        """Note the `Date` header of an answer that came now to a request that left at `sent_at`."""
        self._dates.add(date, sent_at, now)

    def record_creation(self, created_at: datetime | None, sent_at: float, now: float) -> None:
        """Note when a job was created, by Writer, that was asked for at `sent_at`; the answer came now."""
        self._stamps.add(created_at, sent_at, now)

    def is_stale(self, now: float) -> bool:
        """Whether it is worth asking Writer for the time."""
        return not any(_is_recent(samples, now) for samples in (self._dates, self._stamps))

    def passed(self, at: float) -> float | None:
        """A time that each of Writer's clocks has surely passed at `at`; None as long as none is known."""
        known = [offset.least for samples in (self._dates, self._stamps) if (offset := samples.offset())]
        return at + min(known) - MAX_SKEW_S if known else None

    def creation_offset(self, now: float) -> Offset | None:
        """The offset of the clock that stamps jobs; None where it is not known.

        Where no job of ours was created of late, it is taken to be the clock of the answers.
        """
        dates, stamps = self._dates.offset(), self._stamps.offset()
        if stamps is None or (dates is not None and not _is_recent(self._stamps, now)):
            return dates
        return stamps if dates is None else replace(stamps, behind=max(0.0, dates.least - stamps.least))


def _is_recent(samples: _Samples, now: float) -> bool:
    return samples.last_at is not None and now - samples.last_at <= RECENT_S
