"""What the desk works out by itself."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.desk import Desk
from services.models import BatchSummary, LaunchOptions
from services.settings import load
from services.store import Ended, Store
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
    for position, seconds in ((1, 30), (2, 20), (3, 10)):
        store.work.ended(batch_id, [Ended(position, "Text", None)], now - seconds)
    return store.batches.get(batch_id), rows_left


def test_the_time_left_is_that_of_the_rows_that_may_be_sent(trying: tuple[BatchSummary, int], desk: Desk) -> None:
    summary, rows_left = trying
    left = desk.time_left(summary)
    assert left is not None
    assert left / timedelta(seconds=10) == pytest.approx(rows_left, rel=0.2)


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


def test_the_time_left_is_no_less_than_the_limit_needs_however_fast_the_last_rows_ended(
    bursting: BatchSummary, desk: Desk
) -> None:
    assert desk.time_left(bursting) == timedelta(minutes=1980 / desk.load().limit)
