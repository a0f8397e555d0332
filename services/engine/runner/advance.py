"""The loop of one batch: it tops up what is in flight, polls when results are likely, and never works in waves."""

import asyncio
import logging
import math
from collections.abc import Coroutine
from typing import Any

from services.clock import Clock
from services.engine.gateway import Gateway
from services.engine.runner.collect import Collector
from services.engine.runner.files import FileFeeder
from services.engine.runner.guard import Guard
from services.engine.runner.outcomes import Outcomes
from services.engine.runner.send import Sender
from services.engine.runner.settle import Settler
from services.engine.uploads import Uploads
from services.errors import MissingError, WriterError
from services.models import BatchState
from services.store import Store

_MAX_CLAIM_S = 0.4
"""Seconds after which a turn is not used any more: the window is counted half a second longer than Writer's."""
_STORE_RETRIES_S = (0.0, 1.0, 3.0, 10.0, 30.0)
"""Seconds before each try to store what became of the last requests, where the store failed."""
_MIN_IN_FLIGHT = 2
"""Requests that a batch may have under way though others have taken all the room."""
_MAX_CLAIMED_ROWS = 16
"""Rows claimed at a time at the most, so that batches that run side by side take turns."""
_PROBE_INTERVAL_S = 2.0
"""Seconds between two rows while a quota may be used up."""
_SETTLE_INTERVAL_S = 1.5
"""Seconds between two tries to settle unknown outcomes."""
_FEED_INTERVAL_S = 1.0
"""Seconds between two looks whether rows wait for their files, in a batch that has files."""
_STORE_CHECK_INTERVAL_S = 0.5
"""Seconds after which the store is looked at without a wake-up: another process may have paused the batch."""
_PLAN_INTERVAL_S = 0.25
"""Seconds between two times that it is worked out whether results are likely."""

_log = logging.getLogger(__name__)


