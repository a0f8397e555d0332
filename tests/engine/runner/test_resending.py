"""Sending a row again whose answer was lost, where that was chosen at launch."""

import pytest

from services.models import BatchState, RowState
from tests.engine.runner.conftest import Play
from tests.engine.runner.stage import Stage
from tests.support.double import Fault, Kind, is_for

COMPLETED, FAILED, UNCONFIRMED, SENDING = RowState.COMPLETED, RowState.FAILED, RowState.UNCONFIRMED, RowState.SENDING
LOST = "batch 1 row 2"


@pytest.mark.parametrize("resend_lost", [True, False])
def test_a_second_job_is_made_only_when_that_was_chosen(play: Play, resend_lost: bool) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.RESET_AFTER, text=LOST)
        batch = stage.launch(20, resend_lost=resend_lost)
        await stage.settled(batch)
        assert stage.batch(batch).state is BatchState.FINISHED
        assert stage.books.created.total() == 20 + resend_lost
        assert stage.books.created[LOST] == 1 + resend_lost
        expected = {COMPLETED: 20} if resend_lost else {COMPLETED: 19, UNCONFIRMED: 1}
        assert stage.states(batch) == expected

    play(main, latency=0.2)


def test_the_history_tells_what_became_of_the_lost_request(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.RESET_AFTER, text=LOST)
        batch = stage.launch(5, resend_lost=True)
        await stage.settled(batch)
        row = stage.store.rows.get(batch, 2)
        lost, second = row.attempts
        assert (lost.number, lost.state, lost.job_id, lost.suggestion) == (1, UNCONFIRMED, None, None)
        assert lost.error is not None
        assert lost.error.endswith("It was sent again automatically, as chosen at launch; it may be charged twice.")
        assert (second.number, second.state, second.error) == (2, COMPLETED, None)
        assert row.error is None
        assert row.suggestion is not None
        assert is_for(row.suggestion, LOST)

    play(main, latency=0.2)


def test_proof_comes_first_and_leaves_no_trace(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.RESET_BEFORE, text=LOST)
        batch = stage.launch(5, resend_lost=True)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 5}
        assert [attempt.state for attempt in stage.store.rows.get(batch, 2).attempts] == [COMPLETED]
        tries = [entry.time for entry in stage.books.of(Kind.CREATE) if entry.text == LOST]
        assert 30 <= tries[1] - tries[0] < 60
        stage.check(batch)

    play(main, latency=0.2)


def test_a_row_whose_answer_is_lost_a_second_time_is_left_to_a_person(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.RESET_AFTER, text=LOST)
        stage.double.script(Kind.CREATE, Fault.RESET_AFTER, text=LOST)
        batch = stage.launch(5, resend_lost=True)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 4, UNCONFIRMED: 1}
        assert stage.books.created[LOST] == 2
        row = stage.store.rows.get(batch, 2)
        assert row.error is not None
        assert row.error.endswith("Retry sends it again; it may be charged twice.")

    play(main, latency=0.2)


def test_a_lost_row_of_a_canceled_batch_is_not_sent_again(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.RESET_AFTER, text=LOST)
        batch = stage.launch(5, resend_lost=True)
        await stage.until(lambda: stage.states(batch)[SENDING] == 1)
        stage.cancel(batch)
        await stage.settled(batch)
        assert stage.rows(batch)[2].state is UNCONFIRMED
        assert stage.rows(batch)[2].error.endswith("it may be charged twice.")
        assert stage.books.created[LOST] == 1
        stage.check(batch)

    play(main)


def test_a_lost_row_of_a_paused_batch_is_sent_again_once_it_goes_on(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.RESET_AFTER, text=LOST)
        batch = stage.launch(5, resend_lost=True)
        await stage.until(lambda: stage.states(batch) == {COMPLETED: 4, SENDING: 1})
        stage.pause(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 4, RowState.WAITING: 1}
        assert stage.books.created[LOST] == 1
        stage.resume(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 5}

    play(main)


def test_a_lost_retry_is_retried_once_more(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(5, resend_lost=True)
        await stage.settled(batch)
        await stage.clock.sleep(5)  # nobody is quicker, and Writer's clock is known to some seconds
        stage.double.script(Kind.RETRY, Fault.RESET_AFTER, text=LOST)
        stage.retry(batch)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 5}
        states = [attempt.state for attempt in stage.store.rows.get(batch, 2).attempts]
        assert states == [FAILED, UNCONFIRMED, COMPLETED]
        assert len([entry for entry in stage.books.of(Kind.CREATE) if entry.text == LOST]) == 1

    play(main, fail_share=1.0, retry_gives_new_id=True)
