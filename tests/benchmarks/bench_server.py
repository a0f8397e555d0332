"""What 100,000 running rows cost the server in memory and CPU, against an idle server and a batch of 1,000.

Copydesk runs as it is really run, as a Streamlit server, on an SQLite file and without a limit on requests; the double
and this process, which launches the batches, are others. Memory is the server's resident set. CPU is that of all its
threads. Only a part of the 100,000 rows is waited for. Needs Linux.

Run: python -m tests.benchmarks server
"""

import asyncio
import tempfile
import time
from pathlib import Path

import httpx

from services.store import Store
from tests.benchmarks import sdk
from tests.benchmarks.bench_runner import NO_LIMIT
from tests.benchmarks.figures import Baseline, Goal, report
from tests.benchmarks.processes import (
    completed,
    cpu_seconds,
    double,
    launch,
    memory_megabytes,
    wait_until_finished,
)
from tests.support.server import Server

LARGE, SMALL, WARM_UP = 100_000, 1000, 200
BEGIN_AT, MEASURED = 1000, 5000
"""Rows of the large batch that are finished when its CPU is measured from, and how many more until it is done."""
OPTIONS = ("--latency", "0.1-0.3", "--duration", "3")
ROWS_A_WORKER = 2
"""Rows for each worker of the SDK."""
_LOOK_EVERY = 0.25


def main() -> None:
    """Measure the server, then the SDK."""
    with tempfile.TemporaryDirectory() as directory, double(*OPTIONS) as url:
        settings = {"WRITER_BASE_URL": url, "WRITER_API_KEY": "sk-key-of-ours", "WRITER_RPM": str(NO_LIMIT)}
        with Server(Path(directory), **settings) as server:
            store = Store(f"sqlite:///{Path(directory) / 'copydesk.db'}")
            idle = memory_megabytes(server.pid)
            cpu_of_batch(store, url, server.pid, WARM_UP)
            small = cpu_of_batch(store, url, server.pid, SMALL)
            large, most = run_large(store, url, server.pid)
            store.close()
    theirs = [Baseline(f"SDK, {workers} workers", cpu_of_sdk(workers)) for workers in sdk.WORKERS]
    what = f"{LARGE:,} rows running, memory of the server over the {idle:.0f} MB of an idle one"
    report(what, most - idle, Goal("<", 150), [], " MB")
    of_small = Baseline(f"a batch of {SMALL:,} rows", small)
    what = f"{LARGE:,} rows running, CPU per 1,000 finished rows"
    report(what, large, Goal("<=", 1.3, of_ratio=True), [of_small, *theirs], " s")


def cpu_of_batch(store: Store, connection: str, pid: int, rows: int) -> float:
    """Seconds of CPU for each 1,000 rows of a batch, from launch to its end."""
    before = cpu_seconds(pid)
    wait_until_finished(store, launch(store, connection, rows))
    return (cpu_seconds(pid) - before) / rows * 1000


def run_large(store: Store, connection: str, pid: int) -> tuple[float, float]:
    """Seconds of CPU for each 1,000 rows while the large batch runs, and the most megabytes from its launch on."""
    batch_id = launch(store, connection, LARGE)
    most = 0.0
    at: dict[int, float] = {}
    while not at or max(at) < min(at) + MEASURED:
        time.sleep(_LOOK_EVERY)
        most = max(most, memory_megabytes(pid))
        done = completed(store, batch_id)
        if done >= BEGIN_AT:
            at[done] = cpu_seconds(pid)
    first, last = min(at), max(at)
    return (at[last] - at[first]) / (last - first) * 1000, most


def cpu_of_sdk(workers: int) -> float:
    """Seconds of CPU of this process for each 1,000 rows by so many workers with the SDK."""
    rows = workers * ROWS_A_WORKER
    with double(*OPTIONS) as url:
        before = time.process_time()
        asyncio.run(_work(url, rows, workers))
        return (time.process_time() - before) / rows * 1000


async def _work(url: str, rows: int, workers: int) -> None:
    limits = httpx.Limits(max_connections=workers, max_keepalive_connections=workers)
    async with httpx.AsyncClient(limits=limits) as http:
        outcome = sdk.Outcome()
        await sdk.work(sdk.client(url, http), sdk.texts(rows), workers, time.monotonic, outcome)
    assert len(outcome.done_at) == rows, outcome.given_up


if __name__ == "__main__":
    main()
