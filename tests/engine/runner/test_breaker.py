"""The breaker alone, and the batches it stops."""

import pytest

from services.engine.runner.breaker import Breaker, Verdict
from services.engine.runner.reasons import same_reason
from services.models import Batch, BatchState, PauseKind, RowState
from services.store import Ended
from tests.engine.runner.conftest import Play
from tests.engine.runner.stage import Stage
from tests.support.double import Overload

COMPLETED, FAILED, WAITING = RowState.COMPLETED, RowState.FAILED, RowState.WAITING
OK = None
BAD = "The product is not known."
OTHER = "The tone is not known."


def opens_at(*outcomes: str | None) -> tuple[int, Verdict] | None:
    """After how many outcomes it first says to stop, and why."""
    breaker = Breaker()
    for number, words in enumerate(outcomes, start=1):
        breaker.add(words)
        verdict = breaker.verdict()
        if verdict is not None:
            return number, verdict
    return None


def jump(failed: int) -> Verdict:
    return Verdict(same_reason(BAD), BAD, failed, 40, is_jump=True)


def start(failed: int, of: int) -> Verdict:
    return Verdict(same_reason(BAD), BAD, failed, of, is_jump=False)


def test_it_says_to_stop_when_the_first_ten_nearly_all_fail_for_one_reason() -> None:
    assert opens_at(*[BAD] * 9) is None
    assert opens_at(*[BAD] * 10) == (10, start(10, 10))
    assert opens_at(OK, *[BAD] * 9) == (10, start(9, 10))
    assert opens_at(*[BAD] * 9, OK) == (10, start(9, 10))
    assert opens_at(OK, OK, *[BAD] * 17) is None
    assert opens_at(OK, OK, *[BAD] * 18) == (20, start(18, 20))


def test_it_says_to_stop_when_one_reason_suddenly_has_most() -> None:
    assert opens_at(*[OK] * 99, *[BAD] * 23) is None
    assert opens_at(*[OK] * 99, *[BAD] * 24) == (123, jump(24))
    assert opens_at(*[OK] * 20, *[BAD] * 59) is None, "there are not enough before them to compare with"
    assert opens_at(*[OK] * 20, *[BAD] * 60) == (80, jump(40))


def test_a_share_that_is_high_all_the_time_is_no_jump() -> None:
    assert opens_at(*[BAD, BAD, OK] * 200) is None, "two of three, from the start on"
    assert opens_at(*[BAD, OK, OK] * 100, *[BAD, BAD, OK] * 100) is None, "66 % after 33 % is less than 40 points more"
    assert opens_at(*[BAD, OK, OK, OK] * 100, *[BAD, BAD, OK] * 100) is not None


@pytest.mark.parametrize("some", [[OK] * 60, []], ids=["in the middle", "at the start"])
def test_mixed_reasons_say_nothing(some: list[str | None]) -> None:
    assert opens_at(*some, *[BAD, OTHER] * 200) is None


def test_a_small_share_says_nothing() -> None:
    assert opens_at(*[OK, OK, OK, BAD] * 200) is None


def test_numbers_and_ids_make_no_other_reason() -> None:
    words = [f"Job 7f1d0c5e-0000-4000-8000-{n:012} failed  after {n} s: Bad input." for n in range(10)]
    reason = same_reason(words[0])
    assert opens_at(*words) == (10, Verdict(reason, words[9], 10, 10, is_jump=False))


def stopped(stage: Stage, batch_id: str) -> Batch:
    batch = stage.batch(batch_id)
    assert (batch.state, batch.pause_kind) == (BatchState.PAUSED, PauseKind.MOST_FAIL)
    return batch


