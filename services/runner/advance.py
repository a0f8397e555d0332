"""The loop of one batch: it tops up what is on the wire, polls when results are likely, and never works in waves."""

import asyncio
import math
from collections.abc import Coroutine
from typing import Any

from services.clock import Clock
from services.errors import WriterError
from services.gateway import Gateway
from services.models import BatchState
from services.runner.collect import Collector
from services.runner.outcomes import Outcomes
from services.runner.send import Sender
from services.runner.settle import PROOF_AFTER, Settler
from services.store import Store

_ON_THE_WIRE = 16
"""Requests of one batch under way at a time: at a second each, more than twice Writer's 400 a minute."""
_GROUP = 8
"""Rows claimed at a time, so that batches that run side by side take turns."""
_POLL_EVERY = 1.5
"""Seconds between polls for each page of rows that is at Writer."""
_PAGE = 100
_LOOK_EVERY = 0.5
"""Seconds after which the store is looked at without a wake-up: another process may have paused the batch."""


class Runner:
    """Advances one batch until nothing is left to do for it here."""

    def __init__(self, batch_id: str, store: Store, gateway: Gateway, clock: Clock) -> None:
        self._id = batch_id
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self._news = asyncio.Event()
        self._stopping = False
        self._on_the_wire: set[asyncio.Task[None]] = set()
        self._collecting: asyncio.Task[None] | None = None
        self._settling: asyncio.Task[None] | None = None
        self._poll_at = 0.0
        self._settle_at = 0.0
        self._send_at = 0.0
        self._failure: BaseException | None = None

    def wake(self) -> None:
        """Look at the store now."""
        self._news.set()

    def stop(self) -> None:
        """Send nothing more; `advance` ends when what is on the wire has its answers."""
        self._stopping = True
        self._news.set()

    async def advance(self) -> None:
        """Run until every row is in a final state, or nothing may be sent and nothing is at Writer."""
        batch = await asyncio.to_thread(self._store.batches.only, self._id)
        outcomes = Outcomes(self._store, self._id, self._clock, self.wake)
        sender = Sender(batch, self._store, self._gateway, outcomes, self._clock)
        collector = Collector(batch, self._gateway, outcomes, self._clock)
        settler = Settler(batch, self._store, self._gateway, outcomes, self._clock)
        await asyncio.to_thread(self._store.work.lose_abandoned, self._id, self._clock.now())
        await _unless_writer_fails(self._gateway.learn_clock(batch.agent.id))
        try:
            while True:
                self._news.clear()
                await outcomes.store()
                if self._failure is not None:
                    raise self._failure
                if self._stopping:
                    if not self._on_the_wire:
                        return
                elif await self._step(sender, collector, settler):
                    return
                await self._rest()
        finally:
            await self._end_tasks(outcomes)

    async def _step(self, sender: Sender, collector: Collector, settler: Settler) -> bool:
        """Begin what can begin now; tells whether nothing is left to do."""
        state = (await asyncio.to_thread(self._store.batches.only, self._id)).state
        await self._send_more(sender, state)
        await self._collect(collector)
        await self._settle(settler)
        if self._on_the_wire or self._collecting or self._settling:
            return False
        if await asyncio.to_thread(self._store.batches.finish, self._id, self._clock.now()):
            return True
        return state is not BatchState.RUNNING and not await asyncio.to_thread(self._store.work.any_at_writer, self._id)

    async def _send_more(self, sender: Sender, state: BatchState) -> None:
        """Claim rows and send them, as many as may be on the wire and leave now."""
        while state is BatchState.RUNNING and self._clock.now() >= self._send_at:
            room = min(_GROUP, _ON_THE_WIRE - len(self._on_the_wire))
            waiting = await asyncio.to_thread(self._store.work.waiting, self._id, room)
            if not waiting:
                return
            grant = await self._gateway.budget.reserve(self._id, waiting)
            if grant.number == 0:
                self._send_at = grant.again_at
                return
            now, now_at_writer = self._clock.now(), self._gateway.now_at_writer()
            claims = await asyncio.to_thread(self._store.work.claim, self._id, grant.number, now, now_at_writer)
            for claim in claims:
                self._on_the_wire.add(self._begin(sender.send(claim)))

    async def _collect(self, collector: Collector) -> None:
        if self._collecting or self._clock.now() < self._poll_at:
            return
        outstanding = await asyncio.to_thread(self._store.work.outstanding, self._id)
        if outstanding:
            pages = math.ceil(len(outstanding) / _PAGE)
            self._collecting = self._begin(self._collect_once(collector.collect(outstanding), pages))

    async def _collect_once(self, collect: Coroutine[Any, Any, None], pages: int) -> None:
        try:
            await _unless_writer_fails(collect)
        finally:
            self._poll_at = self._clock.now() + _POLL_EVERY * pages
            self._collecting = None

    async def _settle(self, settler: Settler) -> None:
        now = self._clock.now()
        if self._settling or now < self._settle_at:
            return
        lost = await asyncio.to_thread(self._store.work.lost, self._id)
        due = [row for row in lost if row.lost_at + PROOF_AFTER <= now]
        if due:
            self._settling = self._begin(self._settle_once(settler.settle(due)))

    async def _settle_once(self, settle: Coroutine[Any, Any, None]) -> None:
        try:
            await _unless_writer_fails(settle)
        finally:
            self._settle_at = self._clock.now() + _POLL_EVERY
            self._settling = None

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._on_the_wire.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failure = task.exception()
        self.wake()

    async def _rest(self) -> None:
        """Wait for news, or until something is due."""
        try:
            await asyncio.wait_for(self._news.wait(), _LOOK_EVERY)
        except TimeoutError:
            return

    async def _end_tasks(self, outcomes: Outcomes) -> None:
        """End what still runs, as a canceled or failed runner has to, and keep what came out of it."""
        running = [*self._on_the_wire, *(task for task in (self._collecting, self._settling) if task)]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await outcomes.store()


async def _unless_writer_fails(work: Coroutine[Any, Any, None]) -> None:
    """Do the work; where Writer cannot be asked, the gateway has noted it, and there is a next time."""
    try:
        await work
    except WriterError:
        return
