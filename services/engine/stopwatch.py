"""How long Writer takes to answer, without what a request waits for its turn."""

from collections.abc import Awaitable, Callable

from services.clock import Clock


class Stopwatch:
    """Measures requests that leave one after the other."""

    def __init__(self, clock: Clock) -> None:
        self.requests = 0
        self._clock = clock
        self._seconds = 0.0
        self._left_at: float | None = None

    @property
    def seconds(self) -> float:
        """How long all requests together took, the one in flight included."""
        in_flight = 0.0 if self._left_at is None else self._clock.steady() - self._left_at
        return self._seconds + in_flight

    def stop(self) -> None:
        """Note that the request in flight has ended."""
        self._seconds, self._left_at = self.seconds, None

    async def leave(self, turn: Callable[[], Awaitable[object]] | None = None) -> None:
        """Wait for the turn of the next request, and start to measure it."""
        self.stop()
        if turn is not None:
            await turn()
        self.requests += 1
        self._left_at = self._clock.steady()
