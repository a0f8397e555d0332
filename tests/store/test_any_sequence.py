"""Any sequence of the store's verbs: rows and batches reach only the states they may, and nothing is lost."""

from collections.abc import Callable, Collection

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.errors import RefusedError
from services.models import BatchState, PauseKind, RowDetail, RowState
from services.store import Ended, Sent, Store
from services.store.database import AnyRow
from services.store.tables import rows
from tests.store.making import HERE, NOW, launch, new_row

W, S, P, C, F, U, X, K = (
    RowState.WAITING,
    RowState.SENDING,
    RowState.IN_PROGRESS,
    RowState.COMPLETED,
    RowState.FAILED,
    RowState.UNCONFIRMED,
    RowState.CANCELED,
    RowState.SKIPPED,
)
RUNNING, PAUSED, CANCELED, FINISHED = BatchState
POSITIONS = range(5)
HAVE_NO_ATTEMPT_UNDER_WAY = {W, X, K}


class Trial:
    """One batch that verbs are tried on."""

    def __init__(self, store: Store, sample_rows: int | None) -> None:
        self.store, self.work, self.batches = store, store.work, store.batches
        self.id = launch(
            store, [*(new_row(n) for n in POSITIONS[:-1]), new_row(4, error="Flawed.")], sample_rows=sample_rows
        )
        self._jobs: list[str] = []
        self._launched = self._rows()
        self._now = self._launched
        self._batch = self.batches.only(self.id)

    def new_job(self) -> str:
        self._jobs.append(f"job-{self.id}-{len(self._jobs)}")
        return self._jobs[-1]

    def do(self, name: str, some: Collection[int]) -> None:
        """Do it, and hold what came of it against what may come of it."""
        verb, row_steps, batch_steps = VERBS[name]
        before, batch_before = self._now, self._batch
        try:
            verb(self, some)
        except RefusedError:
            row_steps, batch_steps = set(), set()
        self._now, self._batch = self._rows(), self.batches.only(self.id)
        for old, new in zip(before, self._now, strict=True):
            assert old.state == new.state or (old.state, new.state) in row_steps
            assert old.suggestion is None or new.suggestion is not None
        step = (batch_before.state, self._batch.state)
        assert step[0] == step[1] or step in batch_steps
        if step == (PAUSED, RUNNING):
            assert name in GO_ON[batch_before.pause_kind]
        if name == "claim" and batch_before.sample_end is not None:
            claimed = [new.position for old, new in zip(before, self._now, strict=True) if old.state != new.state]
            assert all(position < batch_before.sample_end for position in claimed)
        self._check_batch()

    def _check_batch(self) -> None:
        states = {row.state for row in self._now}
        if self._batch.state is FINISHED:
            assert not states & {W, S, P}
        if self._batch.state is CANCELED:
            assert W not in states
        assert (self._batch.state is PAUSED) == (self._batch.pause_kind is not None) == (self._batch.reason != "")
        to_retry = {row.state for row in self._now if row.retry_at is not None}
        assert to_retry <= (set() if self._batch.state in (FINISHED, CANCELED) else {F})
        counted = self.batches.get(self.id).counts.retrying
        assert counted == sum(row.retry_at is not None for row in self._now)

    def check_rows(self) -> None:
        """Every row is there as it was launched, with all its attempts and their jobs."""
        for launched, row in zip(self._launched, self._now, strict=True):
            kept = ("position", "number", "cells", "inputs")
            assert [getattr(row, name) for name in kept] == [getattr(launched, name) for name in kept]
            detail = self.store.rows.get(self.id, row.position)
            assert [attempt.number for attempt in detail.attempts] == [*range(1, row.attempts + 1)]
            self._check_row(detail)
        known = set(self._jobs) - self.store.evidence.unknown(self._jobs)
        taken = {attempt.job_id for n in POSITIONS for attempt in self.store.rows.get(self.id, n).attempts}
        assert known == taken - {None}

    def _check_row(self, row: RowDetail) -> None:
        assert row.state in HAVE_NO_ATTEMPT_UNDER_WAY or row.attempts[-1].state is row.state
        assert (row.state is P) <= (row.job_id is not None)
        assert (row.state in (F, U)) <= (row.error is not None)
        assert (row.state is C) <= (row.suggestion == "T" and row.error is None)
        gave = any(attempt.suggestion is not None for attempt in row.attempts)
        assert gave == (row.suggestion is not None)

    def _rows(self) -> list[AnyRow]:
        with self.store._database.read() as connection:
            found = connection.execute(select(rows).where(rows.c.batch_id == self.id).order_by(rows.c.position))
            return list(found.all())


