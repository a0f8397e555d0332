"""A used-up quota pauses a batch in Writer's words; a busy minute only slows it down; a long input is the row's own."""

import pytest

from services.engine.causes import Cause
from services.engine.runner.limits import AtLimit, LimitWatch, OutsizedInputs
from services.models import BatchState, PauseKind, RowState
from services.store import Ended
from tests.engine.runner.conftest import Play
from tests.engine.runner.stage import Stage
from tests.support.double import Fault, Kind, Overload

COMPLETED, FAILED, WAITING = RowState.COMPLETED, RowState.FAILED, RowState.WAITING
QUOTA = "You exceeded your current quota, check your plan and billing details."
REASON = f"Writer stopped accepting rows: “{QUOTA}” Renew the quota or add credits at Writer, then press Resume."


def at_quota(stage: Stage, batch_id: str) -> bool:
    batch = stage.batch(batch_id)
    return (batch.state, batch.pause_kind, batch.reason) == (BatchState.PAUSED, PauseKind.QUOTA, REASON)


@pytest.mark.parametrize("rows", [30, 120])
@pytest.mark.parametrize("retries", [0, 3])
def test_jobs_that_fail_for_a_quota_pause_the_batch_and_their_rows_wait(play: Play, rows: int, retries: int) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(rows, retries=retries)
        await stage.settled(batch)
        assert at_quota(stage, batch)
        assert stage.states(batch) == {COMPLETED: 15, WAITING: rows - 15}
        stage.double.options.quota = None
        stage.resume(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: rows}
        assert stage.batch(batch).state is BatchState.FINISHED
        stage.check(batch)

    play(main, quota=15, duration=(1.0, 8.0), latency=0.3)


