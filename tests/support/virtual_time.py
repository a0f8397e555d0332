"""Virtual time: an event loop whose clock jumps to the next timer whenever nothing else can run.

Sleeps, timers and time-outs cost no real time, and happen in the order and at the times they would. Work for threads
(`asyncio.to_thread`) takes no virtual time: the loop itself does it when its turn comes, always in the same order, so
that what fails can be repeated, and nobody waits for a thread. Such work must not wait for the loop. Sockets are not
for this loop: while an answer is on a real wire, the clock would jump.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from functools import partial
from typing import Any, TypeVar, TypeVarTuple

from services.clock import Clock

EPOCH = 1_800_000_000.0
"""What a `VirtualClock` shows when its loop begins, unless told otherwise."""

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class StuckError(Exception):
    """Everything waits, and nothing will ever happen: no timer runs."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that begins at 0 seconds and never sleeps."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        super().__init__(_JumpingSelector(self._jump))

    def time(self) -> float:
        """Virtual seconds since the loop began."""
        return self._elapsed

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Arguments], Result], *args: *Arguments
    ) -> asyncio.Future[Result]:
        """Do it when its turn comes, also where nobody wants the result any more: a thread would go on, too."""
        future: asyncio.Future[Result] = self.create_future()
        self.call_soon(_do, future, partial(func, *args))
        return future

    def _jump(self, seconds: float | None) -> None:
        """Let so many seconds pass."""
        if seconds is None:
            raise StuckError("Nothing will ever happen: no timer runs.")
        self._elapsed += seconds


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for a time-out it lets the time jump."""

    def __init__(self, jump: Callable[[float | None], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; nothing, after a jump."""
        if timeout is None or timeout > 0:
            self._jump(timeout)
        return []


def _do(future: asyncio.Future[Result], work: Callable[[], Result]) -> None:
    """Do it, and tell the outcome to whoever still wants it."""
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is for the one who waits
        if not future.cancelled():
            future.set_exception(error)
    else:
        if not future.cancelled():
            future.set_result(result)


class VirtualClock(Clock):
    """The time of the loop it was first asked in, from an epoch on."""

    def __init__(self, epoch: float = EPOCH) -> None:
        self._epoch = epoch
        self._loop: asyncio.AbstractEventLoop | None = None

    def now(self) -> float:
        """The time now, as the system's clock would tell it."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._epoch + self._loop.time()

    def steady(self) -> float:
        """The time by which processes count seconds: it does not show that the system's clock was set."""
        self.now()  # from the first time on it is the time of that loop
        assert self._loop is not None
        return EPOCH + self._loop.time()

    def jump(self, seconds: float) -> None:
        """Set the system's clock forward, or back for a negative number; sleeps and time-outs don't notice."""
        self._epoch += seconds


def run_virtual(main: Coroutine[Any, Any, Result], within: float | None = None) -> Result:
    """Run it on a loop of its own, in virtual time; `within`: virtual seconds it may take, else TimeoutError."""

    async def limited() -> Result:
        async with asyncio.timeout(within):
            return await main

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(limited())
