"""Launching: a draft becomes one batch, whole or not at all."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from services.errors import MissingError
from services.models import Batch, BatchPage, BatchState, BatchSummary, Counts, ExportRow, RowDetail, RowState
from services.store import NewRow, Store
from tests.store.making import (
    AGENT,
    CHOICES,
    COLUMNS,
    NOW,
    draft,
    launch,
    new_batch,
    new_row,
    new_rows,
    no_progress,
)


def test_a_launched_batch_is_running_with_all_its_rows(store: Store) -> None:
    draft_id = draft(store)
    rows = [new_row(0), new_row(1, ("é", "\\", '"', "\n"), error="Tone: unknown.")]
    batch_id = store.batches.launch(new_batch(draft_id, name="Frühling"), rows, NOW, no_progress)
    batch = Batch(
        id=batch_id,
        name="Frühling",
        state=BatchState.RUNNING,
        pause_kind=None,
        reason="",
        connection="sandbox",
        agent=AGENT,
        filename="shoes.csv",
        columns=COLUMNS,
        choices=CHOICES,
        row_count=2,
        created_at=datetime.fromtimestamp(NOW, UTC),
        finished_at=None,
    )
    assert store.batches.get(batch_id) == BatchSummary(batch, Counts({RowState.WAITING: 1, RowState.SKIPPED: 1}))
    assert store.batches.only(batch_id) == batch
    assert list(store.rows.export(batch_id)) == [
        ExportRow(("S0", "Shoe 0", "a.png", ""), "", RowState.WAITING, "", ""),
        ExportRow(("é", "\\", '"', "\n"), "", RowState.SKIPPED, "Tone: unknown.", ""),
    ]
    inputs = {"Product": ["\\"], "Tone": ["Warm"]}
    assert store.rows.get(batch_id, 1) == RowDetail(
        batch_id, 1, 3, RowState.SKIPPED, ("é", "\\", '"', "\n"), inputs, None, "Tone: unknown.", None, ()
    )
    assert store.drafts.get(draft_id).batch_id == batch_id


def test_progress_is_reported_as_rows_are_stored(store: Store) -> None:
    told: list[int] = []
    store.batches.launch(new_batch(draft(store)), new_rows(2100), NOW, told.append)
    assert told == [1000, 2000, 2100]


@pytest.mark.parametrize("raises_at", ["rows", "progress"])
def test_a_launch_that_breaks_stores_nothing_and_can_be_done_again(store: Store, raises_at: str) -> None:
    draft_id = draft(store)

    def breaking() -> Iterator[NewRow]:
        yield from new_rows(1500)
        raise OSError("broken")

    def stopped(_: int) -> None:
        raise OSError("broken")

    given = (breaking(), no_progress) if raises_at == "rows" else (new_rows(3), stopped)
    with pytest.raises(OSError, match="broken"):
        store.batches.launch(new_batch(draft_id), given[0], NOW, given[1])
    assert store.batches.page(1, 10) == BatchPage((), 0)
    assert store.drafts.get(draft_id).batch_id is None
    batch_id = store.batches.launch(new_batch(draft_id), new_rows(2), NOW, no_progress)
    assert store.batches.get(batch_id).counts.total == 2


def test_a_draft_launches_once_even_when_its_batch_is_deleted(store: Store) -> None:
    draft_id = draft(store)
    batch_id = store.batches.launch(new_batch(draft_id), new_rows(2), NOW, no_progress)
    assert store.batches.launch(new_batch(draft_id), new_rows(5), NOW, no_progress) == batch_id
    store.batches.cancel(batch_id, NOW)
    store.batches.delete(batch_id)
    assert store.batches.launch(new_batch(draft_id), new_rows(5), NOW, no_progress) == batch_id
    assert store.batches.page(1, 10) == BatchPage((), 0)


def test_launching_from_several_threads_and_processes_at_once_makes_one_batch(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(2)]
    draft_id = draft(stores[0])
    together = threading.Barrier(6)

    def launch_now(number: int) -> str:
        together.wait()
        return stores[number % 2].batches.launch(new_batch(draft_id), new_rows(50), NOW, no_progress)

    with ThreadPoolExecutor(6) as pool:
        ids = set(pool.map(launch_now, range(6)))
    page = stores[0].batches.page(1, 10)
    assert (len(ids), page.total, page.batches[0].batch.id) == (1, 1, *ids)
    assert page.batches[0].counts == Counts({RowState.WAITING: 50})


def test_a_draft_that_was_purged_is_not_launched(store: Store) -> None:
    with pytest.raises(MissingError, match="This draft doesn't exist"):
        store.batches.launch(new_batch("purged"), new_rows(2), NOW, no_progress)
    assert store.batches.page(1, 10) == BatchPage((), 0)


def test_purging_waits_for_a_launch_and_does_not_take_its_rows_away(open_store: Callable[[], Store]) -> None:
    launching, purging = open_store(), open_store()
    draft_id = draft(launching)

    def purge_half_way() -> Iterator[NewRow]:
        for number, row in enumerate(launching.drafts.rows(draft_id)):
            if number == 1:
                threads.append(threading.Thread(target=purging.drafts.purge, args=(NOW + 1, NOW)))
                threads[0].start()
                threads[0].join(0.1)
            yield new_row(row.number)

    threads: list[threading.Thread] = []
    batch_id = launching.batches.launch(new_batch(draft_id), purge_half_way(), NOW, no_progress)
    threads[0].join()
    assert launching.batches.get(batch_id).counts == Counts({RowState.WAITING: 3})


def test_what_utf8_cannot_carry_is_replaced(store: Store) -> None:
    batch_id = launch(store, [new_row(0, ("\ud83d alone", "\\ud83d", "🥾", ""))])
    assert [row.cells for row in store.rows.export(batch_id)] == [("\ufffd alone", "\\ud83d", "🥾", "")]
