"""One budget for several processes: never over the limit, and to each its share."""

import asyncio
import time
from concurrent.futures import Executor
from typing import Any

from services.clock import Clock
from services.engine.budget import Budget, budget
from services.store import Decision, Store
from services.store.connections import Connections
from tests.store.making import HERE
from tests.support.double.books import most_in

LIMIT = 120
WINDOW, JITTER = 2.0, 0.2
SECONDS = 9.0
Left = list[tuple[float, str | None]]
"""When requests were entered, and for which batch."""


class SharedClock(Clock):
    """The machine's own: what several processes note can be compared."""

    def now(self) -> float:
        return time.time()


class Recording(Connections):
    """Notes what is entered, and when."""

    def __init__(self, connections: Connections) -> None:
        super().__init__(connections._database)
        self.left: Left = []

    def reserve(self, connection_id: str, batch_id: str | None, *args: Any) -> Decision:
        decision = super().reserve(connection_id, batch_id, *args)
        self.left += [(decision.again_at, batch_id)] * decision.number
        return decision


async def send_for_a_while(store: Store, name: str, until: float) -> None:
    """Send as much as the budget lets, and poll all the while."""
    clock = SharedClock()
    ours = Budget(store, HERE, LIMIT + 1, clock)  # which aims one below

    async def poll() -> None:
        while clock.now() < until:
            await ours.acquire()
            await clock.sleep(0.5)

    async def send() -> None:
        while clock.now() < until:
            grant = await ours.reserve(name, 8)
            await clock.sleep(0.05 if grant.number else max(0.01, grant.wait))

    await asyncio.gather(poll(), send())


def send_in_this_process(url: str, name: str, until: float) -> Left:
    standard = budget._WINDOW_S, budget._JITTER_S
    budget._WINDOW_S, budget._JITTER_S = WINDOW, JITTER  # a minute would be long
    store = Store(url)
    store.connections = recording = Recording(store.connections)
    try:
        asyncio.run(send_for_a_while(store, name, until))
    finally:
        store.close()
        budget._WINDOW_S, budget._JITTER_S = standard
    return recording.left


def test_four_processes_together_keep_the_limit_and_each_gets_its_share(database_url: str, processes: Executor) -> None:
    until = time.time() + SECONDS
    others = [processes.submit(send_in_this_process, database_url, f"batch {n}", until) for n in range(3)]
    left = send_in_this_process(database_url, "batch 3", until)
    for other in others:
        left += other.result()
    # each process knows the server's time as well as the answer told it, which is what part of the jitter is for
    assert most_in(sorted(at for at, _ in left), WINDOW + JITTER / 2) <= LIMIT
    # what each used from when all had been there for a window
    began = max(min(at for at, who in left if who == f"batch {n}") for n in range(4)) + WINDOW + JITTER
    used = [sum(at >= began and who == f"batch {n}" for at, who in left) for n in range(4)]
    share = sum(used) / 4
    assert share > LIMIT / 4
    assert all(share / 2 <= number <= share * 2 for number in used), used
