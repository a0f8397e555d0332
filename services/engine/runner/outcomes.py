"""What became of requests, gathered so that the store is written for many rows at once."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from services.clock import Clock
from services.engine.runner.guard import Guard
from services.errors import Loss
from services.store import Ended, Sent, Store

Item = TypeVar("Item")


class Outcomes:
    """The outcomes of one batch that are not stored yet."""

    def __init__(self, store: Store, batch_id: str, guard: Guard, clock: Clock, on_new: Callable[[], None]) -> None:
        """`on_new` is called when there is something to store."""
        self._store = store
        self._batch_id = batch_id
        self._guard = guard
        self._clock = clock
        self._on_new = on_new
        self._sent: list[Sent] = []
        self._ended: list[Ended] = []
        self._back: list[int] = []
        self._back_for_new_job: list[int] = []
        self._lost: dict[Loss, list[int]] = {loss: [] for loss in Loss}
        self.stored = 0
        """How often rows were stored: what was read from the store before may have changed."""
        self.noted_lost = 0
        """How often rows were noted as lost."""

    def sent(self, position: int, job_id: str) -> None:
        """Writer has taken the row's job."""
        self._sent.append(Sent(position, job_id))
        self._on_new()

    def ended(self, ended: Ended) -> None:
        """The row came to an end."""
        self._ended.append(ended)
        self._on_new()

    def back(self, position: int, *, new_job: bool = False) -> None:
        """The request surely had no effect: the row waits again; `new_job`: it gives up on retrying its old job."""
        (self._back_for_new_job if new_job else self._back).append(position)
        self._on_new()

    def lost(self, position: int, loss: Loss) -> None:
        """The answer was lost, in that way."""
        self._lost[loss].append(position)
        self._on_new()

    async def store(self) -> None:
        """Write what was gathered; what could not be written stays gathered."""
        work, batch_id = self._store.work, self._batch_id
        # counted by what was written: an outcome that comes while another is written is written too
        self.stored += await _write(self._sent, lambda some: work.sent(batch_id, some))
        self.stored += await _write(self._ended, self._guard.ended)
        await _write(self._back, lambda some: work.unsend(batch_id, some))
        await _write(self._back_for_new_job, lambda some: work.unsend(batch_id, some, new_job=True))
        for loss, positions in self._lost.items():
            lose = partial(self._lose, loss)
            self.noted_lost += await _write(positions, lose)

    def _lose(self, loss: Loss, positions: list[int]) -> None:
        self._store.work.lose(self._batch_id, positions, self._clock.now(), loss)


async def _write(gathered: list[Item], write: Callable[[list[Item]], None]) -> bool:
    """Write a list in a thread, and tell whether there was anything; what comes meanwhile is kept for the next time."""
    some = list(gathered)
    if some:
        await asyncio.to_thread(write, some)
        del gathered[: len(some)]
    return bool(some)
