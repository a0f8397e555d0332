"""Copydesk's engine against the SDK over real HTTP and in real time, so that what CPU and disk cost counts too.

The double is served by a process of its own, a new one for each run, and the engine works in another one on an SQLite
file. Requests that create jobs take 0.1 to 0.3 s.

Run: python -m tests.benchmarks runner
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from tests.benchmarks import sdk
from tests.benchmarks.bench_limits import LONGEST_JOB, ROWS, RPM
from tests.benchmarks.figures import Baseline, Goal, report
from tests.benchmarks.floors import PAGE, floor_requests, floor_seconds
from tests.benchmarks.processes import books, copydesk, double

USUAL = ("--effect-delay", "0.1-0.3")
AT_THE_LIMIT = (*USUAL, "--duration", f"3-{LONGEST_JOB}", "--page-cap", str(PAGE), "--rpm", str(RPM))
UNLIMITED = (*USUAL, "--duration", "0.5")
NO_LIMIT = 1_000_000
"""Requests a minute that nobody reaches."""
MANY = 200
ROWS_A_WORKER = 8
"""Rows for each worker of the SDK where nothing limits it: enough for a pace, and done in about 20 s."""


def at_the_limit() -> None:
    """2,000 rows at 1,200 requests a minute; the SDK gets the time that Copydesk took, for it needs many times that."""
    seconds, ours = run_ours(ROWS, RPM, AT_THE_LIMIT)
    done, _, theirs = run_sdk(ROWS, MANY, AT_THE_LIMIT, within=seconds)
    what = f"real time, {ROWS:,} rows at {RPM:,} requests a minute"
    remark = f"{ROWS - done:,} rows not done when Copydesk was"
    per_row = Baseline(_name(MANY), len(theirs["requests"]) / max(1, done), remark)
    least = floor_requests(ROWS) / ROWS
    figure = len(ours["requests"]) / ROWS
    report(f"{what}, requests per finished row (floor {least:.2f})", figure, Goal("<=", 1.10), [per_row])
    floor = floor_seconds(floor_requests(ROWS), RPM, LONGEST_JOB)
    rate = Baseline(_name(MANY), _refused(theirs))
    report(f"{what}, 429s", _refused(ours), Goal("<=", 0), [rate])
    pace = Baseline(_name(MANY), seconds / floor * ROWS / max(1, done), f"at the pace of its {done:,} rows")
    report(f"{what}, time over the floor of {floor:.0f} s", seconds / floor, Goal("<=", 1.10), [pace])


def without_a_limit() -> None:
    """2,000 rows as fast as they go, against as many workers as Copydesk had requests in flight."""
    seconds, ours = run_ours(ROWS, NO_LIMIT, UNLIMITED)
    connections = ours["most_at_once"]
    done, took, _ = run_sdk(connections * ROWS_A_WORKER, connections, UNLIMITED)
    what = f"real time, no limit, jobs of 0.5 s, {connections} requests at once, rows per second"
    report(what, ROWS / seconds, Goal(">=", 2, of_ratio=True), [Baseline(_name(connections), done / took)])


def run_ours(rows: int, rpm: int, options: tuple[str, ...]) -> tuple[float, dict[str, Any]]:
    """Have Copydesk do so many rows; gives the seconds it took and the double's books."""
    with (
        tempfile.TemporaryDirectory() as directory,
        double(*options) as url,
        copydesk(Path(directory), url, rpm) as ours,
    ):
        return ours.run(rows), books(url)


def run_sdk(
    rows: int, workers: int, options: tuple[str, ...], within: float | None = None
) -> tuple[int, float, dict[str, Any]]:
    """Have so many workers with the SDK do the rows, or what they can of them within so many seconds.

    Gives how many were done, the seconds it took, and the double's books.
    """
    with double(*options) as url:
        began, outcome = time.monotonic(), sdk.Outcome()
        asyncio.run(_work(url, rows, workers, within, outcome))
        return len(outcome.done_at), time.monotonic() - began, books(url)


async def _work(url: str, rows: int, workers: int, within: float | None, outcome: sdk.Outcome) -> None:
    limits = httpx.Limits(max_connections=workers, max_keepalive_connections=workers)
    async with httpx.AsyncClient(limits=limits) as http:
        work = sdk.work(sdk.client(url, http), sdk.texts(rows), workers, time.monotonic, outcome)
        await asyncio.wait({asyncio.create_task(work)}, timeout=within)


def _refused(read: dict[str, Any]) -> int:
    return sum(entry["status"] == 429 for entry in read["requests"])


def _name(workers: int) -> str:
    return f"SDK, {workers} workers"


def main() -> None:
    """Measure both, one after the other."""
    at_the_limit()
    without_a_limit()


if __name__ == "__main__":
    main()
