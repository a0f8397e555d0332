"""What the CSV download costs in time and memory, against pandas' `to_csv` on the same rows.

Each way runs in a process of its own, so that neither profits from memory the other has left behind. Memory is how far
the process's high-water mark (`ru_maxrss`) rises over what the rows themselves take; for pandas that includes the
frame, which has to exist before `to_csv` can begin. Its time is that of `to_csv` alone.

Run: python -m tests.benchmarks.bench_exports
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from services.exports import OWN_COLUMNS, csv_stream
from services.models import ExportRow, RowState

ROWS = 100_000
TIME_GOAL = 2.0
MEMORY_GOAL = 0.1
RUNS = 3
COLUMNS = ("SKU", "Product name", "Tone", "Notes", "Audience", "Price")
SENTENCE = "Light on the trail, sure in the wet, and made to last for years of muddy mornings. "


def make_row(number: int) -> ExportRow:
    """Make a row with a suggestion of about 600 characters, every fifth with a line break and quotes."""
    text = f"Trail shoe {number}: " + SENTENCE * 7
    if number % 5 == 0:
        text += '\nAs runners say: "Wow".'
    cells = (f"SKU-{number}", f"Trail shoe {number}", "Friendly", "a note, in two parts", "Runners", "-49.90")
    return ExportRow(cells, text, RowState.COMPLETED, "", f"7f1d0c5e-0000-4000-8000-{number:012d}")


def write_stream(rows: list[ExportRow], path: Path) -> float:
    """Write the rows as the download does, and give the seconds it took."""
    start = time.perf_counter()
    with path.open("wb") as file:
        for chunk in csv_stream(COLUMNS, rows):
            file.write(chunk)
    return time.perf_counter() - start


def write_pandas(rows: list[ExportRow], path: Path) -> float:
    """Write the rows with pandas, and give the seconds that `to_csv` took."""
    frame = pd.DataFrame(
        [(*row.cells, row.suggestion, row.state.label, row.error, row.job_id) for row in rows],
        columns=[*COLUMNS, *OWN_COLUMNS],
    )
    start = time.perf_counter()
    frame.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    return time.perf_counter() - start


WAYS: dict[str, Callable[[list[ExportRow], Path], float]] = {"stream": write_stream, "pandas": write_pandas}


def measure(way: str) -> None:
    """Run one way in this process and print its seconds and extra megabytes as JSON."""
    rows = [make_row(number) for number in range(ROWS)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as directory:
        seconds = WAYS[way](rows, Path(directory) / "out.csv")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps((seconds, (after - before) / 1024)))  # noqa: T201


def in_child(way: str) -> tuple[float, float]:
    """Run one way several times, each in a new process; give the fewest seconds and the most megabytes."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_exports", way]
    figures = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(RUNS)
    ]
    return min(seconds for seconds, _ in figures), max(megabytes for _, megabytes in figures)


def main() -> None:
    """Measure both ways and print one line, or, named a way, measure that one."""
    if len(sys.argv) > 1:
        measure(sys.argv[1])
        return
    seconds, megabytes = in_child("stream")
    pandas_seconds, pandas_megabytes = in_child("pandas")
    print(  # noqa: T201
        f"csv export {ROWS:,} rows: {seconds:.1f} s, to_csv {pandas_seconds:.1f} s, "
        f"ratio {seconds / pandas_seconds:.1f} (goal <= {TIME_GOAL:g}); "
        f"extra memory {megabytes:.1f} MB against {pandas_megabytes:.0f} MB, "
        f"ratio {megabytes / pandas_megabytes:.3f} (goal <= {MEMORY_GOAL:g})"
    )


if __name__ == "__main__":
    main()
