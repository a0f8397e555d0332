"""The time that services go by; tests put their own in its place."""

import asyncio
import time


class Clock:
    """UTC seconds since 1970, from the system's clock at start on; later jumps of that clock do not show."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """The time now."""
        return self._offset + time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Come back after so many seconds."""
        await asyncio.sleep(seconds)
