"""Where runners run. `Engine` is the seam: start, wake, stop; `EmbeddedEngine` is a thread of the server itself."""

import asyncio
import logging
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from services.clock import Clock
from services.engine.gateway import Gateway
from services.engine.graph_uploads import GraphUploads
from services.engine.runner import Runner
from services.engine.uploads import Uploads
from services.errors import UnreachableError
from services.models import PauseKind
from services.settings import SANDBOX
from services.store import Store

_STORE_CHECK_INTERVAL_S = 1.0
"""Seconds between two checks of the store without a wake-up: another process may have launched a batch."""
_STOP_TIMEOUT_S = 3.0
"""Seconds in which requests in flight may still get their answers when the server stops; 5 are for all of it."""
_PAGE_TIMEOUT_S = 20.0
"""Seconds that a page waits for Writer."""
_FAULT_PAUSE_S = 10.0
"""Seconds before a batch that failed, and has jobs at Writer, runs again."""
_FAULT = (
    "Copydesk failed while running this batch; nothing is lost. "
    "Press Resume to continue, and if it fails again, ask whoever runs Copydesk to check its log."
)

_log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class Engine(Protocol):
    """Where runners run."""

    def start(self) -> None:
        """Begin with every batch that has something to do."""

    def wake(self, batch_id: str) -> None:
        """Check that batch now: its state has changed."""

    def stop(self) -> None:
        """Finish or record what is in flight, and end."""


class EmbeddedEngine:
    """One event loop in a thread of the server, with a task for each batch at work."""

    def __init__(
        self,
        store: Store,
        gateway: Gateway,
        uploads: Uploads,
        connection_id: str,
        clock: Clock,
        graph_uploads: GraphUploads | None = None,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._uploads = uploads
        self._graph_uploads = graph_uploads
        self._connection_id = connection_id
        self._clock = clock
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run_loop, name="engine", daemon=True)
        self._runners: dict[str, Runner] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._calls: set[asyncio.Task[Any]] = set()
        self._woken = asyncio.Event()
        self._supervisor: Future[None] | None = None
        self._stopping = False
        self.is_owner = False
        """Whether this process sends rows; False while another one on the same database does."""

    def start(self) -> None:
        """Begin with every batch that has something to do."""
        self._thread.start()
        self._supervisor = asyncio.run_coroutine_threadsafe(self._supervise(), self._loop)

    def wake(self, batch_id: str) -> None:
        """Check that batch now."""
        self._loop.call_soon_threadsafe(self._wake, batch_id)

    def stop(self) -> None:
        """Finish or record what is in flight, and end, within seconds."""
        if self._supervisor is None:
            return
        self._loop.call_soon_threadsafe(self._begin_to_stop)
        self._supervisor.result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def call(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Do a page's work on the engine's loop, where the connections to Writer live, and wait for its result.

        Raises UnreachableError: a person should not wait any longer; and what the work raises.
        """
        try:
            return self.submit(asyncio.wait_for(work, _PAGE_TIMEOUT_S)).result()
        except TimeoutError as exc:
            raise UnreachableError("Writer is taking too long to answer. Try again in a minute.") from exc

    def submit(self, work: Coroutine[Any, Any, Answer]) -> Future[Answer]:
        """Do a page's work on the engine's loop; it is canceled when the engine stops."""
        return asyncio.run_coroutine_threadsafe(self._register(work), self._loop)

    async def _register(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        call = asyncio.create_task(work)
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return await call

    def _run_loop(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def _wake(self, batch_id: str) -> None:
        if batch_id in self._runners:
            self._runners[batch_id].wake()
        self._woken.set()

    def _begin_to_stop(self) -> None:
        self._stopping = True
        self._woken.set()

    async def _supervise(self) -> None:
        """Give every batch that has something to do a runner, as long as this process is the one to do it."""
        while not self._stopping:
            self._woken.clear()
            try:
                await self._start_runners()
            except Exception:  # noqa: BLE001 - whatever the store raises, the next check may succeed
                _log.exception("The engine could not read its batches; it tries again.")
            await self._rest()
        await self._stop_runners()
        await self._cancel_calls()
        await self._uploads.aclose()
        await self._gateway.aclose()

    async def _start_runners(self) -> None:
        if not await asyncio.to_thread(self._store.ownership.acquire):
            if self.is_owner:
                _log.warning("Another Copydesk on the same database may send rows now; this one stops.")
                self.is_owner = False
                await self._stop_runners()
            return
        if not self.is_owner:
            await asyncio.to_thread(self._store.batches.settle_connections, self._connection_id, _elsewhere)
            self.is_owner = True
        for batch_id in await asyncio.to_thread(self._store.batches.working, self._connection_id):
            if batch_id not in self._runners:
                self._start_runner(batch_id)
        if self._graph_uploads is not None:
            await self._graph_uploads.check()

    def _start_runner(self, batch_id: str) -> None:
        runner = self._runners[batch_id] = Runner(batch_id, self._store, self._gateway, self._uploads, self._clock)
        task = self._loop.create_task(self._advance(batch_id, runner))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _advance(self, batch_id: str, runner: Runner) -> None:
        try:
            await runner.advance()
        except Exception:  # noqa: BLE001 - one batch that fails must not end the others
            _log.exception("Batch %s failed.", batch_id)
            await self._halt(batch_id)
            await self._clock.sleep(_FAULT_PAUSE_S)
        finally:
            del self._runners[batch_id]

    async def _halt(self, batch_id: str) -> None:
        """Pause a batch that failed, where the store still works."""
        halt = self._store.batches.halt
        try:
            await asyncio.to_thread(halt, self._connection_id, PauseKind.FAULT, _FAULT, batch_id)
        except Exception:  # noqa: BLE001 - a store that is out of order may be what failed it
            _log.exception("Batch %s could not be paused; it will run again.", batch_id)

    async def _stop_runners(self) -> None:
        for runner in self._runners.values():
            runner.stop()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_STOP_TIMEOUT_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._graph_uploads is not None:
            await self._graph_uploads.stop()

    async def _cancel_calls(self) -> None:
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), _STORE_CHECK_INTERVAL_S)
        except TimeoutError:
            return


def _elsewhere(connection: str) -> str:
    where = "the sandbox" if connection == SANDBOX else connection
    how = "without WRITER_API_KEY" if connection == SANDBOX else f"with WRITER_BASE_URL={connection} and its key"
    return f"This batch was launched on {where} and only runs there. Start Copydesk {how} to continue."