def test_a_batch_whose_rows_all_fail_stops_and_resumes_on_request(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(400)
        await stage.settled(batch)
        counts = stage.states(batch)
        assert stopped(stage, batch).reason.endswith(
            " rows to finish failed for the same reason: “The model gave no answer.” "
            "Fix the cause and press Resume anyway, or cancel and launch the spreadsheet again."
        )
        assert counts[FAILED] < 200
        assert counts[FAILED] + counts[WAITING] == 400
        sent = len(stage.books.requests)
        await stage.clock.sleep(120)
        assert len(stage.books.requests) == sent
        stage.resume_anyway(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {FAILED: 400}
        assert stage.batch(batch).state is BatchState.FINISHED
        stage.check(batch)

    play(main, fail_share=1.0, latency=0.3, rpm=120)


def test_a_wrong_mapping_that_refuses_every_row_stops_the_batch(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(400)
        await stage.settled(batch)
        assert "Tone is missing." in stopped(stage, batch).reason
        assert 10 <= stage.states(batch)[FAILED] < 60
        assert stage.states(batch)[FAILED] + stage.states(batch)[WAITING] == 400

    play(main, refused={f"batch 1 row {n}": "Tone is missing." for n in range(400)}, latency=0.3)


def test_failures_that_begin_in_the_middle_stop_the_batch(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(400)
        await stage.settled(batch)
        words = " of the last 40 rows to finish failed for the same reason, many more than before: “"
        assert words in stopped(stage, batch).reason
        assert stage.states(batch)[COMPLETED] == 100
        assert 24 <= stage.states(batch)[FAILED] < 90

    play(main, refused={f"batch 1 row {n}": "Tone is missing." for n in range(100, 400)}, latency=0.3, rpm=120)


def test_some_failures_among_many_rows_stop_nothing(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(300)
        await stage.settled(batch)
        assert stage.batch(batch).state is BatchState.FINISHED

    play(main, fail_share=0.5)


def test_a_batch_without_rows_to_send_is_not_stopped(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(12)
        await stage.settled(batch)
        assert stage.batch(batch).state is BatchState.FINISHED
        assert stage.states(batch) == {FAILED: 12}

    play(main, fail_share=1.0)


def test_failures_for_capacity_do_not_stop_a_batch(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(100)
        await stage.settled(batch)
        assert stage.batch(batch).state is BatchState.FINISHED
        assert stage.states(batch)[FAILED] > 80

    play(main, tokens_per_minute=500, overload=Overload.FAIL)


def test_a_new_process_remembers_what_failed(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(300)
        await stage.until(lambda: stage.states(batch)[FAILED] >= 6)
        await stage.kill()
        assert stage.states(batch)[FAILED] < 10
        await stage.settled(batch)
        words = "All of the first 10 rows to finish failed for the same reason: "
        assert stopped(stage, batch).reason.startswith(words)

    play(
        main, fail_share=1.0, duration=300.0, durations={f"batch 1 row {n}": 20.0 * (n + 1) for n in range(20)}, rpm=60
    )


def test_a_process_that_dies_before_it_stops_the_batch_leaves_that_to_the_next(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(60)
        claims = stage.store.work.claim(batch, 12, stage.clock.now())
        failed = [Ended(claim.position, None, "No.") for claim in claims]
        stage.store.work.ended(batch, failed, stage.clock.now())  # and here it dies
        await stage.settled(batch)
        words = "All of the first 12 rows to finish failed for the same reason: “No.” "
        assert stopped(stage, batch).reason.startswith(words)
        assert stage.books.created.total() == 0

    play(main)


def test_a_persons_retry_after_mending_is_not_stopped_by_old_failures(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(60)
        await stage.settled(batch)
        stopped(stage, batch)
        stage.cancel(batch)
        await stage.settled(batch)
        stage.double.options.fail_share = 0.0
        stage.retry(batch, range(60))
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 60}
        assert stage.batch(batch).state is BatchState.FINISHED

    play(main, fail_share=1.0, failing_attempts=1, latency=0.3, rpm=60)


def test_old_failures_do_not_count_for_a_batch_that_is_set_going_anew_while_rows_are_at_writer(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(100)
        await stage.until(lambda: stage.states(batch)[FAILED] == 12)
        stopped(stage, batch)
        stage.cancel(batch)
        stage.double.options.duration = 3.0
        stage.double.options.fail_share = 0.0
        again = stage.retry(batch, [row.position for row in stage.rows(batch, FAILED, RowState.CANCELED)])
        assert stage.states(batch)[RowState.IN_PROGRESS] > 0
        await stage.settled(batch)
        assert stage.batch(batch).state is BatchState.FINISHED
        assert stage.states(batch)[COMPLETED] == again

    soon = {f"batch 1 row {n}": 3.0 for n in range(12)}
    play(main, fail_share=1.0, durations=soon, duration=300.0, rpm=60)


def test_a_batch_that_was_resumed_is_guarded_again_once_it_is_set_going_anew(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(60)
        await stage.settled(batch)
        stage.resume_anyway(batch)
        await stage.settled(batch)
        assert stage.batch(batch).unguarded
        stage.retry(batch)
        assert not stage.batch(batch).unguarded
        await stage.settled(batch)
        stopped(stage, batch)

    play(main, fail_share=1.0, failing_attempts=9, latency=0.3, rpm=30)


def test_a_retry_while_it_is_stopped_sends_nothing(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(60)
        await stage.settled(batch)
        before = stopped(stage, batch)
        stage.retry(batch)
        await stage.settled(batch)
        assert stage.batch(batch) == before
        assert stage.states(batch) == {WAITING: 60}

    play(main, fail_share=1.0, latency=0.3, rpm=30)
