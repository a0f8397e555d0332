"""Retry: through Writer's retry call where the job failed, as a new job otherwise."""

import asyncio

import pytest

from services.models import RowState
from tests.engine.runner.conftest import Play
from tests.engine.runner.stage import Stage
from tests.support.double import Fault, Kind, is_for

COMPLETED, FAILED, UNCONFIRMED = RowState.COMPLETED, RowState.FAILED, RowState.UNCONFIRMED
BOTH_IDS = pytest.mark.parametrize("new_id", [False, True], ids=["same id", "new id"])


@BOTH_IDS
def test_failed_jobs_are_retried_through_writers_retry_call(play: Play, new_id: bool) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(30)
        await stage.settled(batch)
        failed = stage.states(batch)[FAILED]
        assert 5 < failed < 25
        assert stage.retry(batch) == failed
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 30}
        assert len(stage.books.of(Kind.RETRY)) == sum(stage.books.retried.values()) == failed
        stage.check(batch)

    play(main, fail_share=0.5, retry_gives_new_id=new_id)


def test_a_row_that_fails_again_and_again_can_be_retried_each_time(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(1)
        for words in ("first", "second", "second"):
            await stage.settled(batch)
            assert [row.error for row in stage.rows(batch)] == [words]
            stage.retry(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 1}
        attempts = stage.store.rows.get(batch, 0).attempts
        assert [attempt.state for attempt in attempts] == [FAILED, FAILED, FAILED, COMPLETED]
        stage.check(batch)

    play(main, fail_share=1, failing_attempts=3, fail_words=("first", "second"))


def test_a_refused_row_is_retried_as_a_new_job(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(2)
        await stage.settled(batch)
        stage.double.options.refused.clear()
        assert stage.retry(batch) == 1
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 2}
        assert stage.books.of(Kind.RETRY) == []
        stage.check(batch)

    play(main, refused={"batch 1 row 1": "Not allowed."})


def test_a_completed_row_keeps_its_suggestion_until_a_retry_gives_another(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(2)
        await stage.settled(batch)
        before = stage.rows(batch)[1].suggestion
        stage.double.options.refused["batch 1 row 1"] = "Not any more."
        stage.retry(batch, [1])
        await stage.settled(batch)
        row = stage.rows(batch)[1]
        assert (row.state, row.suggestion) == (FAILED, before)
        stage.double.options.refused.clear()
        stage.retry(batch, [1])
        await stage.settled(batch)
        row = stage.rows(batch)[1]
        assert row.state is COMPLETED
        assert row.suggestion != before
        assert is_for(row.suggestion, "batch 1 row 1")

    play(main)


def test_a_job_that_writer_forgot_fails_its_row_in_those_words_and_retry_makes_a_new_one(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(3)
        await stage.until(lambda: stage.states(batch)[RowState.IN_PROGRESS] == 3)
        stage.double.forget(stage.books.jobs["batch 1 row 1"][0])
        await stage.settled(batch)
        (row,) = stage.rows(batch, FAILED)
        assert row.values[0] == "batch 1 row 1"
        assert "no longer knows this job" in row.error
        stage.retry(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 3}
        assert stage.books.created["batch 1 row 1"] == 2
        assert stage.books.of(Kind.RETRY) == []

    play(main, duration=30.0)


def test_a_failed_job_that_writer_forgot_is_replaced_by_a_new_one(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(1)
        await stage.settled(batch)
        stage.double.forget(stage.books.jobs["batch 1 row 0"][0])
        stage.retry(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 1}
        assert stage.books.created["batch 1 row 0"] == 2

    play(main, fail_share=1.0)


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.GATEWAY_504, Fault.SILENT])
def test_when_the_answer_to_a_retry_is_lost_the_old_job_is_asked(play: Play, fault: Fault) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(5)
        await stage.settled(batch)
        stage.double.script(Kind.RETRY, fault, text="batch 1 row 2")
        stage.retry(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 5}
        assert set(stage.books.retried.values()) == {1}
        assert stage.books.asked("batch 1 row 2") == 2, "the first request, and one retry"
        stage.check(batch)

    play(main, fail_share=1.0)


@BOTH_IDS
def test_a_retry_that_had_no_effect_is_sent_again(play: Play, new_id: bool) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(5)
        await stage.settled(batch)
        await asyncio.sleep(5)  # nobody is quicker, and Writer's clock is known to some seconds
        stage.double.script(Kind.RETRY, Fault.RESET_BEFORE, text="batch 1 row 2")
        stage.retry(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 5}
        assert set(stage.books.retried.values()) == {1}
        stage.check(batch)

    play(main, fail_share=1.0, retry_gives_new_id=new_id)


def test_a_lost_retry_that_has_given_a_new_job_is_not_sent_again(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(5)
        await stage.settled(batch)
        await asyncio.sleep(5)  # nobody is quicker, and Writer's clock is known to some seconds
        stage.double.script(Kind.RETRY, Fault.RESET_AFTER, text="batch 1 row 2")
        stage.retry(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 4, UNCONFIRMED: 1}
        assert set(stage.books.retried.values()) == {1}
        stage.check(batch)

    play(main, fail_share=1.0, retry_gives_new_id=True)


def test_a_lost_retry_whose_job_failed_again_is_not_sent_again(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(1)
        await stage.settled(batch)
        stage.double.script(Kind.RETRY, Fault.RESET_AFTER)
        stage.retry(batch)
        await stage.settled(batch)
        assert stage.books.retried["batch 1 row 0"] == 1

    play(main, fail_share=1.0, failing_attempts=2)


def test_rows_are_retried_while_the_batch_runs(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(120)
        for _ in range(3):
            await stage.until(lambda: stage.states(batch)[FAILED] > 5)
            stage.retry(batch)
        await stage.settled(batch)
        stage.retry(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 120}
        assert max(stage.books.retried.values()) == 1
        stage.check(batch)

    play(main, fail_share=0.5, duration=(0.5, 8.0), latency=(0.0, 1.0))
