"""How long reading takes, beside the libraries that do nothing but parse: `python -m tests.benchmarks.bench_sheets`."""

import csv
import sys
import time
from collections.abc import Callable
from io import BytesIO, StringIO

import pandas
import xlsxwriter
from python_calamine import CalamineWorkbook

from services.drafts import sheets
from services.models import Reading

ROWS = 100_000
COLUMNS = 6
ROUNDS = 3
LIMITS = sheets.Limits(max_bytes=100_000_000, max_rows=ROWS, max_columns=COLUMNS)


def table() -> list[list[str | float]]:
    """Make a header and rows as a shop might have them."""
    rows: list[list[str | float]] = [["SKU", "Product name", "Tone", "Key features", "Stock", "Price"]]
    for i in range(ROWS):
        rows.append([f"{i:06}", f"Product {i}", "Warm", f"Light\nFeature {i}", i, i + 0.5])
    return rows


def as_csv(rows: list[list[str | float]]) -> bytes:
    """Write the rows as CSV in UTF-8."""
    out = StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def as_xlsx(rows: list[list[str | float]]) -> bytes:
    """Write the rows as a plain workbook."""
    out = BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return out.getvalue()


def seconds(work: Callable[[], object]) -> float:
    """Give the shortest of some runs, in seconds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def read(data: bytes, filename: str) -> None:
    """Read as Copydesk does, the process and all chunks included."""
    with sheets.read(data, filename, Reading(), LIMITS) as parsed:
        if parsed.sheet.row_count != ROWS or not sum(map(len, parsed.chunks())):
            raise ValueError("rows are missing")


def report(kind: str, peer: str, ours: float, theirs: float, goal: float) -> None:
    """Print one comparison."""
    text = f"{kind} {ROWS:,} x {COLUMNS}: read {ours:.2f} s, {peer} {theirs:.2f} s"
    sys.stdout.write(f"{text}, ratio {ours / theirs:.1f} (goal <= {goal:g})\n")


def main() -> None:
    """Compare CSV with pandas and XLSX with calamine alone."""
    rows = table()
    text, book = as_csv(rows), as_xlsx(rows)
    pandas_time = seconds(lambda: pandas.read_csv(BytesIO(text), dtype=str, keep_default_na=False))
    report("csv", "pandas", seconds(lambda: read(text, "a.csv")), pandas_time, 3)
    calamine_time = seconds(lambda: CalamineWorkbook.from_object(BytesIO(book)).get_sheet_by_index(0).to_python())
    report("xlsx", "calamine", seconds(lambda: read(book, "a.xlsx")), calamine_time, 2)


if __name__ == "__main__":
    main()
