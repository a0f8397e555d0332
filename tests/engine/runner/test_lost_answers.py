"""Lost answers: nothing is sent twice by our doing, and no suggestion is put on a row by guess."""

import pytest

from services.models import BatchState, RowState
from tests.engine.runner.conftest import Play, slow
from tests.engine.runner.stage import Stage
from tests.support.double import Fault, Kind, Order

COMPLETED, FAILED, UNCONFIRMED = RowState.COMPLETED, RowState.FAILED, RowState.UNCONFIRMED
LOST = "batch 1 row 2"

WITHOUT_EFFECT = [Fault.RESET_BEFORE, *slow(Fault.ERROR_500, Fault.HTML_503)]
WITH_EFFECT = [Fault.RESET_AFTER, Fault.SILENT, *slow(Fault.GATEWAY_504, Fault.ERROR_500_AFTER)]


@pytest.mark.parametrize("fault", WITHOUT_EFFECT)
def test_a_request_that_is_proven_to_have_had_no_effect_is_sent_again_automatically(play: Play, fault: Fault) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, fault, text=LOST)
        batch = stage.launch(20)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 20}
        tries = [entry.time for entry in stage.books.of(Kind.CREATE) if entry.text == LOST]
        assert len(tries) == 2
        assert 30 <= tries[1] - tries[0] < 60, "sent again once 30 s have passed, and soon after that"
        stage.check(batch)

    play(main, latency=0.2)


@pytest.mark.parametrize("fault", WITH_EFFECT)
def test_a_request_that_may_have_had_its_effect_is_not_sent_again(play: Play, fault: Fault) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, fault, text=LOST)
        batch = stage.launch(20)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 19, UNCONFIRMED: 1}
        (row,) = stage.rows(batch, UNCONFIRMED)
        assert (row.values[0], row.suggestion) == (LOST, "")
        assert "charged twice" in row.error
        assert stage.books.asked(LOST) == 1
        assert stage.batch(batch).state is BatchState.FINISHED
        stage.check(batch)

    play(main, latency=0.2)


def test_sending_goes_on_while_proof_is_awaited(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.RESET_BEFORE, text="batch 1 row 0")
        batch = stage.launch(100)
        await stage.until(lambda: stage.states(batch)[COMPLETED] == 99)
        assert stage.clock.now() - stage.batch(batch).created_at.timestamp() < 30
        await stage.settled(batch)
        stage.check(batch)

    play(main, latency=0.2)


def test_a_strangers_job_that_may_be_the_rows_makes_it_unconfirmed(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.RESET_BEFORE, text=LOST)
        batch = stage.launch(20)
        await stage.until(lambda: stage.books.asked(LOST) == 1)
        stage.double.stranger()
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 19, UNCONFIRMED: 1}
        assert stage.books.asked(LOST) == 1
        stage.check(batch)

    play(main)


def test_strangers_jobs_from_long_before_are_no_reason_for_doubt(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.stranger(500)
        await stage.clock.sleep(900)
        batch = await stage.settled_losing(Fault.RESET_BEFORE, rows=20)
        assert stage.states(batch) == {COMPLETED: 20}

    play(main)


def test_jobs_of_another_batch_are_no_reason_for_doubt(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.RESET_BEFORE, text=LOST)
        batches = [stage.launch(40), stage.launch(120)]
        await stage.settled(*batches)
        assert [stage.states(batch) for batch in batches] == [{COMPLETED: 40}, {COMPLETED: 120}]
        stage.check(*batches)

    play(main, latency=(0.1, 20.0), page_cap=50)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["same batch", "another batch"])
def test_a_job_whose_answer_is_still_under_way_is_no_reason_for_doubt(play: Play, elsewhere: bool) -> None:
    async def main(stage: Stage) -> None:
        slow = "batch 2 row 0" if elsewhere else "batch 1 row 4"
        stage.double.script(Kind.CREATE, Fault.RESET_BEFORE, text=LOST)
        stage.double.script(Kind.CREATE, Fault.SLOW, text=slow)
        batches = [stage.launch(5), stage.launch(5)]
        await stage.settled(*batches)
        assert [stage.states(batch) for batch in batches] == [{COMPLETED: 5}, {COMPLETED: 5}]
        stage.check(*batches)

    play(main, slow=50.0, latency=0.2)


