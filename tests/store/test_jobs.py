"""Jobs that rows didn't start: collected into batches, at most once, and never started anew."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, union

from services.errors import PersonError, RefusedError
from services.models import NO_INPUTS, CollectedJobs, ExportRow, Job, JobState, PauseKind, RowState
from services.store import Ended, NewCollection, Sent, Store
from services.store.tables import attempts, batches, rows
from tests.store.making import AGENT, HERE, NOW, complete, launch, no_progress

CREATED = datetime(2026, 5, 28, 12, 0, tzinfo=UTC)
NEW = NewCollection("Collected", HERE, AGENT)


def job(job_id: str, state: JobState = JobState.COMPLETED, at: float = CREATED.timestamp(), **more: Any) -> Job:
    """A job that was created at that time and took 10 seconds."""
    texts: dict[JobState, dict[str, Any]] = {
        JobState.COMPLETED: {"suggestion": f"Text of {job_id}", "title": "Copy"},
        JobState.FAILED: {"error": "Too long."},
    }
    times = datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(at + 10, UTC)
    return replace(Job(job_id, state, *times), **texts.get(state, {}) | more)


def collect(store: Store, *jobs: Job, now: float = NOW) -> CollectedJobs:
    return store.jobs.collect(NEW, jobs, now, no_progress)


def collected(store: Store, *jobs: Job) -> str:
    batch_id = collect(store, *jobs).batch_id
    assert batch_id is not None
    return batch_id


def test_each_job_becomes_a_row_in_the_state_that_it_is_in(store: Store) -> None:
    jobs = [
        job("late", at=CREATED.timestamp() + 60),
        job("failed", JobState.FAILED),
        job("running", JobState.IN_PROGRESS),
        job("blank", suggestion=" "),
        job("odd", suggestion=None, unreadable="its suggestion isn't text"),
    ]
    batch_id = collected(store, *jobs)
    assert list(store.rows.export(batch_id)) == [
        ExportRow(("failed", "", "2026-05-28 12:00:00 UTC"), "", RowState.FAILED, "Too long.", "failed"),
        ExportRow(("running", "", "2026-05-28 12:00:00 UTC"), "", RowState.IN_PROGRESS, "", "running"),
        ExportRow(("blank", "Copy", "2026-05-28 12:00:00 UTC"), " ", RowState.EMPTY, "", "blank"),
        ExportRow(("odd", "Copy", "2026-05-28 12:00:00 UTC"), "", RowState.IN_PROGRESS, "", "odd"),
        ExportRow(("late", "Copy", "2026-05-28 12:01:00 UTC"), "Text of late", RowState.COMPLETED, "", "late"),
    ]
    batch = store.batches.only(batch_id)
    assert (batch.is_collected, batch.columns, batch.row_count) == (True, ("Job", "Title", "Created"), 5)
    assert store.batches.working(HERE) == [batch_id]
    assert store.work.outstanding(batch_id).keys() == {"running", "odd"}


def test_jobs_that_rows_have_or_may_have_are_left_out(store: Store) -> None:
    batch_id = launch(store, 4)
    complete(store, batch_id, {0: None, 1: "Text", 2: None})
    store.rows.retry(batch_id, [0])  # its job is that of an earlier attempt now
    store.work.claim(batch_id, 1, NOW + 20, NOW + 20)
    suspects = launch(store, 1)
    store.work.claim(suspects, 1, NOW, NOW)
    store.evidence.record_unknown(suspects, {"suspect": NOW})
    store.work.unconfirm(suspects, [0], "Lost.", NOW)
    held = job("held", JobState.FAILED)
    assert store.jobs.begin_retries(HERE, [held], NOW) == {"held"}
    result = collect(
        store,
        *(job(f"job-{batch_id}-{n}") for n in range(4)),
        job("too recent", at=NOW + 25),
        job("timeless", created_at=None),
        job("suspect", at=NOW),
        held,
        job("(no id) 123"),
        job("free"),
    )
    assert result == CollectedJobs(result.batch_id, 1, 4, 2, 1, 1, 1)
    assert [row.job_id for row in store.rows.export(result.batch_id or "")] == ["free"]


def test_while_nobody_knows_when_a_request_left_nothing_is_collected(store: Store) -> None:
    batch_id = launch(store, 1)
    store.work.claim(batch_id, 1, NOW, None)
    assert collect(store, job("old")) == CollectedJobs(None, too_recent=1)


def test_a_deleted_batch_gives_its_jobs_back(store: Store) -> None:
    batch_id = collected(store, job("one"), job("two"))
    assert collect(store, job("one"), job("two")) == CollectedJobs(None, in_batches=2)
    assert store.batches.finish(batch_id, NOW)
    store.batches.delete(batch_id)
    assert collect(store, job("one"), job("two")).collected == 2


def test_people_who_collect_at_once_get_each_job_once(store: Store, open_store: Callable[[], Store]) -> None:
    jobs = [job(f"job {n}") for n in range(1_200)]
    shares = [jobs[:900], jobs[300:], jobs]
    with ThreadPoolExecutor(3) as pool:
        stores = [open_store() for _ in shares]
        results = list(pool.map(lambda pair: collect(pair[0], *pair[1]), zip(stores, shares, strict=True)))
    assert sum(result.collected for result in results) == 1_200
    assert rows_per_job(store) == 1
    assert store.jobs.rows(one.id for one in jobs).keys() == {one.id for one in jobs}


def test_a_retry_is_begun_once_until_its_effect_shows(store: Store) -> None:
    failed = job("failed", JobState.FAILED)
    assert store.jobs.begin_retries(HERE, [failed], NOW, NOW - 2) == {"failed"}
    assert store.jobs.begin_retries(HERE, [failed], NOW, NOW - 2) == set()
    store.jobs.retried(HERE, "failed", "failed")
    assert store.jobs.begin_retries(HERE, [failed], NOW, NOW - 2) == set()
    again = replace(failed, updated_at=datetime.fromtimestamp(NOW + 30, UTC))
    assert store.jobs.begin_retries(HERE, [again], NOW + 40, NOW + 38) == {"failed"}
    store.jobs.retried(HERE, "failed", "another")
    assert store.jobs.begin_retries(HERE, [replace(again, updated_at=datetime.max.replace(tzinfo=UTC))], NOW) == set()


def test_a_retry_without_effect_may_be_made_again_and_a_job_of_a_row_is_left_to_its_row(store: Store) -> None:
    failed = job("failed", JobState.FAILED)
    store.jobs.begin_retries(HERE, [failed], NOW)
    store.jobs.not_retried(HERE, "failed")
    assert store.jobs.begin_retries(HERE, [failed], NOW) == {"failed"}
    store.jobs.not_retried(HERE, "failed")
    collected(store, failed)
    assert store.jobs.begin_retries(HERE, [failed], NOW) == set()


def test_rows_without_a_failed_job_say_why_they_cannot_be_sent(store: Store) -> None:
    batch_id = collected(store, job("done"), job("failed", JobState.FAILED))
    with pytest.raises(RefusedError, match=NO_INPUTS):
        store.rows.retry(batch_id, [0])
    assert store.rows.retry(batch_id, [0, 1]) == 1
    (claim,) = store.work.claim(batch_id, 9, NOW)
    assert claim.retry_of == "failed"
    store.work.unsend(batch_id, [claim.position], new_job=True)
    assert [(row.state, row.error) for row in store.rows.export(batch_id)][1] == (RowState.FAILED, NO_INPUTS)
    with pytest.raises(RefusedError, match=NO_INPUTS):
        store.rows.retry(batch_id, None)


def test_a_canceled_retry_of_a_collected_row_can_be_sent_later(store: Store) -> None:
    batch_id = collected(store, job("failed", JobState.FAILED))
    store.rows.retry(batch_id, None)
    store.batches.cancel(batch_id, NOW)
    assert store.rows.send_all(batch_id, RowState.CANCELED) == 1
    assert [claim.retry_of for claim in store.work.claim(batch_id, 9, NOW)] == ["failed"]


class Collection:
    """A batch of three collected jobs that verbs are tried on; the names of new jobs never repeat."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ids: list[str] = []
        self.jobs = [job(f"{n}", state) for n, state in enumerate(JobState)]
        self.numbers = iter(range(1_000))
        self.collect()

    def collect(self) -> None:
        extra = job(f"extra {next(self.numbers)}", JobState.FAILED)
        batch_id = collect(self.store, *self.jobs, extra).batch_id
        assert batch_id is not None
        self.ids.append(batch_id)

    def claim(self, batch_id: str, some: Sequence[int]) -> None:
        claims = self.store.work.claim(batch_id, len(some), NOW, NOW)
        assert None not in [claim.retry_of for claim in claims], "a new job would be created"

    def sent(self, batch_id: str, some: Sequence[int]) -> None:
        """Writer keeps the ids of some retried jobs, and gives new ones to others."""
        for n in some:
            row = self.store.rows.get(batch_id, n)
            if row.state is RowState.SENDING:
                last = row.attempts[-2].job_id
                named = f"new {next(self.numbers)}" if n % 2 or last is None else last
                self.store.work.sent(batch_id, [Sent(n, named)])

    def delete(self, batch_id: str, _: Sequence[int]) -> None:
        self.store.batches.finish(batch_id, NOW)
        self.store.batches.delete(batch_id)
        self.ids.remove(batch_id)
        self.collect()


