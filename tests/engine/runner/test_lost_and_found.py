"""Jobs of unconfirmed rows are found again, and what is left is proven never to have been created."""

import pytest

from services.engine.lost_and_found import Search, match
from services.errors import RefusedError, WriterError
from services.models import FoundJob, Job, RowState
from tests.engine.runner.conftest import Play, slow
from tests.engine.runner.stage import Stage
from tests.support.double import Fault, Kind, Order

LOSSES = {Fault.RESET_BEFORE: 0.06, Fault.ERROR_500: 0.05, Fault.RESET_AFTER: 0.05, Fault.GATEWAY_504: 0.03}


async def search(stage: Stage, batch_id: str) -> dict[str, Job]:
    assert stage.process is not None
    return await Search(stage.batch(batch_id), stage.store, stage.process.gateway, stage.clock).run()


def matched(stage: Stage, batch_id: str, jobs: dict[str, Job]) -> list[FoundJob]:
    assert stage.process is not None
    offset = stage.process.gateway.writer_clock.creation_offset(stage.clock.now())
    return match(stage.store.found.open_rows(batch_id), list(jobs.values()), offset)


def lose(stage: Stage, *faults: Fault) -> str:
    """Launch a batch, and lose the answers for its first rows in these ways."""
    for row, fault in enumerate(faults):
        stage.double.script(Kind.CREATE, fault, text=f"batch 1 row {row}")
    return stage.launch(len(faults) + 3)


def test_a_lost_job_is_found_proposed_and_assigned_and_the_others_are_sent_without_risk(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = lose(stage, Fault.RESET_AFTER, Fault.RESET_BEFORE, Fault.RESET_BEFORE)
        await stage.settled(batch)
        assert stage.states(batch)[RowState.UNCONFIRMED] == 3
        await search(stage, batch)
        assert not any(row.is_searched for row in stage.store.found.open_rows(batch)), "late jobs may be missing"
        await stage.clock.sleep(15)
        jobs = await search(stage, batch)
        assert stage.store.found.proven(batch) == 0
        (found,) = matched(stage, batch, jobs)
        assert found.clear == 0
        assert found.candidates[0].position == 0
        assert {candidate.position for candidate in found.candidates} == {0, 1, 2}
        stage.store.found.assign(batch, {0: found.job}, stage.clock.now())
        assert stage.store.found.proven(batch) == 2
        assert stage.store.found.send_proven(batch) == 2
        stage._wake(batch)
        await stage.settled(batch)
        stage.check(batch)
        assert stage.states(batch) == {RowState.COMPLETED: 6}
        first, *_ = stage.store.rows.get(batch, 0).attempts
        assert first.assigned_at is not None

    play(main, latency=0.2)


def test_a_job_that_still_runs_is_followed_once_it_is_assigned(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = lose(stage, Fault.RESET_AFTER)
        await stage.settled(batch)
        jobs = await search(stage, batch)
        (found,) = matched(stage, batch, jobs)
        assert (found.clear, found.candidates[0].position) == (None, 0)
        stage.store.found.assign(batch, {0: found.job}, stage.clock.now())
        assert stage.states(batch)[RowState.IN_PROGRESS] == 1
        stage._wake(batch)
        await stage.settled(batch)
        stage.check(batch)
        assert stage.states(batch) == {RowState.COMPLETED: 4}

    play(main, latency=0.2, durations={"batch 1 row 0": 300.0})


def test_somebody_elses_job_is_never_proposed_and_dismissing_it_proves_the_rest(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = lose(stage, Fault.RESET_BEFORE, Fault.RESET_BEFORE)
        await stage.until(lambda: stage.books.asked("batch 1 row 1") == 1, step=0.1)
        stage.double.stranger()
        await stage.settled(batch)
        assert stage.states(batch)[RowState.UNCONFIRMED] == 2
        await stage.clock.sleep(15)
        jobs = await search(stage, batch)
        (found,) = matched(stage, batch, jobs)
        assert found.clear is None
        stage.store.found.dismiss(batch, [found.job.id], stage.clock.now())
        with pytest.raises(RefusedError, match="dismissed"):
            stage.store.found.assign(batch, {0: found.job}, stage.clock.now())
        assert stage.store.found.proven(batch) == 2
        stage.store.found.restore(batch)
        assert stage.store.found.proven(batch) == 0

    play(main, latency=0.2)


def test_rows_of_an_unread_list_are_proven_only_once_it_was_read_late_enough(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = lose(stage, Fault.RESET_BEFORE)
        await stage.settled(batch)  # the row was proven to have no job, and sent again
        stage.double.script(Kind.CREATE, Fault.RESET_BEFORE, text="batch 2 row 0")
        second = stage.launch(1)
        await stage.until(lambda: bool(stage.store.work.lost(second)), step=0.05)
        stage.store.work.unconfirm(second, [0], "?", stage.clock.now())
        await search(stage, second)
        assert stage.store.found.proven(second) == 0
        await stage.clock.sleep(60)
        await search(stage, second)
        assert stage.store.found.proven(second) == 1

    play(main, latency=0.2)


def test_a_list_that_cannot_be_read_proves_nothing(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = lose(stage, Fault.RESET_AFTER, Fault.RESET_BEFORE)
        await stage.settled(batch)
        stage.double.script(Kind.LIST, *[Fault.ERROR_500] * 50)
        with pytest.raises(WriterError):
            await search(stage, batch)
        assert stage.store.found.proven(batch) == 0

    play(main, latency=0.2)


@pytest.mark.parametrize("seed", [1, *slow(2, 3, 4, 5)])
@pytest.mark.parametrize("order", [Order.NEWEST, *slow(Order.OLDEST)])
def test_what_fits_clearly_is_right_and_in_the_end_no_row_is_sent_twice(play: Play, seed: int, order: Order) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch([f"Product {n * 7919} in color {n * 104729}" for n in range(200)])
        await stage.settled(batch)
        stage.double.options.faults = {}
        await stage.clock.sleep(15)
        jobs = await search(stage, batch)
        texts = {row.position: row.values[0] for row in stage.rows(batch)}
        found = matched(stage, batch, jobs)
        assert found
        clear = {item.clear: item.job for item in found if item.clear is not None}
        assert {stage.double.jobs[job.id].text for job in clear.values()} == {texts[position] for position in clear}
        stage.store.found.assign(batch, clear, stage.clock.now())
        strangers = [item.job.id for item in found if item.clear is None]
        assert not [job_id for job_id in strangers if stage.double.jobs[job_id].ours]
        stage.store.found.dismiss(batch, strangers, stage.clock.now())
        if stage.states(batch)[RowState.UNCONFIRMED]:
            assert stage.store.found.proven(batch) == stage.states(batch)[RowState.UNCONFIRMED]
            stage.store.found.send_proven(batch)
            stage._wake(batch)
            await stage.settled(batch)
        stage.check(batch)
        assert stage.states(batch) == {RowState.COMPLETED: 200}

    play(
        main,
        faults=LOSSES,
        seed=seed,
        order=order,
        skew=-7.0,
        strangers_per_minute=2.0,
        latency=(0.05, 0.4),
        duration=(1.0, 8.0),
        effect_delay=(0.0, 8.0),
        lag=10.0,
    )
