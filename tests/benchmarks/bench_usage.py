"""What the page of agents asks of the store costs with 10,000 batches of 100 rows.

The best of several runs counts; the first run is not among them. PostgreSQL is measured too where there is one.

Run: python -m tests.benchmarks.bench_usage
"""

import tempfile
from contextlib import ExitStack

from sqlalchemy import insert

from services.models import BatchState, RowState
from services.store import Store, codec
from services.store.tables import batches, rows
from tests.benchmarks.bench_store import best_ms
from tests.benchmarks.figures import Goal, report
from tests.store.making import AGENT, CHOICES, COLUMNS, HERE, NOW
from tests.support.postgres import NoPostgresError, databases

BATCHES = 10_000
ROWS = 100
AGENTS = 30
GOAL = Goal("<=", 100.0)


def fill(store: Store) -> None:
    """Store the batches, each row with a suggestion of 600 characters, or failed."""
    with store._database.write() as connection:
        for start in range(0, BATCHES, 100):
            numbers = range(start, start + 100)
            connection.execute(insert(batches), [batch(number) for number in numbers])
            connection.execute(insert(rows), [row(number, place) for number in numbers for place in range(ROWS)])
    with store._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # PostgreSQL does so on its own after a while
        connection.exec_driver_sql("SELECT 1" if store._database.is_sqlite else "VACUUM ANALYZE")


def batch(number: int) -> dict[str, object]:
    """The values of a batch."""
    return {
        "id": f"7f1d0c5e-0000-4000-8000-{number:012}",
        "draft_id": f"draft-{number}",
        "name": "Shoes",
        "state": BatchState.FINISHED,
        "reason": "",
        "connection": HERE,
        "agent_id": f"agent-{number % AGENTS}",
        "agent": codec.agent_to_json(AGENT),
        "filename": "shoes.csv",
        "columns": codec.to_json(COLUMNS),
        "choices": codec.choices_to_json(CHOICES),
        "row_count": ROWS,
        "created_at": NOW + number,
    }


def row(number: int, place: int) -> dict[str, object]:
    """The values of a row of that batch."""
    return {
        "batch_id": f"7f1d0c5e-0000-4000-8000-{number:012}",
        "position": place,
        "number": place + 2,
        "cells": codec.to_json([f"S{place}", f"Shoe {place}", "a.png", ""]),
        "inputs": "{}",
        "state": RowState.COMPLETED if place % 10 else RowState.FAILED,
        "suggestion": "Sure in the wet. " * 36,
        "sent_at": NOW,
        "ended_at": NOW + 8,
    }


def measure(kind: str, url: str) -> None:
    """Measure on an empty database."""
    store = Store(url)
    fill(store)
    milliseconds = best_ms(lambda: store.usage.by_agent(HERE))
    report(f"usage of {AGENTS} agents {kind}, {BATCHES:,} batches of {ROWS} rows", milliseconds, GOAL, (), " ms")
    store.close()


def main() -> None:
    """Measure on SQLite, and on PostgreSQL where there is one."""
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        measure("SQLite", f"sqlite:///{directory}/copydesk.db")
        try:
            url = stack.enter_context(stack.enter_context(databases()).empty())
        except NoPostgresError:
            return
        measure("PostgreSQL", url)


if __name__ == "__main__":
    main()
