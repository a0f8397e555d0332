"""What the desk works out on its own."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.desk import Desk
from services.errors import SheetError
from services.models import BatchState, BatchSummary, LaunchOptions, Reading, RowState
from services.settings import load
from services.store import Ended, Sent, Store
from tests.store.making import draft, new_batch, new_row


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'copydesk.db'}")
    yield store
    store.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    url = f"sqlite:///{tmp_path / 'copydesk.db'}"
    desk = Desk(load({"DATABASE_URL": url}, env_file=tmp_path / "none.env"))
    desk.start()
    yield desk
    desk.stop()


def seconds_left(desk: Desk, summary: BatchSummary) -> float:
    left = desk.batches.time_left(summary)
    assert left is not None
    return left.total_seconds()


@pytest.fixture(params=[(None, 5), (4, 1)])
def trying(store: Store, request: pytest.FixtureRequest) -> tuple[BatchSummary, int]:
    """A batch in which a row ended every 10 seconds, and how many of its rows may still be sent.

    It was launched elsewhere, so that the desk leaves its rows alone.
    """
    sample_rows, rows_left = request.param
    new = replace(new_batch(draft(store), "elsewhere"), options=LaunchOptions(sample_rows=sample_rows))
    rows = [new_row(0, error="Too long."), *(new_row(number) for number in range(1, 9))]
    now = time.time()
    batch_id = store.batches.launch(new, rows, now, lambda _: None)
    store.work.claim(batch_id, 4, now - 40)
    store.work.sent(batch_id, [Sent(position, f"job-{position}") for position in (1, 2, 3, 4)])
    for position, seconds in ((1, 30), (2, 20), (3, 10)):
        store.work.ended(batch_id, [Ended(position, "Text", None)], now - seconds)
    return store.batches.get(batch_id), rows_left


def test_the_time_left_is_that_of_the_rows_that_may_be_sent(trying: tuple[BatchSummary, int], desk: Desk) -> None:
    summary, rows_left = trying
    assert seconds_left(desk, summary) == pytest.approx(10 * rows_left, rel=0.01)


def test_while_writer_is_out_of_reach_or_the_batch_does_not_run_no_time_left_is_shown(
    trying: tuple[BatchSummary, int], desk: Desk, store: Store
) -> None:
    summary, _ = trying
    assert desk.batches.time_left(replace(summary, batch=replace(summary.batch, state=BatchState.PAUSED))) is None
    store.connections.unreachable(desk.connection.id, time.time(), "No route.")
    assert desk.batches.time_left(summary) is None


@pytest.fixture
def bursting(store: Store) -> BatchSummary:
    """A batch of 2,000 rows, 20 of which have just ended at once; launched elsewhere, too.

    It is looked at before the desk starts, which pauses what was launched elsewhere.
    """
    now = time.time()
    rows = [new_row(number) for number in range(2000)]
    batch_id = store.batches.launch(new_batch(draft(store), "elsewhere"), rows, now, lambda _: None)
    store.work.claim(batch_id, 20, now)
    store.work.ended(batch_id, [Ended(position, "Text", None) for position in range(20)], now)
    return store.batches.get(batch_id)


def test_the_time_left_is_what_the_limit_needs_however_fast_the_last_rows_ended(
    bursting: BatchSummary, desk: Desk
) -> None:
    """Of 400 requests a minute 377 are for jobs, counted over 60.5 s: the last rows leave in the sixth window."""
    assert seconds_left(desk, bursting) == pytest.approx(5 * 60.5, abs=0.01)
    assert desk.batches.least_minutes(bursting) == pytest.approx(5 * 60.5 / 60, abs=0.001)


def test_rows_that_leave_in_one_burst_take_no_time_at_the_least(desk: Desk, store: Store) -> None:
    batch_id = store.batches.launch(new_batch(draft(store)), [new_row(n) for n in range(300)], time.time(), print)
    assert desk.batches.least_minutes(store.batches.get(batch_id)) == 0


@pytest.fixture
def retrying(store: Store) -> BatchSummary:
    """A batch whose rows have ended, one of them to be retried automatically in 40 seconds; launched elsewhere, too."""
    now = time.time()
    batch_id = store.batches.launch(new_batch(draft(store), "elsewhere"), [new_row(n) for n in range(4)], now, print)
    store.work.claim(batch_id, 4, now - 10)
    store.work.ended(batch_id, [Ended(position, "Text", None) for position in range(3)], now - 5)
    store.work.ended(batch_id, [Ended(3, None, "No.", job_failed=True, retry_after=(45,))], now - 5)
    return store.batches.get(batch_id)


def test_a_row_that_is_to_be_tried_again_still_takes_its_pause_and_as_long_as_others(
    retrying: BatchSummary, desk: Desk
) -> None:
    assert seconds_left(desk, retrying) == pytest.approx(45, abs=1)
    assert desk.batches.least_minutes(retrying) == pytest.approx(40 / 60, abs=1 / 60)


@pytest.fixture
def losing(store: Store) -> str:
    """A batch that has lost the answers for ten rows; launched elsewhere, too."""
    now = time.time()
    batch_id = store.batches.launch(new_batch(draft(store), "elsewhere"), [new_row(n) for n in range(20)], now, print)
    store.work.claim(batch_id, 15, now)
    store.work.lose(batch_id, range(10), now)
    return batch_id


def test_rows_whose_answers_were_lost_are_counted_until_it_is_known_what_became_of_them(
    losing: str, desk: Desk, store: Store
) -> None:
    assert desk.rows.lost(losing) == 10
    store.work.unsend(losing, [0, 1])
    store.work.unconfirm(losing, [2], "It may have a job.", time.time())
    assert desk.rows.lost(losing) == 7


def test_a_batch_becomes_a_draft_again_with_all_rows_or_some(desk: Desk, store: Store) -> None:
    rows = [new_row(2), new_row(3, error="Too long."), new_row(4)]
    batch_id = store.batches.launch(new_batch(draft(store), "elsewhere"), rows, time.time(), lambda _: None)
    batch = store.batches.only(batch_id)
    again = desk.drafts.open_batch(batch_id)
    assert (again.agent, again.choices, again.sheet.columns) == (batch.agent, batch.choices, batch.columns)
    assert [(row.number, row.cells) for row in desk.drafts.preview(again.id, 9)] == [
        (row.number, row.cells) for row in rows
    ]
    reread = desk.drafts.reread(again.id, Reading(separator=","))
    assert [row.cells for row in desk.drafts.preview(reread.id, 9)] == [row.cells for row in rows]
    skipped = desk.drafts.open_batch(batch_id, [RowState.SKIPPED])
    assert [row.number for row in desk.drafts.preview(skipped.id, 9)] == [rows[1].number]
    with pytest.raises(SheetError):
        desk.drafts.open_batch(batch_id, [RowState.EMPTY])
