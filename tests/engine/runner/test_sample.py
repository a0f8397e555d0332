"""Sample first: some rows are sent, and the others wait until a person has seen what came of them."""

import asyncio

import pytest

from services.errors import RefusedError
from services.models import BatchState, PauseKind, RowState
from tests.engine.runner.conftest import Play
from tests.engine.runner.stage import Stage

COMPLETED, FAILED, WAITING, SKIPPED = RowState.COMPLETED, RowState.FAILED, RowState.WAITING, RowState.SKIPPED
CANCELED = RowState.CANCELED


def sent(stage: Stage, batch_id: str) -> list[int]:
    """The positions of the rows that were ever sent."""
    return [row.position for row in stage.rows(batch_id) if row.attempts]


def waits_behind_its_sample(stage: Stage, batch_id: str) -> bool:
    batch = stage.batch(batch_id)
    return batch.state is BatchState.PAUSED and batch.pause_kind is PauseKind.SAMPLE


def test_the_first_rows_are_sent_and_the_others_when_a_person_lets_them_go(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(1204, sample_rows=5)
        await stage.settled(batch)
        assert waits_behind_its_sample(stage, batch)
        words = "The first 5 rows are done. Check their suggestions, then run the remaining 1,199 rows."
        assert stage.batch(batch).reason == words
        assert stage.states(batch) == {COMPLETED: 5, WAITING: 1199}
        assert sent(stage, batch) == [0, 1, 2, 3, 4]
        with pytest.raises(RefusedError):
            stage.resume(batch)
        stage.run_remaining(batch)
        await stage.settled(batch)
        assert stage.batch(batch).state is BatchState.FINISHED
        assert stage.states(batch) == {COMPLETED: 1204}
        stage.check(batch)

    play(main)


def test_one_row_and_one_remaining_are_reported_in_the_singular(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(2, sample_rows=1)
        await stage.settled(batch)
        reason = "The first row is done. Check its suggestion, then run the remaining row."
        assert stage.batch(batch).reason == reason

    play(main)


def test_skipped_rows_are_not_counted(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(10, skipped={0, 2, 5, 9}, sample_rows=3)
        await stage.settled(batch)
        assert waits_behind_its_sample(stage, batch)
        assert stage.batch(batch).reason.startswith("The first 3 rows are done.")
        assert stage.batch(batch).reason.endswith("then run the remaining 3 rows.")
        assert sent(stage, batch) == [1, 3, 4]

    play(main)


@pytest.mark.parametrize("rows", [4, 5])
def test_a_batch_that_is_no_larger_than_its_sample_waits_for_nobody(play: Play, rows: int) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(rows + 1, skipped={1}, sample_rows=5)
        await stage.settled(batch)
        assert stage.batch(batch).state is BatchState.FINISHED
        assert stage.states(batch) == {COMPLETED: rows, SKIPPED: 1}

    play(main)


def test_a_batch_that_is_canceled_in_its_sample_sends_nothing_more_and_a_retry_sends_what_it_names(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(20, sample_rows=5)
        await stage.until(lambda: len(sent(stage, batch)) == 5)
        stage.cancel(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 5, CANCELED: 15}
        stage.retry(batch, [10, 11])
        await stage.settled(batch)
        assert stage.batch(batch).state is BatchState.FINISHED
        assert stage.states(batch) == {COMPLETED: 7, CANCELED: 13}

    play(main, duration=20.0)


@pytest.mark.parametrize("after", [0.05, 1.0, 4.0])
def test_a_process_that_dies_in_the_sample_leaves_it_to_the_next(play: Play, after: float) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(40, sample_rows=5)
        stage.begin()
        await asyncio.sleep(after)
        await stage.kill()
        await stage.settled(batch)
        assert waits_behind_its_sample(stage, batch)
        assert len(sent(stage, batch)) == 5
        stage.run_remaining(batch)
        await stage.settled(batch)
        stage.check(batch)

    play(main, latency=0.2)


def test_a_retry_of_rows_of_the_sample_is_sent_at_once_and_the_others_wait_on(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(40, sample_rows=5)
        await stage.settled(batch)
        assert stage.states(batch) == {FAILED: 5, WAITING: 35}
        before = stage.batch(batch)
        assert stage.retry(batch, [1, 3]) == 2
        assert stage.batch(batch).state is BatchState.RUNNING
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 2, FAILED: 3, WAITING: 35}
        assert stage.batch(batch) == before

    play(main, fail_share=1.0)


def test_a_batch_that_a_person_pauses_in_its_sample_goes_on_with_it(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(40, sample_rows=15)
        await stage.until(lambda: len(sent(stage, batch)) >= 5, step=0.02)
        stage.pause(batch)
        await stage.settled(batch)
        assert len(sent(stage, batch)) < 15
        assert stage.batch(batch).pause_kind is PauseKind.PERSON
        stage.resume(batch)
        await stage.settled(batch)
        assert waits_behind_its_sample(stage, batch)
        assert stage.states(batch) == {COMPLETED: 15, WAITING: 25}

    play(main, rpm=12)


def test_the_sample_is_not_over_while_a_row_of_it_is_to_be_tried_again(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(40, sample_rows=2, retries=1)
        await stage.settled(batch)
        assert waits_behind_its_sample(stage, batch)
        assert stage.states(batch) == {COMPLETED: 2, WAITING: 38}

    play(main, fail_share=1.0)
