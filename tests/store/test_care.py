"""What is done for a batch without a person: rows tried again, the sample's end, the stop when nearly all rows fail."""

from dataclasses import replace

import pytest

from services.errors import RefusedError
from services.models import Attempt, BatchState, Counts, PauseKind, RowState, deletable, resumable, sampled
from services.store import Claim, Ended, Sent, Store
from tests.store.making import HERE, NOW, complete, launch, new_row, new_rows, states
from tests.store.test_retry import INPUTS, at

COMPLETED, FAILED, WAITING = RowState.COMPLETED, RowState.FAILED, RowState.WAITING
ELSEWHERE = "https://api.writer.com"
AFTER = (5.0, 30.0)


def fail(store: Store, batch_id: str, *positions: int, words: str = "No.", now: float = NOW) -> None:
    """Let the jobs of these rows fail, each of which may be tried again twice."""
    store.work.ended(batch_id, [Ended(n, None, words, job_failed=True, retry_after=AFTER) for n in positions], now)


def with_failed_rows(store: Store, rows: int = 4, failed: int = 2) -> str:
    """A running batch of which the first rows have failed and are tried again, and the others are at Writer."""
    batch_id = launch(store, rows, retries=2)
    complete(store, batch_id, {})
    fail(store, batch_id, *range(failed))
    return batch_id


def test_failed_rows_stay_failed_until_their_pause_is_over_and_then_wait_for_a_retry(store: Store) -> None:
    batch_id, other = with_failed_rows(store), with_failed_rows(store)
    fail(store, batch_id, 2, now=NOW + 3)
    assert store.batches.get(batch_id).counts == Counts({FAILED: 3, RowState.IN_PROGRESS: 1}, retrying=3)
    assert store.rows.get(batch_id, 0).error == "No."
    assert store.work.retry_due(batch_id, NOW + 4.9) == 0
    assert store.work.retry_due(batch_id, NOW + 5) == 2
    assert states(store, batch_id) == [WAITING, WAITING, FAILED, RowState.IN_PROGRESS]
    row, job = store.rows.get(batch_id, 0), f"job-{batch_id}-0"
    assert row.attempts == (Attempt(1, FAILED, job, None, "No.", at(1), at(0)),)
    assert store.work.claim(batch_id, 1, NOW) == [Claim(0, INPUTS, job)]
    page = store.batches.page(1, 9).batches
    assert {item.batch.id: item.counts.retrying for item in page} == {batch_id: 1, other: 2}


def test_each_further_failure_has_its_own_pause_and_the_last_one_none(store: Store) -> None:
    batch_id = with_failed_rows(store, rows=1, failed=1)
    now = NOW
    for pause in AFTER:
        assert store.work.retry_due(batch_id, now + pause - 0.1) == 0
        assert store.work.retry_due(batch_id, now + pause) == 1
        now += pause
        store.work.claim(batch_id, 1, now)
        store.work.sent(batch_id, [Sent(0, "again")])
        fail(store, batch_id, 0, now=now)
    assert store.batches.get(batch_id).counts == Counts({FAILED: 1})
    assert store.work.retry_due(batch_id, now + 9999) == 0


def test_a_time_that_is_too_far_off_to_be_true_is_now(store: Store) -> None:
    batch_id = with_failed_rows(store)
    assert store.work.retry_due(batch_id, NOW - 200) == 0
    assert store.work.retry_due(batch_id, NOW - 3600) == 2


def test_only_failures_that_say_so_are_tried_again(store: Store) -> None:
    batch_id = launch(store, 2)
    complete(store, batch_id, {0: None, 1: "Text"})
    assert store.batches.get(batch_id).counts.retrying == 0


@pytest.mark.parametrize("state", [BatchState.PAUSED, BatchState.CANCELED])
def test_nothing_is_tried_again_in_a_batch_that_does_not_run(store: Store, state: BatchState) -> None:
    batch_id = with_failed_rows(store)
    if state is BatchState.PAUSED:
        store.batches.pause(batch_id, PauseKind.PERSON)
    else:
        store.batches.cancel(batch_id, NOW)
    fail(store, batch_id, 2)
    assert store.work.retry_due(batch_id, NOW + 60) == 0
    assert store.batches.get(batch_id).counts.retrying == (3 if state is BatchState.PAUSED else 0)
    if state is BatchState.PAUSED:
        store.batches.resume(batch_id, HERE)
        assert store.work.retry_due(batch_id, NOW + 60) == 3


def test_a_batch_is_not_over_while_rows_of_it_are_to_be_tried_again(store: Store) -> None:
    batch_id = with_failed_rows(store, rows=2)
    summary = store.batches.get(batch_id)
    assert not store.batches.finish(batch_id, NOW)
    assert store.batches.working(HERE) == [batch_id]
    assert not deletable(summary.batch, summary.counts)
    with pytest.raises(RefusedError):
        store.batches.delete(batch_id)
    store.work.retry_due(batch_id, NOW + 60)
    complete(store, batch_id, {0: "Text", 1: "Text"})
    assert store.batches.finish(batch_id, NOW)


