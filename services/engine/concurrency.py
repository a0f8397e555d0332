"""How many requests that start jobs may be in flight at a time, and how soon after each other they leave."""

import math

_BURST_S = 2.5
"""Seconds in which a minute's jobs may be started, when the budget allows it."""
_OVERHEAD_S = 0.05
"""Seconds that a request costs beside its way to Writer and back."""
_FIRST_LATENCY_S = 0.2
"""Seconds that a request is taken to need before any was answered."""
_LATENCY_WEIGHT = 0.1
"""What the last answer counts for in the mean latency."""
_FIRST_SHARE_OF_PACE = 0.0132
"""Requests in flight at the beginning, as a part of the jobs in a minute: when Writer refuses the first job, few
others are on their way."""
_MIN_IN_FLIGHT = 4
_PROVEN_SHARE_OF_PACE = 0.25
"""The part of a minute's jobs that Writer has to take until as many are in flight as are needed ..."""
_MAX_PROVING_JOBS = 150
"""... but no more than so many, for a limit on tokens is met before that or not at all."""
_GROWTH_EXPONENT = 2
"""... and the power with which their number grows until then: slowly at first."""
_JOBS_LEFT_PER_REQUEST = 8.5
"""Where no minute had so many jobs yet, no more are in flight than one in so many of those that are left in it."""
_NEW_HIGH_MARGIN_JOBS = 50
"""Jobs by which a minute may have fewer and count as new all the same."""
_MAX_IN_FLIGHT = 120
"""More would wait for this process rather than for Writer; the client's pools together hold more connections."""
_FREE_FRACTION = 8
"""Room is given when one in so many is free: where there are many, to claim rows one by one costs as much as to send
them."""


_LOSS_WEIGHT = 1 / 40
"""What the last answer counts for in the share of answers that are lost."""
_COUNTED_ANSWERS = 400
SECONDS_PER_LOSS = 6.0
"""Jobs are started so slowly that no more than one answer in so many seconds is lost. A lost request can be proven to
have had no effect only where no other lost request created a job at about the same time; in a burst, some always did.
"""


class Concurrency:
    """As many requests as latency times pace needs, and no more; one for all batches of a process."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._latency = _FIRST_LATENCY_S
        self._accepted = 0
        self._proven = 0
        self._lost_share = 0.0
        self._answers, self._losses = 0, 0.0
        self._sent_at = -math.inf

    def sent(self, now: float) -> None:
        """Note that a request leaves now."""
        self.in_flight += 1
        self._sent_at = now

    def pause(self, now: float) -> float:
        """Seconds until the next request may leave; 0 as long as hardly any answer is lost."""
        return max(0.0, self._sent_at + self._lost_share * SECONDS_PER_LOSS - now)

    @property
    def is_lossy(self) -> bool:
        """Whether answers were lost of late, so that requests leave one by one."""
        return self._lost_share >= _LOSS_WEIGHT / 2

    def leaves_in(self, rows: int) -> float:
        """Seconds until the last of so many rows may leave at this pace."""
        return rows * self._usual_lost_share * SECONDS_PER_LOSS

    def expects_loss(self, rows: int) -> bool:
        """Whether an answer to so many rows is likely to be lost."""
        return rows * self._usual_lost_share >= 1

    @property
    def _usual_lost_share(self) -> float:
        """The share of the last hundreds of answers that were lost: steadier than what the pace goes by."""
        return self._losses / max(1, self._answers)

    def _count(self, lost: int) -> None:
        if self._answers >= _COUNTED_ANSWERS:
            self._answers, self._losses = self._answers // 2, self._losses / 2
        self._answers += 1
        self._losses += lost

    def accepted(self, seconds: float, jobs_in_minute: int) -> None:
        """Note that Writer took a job, how long its answer needed, and how many were started in the last minute."""
        self._accepted += 1
        self._count(lost=0)
        self._lost_share -= _LOSS_WEIGHT * self._lost_share
        self._latency += _LATENCY_WEIGHT * (seconds - self._latency)
        self._proven = max(self._proven, jobs_in_minute - self.in_flight)

    def lost(self) -> None:
        """Note that the answer to a request was lost."""
        self._lost_share += _LOSS_WEIGHT * (1 - self._lost_share)
        self._count(lost=1)

    def refused(self) -> None:
        """Note that Writer did not take one, because there were too many: begin again with few."""
        self._accepted = self._proven = 0

    def free_slots(self, jobs_per_minute: float, jobs_in_minute: int) -> int:
        """How many more requests may leave, to start so many jobs a minute, where so many were started in the last.

        None as long as it is hardly worth while, so that rows are claimed in groups.
        """
        needed = 1 + (self._latency + _OVERHEAD_S) * jobs_per_minute / _BURST_S
        trust = min(1.0, self._accepted / min(_MAX_PROVING_JOBS, _PROVEN_SHARE_OF_PACE * jobs_per_minute))
        width = min(
            _MAX_IN_FLIGHT, needed, max(_FIRST_SHARE_OF_PACE * jobs_per_minute, needed * trust**_GROWTH_EXPONENT)
        )
        if jobs_in_minute + _NEW_HIGH_MARGIN_JOBS >= self._proven + self.in_flight:
            width = min(width, (jobs_per_minute - jobs_in_minute) / _JOBS_LEFT_PER_REQUEST)
        most = max(_MIN_IN_FLIGHT, int(width))
        free = most - self.in_flight
        return free if free >= most // _FREE_FRACTION else 0
