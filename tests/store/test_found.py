"""Jobs that a person gives to unconfirmed rows: once each, and only while nothing else may have them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from services.errors import MissingError, PersonError, RefusedError
from services.models import BatchState, JobState, RowState
from services.store import EffectWindow, Ended, Sent, Store
from services.store.tables import batches
from tests.store.making import NOW, launch, states
from tests.store.test_jobs import collect, job, rows_per_job

U = RowState.UNCONFIRMED


def unconfirmed(store: Store, count: int, *jobs: str, started: int = 0) -> str:
    """A finished batch of so many unconfirmed rows, and the jobs that may be theirs."""
    batch_id = launch(store, count)
    store.work.claim(batch_id, count, NOW, NOW)
    store.work.sent(batch_id, [Sent(n, f"job-{batch_id}-{n}") for n in range(started)])
    positions = range(started, count)
    store.work.record_windows(batch_id, {n: EffectWindow(NOW, NOW + 20) for n in positions})
    store.work.unconfirm(batch_id, positions, "Lost.", NOW + 60)
    store.found.record(batch_id, dict.fromkeys(jobs, NOW + 5), positions, NOW + 90)
    store.batches.finish(batch_id, NOW + 90)
    return batch_id


def test_an_assigned_job_becomes_the_rows_attempt_in_whatever_state_it_is(store: Store) -> None:
    batch_id = unconfirmed(store, 4, "done", "failed", "running", "blank")
    jobs = {
        0: job("done", at=NOW + 5),
        1: job("failed", JobState.FAILED),
        2: job("running", JobState.IN_PROGRESS),
        3: job("blank", suggestion=" "),
    }
    store.found.assign(batch_id, jobs, NOW + 100)
    assert states(store, batch_id) == [RowState.COMPLETED, RowState.FAILED, RowState.IN_PROGRESS, RowState.EMPTY]
    row = store.rows.get(batch_id, 0)
    assert (row.suggestion, row.error, row.job_id) == ("Text of done", None, "done")
    (attempt,) = row.attempts
    assert attempt.assigned_at is not None
    assert attempt.assigned_at.timestamp() == NOW + 100
    assert store.work.outstanding(batch_id).keys() == {"running"}
    assert store.batches.working("sandbox") == [batch_id]
    assert store.batches.only(batch_id).state is BatchState.FINISHED
    assert store.rows.retry(batch_id, [1]) == 1
    (claim,) = store.work.claim(batch_id, 9, NOW + 110)
    assert claim.retry_of == "failed"
    assert [attempt.assigned_at is not None for attempt in store.rows.get(batch_id, 1).attempts] == [True, False]


def test_a_second_assignment_of_a_job_or_a_row_is_refused_in_words(store: Store) -> None:
    batch_id = unconfirmed(store, 3, "one", "two", "three")
    other = unconfirmed(store, 1, "one")
    store.found.assign(batch_id, {0: job("one")}, NOW)
    with pytest.raises(RefusedError, match="Job one belongs to row 2 of “Shoes” already"):
        store.found.assign(batch_id, {1: job("one")}, NOW)
    with pytest.raises(RefusedError, match="Job one belongs to row 2"):
        store.found.assign(other, {0: job("one")}, NOW)
    with pytest.raises(RefusedError, match="Row 2 isn't unconfirmed any more"):
        store.found.assign(batch_id, {0: job("two"), 1: job("three")}, NOW)
    with pytest.raises(RefusedError, match="Job unheard of was dismissed"):
        store.found.assign(batch_id, {1: job("unheard of")}, NOW)
    with pytest.raises(MissingError):
        store.found.assign("nowhere", {1: job("two")}, NOW)
    assert states(store, batch_id) == [RowState.COMPLETED, U, U]
    assert store.found.suspects(other).created_at == {}


def test_while_an_answer_may_name_the_job_it_is_not_assigned(store: Store) -> None:
    batch_id = unconfirmed(store, 1, "late")
    sending = launch(store, 1)
    store.work.claim(sending, 1, NOW + 4, NOW + 4)
    with pytest.raises(RefusedError, match="one of these jobs may be theirs"):
        store.found.assign(batch_id, {0: job("late", at=NOW + 5)}, NOW + 5)
    store.work.sent(sending, [Sent(0, "late")])
    with pytest.raises(RefusedError, match="Job late belongs to row 2"):
        store.found.assign(batch_id, {0: job("late", at=NOW + 5)}, NOW + 5)


def test_people_who_assign_at_once_give_a_job_to_one_row(store: Store, open_store: Callable[[], Store]) -> None:
    batch_id = unconfirmed(store, 4, "one")

    def assign(pair: tuple[Store, int]) -> bool:
        try:
            pair[0].found.assign(batch_id, {pair[1]: job("one")}, NOW)
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(assign, [(open_store(), n) for n in range(4)]))
    assert sum(results) == 1
    assert sorted(states(store, batch_id)) == sorted([RowState.COMPLETED, U, U, U])


def test_rows_are_proven_only_once_every_job_is_assigned_or_dismissed(store: Store) -> None:
    batch_id = unconfirmed(store, 4, "one", "two")
    assert store.found.proven(batch_id) == 0
    with pytest.raises(RefusedError, match="nothing was sent"):
        store.found.send_proven(batch_id)
    store.found.assign(batch_id, {0: job("one")}, NOW)
    store.found.dismiss(batch_id, ["two"], NOW)
    assert (store.found.proven(batch_id), store.found.suspects(batch_id).dismissed) == (3, 1)
    assert store.evidence.unconfirmed_rows(batch_id).created_at == ()
    store.found.restore(batch_id)
    assert store.found.proven(batch_id) == 0
    store.found.dismiss(batch_id, ["two"], NOW)
    assert store.found.send_proven(batch_id) == 3
    assert states(store, batch_id) == [RowState.COMPLETED, *[RowState.WAITING] * 3]
    assert store.batches.only(batch_id).state is BatchState.RUNNING


def test_rows_that_were_not_searched_or_whose_retry_was_lost_are_not_proven(store: Store) -> None:
    batch_id = launch(store, 2)
    store.work.claim(batch_id, 2, NOW, NOW)
    store.work.sent(batch_id, [Sent(0, "old")])
    store.work.ended(batch_id, [Ended(0, None, "No.", job_failed=True)], NOW)
    store.rows.retry(batch_id, [0])
    store.work.claim(batch_id, 1, NOW, NOW)
    store.work.unconfirm(batch_id, [0, 1], "Lost.", NOW)
    assert store.found.proven(batch_id) == 0
    store.found.record(batch_id, {}, [0, 1], NOW)
    assert store.found.proven(batch_id) == 1
    store.rows.retry(batch_id, [1])
    store.work.claim(batch_id, 1, NOW, NOW)
    store.work.unconfirm(batch_id, [1], "Lost.", NOW)
    assert store.found.proven(batch_id) == 0, "what was searched for was an earlier request"


JOBS = tuple(f"free {n}" for n in range(5))
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["assign", "collect", "delete", "dismiss", "restore", "retry", "unconfirm", "sent", "proven"]),
        st.integers(0, 1),
        st.integers(0, 3),
        st.sampled_from(JOBS),
        st.sampled_from(JobState),
    ),
    max_size=20,
)


class Trial:
    """Two batches whose unconfirmed rows may have any of five jobs."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ids = [unconfirmed(store, 4, *JOBS), unconfirmed(store, 4, *JOBS)]
        self.collected: list[str] = []
        self.new = 0

    def do(self, verb: str, batch_id: str, row: int, job_id: str, state: JobState) -> None:
        store, this = self.store, job(job_id, state)
        if verb == "assign":
            store.found.assign(batch_id, {row: this}, NOW)
        elif verb == "collect":
            self.collected.append(collect(store, *(job(name, state) for name in JOBS)).batch_id or batch_id)
        elif verb == "delete":
            deleted = self.collected[-1] if self.collected else batch_id
            store.batches.finish(deleted, NOW)
            store.batches.delete(deleted)
            self.ids = [each for each in self.ids if each != deleted] or [unconfirmed(store, 4, *JOBS)]
        elif verb == "dismiss":
            store.found.dismiss(batch_id, [job_id], NOW)
        elif verb == "restore":
            store.found.restore(batch_id)
        elif verb == "retry":
            store.rows.retry(batch_id, [row])
            store.work.claim(batch_id, 9, NOW, NOW)
        elif verb == "unconfirm":
            store.work.unconfirm(batch_id, [row], "?", NOW)
        elif verb == "sent":
            self.new += 1
            store.work.sent(batch_id, [Sent(row, f"new {self.new}")])
        elif store.found.proven(batch_id):
            before = states(store, batch_id).count(U)
            assert store.found.suspects(batch_id).created_at == {}
            store.found.send_proven(batch_id)
            assert states(store, batch_id).count(U) < before


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_in_whatever_order_a_job_is_in_one_row_at_the_most(
    store: Store, steps: list[tuple[str, int, int, str, JobState]]
) -> None:
    with store._database.write() as connection:
        connection.execute(delete(batches))
    trial = Trial(store)
    for verb, which, row, job_id, state in steps:
        try:
            trial.do(verb, trial.ids[which % len(trial.ids)], row, job_id, state)
        except PersonError:
            continue
        assert rows_per_job(store) <= 1