def test_a_persons_retry_comes_at_once_and_begins_anew(store: Store) -> None:
    batch_id = with_failed_rows(store)
    store.work.retry_due(batch_id, NOW + 60)
    store.work.claim(batch_id, 2, NOW)
    fail(store, batch_id, 0, 1)
    assert store.rows.retry(batch_id, [0]) == 1
    assert store.batches.get(batch_id).counts.retrying == 1
    store.work.claim(batch_id, 1, NOW)
    fail(store, batch_id, 0)
    assert store.work.retry_due(batch_id, NOW + 5) == 1, "row 0 waits 5 s as at first, row 1 waits 30 s"


# the sample

SKIPPED = {1, 2, 6}


@pytest.mark.parametrize(
    ("sample_rows", "end"), [(None, None), (1, 1), (2, 4), (4, 6), (5, 8), (6, None), (7, None), (99, None)]
)
def test_the_sample_ends_behind_its_last_row_that_is_ready(
    store: Store, sample_rows: int | None, end: int | None
) -> None:
    rows = [new_row(n, error="Flawed." if n in SKIPPED else None) for n in range(9)]
    batch_id = launch(store, rows, sample_rows=sample_rows)
    assert store.batches.only(batch_id).sample_end == end
    claimed = [claim.position for claim in store.work.claim(batch_id, 99, NOW)]
    assert claimed == [n for n in range(end or 9) if n not in SKIPPED]
    assert store.work.waiting(batch_id, 99) == 0


def test_a_sample_may_end_in_a_later_group_of_rows(store: Store) -> None:
    batch_id = launch(store, new_rows(2500), sample_rows=1500)
    assert store.batches.only(batch_id).sample_end == 1500
    assert store.work.waiting(batch_id, 9999) == 1500


def told(first: int, behind: int) -> str:
    return f"{first} done, {behind} wait"


def test_a_batch_pauses_when_its_sample_is_done_and_resumes_on_request(store: Store) -> None:
    rows = [new_row(0, error="Flawed."), *(new_row(n) for n in range(1, 6))]
    batch_id = launch(store, rows, sample_rows=2)
    before = store.batches.only(batch_id)
    assert not store.watch.end_sample(batch_id, told), "rows of it wait"
    store.work.claim(batch_id, 2, NOW)
    assert not store.watch.end_sample(batch_id, told), "a row is being sent"
    store.work.sent(batch_id, [Sent(1, "one"), Sent(2, "two")])
    assert not store.watch.end_sample(batch_id, told), "a row is at Writer"
    store.work.ended(batch_id, [Ended(1, "Text", None)], NOW)
    fail(store, batch_id, 2)
    assert not store.watch.end_sample(batch_id, told), "a row is to be tried again"
    store.work.retry_due(batch_id, NOW + 60)
    complete(store, batch_id, {2: None})
    store.batches.pause(batch_id, PauseKind.PERSON)
    assert not store.watch.end_sample(batch_id, told), "a person has paused it"
    store.batches.resume(batch_id, HERE)
    assert store.watch.end_sample(batch_id, told)
    paused = store.batches.only(batch_id)
    assert (paused.state, paused.pause_kind, paused.reason) == (BatchState.PAUSED, PauseKind.SAMPLE, "2 done, 3 wait")
    assert (sampled(paused, HERE), sampled(paused, ELSEWHERE), resumable(paused, HERE)) == (True, False, False)
    with pytest.raises(RefusedError):
        store.batches.run_remaining(batch_id, ELSEWHERE)
    store.batches.run_remaining(batch_id, HERE)
    assert store.batches.only(batch_id) == replace(before, sample_end=None, started_at=at(0))
    assert not store.watch.end_sample(batch_id, told)
    assert store.work.waiting(batch_id, 9) == 3


def test_a_retry_lets_a_sampled_batch_run_without_the_rows_behind(store: Store) -> None:
    batch_id = launch(store, 5, sample_rows=1)
    complete(store, batch_id, {0: None})
    running = store.batches.only(batch_id)
    store.watch.end_sample(batch_id, told)
    assert store.rows.retry(batch_id, None) == 1
    assert store.batches.only(batch_id) == running
    assert store.work.waiting(batch_id, 9) == 1


def test_the_sample_is_forgotten_when_a_canceled_batch_runs_again(store: Store) -> None:
    batch_id = launch(store, 5, sample_rows=1)
    store.batches.cancel(batch_id, NOW)
    store.rows.retry(batch_id, [3, 4])
    assert [claim.position for claim in store.work.claim(batch_id, 9, NOW)] == [3, 4]


# the stop


