"""How fast rows get their inputs, against a bare loop that only picks the mapped cells.

Run: python -m tests.benchmarks.bench_mapping
"""

import gc
import time
from collections.abc import Callable

from services.drafts.mapping import check, compile_choices
from services.models import Agent, AgentInput, Choice, ChoiceKind, Inputs, InputType, SheetRow

ROWS = 100_000
GOAL = 5.0
COLUMNS = ("SKU", "Product name", "Tone", "Notes", "Audience", "Price")
TONES = ("Friendly", "Formal", "Playful", "Technical")
AGENT = Agent(
    "agent",
    "Product description",
    (
        AgentInput("Product name", InputType.TEXT, required=True),
        AgentInput("Tone", InputType.DROPDOWN, required=True, options=TONES),
        AgentInput("Audience", InputType.TEXT),
    ),
)
CHOICES = {field.name: Choice(ChoiceKind.COLUMN, (field.name,)) for field in AGENT.inputs}


def make_rows() -> list[SheetRow]:
    """Make rows in which every tenth tone is in another case and every tenth audience is empty."""
    return [
        SheetRow(
            number + 2,
            (
                f"SKU-{number}",
                f"Trail shoe {number}",
                TONES[number % 4].upper() if number % 10 == 0 else TONES[number % 4],
                "a note",
                "" if number % 10 == 5 else f"Runners {number % 50}",
                "49.90",
            ),
        )
        for number in range(ROWS)
    ]


def bare_loop(rows: list[SheetRow]) -> None:
    """Pick the mapped cells of every row into the same kind of dict, and do nothing else."""
    picks = [(field.name, COLUMNS.index(field.name)) for field in AGENT.inputs]
    for row in rows:
        cells = row.cells
        inputs: Inputs = {}
        for name, place in picks:
            inputs[name] = [cells[place]]


def build_all(rows: list[SheetRow]) -> None:
    """Give every row its inputs or its problems."""
    builder = compile_choices(AGENT, CHOICES, COLUMNS)
    for row in rows:
        builder.build(row)


def best_of(times: int, work: Callable[[], object]) -> float:
    """Give the seconds of the fastest of several runs, which other processes disturbed the least."""
    seconds = []
    for _ in range(times):
        gc.collect()
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    """Measure and print one line for each figure."""
    rows = make_rows()
    bare = best_of(7, lambda: bare_loop(rows))
    for what, seconds in (
        ("build", best_of(7, lambda: build_all(rows))),
        ("check", best_of(7, lambda: check(compile_choices(AGENT, CHOICES, COLUMNS), rows))),
    ):
        print(  # noqa: T201 - a benchmark's result is what it prints
            f"{what} {ROWS:,} rows x {len(AGENT.inputs)} inputs: {seconds:.3f} s, bare loop {bare:.3f} s, "
            f"ratio {seconds / bare:.1f} (goal <= {GOAL:g})"
        )


if __name__ == "__main__":
    main()
