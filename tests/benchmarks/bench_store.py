"""What the screens ask of the store costs on a batch of 100,000 rows, against bare sqlite3 on the same file.

The bare baseline is what any live page would need at the least: a `count(*)` of the batch's rows, and one page of them
by primary key. The best of several runs counts; the first run of each is not among them. PostgreSQL is measured too
where there is one.

Run: python -m tests.benchmarks.bench_store
"""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Text, case, cast, null, update

from services.chunks import pack
from services.models import Agent, AgentInput, Choice, ChoiceKind, InputType, Reading, RowState, Sheet
from services.store import NewBatch, NewRow, Store
from services.store.tables import rows
from tests.support.postgres import NoPostgresError, databases

ROWS = 100_000
PAGE = 50
GOAL_MS = 50.0
RUNS = 5
SENTENCE = "Light on the trail, sure in the wet, and made to last for years of muddy mornings. "
COLUMNS = ("SKU", "Product name", "Tone", "Notes", "Audience", "Price")
AGENT = Agent("agent-1", "Product description", (AgentInput("Product", InputType.TEXT, required=True),))
QUESTIONS: dict[str, tuple[Collection[RowState], str, int]] = {
    "first page": ((), "", 1),
    "last page": ((), "", ROWS // PAGE),
    "failed, first page": ((RowState.FAILED,), "", 1),
    "failed, last page": ((RowState.FAILED,), "", ROWS // 10 // PAGE),
    "three states, last page": ((RowState.COMPLETED, RowState.FAILED, RowState.WAITING), "", ROWS // PAGE),
    "search, few found": ((), "SHOE 99999", 1),
    "search, all found": ((), "trail", 1),
}


def new_row(number: int) -> NewRow:
    """Make a row that is as long as a product's usually is."""
    cells = (f"SKU-{number}", f"Trail shoe {number}", "Friendly", "a note, in two parts", "Runners", "-49.90")
    return NewRow(number + 2, cells, {"Product": [cells[1]]}, None)


def fill(store: Store) -> str:
    """Launch the batch, and let every tenth row fail and the others get suggestions of about 600 characters."""
    now = time.time()
    sheet = Sheet("shoes.csv", COLUMNS, ROWS, Reading("utf-8", ","))
    draft = store.drafts.create(sheet, b"", [pack([])], now)
    choices = {"Product": Choice(ChoiceKind.COLUMN, ("Product name",))}
    new = NewBatch(draft.id, "Shoes", "sandbox", AGENT, "shoes.csv", COLUMNS, choices)
    batch_id = store.batches.launch(new, map(new_row, range(ROWS)), now, lambda _: None)
    failed = rows.c.position % 10 == 0
    ended = {
        "state": case((failed, RowState.FAILED), else_=RowState.COMPLETED),
        "error": case((failed, "Capacity exceeded."), else_=null()),
        "suggestion": case((failed, null()), else_=rows.c.cells + SENTENCE * 7),
        "job_id": "7f1d0c5e-0000-4000-8000-" + cast(rows.c.position, Text),
        "attempts": 1,
        "ended_at": now,
    }
    with store._database.write() as connection:
        connection.execute(update(rows).values(**ended))
    with store._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # PostgreSQL does so on its own after a while
        connection.exec_driver_sql("SELECT 1" if store._database.is_sqlite else "VACUUM ANALYZE")
    return batch_id


def best_ms(ask: Callable[[], object]) -> float:
    """Ask several times, and give the fewest milliseconds."""
    ask()
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - start)
    return min(seconds) * 1000


def questions(store: Store, batch_id: str) -> dict[str, float]:
    """How many milliseconds each page of rows takes, with the counts that the screen shows beside it."""
    took = {"counts alone": best_ms(lambda: store.batches.get(batch_id))}
    for name, (states, search, page) in QUESTIONS.items():

        def ask(states: Collection[RowState] = states, search: str = search, page: int = page) -> None:
            summary = store.batches.get(batch_id)
            assert store.rows.page(summary.batch, states, search, page, PAGE).rows

        took[name] = best_ms(ask)
    return took


def bare(path: Path, batch_id: str) -> float:
    """How many milliseconds bare sqlite3 takes to count the rows and to read one page of them by primary key."""
    with sqlite3.connect(path) as connection:
        count = "SELECT count(*) FROM rows WHERE batch_id = ?"
        page = "SELECT * FROM rows WHERE batch_id = ? AND position BETWEEN ? AND ? ORDER BY position"

        def ask() -> None:
            connection.execute(count, (batch_id,)).fetchone()
            connection.execute(page, (batch_id, 0, PAGE - 1)).fetchall()

        took = best_ms(ask)
    connection.close()
    return took


def report(kind: str, took: dict[str, float], baseline: float) -> None:
    """Print one line a question."""
    for name, milliseconds in took.items():
        goal = "" if "search" in name else f" (goal <= {GOAL_MS:g} ms)"
        print(  # noqa: T201
            f"store {kind}, {ROWS:,} rows, {name}: {milliseconds:.1f} ms, bare sqlite3 {baseline:.1f} ms, "
            f"ratio {milliseconds / baseline:.1f}{goal}"
        )


def main() -> None:
    """Measure on SQLite, and on PostgreSQL where there is one."""
    with ExitStack() as stack:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "copydesk.db"
        store = Store(f"sqlite:///{path}")
        batch_id = fill(store)
        baseline = bare(path, batch_id)
        report("SQLite", questions(store, batch_id), baseline)
        store.close()
        try:
            url = stack.enter_context(stack.enter_context(databases()).empty())
        except NoPostgresError:
            return
        store = Store(url)
        report("PostgreSQL", questions(store, fill(store)), baseline)
        store.close()


if __name__ == "__main__":
    main()