COLLECTED_VERBS: dict[str, Callable[[Collection, str, Sequence[int]], object]] = {
    "claim": Collection.claim,
    "sent": Collection.sent,
    "delete": Collection.delete,
    "collect": lambda c, _id, _some: c.collect(),
    "retry": lambda c, batch_id, some: c.store.rows.retry(batch_id, list(some) or None),
    "resend": lambda c, batch_id, some: c.store.work.resend(batch_id, some, "?", NOW),
    "send_unconfirmed": lambda c, batch_id, _: c.store.rows.send_all(batch_id, RowState.UNCONFIRMED),
    "send_canceled": lambda c, batch_id, _: c.store.rows.send_all(batch_id, RowState.CANCELED),
    "unsend": lambda c, batch_id, some: c.store.work.unsend(batch_id, some),
    "unsend_for_new_job": lambda c, batch_id, some: c.store.work.unsend(batch_id, some, new_job=True),
    "lose": lambda c, batch_id, some: c.store.work.lose(batch_id, some, NOW),
    "unconfirm": lambda c, batch_id, some: c.store.work.unconfirm(batch_id, some, "?", NOW),
    "fail": lambda c, batch_id, some: c.store.work.ended(
        batch_id, [Ended(n, None, "E", True, None, (5.0,)) for n in some], NOW
    ),
    "refuse": lambda c, batch_id, some: c.store.work.ended(batch_id, [Ended(n, None, "E") for n in some], NOW),
    "retry_due": lambda c, batch_id, _: c.store.work.retry_due(batch_id, NOW + 60),
    "stop_at_limit": lambda c, batch_id, some: c.store.watch.stop_at_limit(batch_id, "!", some),
    "pause": lambda c, batch_id, _: c.store.batches.pause(batch_id, PauseKind.PERSON, "!"),
    "resume": lambda c, batch_id, _: c.store.batches.resume(batch_id, HERE),
    "cancel": lambda c, batch_id, _: c.store.batches.cancel(batch_id, NOW),
}

SOME = st.lists(st.integers(0, 3), unique=True)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(sorted(COLLECTED_VERBS)), st.integers(0, 5), st.lists(st.integers(0, 3), unique=True)
        ),
        min_size=1,
        max_size=25,
    )
)
def test_whatever_is_done_a_collected_row_never_asks_for_a_new_job_and_a_job_is_in_one_row(
    store: Store, steps: list[tuple[str, int, list[int]]]
) -> None:
    with store._database.write() as connection:
        connection.execute(delete(batches))
    trial = Collection(store)
    for name, which, some in steps:
        batch_id = trial.ids[which % len(trial.ids)]
        try:
            COLLECTED_VERBS[name](trial, batch_id, some)
        except PersonError:
            continue
        assert rows_per_job(store) <= 1


def rows_per_job(store: Store) -> int:
    """The most rows that have the same job, in any attempt."""
    found: Counter[str] = Counter()
    named = union(
        select(rows.c.batch_id, rows.c.position, rows.c.job_id),
        select(attempts.c.batch_id, attempts.c.position, attempts.c.job_id),
    )
    with store._database.read() as connection:
        found.update(row.job_id for row in connection.execute(named) if row.job_id is not None)
    return max(found.values(), default=0)
