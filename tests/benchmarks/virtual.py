"""Copydesk's runner and the SDK against a double in virtual time: what limits and latencies cost, not what CPU does."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from services.models import RowState
from services.store import Store
from tests.benchmarks import sdk
from tests.engine.runner.stage import CONNECTION, Stage
from tests.support.double import Books, Double, FaultyTransport, Kind, Options
from tests.support.virtual_time import EPOCH, VirtualClock, run_virtual

_WITHIN = 6 * 3600
"""Virtual seconds that a run may take."""

Result = TypeVar("Result")
Meddler = Callable[[Double], Coroutine[Any, Any, None]]
"""What somebody else does at Writer meanwhile, without an end."""


@dataclass(frozen=True)
class Run:
    """What a number of rows took."""

    rows: int
    done: int
    seconds: float
    requests: int
    refused: int
    """Requests answered 429."""
    created_twice: int

    @property
    def requests_per_row(self) -> float:
        """Requests per finished row."""
        return self.requests / max(1, self.done)

    @property
    def percent_refused(self) -> float:
        """How many of a hundred requests were answered 429."""
        return 100 * self.refused / self.requests

    @property
    def remark(self) -> str:
        """What the figures leave out: rows that were given up, "" where there are none."""
        left = self.rows - self.done
        return f"{left:,} rows not done" if left else ""


def on_stage(main: Callable[[Stage], Coroutine[Any, Any, Result]], rpm: int, options: dict[str, Any]) -> Result:
    """Let something happen with Copydesk at so many requests a minute, before a double with these options."""

    async def whole(stage: Stage) -> Result:
        try:
            return await main(stage)
        finally:
            await stage.end()

    with tempfile.TemporaryDirectory() as directory:
        store = Store(f"sqlite:///{Path(directory) / 'copydesk.db'}")
        stage = Stage(store, Double(Options(**options), VirtualClock()), VirtualClock(), rpm)
        try:
            return run_virtual(whole(stage), within=_WITHIN)
        finally:
            store.close()


def with_sdk(
    main: Callable[[Double, httpx.AsyncClient], Coroutine[Any, Any, Result]], options: dict[str, Any]
) -> Result:
    """Let something happen before a double with these options, on an HTTP client for the SDK that reaches it."""
    double = Double(Options(**options), VirtualClock())

    async def whole() -> Result:
        async with httpx.AsyncClient(transport=FaultyTransport(double)) as http:
            return await main(double, http)

    return run_virtual(whole(), within=_WITHIN)


def run_ours(rows: int, rpm: int, options: dict[str, Any], meddler: Meddler | None = None) -> Run:
    """Have Copydesk do so many rows."""

    async def main(stage: Stage) -> Run:
        async with _beside(meddler, stage.double):
            began = now()
            batch = stage.launch(rows)
            await stage.settled(batch)
            return _run(stage.books, rows, stage.states(batch)[RowState.COMPLETED], now() - began)

    return on_stage(main, rpm, options)


def run_sdk(rows: int, workers: int, options: dict[str, Any], meddler: Meddler | None = None) -> Run:
    """Have so many workers with the SDK do the rows."""

    async def main(double: Double, http: httpx.AsyncClient) -> Run:
        async with _beside(meddler, double):
            began, outcome = now(), sdk.Outcome()
            await sdk.work(sdk.client(CONNECTION, http), sdk.texts(rows), workers, now, outcome)
            return _run(double.books, rows, len(outcome.done_at), now() - began)

    return with_sdk(main, options)


def now() -> float:
    """The time as every clock of the run shows it, in seconds."""
    return EPOCH + asyncio.get_running_loop().time()


@asynccontextmanager
async def _beside(meddler: Meddler | None, double: Double) -> AsyncIterator[None]:
    """Have somebody else at work since a minute ago, and on."""
    if meddler is None:
        yield
        return
    meddling = asyncio.create_task(meddler(double))
    await asyncio.sleep(60)
    yield
    meddling.cancel()


def _run(books: Books, rows: int, done: int, seconds: float) -> Run:
    statuses = books.statuses()
    assert not books.of(Kind.OTHER), "a request that Writer has not"
    return Run(rows, done, seconds, statuses.total(), statuses[429], len(books.created_twice()))