Verb = Callable[[Trial, Collection[int]], object]
VERBS: dict[str, tuple[Verb, set[tuple[RowState, RowState]], set[tuple[BatchState, BatchState]]]] = {
    "claim": (lambda t, some: t.work.claim(t.id, len(some), NOW), {(W, S)}, set()),
    "sent": (lambda t, some: t.work.sent(t.id, [Sent(n, t.new_job()) for n in some]), {(S, P)}, set()),
    "complete": (lambda t, some: t.work.ended(t.id, [Ended(n, "T", None) for n in some], 1), {(S, C), (P, C)}, set()),
    "fail": (
        lambda t, some: t.work.ended(t.id, [Ended(n, None, "E", True) for n in some], NOW),
        {(S, F), (P, F)},
        set(),
    ),
    "fail_for_now": (
        lambda t, some: t.work.ended(t.id, [Ended(n, None, "E", True, None, (5.0, 6.0)) for n in some], NOW),
        {(S, F), (P, F)},
        set(),
    ),
    "retry_due": (lambda t, _: t.work.retry_due(t.id, NOW + 60), {(F, W)}, set()),
    "resend": (lambda t, some: t.work.resend(t.id, some, "?", NOW), {(S, W)}, set()),
    "end_sample": (lambda t, _: t.store.watch.end_sample(t.id, "{} {}".format), set(), {(RUNNING, PAUSED)}),
    "stop_failing": (lambda t, some: t.store.watch.stop_failing(t.id, "!", some), set(), {(RUNNING, PAUSED)}),
    "resume_anyway": (lambda t, _: t.batches.resume_anyway(t.id, HERE), set(), {(PAUSED, RUNNING)}),
    "run_remaining": (lambda t, _: t.batches.run_remaining(t.id, HERE), set(), {(PAUSED, RUNNING)}),
    "unsend": (lambda t, some: t.work.unsend(t.id, some), {(S, W), (S, X)}, set()),
    "lose": (lambda t, some: t.work.lose(t.id, some, NOW), set(), set()),
    "take_over": (lambda t, _: t.work.take_over(t.id, NOW), set(), set()),
    "unconfirm": (lambda t, some: t.work.unconfirm(t.id, some, "?", NOW), {(S, U)}, set()),
    "retry": (
        lambda t, some: t.store.rows.retry(t.id, list(some) or None),
        {(C, W), (F, W), (U, W), (X, W)},
        {(FINISHED, RUNNING), (CANCELED, RUNNING), (PAUSED, RUNNING)},
    ),
    "pause": (lambda t, _: t.batches.pause(t.id, PauseKind.PERSON, "!"), set(), {(RUNNING, PAUSED)}),
    "halt": (lambda t, _: t.batches.halt(HERE, PauseKind.FAULT, "!", t.id), set(), {(RUNNING, PAUSED)}),
    "resume": (lambda t, _: t.batches.resume(t.id, HERE), set(), {(PAUSED, RUNNING)}),
    "cancel": (lambda t, _: t.batches.cancel(t.id, NOW), {(W, X)}, {(RUNNING, CANCELED), (PAUSED, CANCELED)}),
    "finish": (lambda t, _: t.batches.finish(t.id, NOW), set(), {(RUNNING, FINISHED), (PAUSED, FINISHED)}),
}
GO_ON: dict[PauseKind | None, set[str]] = {
    PauseKind.PERSON: {"resume"},
    PauseKind.FAULT: {"resume"},
    PauseKind.MOST_FAIL: {"resume_anyway"},
    PauseKind.SAMPLE: {"run_remaining", "retry"},
}
"""What lets a paused batch go on."""


STEPS = st.lists(
    st.tuples(st.sampled_from(sorted(VERBS)), st.sets(st.sampled_from(POSITIONS))),
    min_size=1,
    max_size=25,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, sample_rows=st.sampled_from([None, 1, 3]))
def test_any_sequence_of_verbs_keeps_to_the_states_there_are_and_loses_nothing(
    store: Store, steps: list[tuple[str, set[int]]], sample_rows: int | None
) -> None:
    trial = Trial(store, sample_rows)
    trial.do("claim", {0, 1, 2})
    for name, some in steps:
        trial.do(name, some)
    trial.check_rows()