def test_a_list_of_more_than_20_pages_that_cannot_be_read_whole_proves_nothing(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.stranger(1001)
        await stage.clock.sleep(900)
        batch = await stage.settled_losing(Fault.RESET_BEFORE)
        assert stage.states(batch) == {COMPLETED: 4, UNCONFIRMED: 1}
        assert stage.books.asked(LOST) == 1

    play(main, order=Order.RANDOM, page_cap=50)


def test_reading_a_long_list_for_a_proof_goes_on_where_a_page_could_not_be_had(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.stranger()
        await stage.clock.sleep(900)
        stage.double.stranger()
        stage.double.options.strangers_per_minute = 0.0
        await stage.clock.sleep(60)
        stage.double.script(Kind.CREATE, Fault.RESET_BEFORE, text=LOST)
        batch = stage.launch(5)
        await stage.until(lambda: stage.states(batch)[COMPLETED] == 4)
        stage.double.options.faults = {Fault.RESET_BEFORE: {Kind.LIST: 0.3}}
        began = stage.clock.now()
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 5}
        assert stage.clock.now() - began < 180

    play(main, order=Order.OLDEST, page_cap=50, strangers_per_minute=50.0)


@pytest.mark.parametrize("order", [Order.NEWEST, Order.OLDEST, Order.RANDOM])
@pytest.mark.parametrize("total_count", [True, *slow(False)], ids=["total", "no total"])
@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.RESET_AFTER])
def test_proof_depends_neither_on_the_order_of_the_list_nor_on_its_length(
    play: Play, order: Order, total_count: bool, fault: Fault
) -> None:
    async def main(stage: Stage) -> None:
        stage.double.stranger(300)
        await stage.clock.sleep(900)
        lost = [f"batch 1 row {number}" for number in range(3, 50, 10)]
        for text in lost:
            stage.double.script(Kind.CREATE, fault, text=text)
        batch = stage.launch(50)
        await stage.settled(batch)
        stage.check(batch)
        if fault is Fault.RESET_AFTER:
            assert {row.values[0] for row in stage.rows(batch, UNCONFIRMED)} == set(lost)

    play(main, order=order, total_count=total_count, pagination=total_count, page_cap=50, latency=0.2, lag=5)


def test_a_list_whose_order_changes_between_its_pages_proves_nothing(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.stranger(200)
        await stage.clock.sleep(900)
        for _ in range(20):
            stage.double.script(Kind.CREATE, Fault.RESET_AFTER)
            batch = stage.launch(1)
            await stage.settled(batch)
            stage.check(batch)

    play(main, order=Order.SHUFFLED, page_cap=50)


def test_an_effect_that_comes_late_and_a_list_that_lags_do_not_make_a_second_job(play: Play) -> None:
    async def main(stage: Stage) -> None:
        for number in range(0, 60, 7):
            stage.double.script(Kind.CREATE, Fault.RESET_AFTER, text=f"batch 1 row {number}")
        batch = stage.launch(60)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 51, UNCONFIRMED: 9}
        stage.check(batch)

    play(main, effect_delay=(0.0, 15.0), lag=10)


@pytest.mark.parametrize("skew", [-20.0, 7200.0, *slow(-7200.0, 20.0)])
def test_writers_clock_may_be_another_than_ours(play: Play, skew: float) -> None:
    async def main(stage: Stage) -> None:
        stage.double.stranger(5)
        await stage.clock.sleep(900)
        batch = await stage.settled_losing(Fault.RESET_AFTER, rows=10, lost=3)
        assert stage.states(batch) == {COMPLETED: 9, UNCONFIRMED: 1}
        stage.check(batch)
        await stage.clock.sleep(120)
        other = await stage.settled_losing(Fault.RESET_BEFORE, rows=10, lost=3)
        assert stage.states(other) == {COMPLETED: 10}
        stage.check(other)

    play(main, skew=skew)


def test_an_unconfirmed_row_may_be_sent_again_by_a_person(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = await stage.settled_losing(Fault.RESET_AFTER)
        assert stage.retry(batch) == 0, "retrying what failed leaves unconfirmed rows alone"
        assert stage.retry(batch, [2]) == 1
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 5}
        assert stage.books.created[LOST] == 2
        assert stage.batch(batch).state is BatchState.FINISHED

    play(main)


def test_a_lost_row_of_a_canceled_batch_is_settled_too(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.RESET_BEFORE, text=LOST)
        batch = stage.launch(5)
        await stage.until(lambda: stage.books.asked(LOST) == 1)
        stage.cancel(batch)
        await stage.settled(batch)
        assert stage.states(batch)[RowState.CANCELED] >= 1
        assert stage.rows(batch)[2].state is RowState.CANCELED
        assert stage.books.asked(LOST) == 1

    play(main)
