"""Two verbs at the same time, in two processes: what comes out is what one after the other gives."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product
from typing import NamedTuple

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from services.errors import PersonError
from services.models import Batch, BatchState, Counts, PauseKind, RowState
from services.store import Decision, Ended, Store, Window
from tests.store.making import HERE, NOW, complete, launch, wait_until

Verb = Callable[[Store, str], object]
VERBS: dict[str, Verb] = {
    "claim": lambda store, batch_id: len(store.work.claim(batch_id, 9, NOW)),
    "pause": lambda store, batch_id: store.batches.pause(batch_id, PauseKind.PERSON),
    "cancel": lambda store, batch_id: store.batches.cancel(batch_id, NOW + 5),
    "finish": lambda store, batch_id: store.batches.finish(batch_id, NOW + 6),
    "retry": lambda store, batch_id: store.rows.retry(batch_id, None),
    "delete": lambda store, batch_id: store.batches.delete(batch_id),
    "unsend": lambda store, batch_id: store.work.unsend(batch_id, range(3)),
    "fail": lambda store, batch_id: store.work.ended(
        batch_id, [Ended(1, None, "No.", job_failed=True, retry_after=(5.0,))], NOW
    ),
    "retry_due": lambda store, batch_id: store.work.retry_due(batch_id, NOW + 60),
    "end_sample": lambda store, batch_id: store.watch.end_sample(batch_id, "{} {}".format),
}


def with_rows_waiting(store: Store) -> str:
    batch_id = launch(store, 3)
    store.work.claim(batch_id, 1, NOW)
    return batch_id


def with_all_rows_over(store: Store) -> str:
    batch_id = launch(store, 2)
    complete(store, batch_id, {0: None, 1: "Text"})
    return batch_id


def with_a_row_to_retry(store: Store) -> str:
    """A batch whose sample has a row to be tried again, and one at Writer; others wait behind it."""
    batch_id = launch(store, 3, sample_rows=2)
    complete(store, batch_id, {})
    store.work.ended(batch_id, [Ended(0, None, "No.", job_failed=True, retry_after=(5.0,))], NOW)
    return batch_id


def finished(store: Store) -> str:
    batch_id = with_all_rows_over(store)
    store.batches.finish(batch_id, NOW + 3)
    return batch_id


class Outcome(NamedTuple):
    """What two verbs said, and what the batch is afterwards."""

    first: object
    second: object
    state: BatchState | None
    counts: Counts | None


def said(verb: str, store: Store, batch_id: str) -> object:
    try:
        return VERBS[verb](store, batch_id)
    except (PersonError, SQLAlchemyError) as exc:
        return type(exc)


def outcome(store: Store, batch_id: str, first: object, second: object) -> Outcome:
    try:
        summary = store.batches.get(batch_id)
    except PersonError:
        return Outcome(first, second, None, None)
    return Outcome(first, second, summary.batch.state, summary.counts)


def one_after_the_other(store: Store, make: Callable[[Store], str], first: str, second: str) -> list[Outcome]:
    batch_id, reverse = make(store), make(store)
    in_order = [said(first, store, batch_id), said(second, store, batch_id)]
    other_way = [said(second, store, reverse), said(first, store, reverse)]
    return [outcome(store, batch_id, *in_order), outcome(store, reverse, *reversed(other_way))]


@contextmanager
def held_before_commit(store: Store) -> Iterator[tuple[threading.Event, threading.Event]]:
    """The store stops before it commits: the events tell that it has come there, and let it go on."""
    arrived, go_on = threading.Event(), threading.Event()
    write = store._database.write

    @contextmanager
    def held() -> Iterator[Connection]:
        with write() as connection:
            yield connection
            arrived.set()
            assert go_on.wait(20)

    store._database.write = held  # type: ignore[method-assign]
    try:
        yield arrived, go_on
    finally:
        go_on.set()
        store._database.write = write  # type: ignore[method-assign]


def is_blocked(store: Store) -> bool:
    with store._database.read() as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        return bool(connection.execute(text(query)).scalar_one())


def at_the_same_time(
    stores: list[Store], first: Callable[[Store], object], second: Callable[[Store], object]
) -> list[object]:
    """The second call begins, and comes as far as it can, while the first has done all but to commit."""
    with held_before_commit(stores[0]) as (arrived, go_on), ThreadPoolExecutor(2) as threads:
        one = threads.submit(first, stores[0])
        wait_until(lambda: arrived.is_set() or one.done())
        two = threads.submit(second, stores[1])
        wait_until(lambda: is_blocked(stores[2]) or two.done())
        go_on.set()
        return [one.result(), two.result()]


def verbs_at_the_same_time(stores: list[Store], batch_id: str, first: str, second: str) -> Outcome:
    results = at_the_same_time(
        stores, lambda store: said(first, store, batch_id), lambda store: said(second, store, batch_id)
    )
    return outcome(stores[2], batch_id, *results)


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)  # SQLite has one writer at a time
@pytest.mark.parametrize(
    ("make", "verbs"),
    [
        (with_rows_waiting, ["claim", "pause", "cancel", "unsend"]),
        (with_all_rows_over, ["finish", "retry", "cancel", "pause"]),
        (with_a_row_to_retry, ["fail", "retry_due", "end_sample", "retry", "cancel", "pause"]),
        (finished, ["finish", "retry", "delete"]),
    ],
)
def test_two_verbs_at_once_do_what_one_after_the_other_does(
    open_store: Callable[[], Store], make: Callable[[Store], str], verbs: list[str]
) -> None:
    stores = [open_store() for _ in range(3)]
    wrong = {
        (first, second): (result, expected)
        for first, second in product(verbs, verbs)
        if (expected := one_after_the_other(stores[0], make, first, second))
        and (result := verbs_at_the_same_time(stores, make(stores[0]), first, second)) not in expected
    }
    assert wrong == {}


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_what_is_read_in_one_go_belongs_together(open_store: Callable[[], Store]) -> None:
    reading, writing = open_store(), open_store()
    batch_id = launch(reading, 2)
    batch: Batch = reading.batches.only(batch_id)
    assert batch.state is BatchState.RUNNING
    with reading._database.read() as connection:
        before = connection.execute(text("SELECT state FROM batches")).scalar_one()
        writing.batches.cancel(batch_id, NOW)
        states = set(connection.execute(text("SELECT state FROM rows")).scalars())
    assert (before, states) == (BatchState.RUNNING, {RowState.WAITING})


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_two_that_ask_to_send_at_once_get_no_more_than_the_limit(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(3)]

    def reserve(store: Store) -> int:
        def up_to_five(window: Window) -> Decision:
            return Decision(min(3, 5 - window.requests), NOW)

        return store.connections.reserve(HERE, None, 60, lambda: NOW, up_to_five).number

    stores[0].connections.clear_trouble(HERE)
    assert at_the_same_time(stores, reserve, reserve) == [3, 2]
