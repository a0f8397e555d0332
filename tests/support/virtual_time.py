"""Virtual time: an event loop whose clock jumps to the next timer whenever nothing else can run.

Sleeps, timers and time-outs cost no real time, and happen in the order and at the times they would. Work in threads
(`asyncio.to_thread`) takes no virtual time: the loop waits for it, really, before its clock goes on. Sockets are not
for this loop: while an answer is on a real wire, the clock would jump.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeVar, TypeVarTuple

from services.clock import Clock

EPOCH = 1_800_000_000.0
"""What a `VirtualClock` shows when its loop begins, unless told otherwise."""

_WORKERS = 4

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class StuckError(Exception):
    """Everything waits, and nothing will ever happen: no timer runs, and no thread is at work."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that begins at 0 seconds and never sleeps."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        self._in_threads = 0
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="virtual-time")
        super().__init__(_JumpingSelector(self._jump))

    def time(self) -> float:
        """Virtual seconds since the loop began."""
        return self._elapsed

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Arguments], Result], *args: *Arguments
    ) -> asyncio.Future[Result]:
        """Do it in a thread; the clock stands still until it is done."""
        work: Future[Result] = (executor or self._workers).submit(func, *args)
        self._in_threads += 1
        future = asyncio.wrap_future(work, loop=self)
        # after the one of `wrap_future`, so that the result is there before the clock may go on
        work.add_done_callback(self._left_thread)
        return future

    def close(self) -> None:
        """End the threads, then the loop."""
        if not self.is_closed():
            self._workers.shutdown(wait=True)
        super().close()

    def _left_thread(self, _: Future[Any]) -> None:
        if not self.is_closed():
            self.call_soon_threadsafe(self._count_down)

    def _count_down(self) -> None:
        self._in_threads -= 1

    def _jump(self, seconds: float | None) -> bool:
        """Let so many seconds pass; tells whether that could be, or real work has to be waited for."""
        if self._in_threads:
            return False
        if seconds is None:
            raise StuckError("Nothing will ever happen: no timer runs, and no thread is at work.")
        self._elapsed += seconds
        return True


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for a time-out it lets the time jump."""

    def __init__(self, jump: Callable[[float | None], bool]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; nothing, after a jump."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        return [] if self._jump(timeout) else super().select(None)


class VirtualClock(Clock):
    """The time of the loop it was first asked in, from an epoch on; it may be asked in threads then, too."""

    def __init__(self, epoch: float = EPOCH) -> None:
        self._epoch = epoch
        self._loop: asyncio.AbstractEventLoop | None = None

    def now(self) -> float:
        """The time now, as the system's clock would tell it."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._epoch + self._loop.time()

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
