"""What tests of the store put into it."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from services import chunks
from services.models import (
    Agent,
    AgentInput,
    Choice,
    ChoiceKind,
    InputType,
    LaunchOptions,
    Reading,
    RowState,
    Sheet,
    SheetRow,
)
from services.store import Ended, NewBatch, NewRow, Sent, Store

NOW = 1_780_000_000.0
HERE = "sandbox"
AGENT = Agent(
    "agent-1",
    "Product description",
    (
        AgentInput("Product", InputType.TEXT, required=True, description="What it is"),
        AgentInput("Tone", InputType.DROPDOWN, options=("Warm", "Éclatant")),
        AgentInput("Photo", InputType.MEDIA, max_values=3, file_types=("png",), takes_urls=True),
    ),
)
COLUMNS = ("SKU", "Product", "Photo 1", "Photo 2")
CHOICES = {
    "Product": Choice(ChoiceKind.COLUMN, ("Product",)),
    "Tone": Choice(ChoiceKind.FIXED, value="Warm"),
    "Photo": Choice(ChoiceKind.COLUMN, ("Photo 1", "Photo 2")),
}
SHEET = Sheet("shoes.csv", COLUMNS, 3, Reading("utf-8", ","), (), ("One blank row is left out.",))


def sheet_rows(count: int) -> list[SheetRow]:
    return [SheetRow(n + 2, (f"S{n}", f"Shoe {n}", "a.png", "")) for n in range(count)]


def packed(rows: Sequence[SheetRow], size: int = chunks.CHUNK_ROWS) -> list[bytes]:
    return [chunks.pack(rows[start : start + size]) for start in range(0, len(rows), size)]


def draft(store: Store, now: float = NOW) -> str:
    return store.drafts.create(SHEET, b"SKU,...", packed(sheet_rows(3)), now).id


def new_batch(draft_id: str, connection: str = HERE, name: str = "Shoes", **options: Any) -> NewBatch:
    launch_options = LaunchOptions(**options)
    return NewBatch(draft_id, name, connection, AGENT, SHEET.filename, COLUMNS, CHOICES, launch_options)


def new_row(number: int, cells: tuple[str, ...] | None = None, error: str | None = None) -> NewRow:
    cells = cells or (f"S{number}", f"Shoe {number}", "a.png", "")
    return NewRow(number + 2, cells, {"Product": [cells[1]], "Tone": ["Warm"]}, error)


def new_rows(count: int) -> list[NewRow]:
    return [new_row(number) for number in range(count)]


def no_progress(_: int) -> None:
    pass


def launch(store: Store, rows: int | Iterable[NewRow], connection: str = HERE, now: float = NOW, **options: Any) -> str:
    """A running batch with these rows, or with so many that wait."""
    given = new_rows(rows) if isinstance(rows, int) else rows
    return store.batches.launch(new_batch(draft(store), connection, **options), given, now, no_progress)


def launch_in_each_state(store: Store, connection: str = HERE) -> str:
    """A running batch that has a row in each state but canceled, at the positions of `AT`, and a second one waiting."""
    batch_id = launch(store, [*new_rows(7), new_row(7, error="Tone: There is no such tone.")], connection)
    work = store.work
    work.claim(batch_id, 5, NOW + 1, NOW + 1)
    work.sent(batch_id, [Sent(n, f"job-{batch_id}-{n}") for n in (1, 2, 3)])
    done = [Ended(2, "Runs well.", None), Ended(3, None, "Capacity exceeded.", job_failed=True)]
    work.ended(batch_id, done, NOW + 2)
    work.unconfirm(batch_id, [4], "It may have a job.", NOW + 3)
    return batch_id


AT = {
    RowState.SENDING: 0,
    RowState.IN_PROGRESS: 1,
    RowState.COMPLETED: 2,
    RowState.FAILED: 3,
    RowState.UNCONFIRMED: 4,
    RowState.WAITING: 5,
    RowState.SKIPPED: 7,
}


def complete(store: Store, batch_id: str, suggestions: dict[int, str | None]) -> None:
    """Send all rows that wait, and give these their suggestions; None lets the job fail."""
    claims = store.work.claim(batch_id, 10_000, NOW + 1)
    store.work.sent(batch_id, [Sent(claim.position, f"job-{batch_id}-{claim.position}") for claim in claims])
    ended = [Ended(p, text, None if text else "Capacity exceeded.", text is None) for p, text in suggestions.items()]
    store.work.ended(batch_id, ended, NOW + 2)


def states(store: Store, batch_id: str) -> list[RowState]:
    """The state of each row, in order."""
    return [row.state for row in store.rows.export(batch_id)]


def wait_until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it does not come true"
        time.sleep(0.01)
