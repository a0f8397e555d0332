"""While Writer asks for a hold, its words are told, no job is created, and results are still collected now and then."""

from itertools import pairwise

import pytest

from services.models import RowState
from tests.engine.runner.conftest import Play
from tests.engine.runner.stage import Stage
from tests.support.double import Fault, Kind

COMPLETED, IN_PROGRESS = RowState.COMPLETED, RowState.IN_PROGRESS


def test_results_are_collected_during_a_long_hold_and_no_job_is_created(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.LIMIT_UNTIL, text="batch 1 row 30")
        batch = stage.launch(100)
        await stage.until(lambda: stage.books.statuses()[429] > 0)
        assert stage.load().hold_reason == "Too many requests."
        held_at = stage.clock.now()
        await stage.until(lambda: stage.states(batch)[IN_PROGRESS] == 0, step=5)
        assert 55 < stage.clock.now() - held_at < 240
        await stage.clock.sleep(350 - (stage.clock.now() - held_at))
        during = [entry for entry in stage.books.of() if held_at + 1 < entry.time < held_at + 395]
        assert {entry.kind for entry in during} <= {Kind.LIST, Kind.JOB}
        assert all(later.time - earlier.time >= 59 for earlier, later in pairwise(during))
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 100}
        assert stage.load().hold_reason == ""
        stage.check(batch)

    play(main, wait=400, latency=0.1, duration=20.0)


@pytest.mark.parametrize("refused", [1, 2])
def test_polls_that_are_refused_during_a_hold_become_rarer(play: Play, refused: int) -> None:
    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.LIMIT_UNTIL, text="batch 1 row 30")
        batch = stage.launch(60)
        await stage.until(lambda: stage.books.statuses()[429] > 0)
        stage.double.script(Kind.LIST, *[Fault.LIMIT_UNTIL] * refused)
        stage.double.script(Kind.JOB, *[Fault.LIMIT_UNTIL] * refused)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 60}
        polls = [
            entry.time for entry in stage.books.of() if entry.kind in (Kind.LIST, Kind.JOB) and entry.status == 429
        ]
        gaps = [later - earlier for earlier, later in pairwise(polls)]
        assert all(gap >= 59 for gap in gaps)
        assert max(gaps, default=300) >= 299, "as long as was asked for, but no longer than five minutes"
        assert max(gaps, default=300) < 330

    play(main, wait=400, latency=0.1, duration=20.0)