class Runner:
    """Advances one batch until nothing is left to do for it here."""

    def __init__(self, batch_id: str, store: Store, gateway: Gateway, uploads: Uploads, clock: Clock) -> None:
        self._id = batch_id
        self._store = store
        self._gateway = gateway
        self._feeder = FileFeeder(batch_id, store, uploads, clock, self.wake)
        self._clock = clock
        self._guard = Guard(batch_id, store, clock)
        self._news = asyncio.Event()
        self._stopping = False
        self._requests_in_flight: set[asyncio.Task[None]] = set()
        self._collecting: asyncio.Task[None] | None = None
        self._settling: asyncio.Task[None] | None = None
        self._feeding: asyncio.Task[None] | None = None
        self._feed_at = math.inf
        self._plan_at = 0.0
        self._has_waiting = True
        self._settle_at = 0.0
        self._send_at = 0.0
        self._failure: BaseException | None = None

    def wake(self) -> None:
        """Look at the store now."""
        self._news.set()

    def stop(self) -> None:
        """Send nothing more; `advance` ends when what is in flight has its answers."""
        self._stopping = True
        self._news.set()

    async def advance(self) -> None:
        """Run until every row is in a final state for good, or nothing may be sent and nothing is at Writer."""
        try:
            await self._advance()
        except MissingError:
            return  # it was over, and somebody has deleted it between two looks

    async def _advance(self) -> None:
        batch = await asyncio.to_thread(self._store.batches.only, self._id)
        outcomes = Outcomes(self._store, self._id, self._guard, self._clock, self.wake)
        sender = Sender(batch, self._store, self._gateway, outcomes, self._clock)
        collector = Collector(batch, self._store, self._gateway, outcomes, self._clock)
        settler = Settler(batch, self._store, self._gateway, outcomes, self._clock)
        await asyncio.to_thread(self._store.work.take_over, self._id, self._clock.now())
        await _unless_writer_fails(self._gateway.learn_clock(batch.agent.id))
        if await asyncio.to_thread(self._store.uploads.has_files, self._id):
            self._feed_at = 0.0
        collector.begin()
        try:
            while True:
                self._news.clear()
                await outcomes.store()
                await self._gateway.budget.failed_for_capacity(self._guard.take_busy_failures())
                if self._failure is not None:
                    raise self._failure
                if self._stopping:
                    if not self._requests_in_flight:
                        return
                elif await self._step(sender, collector, settler):
                    return
                await self._rest()
        except Exception:
            await self._save(outcomes)
            raise
        finally:
            collector.end()
            await self._end_tasks(outcomes)

    async def _step(self, sender: Sender, collector: Collector, settler: Settler) -> bool:
        """Begin what can begin now; tells whether nothing is left to do."""
        state = await asyncio.to_thread(self._guard.check)
        self._feed(state)
        await self._send_more(sender, state)
        await self._collect(collector)
        await self._settle(settler)
        if self._requests_in_flight or self._collecting or self._settling or self._feeding:
            return False
        if await asyncio.to_thread(self._store.batches.finish, self._id, self._clock.now()):
            return True
        return state is not BatchState.RUNNING and not await asyncio.to_thread(self._store.work.any_at_writer, self._id)

    async def _send_more(self, sender: Sender, state: BatchState) -> None:
        """Claim rows and send them, as many as may be in flight and leave now."""
        self._has_waiting = state is BatchState.RUNNING
        while state is BatchState.RUNNING and self._clock.now() >= self._send_at and (room := self._room()) > 0:
            if pause := self._gateway.concurrency.pause(self._clock.now()):
                self._send_at = self._clock.now() + pause
                return
            waiting = await asyncio.to_thread(self._store.work.waiting, self._id, room)
            if not waiting:
                self._has_waiting = False
                return
            grant = await self._gateway.budget.reserve(self._id, waiting)
            if grant.number == 0:
                self._send_at = self._clock.now() + grant.wait
                return
            now, now_at_writer = self._clock.now(), self._gateway.writer_clock.passed(self._clock.now())
            claims = await asyncio.to_thread(self._store.work.claim, self._id, grant.number, now, now_at_writer)
            if not claims:
                return  # the batch was paused or canceled meanwhile, and turns must not be taken in vain
            if self._clock.now() - now > _MAX_CLAIM_S:
                # somebody else was writing for long; who asks for turns now does not count these requests any more
                positions = [claim.position for claim in claims]
                await asyncio.to_thread(self._store.work.unsend, self._id, positions)
                continue
            if self._guard.is_suspicious:
                self._send_at = now + _PROBE_INTERVAL_S
            for claim in claims:
                self._requests_in_flight.add(self._begin(sender.send(claim)))
            await asyncio.sleep(0)  # let them leave, so that they take their room

    def _room(self) -> int:
        """How many more rows may be sent now."""
        budget = self._gateway.budget
        if self._guard.is_suspicious:
            return 1
        room = self._gateway.concurrency.free_slots(budget.jobs_per_minute, budget.jobs_in_minute)
        if self._gateway.concurrency.is_lossy:
            return min(1, room)
        return min(_MAX_CLAIMED_ROWS, max(room, _MIN_IN_FLIGHT - len(self._requests_in_flight)))

    def _feed(self, state: BatchState) -> None:
        if state is not BatchState.RUNNING and self._feeding is not None:
            self._feeding.cancel()
        elif state is BatchState.RUNNING and self._feeding is None and self._clock.now() >= self._feed_at:
            self._feeding = self._begin(self._feed_once())

    async def _feed_once(self) -> None:
        try:
            await self._feeder.feed()
        finally:
            self._feed_at = self._clock.now() + _FEED_INTERVAL_S
            self._feeding = None

    async def _collect(self, collector: Collector) -> None:
        now = self._clock.now()
        if self._collecting or now < self._plan_at:
            return
        self._plan_at = now + _PLAN_INTERVAL_S
        if poll := await collector.next_poll(hurry=not self._has_waiting):
            self._collecting = self._begin(self._collect_once(collector.collect(poll)))

    async def _collect_once(self, collect: Coroutine[Any, Any, None]) -> None:
        try:
            await _unless_writer_fails(collect)
        finally:
            self._collecting = None

    async def _settle(self, settler: Settler) -> None:
        if self._settling or self._clock.now() < self._settle_at:
            return
        if due := await settler.due():
            self._settling = self._begin(self._settle_once(settler.settle(due)))

    async def _settle_once(self, settle: Coroutine[Any, Any, None]) -> None:
        try:
            await _unless_writer_fails(settle)
        finally:
            self._settle_at = self._clock.now() + _SETTLE_INTERVAL_S
            self._settling = None

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._requests_in_flight.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failure = task.exception()
        self.wake()

    async def _rest(self) -> None:
        """Wait for news, or until something is due."""
        to_send = self._send_at - self._clock.now()
        try:
            await asyncio.wait_for(
                self._news.wait(), min(_STORE_CHECK_INTERVAL_S, to_send) if to_send > 0 else _STORE_CHECK_INTERVAL_S
            )
        except TimeoutError:
            return

    async def _save(self, outcomes: Outcomes) -> None:
        """After a fault, store what becomes of the requests in flight: their jobs are paid for."""
        if self._requests_in_flight:
            await asyncio.wait(self._requests_in_flight)
        for seconds in _STORE_RETRIES_S:
            await self._clock.sleep(seconds)
            try:
                await outcomes.store()
            except Exception:  # noqa: BLE001 - whatever it is, the store may be back in a moment
                _log.exception("What became of rows of batch %s could not be stored.", self._id)
            else:
                return

    async def _end_tasks(self, outcomes: Outcomes) -> None:
        """End what still runs, as a canceled or failed runner has to, and keep what came out of it."""
        others = (self._collecting, self._settling, self._feeding)
        running = [*self._requests_in_flight, *(task for task in others if task)]
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
