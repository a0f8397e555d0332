"""Automatic retry: a failed job is retried automatically, after a pause, as often as was chosen at launch."""

import asyncio

import pytest

from services.engine.runner.reasons import same_reason
from services.engine.runner.retries import RETRY_PAUSES_S, Retries
from services.models import BatchState, RowState
from services.store import Ended
from tests.engine.runner.conftest import Play
from tests.engine.runner.stage import Stage
from tests.support.double import Kind, Overload

COMPLETED, FAILED, WAITING, CANCELED = RowState.COMPLETED, RowState.FAILED, RowState.WAITING, RowState.CANCELED
CAPACITY = "Rate limit exceeded: too many tokens per minute."


def retrying(stage: Stage, batch_id: str) -> int:
    return stage.store.batches.get(batch_id).counts.retrying


@pytest.mark.parametrize("failing_attempts", [1, 2, 3, 4])
@pytest.mark.parametrize("retries", [0, 1, 2, 3])
def test_a_failed_job_gets_as_many_more_attempts_as_were_chosen(
    play: Play, retries: int, failing_attempts: int
) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(2, retries=retries)
        await stage.settled(batch)
        state = COMPLETED if failing_attempts <= retries else FAILED
        assert stage.states(batch) == {state: 2}
        attempts = 1 + min(retries, failing_attempts)
        assert [row.attempts for row in stage.rows(batch)] == [attempts, attempts]
        assert set(stage.books.retried.values()) <= {attempts - 1}
        assert stage.books.retried.total() == 2 * (attempts - 1)
        assert stage.batch(batch).state is BatchState.FINISHED
        assert retrying(stage, batch) == 0
        stage.check(batch)

    play(main, fail_share=1.0, failing_attempts=failing_attempts)


