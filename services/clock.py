"""The time that services go by; tests put their own in its place."""

import asyncio
import sys
import time


def _since_start() -> float:
    """Seconds since this machine was started, the same in all of its processes, those that it slept included."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    # counts the time asleep on macOS, where `time.monotonic` does not; Windows has the latter only, and it does there
    return time.monotonic() if sys.platform == "win32" else time.clock_gettime(time.CLOCK_MONOTONIC)


class Clock:
    """Two ways to tell the time: `now` to say when something was, `steady` to count seconds between processes."""

    def __init__(self) -> None:
        self._offset = time.time() - _since_start()

    def now(self) -> float:
        """UTC seconds since 1970, from the system's clock at start on; later jumps of that clock do not show."""
        return self._offset + _since_start()

    def steady(self) -> float:
        """Seconds that nobody can set, on a line of time that all processes of this machine share."""
        return _since_start()

    async def sleep(self, seconds: float) -> None:
        """Come back after so many seconds."""
        await asyncio.sleep(seconds)
