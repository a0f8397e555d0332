"""Sending rows again: what is kept, which rows, and what it does to the batch."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.models import Attempt, BatchState, PauseKind, RowState
from services.store import Claim, Ended, Sent, Store
from tests.store.making import AT, HERE, NOW, complete, launch, launch_in_each_state, states

INPUTS = {"Product": ["Shoe 0"], "Tone": ["Warm"]}


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, UTC)


def in_every_state(store: Store) -> tuple[str, dict[RowState, int]]:
    """A canceled batch with a row in each state that there can be."""
    batch_id = launch_in_each_state(store)
    store.batches.cancel(batch_id, NOW)
    return batch_id, {**AT, RowState.CANCELED: 6}


@pytest.mark.parametrize("state", sorted(AT | {RowState.CANCELED: 6}))
def test_a_row_that_is_over_can_be_sent_again_and_no_other(store: Store, state: RowState) -> None:
    batch_id, at_state = in_every_state(store) if state is RowState.CANCELED else (launch_in_each_state(store), AT)
    before = states(store, batch_id)
    again = state in (RowState.COMPLETED, RowState.FAILED, RowState.UNCONFIRMED, RowState.CANCELED)
    assert store.rows.retry(batch_id, [at_state[state]]) == again
    before[at_state[state]] = RowState.WAITING if again else state
    assert states(store, batch_id) == before


def test_without_positions_all_failed_rows_are_sent_again_and_only_they(store: Store) -> None:
    batch_id, other = launch_in_each_state(store), launch_in_each_state(store)
    failed = launch(store, 1300)
    complete(store, failed, dict.fromkeys(range(1300)))
    expected = states(store, batch_id)
    expected[AT[RowState.FAILED]] = RowState.WAITING
    assert (store.rows.retry(batch_id, None), store.rows.retry(batch_id, None)) == (1, 0)
    assert states(store, batch_id) == expected
    assert states(store, other)[AT[RowState.FAILED]] is RowState.FAILED
    assert store.rows.retry(failed, [*range(1299, -1, -1), 3, 99_999]) == 1300
    assert store.batches.get(failed).counts.by_state == {RowState.WAITING: 1300}
    assert (store.rows.retry(batch_id, []), store.rows.retry("nowhere", None)) == (0, 0)


def test_with_a_reason_all_rows_that_failed_for_it_are_sent_again_and_only_they(store: Store) -> None:
    batch_id = launch(store, 6)
    store.work.claim(batch_id, 6, NOW)
    reasons = ["Busy.", "Too long.", "Busy.", "Busy.", "Busy. ", None]
    store.work.ended(batch_id, [Ended(n, None, reason) for n, reason in enumerate(reasons)], NOW)
    assert store.rows.retry(batch_id, None, "Busy.") == 3
    again = [n for n, state in enumerate(states(store, batch_id)) if state is RowState.WAITING]
    assert again == [0, 2, 3]
    assert store.rows.retry(batch_id, None, "Busy.") == 0
    assert store.rows.retry(batch_id, None, "") == 1


def test_a_job_that_writer_said_failed_is_retried_and_anything_else_gets_a_new_job(store: Store) -> None:
    batch_id = launch(store, 4)
    complete(store, batch_id, {0: None, 1: "Text"})
    store.work.ended(batch_id, [Ended(2, None, "Writer no longer knows this job.")], NOW)
    store.work.ended(batch_id, [Ended(3, None, "No.", job_failed=True)], NOW)
    store.rows.retry(batch_id, [0, 1, 2])
    claims = store.work.claim(batch_id, 9, NOW)
    assert [(claim.position, claim.retry_of) for claim in claims] == [(0, f"job-{batch_id}-0"), (1, None), (2, None)]
    assert claims[0] == Claim(0, INPUTS, f"job-{batch_id}-0")


def test_a_retry_that_was_refused_is_not_a_failed_job(store: Store) -> None:
    batch_id = launch(store, 1)
    complete(store, batch_id, {0: None})
    store.rows.retry(batch_id, None)
    store.work.claim(batch_id, 1, NOW)
    store.work.ended(batch_id, [Ended(0, None, "400")], NOW)
    store.rows.retry(batch_id, None)
    assert store.work.claim(batch_id, 1, NOW) == [Claim(0, INPUTS, None)]


def test_attempts_are_kept_with_what_each_gave_and_the_best_suggestion_stays(store: Store) -> None:
    batch_id = launch(store, 1)
    complete(store, batch_id, {0: "Good"})
    job = f"job-{batch_id}-0"

    store.rows.retry(batch_id, [0])
    past: tuple[Attempt, ...] = (Attempt(1, RowState.COMPLETED, job, "Good", None, at(1), at(2)),)
    row = store.rows.get(batch_id, 0)
    assert (row.state, row.suggestion, row.error, row.job_id) == (RowState.WAITING, "Good", None, None)
    assert row.attempts == past

    store.work.claim(batch_id, 1, NOW + 5)
    current = Attempt(2, RowState.SENDING, None, None, None, at(5), None)
    assert store.rows.get(batch_id, 0).attempts == (*past, current)

    store.work.ended(batch_id, [Ended(0, None, "Refused.")], NOW + 6)
    row = store.rows.get(batch_id, 0)
    past = (*past, Attempt(2, RowState.FAILED, None, None, "Refused.", at(5), at(6)))
    assert (row.state, row.suggestion, row.error, row.attempts) == (RowState.FAILED, "Good", "Refused.", past)

    store.rows.retry(batch_id, [0])
    complete(store, batch_id, {0: "Better"})
    row = store.rows.get(batch_id, 0)
    past = (*past, Attempt(3, RowState.COMPLETED, job, "Better", None, at(1), at(2)))
    assert (row.state, row.suggestion, row.error, row.attempts) == (RowState.COMPLETED, "Better", None, past)


def test_a_row_that_was_taken_back_counts_no_attempt(store: Store) -> None:
    batch_id = launch(store, 1)
    complete(store, batch_id, {0: None})
    before = store.rows.get(batch_id, 0).attempts
    store.rows.retry(batch_id, None)
    store.work.claim(batch_id, 1, NOW + 5)
    store.work.unsend(batch_id, [0])
    assert store.rows.get(batch_id, 0).attempts == before
    store.work.claim(batch_id, 1, NOW + 7)
    store.work.unconfirm(batch_id, [0], "May exist.", NOW + 8)
    store.rows.retry(batch_id, [0])
    attempts = (*before, Attempt(2, RowState.UNCONFIRMED, None, None, "May exist.", at(7), at(8)))
    assert store.rows.get(batch_id, 0).attempts == attempts


@pytest.mark.parametrize("end", ["finished", "canceled"])
def test_a_batch_that_is_over_runs_again(store: Store, end: str) -> None:
    batch_id = launch(store, 2)
    launched = store.batches.only(batch_id)
    complete(store, batch_id, {0: None, 1: None})
    if end == "finished":
        store.batches.finish(batch_id, NOW)
    else:
        store.batches.cancel(batch_id, NOW)
    over = store.batches.only(batch_id)
    assert (over.state, store.rows.retry(batch_id, []), store.batches.only(batch_id)) == (BatchState(end), 0, over)
    store.rows.retry(batch_id, [1])
    assert store.batches.only(batch_id) == launched
    for seconds in (20, 30):
        store.work.claim(batch_id, 1, NOW + seconds)
    assert store.batches.only(batch_id) == replace(launched, started_at=at(20))


def test_a_paused_batch_stays_paused(store: Store) -> None:
    batch_id = launch(store, 1)
    complete(store, batch_id, {0: None})
    store.batches.pause(batch_id, PauseKind.PERSON, "A word.")
    paused = store.batches.only(batch_id)
    assert store.rows.retry(batch_id, None) == 1
    assert store.batches.only(batch_id) == paused
    assert store.work.claim(batch_id, 1, NOW) == []
    store.batches.resume(batch_id, HERE)
    assert len(store.work.claim(batch_id, 1, NOW)) == 1


def test_a_canceled_row_that_was_to_be_retried_gets_a_new_job(store: Store) -> None:
    batch_id = launch(store, 1)
    complete(store, batch_id, {0: None})
    store.rows.retry(batch_id, None)
    store.batches.cancel(batch_id, NOW)
    assert states(store, batch_id) == [RowState.CANCELED]
    assert store.rows.retry(batch_id, [0]) == 1
    assert store.work.claim(batch_id, 1, NOW) == [Claim(0, INPUTS, None)]
    store.work.sent(batch_id, [Sent(0, "new")])
    assert [attempt.job_id for attempt in store.rows.get(batch_id, 0).attempts] == [f"job-{batch_id}-0", "new"]