def test_a_batch_that_fails_stops_and_gives_up_the_retries_of_what_failed_so(store: Store) -> None:
    batch_id = with_failed_rows(store, rows=5, failed=3)
    assert store.watch.to_retry(batch_id) == {0: "No.", 1: "No.", 2: "No."}
    assert store.watch.stop_failing(batch_id, "Why.", [0, 2])
    paused = store.batches.get(batch_id)
    assert (paused.batch.state, paused.batch.pause_kind) == (BatchState.PAUSED, PauseKind.MOST_FAIL)
    assert (paused.batch.reason, paused.counts.retrying) == ("Why.", 1)
    assert not store.watch.stop_failing(batch_id, "Other.", [])
    with pytest.raises(RefusedError):
        store.batches.resume(batch_id, HERE)
    store.batches.resume_anyway(batch_id, HERE)
    going_on = store.batches.only(batch_id)
    assert (going_on.state, going_on.reason, going_on.unguarded) == (BatchState.RUNNING, "", True)
    assert not store.watch.stop_failing(batch_id, "Why.", [1])
    assert store.batches.get(batch_id).counts.retrying == 1


def test_a_batch_that_has_nothing_more_to_send_is_not_stopped(store: Store) -> None:
    batch_id = with_failed_rows(store, rows=3, failed=2)
    assert not store.watch.stop_failing(batch_id, "Why.", [0, 1])
    assert store.batches.get(batch_id).counts == Counts({FAILED: 2, RowState.IN_PROGRESS: 1})
    assert store.batches.only(batch_id).state is BatchState.RUNNING


def test_a_batch_that_is_set_going_anew_is_guarded_again(store: Store) -> None:
    batch_id = with_failed_rows(store, rows=2)
    store.watch.stop_failing(batch_id, "Why.", [])
    store.batches.resume_anyway(batch_id, HERE)
    store.work.retry_due(batch_id, NOW + 60)
    complete(store, batch_id, {0: None, 1: None})
    store.batches.finish(batch_id, NOW)
    assert store.batches.only(batch_id).unguarded
    store.rows.retry(batch_id, None)
    assert not store.batches.only(batch_id).unguarded


def test_the_last_rows_that_ended_are_those_since_the_batch_last_began(store: Store) -> None:
    batch_id = launch(store, 4)
    complete(store, batch_id, {3: "Text"})
    fail(store, batch_id, 1, words="One.", now=NOW + 5)
    fail(store, batch_id, 0, words="Zero.", now=NOW + 6)
    store.work.unconfirm(batch_id, [2], "?", NOW + 7)
    assert store.watch.last_ended(batch_id, 9) == [(3, None), (1, "One."), (0, "Zero.")]
    assert store.watch.last_ended(batch_id, 2) == [(1, "One."), (0, "Zero.")]
    assert store.watch.any_completed(batch_id)
    store.batches.cancel(batch_id, NOW + 8)
    store.rows.retry(batch_id, [1])
    assert store.watch.last_ended(batch_id, 9) == []
    store.work.claim(batch_id, 1, NOW + 20)
    fail(store, batch_id, 1, now=NOW + 21)
    assert store.watch.last_ended(batch_id, 9) == [(1, "No.")]
    assert not store.watch.any_completed(batch_id)


# sending again what was lost


def test_a_lost_row_is_sent_again_once_and_its_attempt_stays(store: Store) -> None:
    batch_id = launch(store, 3)
    store.work.claim(batch_id, 2, NOW + 1)
    assert store.work.resend(batch_id, [0, 2], "Lost.", NOW + 2) == {0}
    assert states(store, batch_id) == [WAITING, RowState.SENDING, WAITING]
    lost = Attempt(1, RowState.UNCONFIRMED, None, None, "Lost.", at(1), at(2))
    assert store.rows.get(batch_id, 0).attempts == (lost,)
    store.work.claim(batch_id, 1, NOW + 3)
    assert store.work.resend(batch_id, [0], "Lost.", NOW + 4) == set()
    assert store.rows.get(batch_id, 0).state is RowState.SENDING


def test_a_lost_retry_is_sent_again_as_one_and_none_of_a_canceled_batch(store: Store) -> None:
    batch_id = launch(store, 1)
    complete(store, batch_id, {0: None})
    store.rows.retry(batch_id, None)
    store.work.claim(batch_id, 1, NOW)
    assert store.work.resend(batch_id, [0], "Lost.", NOW) == {0}
    assert store.work.claim(batch_id, 1, NOW) == [Claim(0, INPUTS, f"job-{batch_id}-0")]
    canceled = launch(store, 1)
    store.work.claim(canceled, 1, NOW)
    store.batches.cancel(canceled, NOW)
    assert store.work.resend(canceled, [0], "Lost.", NOW) == set()
    assert states(store, canceled) == [RowState.SENDING]