def test_the_pause_grows_and_the_row_stays_failed_until_it_is_over(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(1, retries=3)
        for number, pause in enumerate(RETRY_PAUSES_S, start=1):
            await stage.until(lambda: stage.states(batch)[FAILED] == 1, step=0.1)
            failed_at = stage.clock.now()
            assert retrying(stage, batch) == 1
            assert [row.error for row in stage.rows(batch)] == ["The model gave no answer."]
            await stage.until(lambda n=number: len(stage.books.of(Kind.RETRY)) == n, step=0.1)  # type: ignore[misc]
            assert 0.7 * pause < stage.clock.now() - failed_at < 1.3 * pause + 1
        await stage.settled(batch)
        row = stage.store.rows.get(batch, 0)
        assert [attempt.state for attempt in row.attempts] == [FAILED, FAILED, FAILED, COMPLETED]

    play(main, fail_share=1.0, failing_attempts=3)


def test_rows_that_fail_among_others_are_tried_again(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(200, retries=1)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 200}
        assert stage.books.retried.total() > 20
        stage.check(batch)

    play(main, fail_share=0.2, duration=(1.0, 6.0), latency=0.2)


def test_a_refused_row_is_not_tried_again(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(2, retries=3)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 1, FAILED: 1}
        assert stage.books.asked("batch 1 row 1") == 1

    play(main, refused={"batch 1 row 1": "Not allowed."})


def test_a_job_that_writer_forgot_is_not_tried_again(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(2, retries=3)
        await stage.until(lambda: stage.states(batch)[RowState.IN_PROGRESS] == 2)
        stage.double.forget(stage.books.jobs["batch 1 row 1"][0])
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 1, FAILED: 1}

    play(main, duration=30.0)


def test_failures_that_repeat_word_for_word_on_every_row_are_not_tried_again(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(8, retries=3)
        await stage.settled(batch)
        assert stage.states(batch) == {FAILED: 8}
        assert stage.books.retried.total() == 0
        assert stage.batch(batch).state is BatchState.FINISHED

    play(main, fail_share=1.0, failing_attempts=9)


def test_a_new_process_that_knows_only_rows_that_failed_alike_still_tries_rows_again_where_others_completed(
    play: Play,
) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(120, retries=1)
        stage.store.work.claim(batch, 110, stage.clock.now())
        stage.store.work.ended(batch, [Ended(n, "Text", None) for n in range(10)], stage.clock.now())
        alike = [Ended(n, None, "The model gave no answer.") for n in range(10, 110)]
        stage.store.work.ended(batch, alike, stage.clock.now() + 1)
        await stage.settled(batch)
        assert stage.batch(batch).state is BatchState.PAUSED
        stage.resume_anyway(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 20, FAILED: 100}
        assert stage.books.retried.total() == 10

    play(main, fail_share=1.0)


def test_failures_for_capacity_are_tried_again_however_many_rows_fail_so(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(8, retries=3)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 8}

    play(main, tokens_per_minute=2000, overload=Overload.FAIL, capacity_words=CAPACITY)


def test_when_the_breaker_opens_what_failed_so_is_not_tried_again(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(300, retries=3)
        await stage.settled(batch)
        assert stage.batch(batch).state is BatchState.PAUSED
        assert " attempts to finish failed for the same reason" in stage.batch(batch).reason
        assert stage.books.retried.total() <= 10
        assert retrying(stage, batch) == 0

    slow_ones = {f"batch 1 row {n}": 1.0 for n in range(2)}
    play(main, fail_share=1.0, failing_attempts=9, durations=slow_ones, duration=12.0, rpm=100)


def test_what_fails_so_after_the_breaker_opened_is_not_tried_again_either(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(300, retries=3)
        await stage.settled(batch)
        assert stage.batch(batch).state is BatchState.PAUSED
        assert stage.states(batch)[FAILED] > 25
        assert retrying(stage, batch) == 0

    soon = {f"batch 1 row {n}": 3.0 for n in range(20)}
    refused = {"batch 1 row 0": "Not allowed."}  # so that not every row fails in the same words
    play(main, fail_share=1.0, failing_attempts=9, durations=soon, duration=40.0, refused=refused, rpm=100)


@pytest.mark.parametrize("killed", [True, False], ids=["killed", "canceled"])
def test_a_process_that_ends_during_the_pause_leaves_the_retry_to_the_next(play: Play, killed: bool) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(2, retries=1)
        await stage.until(lambda: retrying(stage, batch) == 2)
        await (stage.kill() if killed else stage.end())
        assert stage.states(batch) == {FAILED: 2}
        assert stage.batch(batch).state is BatchState.RUNNING
        await asyncio.sleep(60)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 2}
        assert set(stage.books.retried.values()) == {1}

    play(main, fail_share=1.0)


def test_a_clock_that_is_set_back_does_not_put_a_retry_off(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(1, retries=1)
        await stage.until(lambda: retrying(stage, batch) == 1)
        await stage.end()
        stage.jump(-3600)
        began = asyncio.get_running_loop().time()
        await stage.settled(batch)
        assert asyncio.get_running_loop().time() - began < 120
        assert stage.states(batch) == {COMPLETED: 1}

    play(main, fail_share=1.0)


def test_a_paused_batch_tries_nothing_again_until_it_goes_on(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(2, retries=1)
        await stage.until(lambda: retrying(stage, batch) == 2)
        stage.pause(batch)
        await stage.clock.sleep(300)
        assert (stage.states(batch), retrying(stage, batch)) == ({FAILED: 2}, 2)
        assert stage.batch(batch).state is BatchState.PAUSED
        stage.resume(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 2}

    play(main, fail_share=1.0)


def test_a_canceled_batch_tries_nothing_again(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(4, retries=1)
        await stage.until(lambda: retrying(stage, batch) == 2)
        stage.cancel(batch)
        await stage.settled(batch)
        await stage.clock.sleep(300)
        assert (stage.states(batch), retrying(stage, batch)) == ({FAILED: 4}, 0)
        assert stage.books.retried.total() == 0
        assert stage.batch(batch).state is BatchState.CANCELED

    durations = {f"batch 1 row {n}": 10.0 for n in range(2)}
    play(main, fail_share=1.0, durations=durations, fail_words=("One.", "Two."))


def test_a_person_may_retry_during_the_pause_and_the_automatic_retries_begin_anew(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(1, retries=1)
        await stage.until(lambda: stage.books.retried.total() == 1)
        await stage.until(lambda: stage.states(batch)[FAILED] == 1)
        await stage.settled(batch)
        assert stage.batch(batch).state is BatchState.FINISHED
        assert stage.retry(batch) == 1
        await stage.until(lambda: retrying(stage, batch) == 1)
        assert stage.retry(batch) == 1
        assert retrying(stage, batch) == 0
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 1}
        assert stage.store.rows.get(batch, 0).attempts[-1].number == 5

    play(main, fail_share=1.0, failing_attempts=4)


def test_every_row_means_three_rows_and_not_one_that_fails_three_times() -> None:
    retries = Retries(3)
    for _ in range(3):
        retries.add(0, "No.")
    retries.add(1, "No.")
    assert len(retries.pauses("No.")) == 3
    retries.add(2, "No.")
    assert retries.pauses("No.") == ()
    assert len(retries.pauses("Another.")) == 3
    retries.add(3, None)
    assert len(retries.pauses("No.")) == 3


def test_numbers_and_ids_make_no_other_words() -> None:
    assert same_reason("Job 7f1d0c5e-0000-4000-8000-00000000000a\nfailed after 3.5 s") == same_reason(
        "job 5ab1c0de-1111-4222-8333-00000000000b failed after 12.25 s"
    )
    assert same_reason("No product.") != same_reason("No tone.")
