"""How long requests take, without their turns."""

from services.clock import Clock
from services.engine.stopwatch import Stopwatch


class _SetClock(Clock):
    def __init__(self) -> None:
        self.at = 100.0

    def steady(self) -> float:
        return self.at


async def test_only_requests_are_measured_and_not_what_they_wait_for_their_turn() -> None:
    clock = _SetClock()
    stopwatch = Stopwatch(clock)

    async def wait_for_turn() -> None:
        clock.at += 5

    for seconds in (0.5, 0.25):
        await stopwatch.leave(wait_for_turn)
        clock.at += seconds
    assert (stopwatch.requests, stopwatch.seconds) == (2, 0.75)
    stopwatch.stop()
    clock.at += 3
    assert stopwatch.seconds == 0.75
