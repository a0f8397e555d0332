"""What Copydesk's runner makes of Writer's limits, against the SDK with 10 and with 200 workers, in virtual time.

Requests and their answers travel for 0.1 to 0.3 s, jobs take 3 to 10 s, and lists have 50 jobs a page, unless said
otherwise. A minute takes no longer than what the machine has to compute in it.

Run: python -m tests.benchmarks limits
"""

import asyncio
from collections.abc import Callable
from statistics import median
from typing import Any

import httpx

from services.models import RowState
from tests.benchmarks import sdk
from tests.benchmarks.figures import Baseline, Goal, report
from tests.benchmarks.floors import PAGE, floor_requests, floor_seconds
from tests.benchmarks.virtual import Meddler, Run, now, on_stage, run_ours, run_sdk, with_sdk
from tests.engine.runner.stage import AGENT, CONNECTION, Stage
from tests.support.double import Books, Double, FaultyTransport

LONGEST_JOB = 10.0
USUAL: dict[str, Any] = {"latency": (0.1, 0.3), "duration": (3.0, LONGEST_JOB), "page_cap": PAGE}

ROWS = 2000
RPM = 1200
TOKEN_ROWS = 300
JOBS_PER_MINUTE = 50
WRITERS_RPM = 400
"""What Writer gives an organisation unless agreed otherwise."""
TOKENS = USUAL | {"rpm": WRITERS_RPM, "tokens_per_job": 500, "tokens_per_minute": 500 * JOBS_PER_MINUTE}

LARGE = 10_000
SMALL = {f"small {number}": 3 + 7 * number / 4 for number in range(5)}
"""The rows of the small batch, and how long their jobs take."""
BESIDE = USUAL | {"rpm": WRITERS_RPM, "durations": SMALL}
USED_UP = 0.85
"""The share of the limit that has to have left in a minute: the rest is what Copydesk keeps for small batches."""
SEEN_ROWS = 20
_LOOK_EVERY = 0.05
_OTHERS_KEY = "sk-key-of-another-client"
_OTHERS_INPUTS = {"inputs": [{"id": "Text", "value": ["another client's"]}]}


def at_the_limit() -> None:
    """2,000 rows at 1,200 requests a minute, alone."""
    options = USUAL | {"rpm": RPM}
    runs = _runs(ROWS, RPM, options)
    what = f"{ROWS:,} rows at {RPM:,} requests a minute"
    requests, floor = floor_requests(ROWS), floor_seconds(floor_requests(ROWS), RPM, LONGEST_JOB)
    least = f"(floor {requests / ROWS:.2f})"
    _report(f"{what}, requests per finished row {least}", runs, lambda run: run.requests_per_row, Goal("<=", 1.10))
    _report(f"{what}, time over the floor of {floor:.0f} s", runs, lambda run: run.seconds / floor, Goal("<=", 1.10))
    _report(f"{what}, 429s", runs, lambda run: run.refused, Goal("<=", 0))
    _report_not_done(what, runs)