def test_a_quota_that_is_still_used_up_after_resume_pauses_again_after_a_few_rows(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(300)
        await stage.settled(batch)
        before = len(stage.books.of())
        stage.resume(batch)
        await stage.settled(batch)
        assert at_quota(stage, batch)
        assert stage.states(batch) == {COMPLETED: 15, WAITING: 285}
        assert len(stage.books.of()) - before < 285

    play(main, quota=15, latency=0.3)


@pytest.mark.parametrize("words", ["Monthly usage limit reached", "Insufficient credits"])
def test_any_words_about_a_quota_will_do(play: Play, words: str) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(60)
        await stage.settled(batch)
        assert stage.batch(batch).pause_kind is PauseKind.QUOTA
        assert f"“{words}”" in stage.batch(batch).reason
        assert stage.states(batch) == {COMPLETED: 15, WAITING: 45}

    play(main, quota=15, quota_words=words, latency=0.3)


@pytest.mark.parametrize("status", [402, 403, 429])
def test_refusals_for_a_quota_pause_every_batch_and_fail_no_row(play: Play, status: int) -> None:
    async def main(stage: Stage) -> None:
        batches = [stage.launch(60), stage.launch(60)]
        await stage.settled(*batches)
        assert all(at_quota(stage, batch) for batch in batches)
        states = [stage.states(batch) for batch in batches]
        assert sum(counts[COMPLETED] for counts in states) == 30
        assert sum(counts[WAITING] for counts in states) == 90
        assert stage.books.statuses()[status] < 40
        stage.double.options.quota = None
        for batch in batches:
            stage.resume(batch)
        await stage.settled(*batches)
        assert all(stage.states(batch) == {COMPLETED: 60} for batch in batches)
        stage.check(*batches)

    play(main, quota=30, quota_status=status, latency=0.3)


def test_a_402_without_words_names_the_remedy_too(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(30)
        await stage.settled(batch)
        assert stage.batch(batch).reason == (
            "Writer stopped accepting rows: a quota is used up. "
            "Renew the quota or add credits at Writer, then press Resume."
        )
        assert stage.states(batch) == {WAITING: 30}

    play(main, quota=0, quota_status=402, quota_words="", latency=0.3)


def test_polls_that_are_refused_with_402_pause_the_batch_too(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.LIST, *[Fault.PAYMENT] * 9)
        batch = stage.launch(60)
        await stage.settled(batch)
        assert at_quota(stage, batch)
        assert stage.states(batch)[COMPLETED] + stage.states(batch)[WAITING] == 60
        assert stage.states(batch)[WAITING] > 0

    play(main, rpm=30)


def test_a_single_refusal_for_a_quota_only_makes_everyone_hold(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(60)
        await stage.until(lambda: stage.books.statuses()[402] > 0, step=0.1)
        stage.double.options.quota = None
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 60}
        assert stage.batch(batch).state is BatchState.FINISHED
        assert stage.load().jobs_per_minute is None, "the pace is not what was refused"

    play(main, quota=30, quota_status=402, latency=0.3)


def test_words_about_a_quota_that_come_and_go_pause_nothing(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(200)
        await stage.settled(batch)
        assert stage.batch(batch).state is BatchState.FINISHED
        assert stage.states(batch)[FAILED] > 50

    play(main, fail_share=0.4, fail_words=(QUOTA,), latency=0.3, rpm=120)


def test_a_busy_minute_is_gone_after_a_wait(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(100, retries=3)
        await stage.until(lambda: stage.states(batch)[FAILED] > 20)
        stage.double.options.tokens_per_minute = 100_000
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 100}
        stage.check(batch)

    play(main, tokens_per_minute=500, overload=Overload.FAIL, latency=0.2)


def test_a_busy_writer_that_fails_every_row_in_spite_of_waits_pauses_the_batch(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(400, retries=1)
        began = stage.clock.now()
        await stage.settled(batch)
        paused = stage.batch(batch)
        assert (paused.state, paused.pause_kind) == (BatchState.PAUSED, PauseKind.QUOTA)
        assert paused.reason == (
            "Writer kept failing rows for more than a minute, even at a slower pace: “The model is overloaded.” "
            "Check your limits at Writer, then press Resume."
        )
        assert stage.clock.now() - began < 240
        stage.double.options.fail_share = 0.0
        stage.resume(batch)
        await stage.settled(batch)
        assert stage.states(batch)[COMPLETED] + stage.states(batch)[FAILED] == 400

    play(main, fail_share=1.0, failing_attempts=99, fail_words=("The model is overloaded.",), latency=0.2)


def test_a_token_limit_is_the_rows_own_fault_and_slows_nobody_down(play: Play) -> None:
    words = "Exceeds the token limit of 8,192"

    async def main(stage: Stage) -> None:
        batch = stage.launch(100, retries=3)
        await stage.settled(batch)
        assert stage.states(batch)[FAILED] > 15
        assert stage.states(batch)[COMPLETED] + stage.states(batch)[FAILED] == 100
        assert {row.error for row in stage.rows(batch, FAILED)} == {words}
        assert stage.books.retried.total() == 0
        assert stage.load().jobs_per_minute is None

    play(main, fail_share=0.25, failing_attempts=99, fail_words=(words,), latency=0.2)


def test_vague_words_that_only_large_inputs_meet_are_the_rows_own_fault(play: Play) -> None:
    texts = [f"{n} " + "long " * (400 if n % 5 == 4 else 5) for n in range(150)]
    large = {text: {"status": "failed", "error": "Token limit reached.", "data": None} for text in texts[4::5]}

    async def main(stage: Stage) -> None:
        batch = stage.launch(texts, retries=1)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 120, FAILED: 30}
        assert len([row for row in stage.rows(batch, FAILED) if row.attempts > 1]) < 6
        assert stage.load().jobs_per_minute is None

    play(main, changed=large, rpm=60, latency=0.2)


def failed(position: int, sent_at: float, words: str = "No.") -> Ended:
    return Ended(position, None, words, job_failed=True, job_id=str(position), sent_at=sent_at)


def good(position: int, sent_at: float) -> Ended:
    return Ended(position, "Tea", None, job_id=str(position), sent_at=sent_at)


def watching(*outcomes: tuple[Ended, Cause | None, float]) -> LimitWatch:
    watch = LimitWatch()
    for item, cause, seen_at in outcomes:
        watch.add(item, cause, seen_at)
    return watch


def none_left(since: float, until: float) -> int:
    return 0


def test_five_rows_without_a_later_success_are_a_quota() -> None:
    outcomes = [(failed(n, 100.0 + n), Cause.QUOTA, 110.0) for n in range(5)]
    assert watching(*outcomes[:4]).verdict(none_left) is None
    assert watching(*outcomes).verdict(none_left) == AtLimit("No.", is_quota=True, positions=(0, 1, 2, 3, 4))
    earlier = (good(9, 99.0), None, 120.0)
    assert watching(*outcomes, earlier).verdict(none_left) is not None, "what was sent before tells nothing"
    later = (good(9, 105.0), None, 120.0)
    assert watching(*outcomes, later).verdict(none_left) is None


def test_rows_without_a_result_yet_put_the_verdict_off() -> None:
    watch = watching(*((failed(n, 100.0 + n), Cause.QUOTA, 110.0) for n in range(6)))
    assert watch.verdict(lambda since, until: 3 if (since, until) == (100.0, 105.0) else 0) is None
    assert watch.verdict(lambda since, until: 2) is not None


def test_a_busy_writer_gets_a_minute_before_it_is_more_than_that() -> None:
    first = [(failed(n, 100.0 + n), Cause.BUSY, 110.0) for n in range(9)]
    soon = [(failed(n, 169.0), Cause.BUSY, 175.0) for n in range(10, 30)]
    later = [(failed(n, 171.0), Cause.BUSY, 175.0) for n in range(10, 15)]
    assert watching(*first, *soon).verdict(none_left) is None
    assert watching(*first, *later[:4]).verdict(none_left) is None
    found = watching(*first, *later).verdict(none_left)
    assert found == AtLimit("No.", is_quota=False, positions=(*range(9), *range(10, 15)))


def test_other_failures_are_not_about_a_limit() -> None:
    outcomes = [(failed(n, 100.0 + n), cause, 110.0) for n in range(9) for cause in (Cause.INPUT, Cause.OTHER)]
    assert watching(*outcomes).verdict(none_left) is None


def test_words_are_about_large_inputs_when_only_those_meet_them() -> None:
    inputs = OutsizedInputs()
    assert [inputs.add("Limit 5", n, is_outsized=True) for n in (1, 2, 2, 3)] == [False, False, False, True]
    assert not inputs.add("Limit 7", 4, is_outsized=False)
    assert not inputs.add("Limit 5", 5, is_outsized=True), "a small one met the same words"
