"""Batches: their states, what a person may do to them, and which of them need work."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from services.errors import MissingError, RefusedError
from services.models import BatchState, BatchSummary, Counts, PauseKind, RowState
from services.store import Store
from services.store.tables import attempts, rows
from tests.store.making import HERE, NOW, complete, launch, launch_in_each_state, new_batch, new_rows, no_progress
from tests.store.making import draft as make_draft
from tests.store.making import states as states_of

ELSEWHERE = "https://api.writer.com"
LATER = datetime.fromtimestamp(NOW + 9, UTC)


def finished(store: Store) -> str:
    batch_id = launch(store, 1)
    complete(store, batch_id, {0: "Text"})
    assert store.batches.finish(batch_id, NOW + 3)
    return batch_id


def canceled(store: Store) -> str:
    batch_id = launch(store, 1)
    store.batches.cancel(batch_id, NOW + 3)
    return batch_id


def paused(store: Store) -> str:
    batch_id = launch(store, 1)
    store.batches.pause(batch_id, PauseKind.PERSON)
    return batch_id


def running(store: Store) -> str:
    return launch(store, 1)


def test_a_paused_batch_says_why_and_goes_on(store: Store) -> None:
    batch_id = launch(store, 1)
    before = store.batches.only(batch_id)
    store.batches.pause(batch_id, PauseKind.FAULT, "It broke.")
    assert store.batches.only(batch_id) == replace(
        before, state=BatchState.PAUSED, pause_kind=PauseKind.FAULT, reason="It broke."
    )
    store.batches.resume(batch_id, HERE)
    assert store.batches.only(batch_id) == before


def test_canceling_gives_up_the_rows_that_wait_and_no_other(store: Store) -> None:
    batch_id = launch_in_each_state(store)
    store.batches.pause(batch_id, PauseKind.PERSON, "A word.")
    before = store.batches.only(batch_id)
    store.batches.cancel(batch_id, NOW + 9)
    assert store.batches.only(batch_id) == replace(
        before, state=BatchState.CANCELED, pause_kind=None, reason="", finished_at=LATER
    )
    assert states_of(store, batch_id) == [
        RowState.SENDING,
        RowState.IN_PROGRESS,
        RowState.COMPLETED,
        RowState.FAILED,
        RowState.UNCONFIRMED,
        RowState.CANCELED,
        RowState.CANCELED,
        RowState.SKIPPED,
    ]


@pytest.mark.parametrize("make", [paused, running])
def test_a_batch_finishes_when_every_row_is_in_a_final_state(store: Store, make: Callable[[Store], str]) -> None:
    batch_id = make(store)
    before = store.batches.only(batch_id)
    assert not store.batches.finish(batch_id, NOW + 9)
    assert store.batches.only(batch_id) == before
    if make is paused:
        store.batches.resume(batch_id, HERE)
    complete(store, batch_id, {})
    assert not store.batches.finish(batch_id, NOW + 9)
    complete(store, batch_id, {0: "Text"})
    if make is paused:
        store.batches.pause(batch_id, PauseKind.PERSON, "A word.")
    assert store.batches.finish(batch_id, NOW + 9)
    after = store.batches.only(batch_id)
    assert after == replace(
        before,
        state=BatchState.FINISHED,
        pause_kind=None,
        reason="",
        started_at=after.started_at,
        finished_at=LATER,
    )


def test_a_canceled_batch_stays_canceled_when_its_last_rows_end(store: Store) -> None:
    batch_id = canceled(store)
    before = store.batches.only(batch_id)
    assert store.batches.finish(batch_id, NOW + 9)
    assert store.batches.only(batch_id) == before


@pytest.mark.parametrize(
    ("make", "refused"),
    [
        (running, {"resume"}),
        (paused, {"pause"}),
        (canceled, {"pause", "resume", "cancel"}),
        (finished, {"pause", "resume", "cancel"}),
    ],
)
def test_a_batch_refuses_what_its_state_does_not_allow(
    store: Store, make: Callable[[Store], str], refused: set[str]
) -> None:
    verbs: dict[str, Callable[[str], None]] = {
        "pause": lambda batch_id: store.batches.pause(batch_id, PauseKind.PERSON),
        "resume": lambda batch_id: store.batches.resume(batch_id, HERE),
        "cancel": lambda batch_id: store.batches.cancel(batch_id, NOW),
    }
    for name, verb in verbs.items():
        batch_id = make(store)
        before = store.batches.get(batch_id)
        if name in refused:
            with pytest.raises(RefusedError):
                verb(batch_id)
            assert store.batches.get(batch_id) == before
        else:
            verb(batch_id)
            assert store.batches.get(batch_id) != before


def test_a_batch_goes_on_only_where_it_was_launched(store: Store) -> None:
    batch_id = paused(store)
    with pytest.raises(RefusedError, match="only on the connection"):
        store.batches.resume(batch_id, ELSEWHERE)
    assert store.batches.only(batch_id).state is BatchState.PAUSED


@pytest.mark.parametrize("verb", ["get", "only", "pause", "resume", "cancel", "delete"])
def test_a_batch_that_is_not_there_is_missing(store: Store, verb: str) -> None:
    further = {"pause": (PauseKind.PERSON,), "resume": (HERE,), "cancel": (NOW,)}
    with pytest.raises(MissingError, match=re.escape("This batch doesn't exist. It may have been deleted.")):
        getattr(store.batches, verb)("nowhere", *further.get(verb, ()))


def test_the_newest_batch_comes_first_page_by_page(store: Store) -> None:
    ids = [launch(store, n, now=NOW + n) for n in range(1, 6)]
    first, last = store.batches.page(1, 2), store.batches.page(3, 2)
    assert [item.batch.id for item in first.batches] == [ids[4], ids[3]]
    assert last.batches == (BatchSummary(store.batches.only(ids[0]), Counts({RowState.WAITING: 1})),)
    assert (first.total, last.total) == (5, 5)
    assert store.batches.page(4, 2).batches == ()


@pytest.mark.parametrize("make", [running, paused])
def test_a_batch_that_is_not_over_is_not_deleted(store: Store, make: Callable[[Store], str]) -> None:
    batch_id = make(store)
    with pytest.raises(RefusedError, match="once it has ended"):
        store.batches.delete(batch_id)
    assert store.batches.get(batch_id).counts.total == 1


def test_a_canceled_batch_is_not_deleted_while_rows_of_it_are_at_writer(store: Store) -> None:
    batch_id = launch_in_each_state(store)
    store.batches.cancel(batch_id, NOW)
    with pytest.raises(RefusedError, match="none of its jobs are running"):
        store.batches.delete(batch_id)
    assert store.batches.get(batch_id).counts.total == 8


@pytest.mark.parametrize("make", [canceled, finished])
def test_deleting_takes_rows_and_attempts_along_and_nothing_else(store: Store, make: Callable[[Store], str]) -> None:
    other = finished(store)
    store.rows.retry(other, [0])
    batch_id = make(store)
    if make is finished:
        store.rows.retry(batch_id, [0])
        complete(store, batch_id, {0: "Better"})
        store.batches.finish(batch_id, NOW)
    store.batches.delete(batch_id)
    with store._database.read() as connection:
        for table in (rows, attempts):
            left = connection.execute(select(table.c.batch_id, func.count()).group_by(table.c.batch_id)).all()
            assert left == [(other, 1)]
    assert [item.batch.id for item in store.batches.page(1, 10).batches] == [other]


def test_halting_pauses_what_runs_on_a_connection_or_one_batch_of_it(store: Store) -> None:
    one, two, there = launch(store, 1), launch(store, 1), launch(store, 1, ELSEWHERE)
    by_person, over = paused(store), finished(store)
    untouched = [store.batches.only(batch_id) for batch_id in (by_person, over, there)]
    two_before = store.batches.only(two)
    store.batches.halt(HERE, PauseKind.AGENT_GONE, "Gone.", one)
    halted = store.batches.only(one)
    assert (halted.state, halted.pause_kind, halted.reason) == (BatchState.PAUSED, PauseKind.AGENT_GONE, "Gone.")
    store.batches.halt(ELSEWHERE, PauseKind.KEY_REFUSED, "Key.", two)
    assert store.batches.only(two) == two_before
    store.batches.halt(HERE, PauseKind.KEY_REFUSED, "Key.")
    refused = replace(two_before, state=BatchState.PAUSED, pause_kind=PauseKind.KEY_REFUSED, reason="Key.")
    assert store.batches.only(two) == refused
    assert store.batches.only(one) == halted
    assert [store.batches.only(batch.id) for batch in untouched] == untouched


def test_what_runs_elsewhere_pauses_at_the_start_and_goes_on_when_its_connection_is_back(store: Store) -> None:
    here, there = launch(store, 1), launch(store, 1, ELSEWHERE)
    by_person = launch(store, 1, ELSEWHERE)
    store.batches.pause(by_person, PauseKind.PERSON)
    before = {batch_id: store.batches.only(batch_id) for batch_id in (here, there, by_person)}

    store.batches.settle_connections(HERE, lambda connection: f"Launched on {connection}.")
    reason = f"Launched on {ELSEWHERE}."
    stopped = replace(before[there], state=BatchState.PAUSED, pause_kind=PauseKind.OTHER_CONNECTION, reason=reason)
    assert store.batches.only(there) == stopped
    assert [store.batches.only(batch_id) for batch_id in (here, by_person)] == [before[here], before[by_person]]

    store.batches.settle_connections(ELSEWHERE, lambda connection: f"Launched on {connection}.")
    assert store.batches.only(there) == before[there]
    assert store.batches.only(by_person) == before[by_person]
    assert store.batches.only(here).reason == "Launched on sandbox."


def test_working_are_running_batches_and_those_with_rows_at_writer_oldest_first(store: Store) -> None:
    def launched(seconds: int, connection: str = HERE) -> str:
        return store.batches.launch(new_batch(make_draft(store), connection), new_rows(2), NOW + seconds, no_progress)

    at_writer, idle, stopped, over, running, elsewhere = (
        launched(5),
        launched(4),
        launched(3),
        launched(2),
        launched(1),
        launched(0, ELSEWHERE),
    )
    store.work.claim(at_writer, 1, NOW)
    store.batches.pause(at_writer, PauseKind.PERSON)
    store.batches.pause(idle, PauseKind.PERSON)
    complete(store, stopped, {0: "Text"})
    store.batches.cancel(stopped, NOW)
    complete(store, over, {0: "Text", 1: "Text"})
    store.batches.finish(over, NOW)
    assert store.batches.working(HERE) == [running, stopped, at_writer]
    assert store.batches.working(ELSEWHERE) == [elsewhere]
    store.rows.retry(over, [0])
    assert store.batches.working(HERE) == [running, over, stopped, at_writer]