def at_the_limit_beside_another() -> None:
    """The same while another client uses a third of the limit."""
    runs = _runs(ROWS, RPM, USUAL | {"rpm": RPM, "other_share": 1 / 3})
    what = f"{ROWS:,} rows at {RPM:,} requests a minute, a third used by another client"
    floor = floor_seconds(floor_requests(ROWS), RPM * 2 // 3, LONGEST_JOB)
    _report(f"{what}, time over the floor of {floor:.0f} s", runs, lambda run: run.seconds / floor, None)
    _report(f"{what}, 429s of all requests", runs, lambda run: run.percent_refused, Goal("<", 2), " %")
    _report_not_done(what, runs)


def at_the_token_limit() -> None:
    """300 rows where tokens allow 50 jobs a minute, alone."""
    runs = _runs(TOKEN_ROWS, WRITERS_RPM, TOKENS)
    what = f"{TOKEN_ROWS} rows, tokens for {JOBS_PER_MINUTE} jobs a minute"
    floor = floor_seconds(TOKEN_ROWS, JOBS_PER_MINUTE, LONGEST_JOB)
    _report(f"{what}, time over the floor of {floor:.0f} s", runs, lambda run: run.seconds / floor, Goal("<=", 1.25))
    _report(f"{what}, 429s of all requests", runs, lambda run: run.percent_refused, Goal("<", 5), " %")
    _report_not_done(what, runs)


def at_the_token_limit_beside_another() -> None:
    """The same while another client wants as many jobs as a third of the tokens allows, and insists."""
    options = TOKENS | {"names": {_OTHERS_KEY: "another client"}}
    runs = _runs(TOKEN_ROWS, WRITERS_RPM, options, another_client(every=3 * 60 / JOBS_PER_MINUTE))
    what = f"{TOKEN_ROWS} rows, tokens for {JOBS_PER_MINUTE} jobs a minute, a third used by another client"
    floor = floor_seconds(TOKEN_ROWS, JOBS_PER_MINUTE * 2 // 3, LONGEST_JOB)
    _report(f"{what}, time over the floor of {floor:.0f} s", runs, lambda run: run.seconds / floor, None)
    _report(f"{what}, 429s of all requests", runs, lambda run: run.percent_refused, Goal("<", 2), " %")
    _report_not_done(what, runs)


def another_client(every: float) -> Meddler:
    """Somebody who wants a job each time so many seconds are over, and asks every second for one that is refused."""

    async def work(double: Double) -> None:
        http = httpx.AsyncClient(transport=FaultyTransport(double), headers={"Authorization": f"Bearer {_OTHERS_KEY}"})
        url = f"{CONNECTION}/v1/applications/{AGENT.id}/jobs"
        due = now()
        while True:
            if (await http.post(url, json=_OTHERS_INPUTS)).status_code == 202:
                due += every
            await asyncio.sleep(max(1.0, due - now()))

    return work


def beside_a_large_batch() -> None:
    """5 rows launched beside 10,000 that have just used up the window."""
    alone, beside = _small_batch(large=0), _small_batch(LARGE)
    theirs = [
        Baseline(_name(workers), _small_batch_with_sdk(workers), f"{_small_batch_with_sdk(0):.2f} s alone")
        for workers in sdk.WORKERS
    ]
    what = f"{len(SMALL)} rows beside {LARGE:,} at {WRITERS_RPM} requests a minute ({alone:.2f} s alone)"
    report(what, beside, Goal("<=", round(1.5 * alone + 5, 2)), theirs, " s")


def _small_batch(large: int) -> float:
    """Seconds that Copydesk takes for the 5, launched when a batch of so many has used up the window."""

    async def main(stage: Stage) -> float:
        stage.begin()
        if large:
            stage.launch(large)
            await _used_up(stage.books)
        began = now()
        await stage.settled(stage.launch(list(SMALL)))
        return now() - began

    return on_stage(main, WRITERS_RPM, BESIDE)


def _small_batch_with_sdk(workers: int) -> float:
    """The same for a script of its own for the 5, beside one with so many workers for the 10,000."""

    async def main(double: Double, http: httpx.AsyncClient) -> float:
        work, writer = sdk.work, sdk.client(CONNECTION, http)
        large = asyncio.ensure_future(work(writer, sdk.texts(LARGE), workers, now, sdk.Outcome()))
        if workers:
            await _used_up(double.books)
        began = now()
        await work(sdk.client(CONNECTION, http), SMALL, len(SMALL), now, sdk.Outcome())
        large.cancel()
        return now() - began

    return with_sdk(main, BESIDE)


async def _used_up(books: Books) -> None:
    """Wait until the window is used up; a minute at the most, for who is slow never uses it up."""
    for _ in range(int(60 / _LOOK_EVERY)):
        if len(books.of()) >= USED_UP * WRITERS_RPM:
            return
        await asyncio.sleep(_LOOK_EVERY)


def from_done_to_seen() -> None:
    """How long after its end at Writer a job's result is in the store."""
    options = USUAL | {"rpm": WRITERS_RPM, "duration": 3.0}
    ours, theirs = _delays(options), {n: _delays_with_sdk(n, options) for n in sdk.WORKERS}
    for name, figure, goal in (("median", median, Goal("<", 2)), ("maximum", max, None)):
        baselines = [Baseline(_name(workers), figure(found)) for workers, found in theirs.items()]
        what = f"{SEEN_ROWS} rows, jobs of 3 s, from done at Writer to seen in the store, {name}"
        report(what, figure(ours), goal, baselines, " s")


def _delays(options: dict[str, Any]) -> list[float]:
    """Seconds from the end of each job to its row's in the store, to a twentieth of a second."""

    async def main(stage: Stage) -> list[float]:
        batch = stage.launch(SEEN_ROWS)
        seen: dict[str, float] = {}

        def all_seen() -> bool:
            for row in stage.rows(batch, RowState.COMPLETED):
                seen.setdefault(row.values[0], now())
            return len(seen) == SEEN_ROWS

        await stage.until(all_seen, _LOOK_EVERY)
        return _after_end(stage.double, seen)

    return on_stage(main, WRITERS_RPM, options)


def _delays_with_sdk(workers: int, options: dict[str, Any]) -> list[float]:
    """The same to the answer that tells the SDK."""

    async def main(double: Double, http: httpx.AsyncClient) -> list[float]:
        outcome = sdk.Outcome()
        await sdk.work(sdk.client(CONNECTION, http), sdk.texts(SEEN_ROWS), workers, now, outcome)
        return _after_end(double, outcome.done_at)

    return with_sdk(main, options)


def _after_end(double: Double, seen_at: dict[str, float]) -> list[float]:
    return [seen_at[job.text] - job.ready_at for job in double.jobs.values()]


def _runs(rows: int, rpm: int, options: dict[str, Any], meddler: Meddler | None = None) -> tuple[Run, dict[int, Run]]:
    """The same rows by Copydesk, and by the SDK with each number of workers."""
    theirs = {workers: run_sdk(rows, workers, options, meddler) for workers in sdk.WORKERS}
    return run_ours(rows, rpm, options, meddler), theirs


def _report(
    what: str, runs: tuple[Run, dict[int, Run]], field: Callable[[Run], float], goal: Goal | None, unit: str = ""
) -> None:
    ours, theirs = runs
    baselines = [Baseline(_name(workers), field(run), run.remark) for workers, run in theirs.items()]
    report(what, field(ours), goal, baselines, unit)


def _report_not_done(what: str, runs: tuple[Run, dict[int, Run]]) -> None:
    _report(f"{what}, rows not completed", runs, lambda run: run.rows - run.done, Goal("<=", 0))
    _report(f"{what}, rows created twice", runs, lambda run: run.created_twice, Goal("<=", 0))


def _name(workers: int) -> str:
    return f"SDK, {workers} workers"


def main() -> None:
    """Measure everything, one after the other."""
    at_the_limit()
    at_the_limit_beside_another()
    at_the_token_limit()
    at_the_token_limit_beside_another()
    beside_a_large_batch()
    from_done_to_seen()


if __name__ == "__main__":
    main()
