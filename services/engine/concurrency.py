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
_PRIOR_ANSWERS = 20
"""Answers that are taken to have come well before the first one, so that few early losses don't count for much."""
_FULL_HOLD_SHARE = 0.05
"""The share of lost answers from which the whole pause is made after each; below, it's shorter in proportion."""
_LOSSES_IN_FLIGHT = 0.25
"""How many of the requests in flight may be expected to be lost: at a share of 5 % there are five, at 25 % one."""
HOLD_AFTER_LOSS_S = 10.0
"""After a lost answer, no job is started for so long. A lost request can be proven to have had no effect only where no
other lost request created a job at about the same time; in a burst, some always did.
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
        self._lost_at = -math.inf

    def sent(self) -> None:
        """Note that a request leaves."""
        self.in_flight += 1

    def pause(self, now: float) -> float:
        """Seconds until the next request may leave; 0 as long as hardly any answer is lost."""
        hold = HOLD_AFTER_LOSS_S * min(1.0, self._lost_share / _FULL_HOLD_SHARE)
        return max(0.0, self._lost_at + hold - now)

    @property
    def is_lossy(self) -> bool:
        """Whether answers were lost of late, so that few requests are in flight, and pauses follow on losses."""
        return self._lost_share >= _LOSS_WEIGHT / 2

    def leaves_in(self, rows: int) -> float:
        """Seconds until the last of so many rows may leave at this pace."""
        share = self._usual_lost_share
        sending = self._latency / self._lossy_slots(share) if self.is_lossy else 0.0
        after_loss = HOLD_AFTER_LOSS_S * min(1.0, (share + _LOSS_WEIGHT) / _FULL_HOLD_SHARE)
        return rows * (share * after_loss + sending)

    def expects_loss(self, rows: int) -> bool:
        """Whether an answer to so many rows is likely to be lost."""
        return rows * self._usual_lost_share >= 1

    @property
    def _usual_lost_share(self) -> float:
        """The share of the last hundreds of answers that were lost: steadier than what the pace goes by."""
        return self._losses / (self._answers + _PRIOR_ANSWERS)

    def _lossy_slots(self, share: float) -> int:
        """How many requests may be in flight while that share of the answers is lost."""
        return max(1, int(_LOSSES_IN_FLIGHT / share)) if share else _MAX_IN_FLIGHT

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

    def lost(self, now: float) -> None:
        """Note that the answer to a request was lost."""
        self._lost_at = now
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
        if self.is_lossy:
            most = min(most, self._lossy_slots(self._lost_share))
        free = most - self.in_flight
        return free if free >= most // _FREE_FRACTION else 0
