"""The time left that is told while a batch runs, beside how long it then really took."""

import math
from typing import Any

import pytest

from services.engine.budget import Budget
from services.engine.remaining import LOOK_BACK_S, MAX_ROWS, leaves_in, remaining, to_end, to_leave
from tests.engine.runner.conftest import Play
from tests.engine.runner.stage import CONNECTION, Stage
from tests.support.double import Fault, Kind

RPM = 400
HOLD = 75.0
EVERY = 3.0
NEVER = math.inf

Told = list[tuple[float, float | None]]
"""What was told at which second."""


def time_left(stage: Stage, batch_id: str) -> float | None:
    """As the desk tells it."""
    assert stage.process is not None
    summary, now = stage.store.batches.get(batch_id), stage.clock.now()
    rows = to_leave(summary)
    signs = stage.store.rows.signs(batch_id, now - LOOK_BACK_S, MAX_ROWS)
    return remaining(signs, to_end(summary), leaves_in(stage.process.gateway, batch_id, rows), now)


async def watch(stage: Stage, batch_id: str, hold_at: float) -> Told:
    """Look at the batch until it is settled; at that second, Writer asks everyone to hold."""
    budget = Budget(stage.store, CONNECTION, RPM, stage.clock)
    began, told = stage.clock.now(), Told()
    stage.begin()
    while not stage.is_settled(batch_id):
        seconds = stage.clock.now() - began
        if seconds >= hold_at:
            await budget.hold(HOLD)
            hold_at = NEVER
        told.append((seconds, time_left(stage, batch_id)))
        await stage.clock.sleep(EVERY)
    return told


@pytest.mark.parametrize(
    ("rows", "since", "hold_at", "until", "rel", "options"),
    [
        pytest.param(420, 6, NEVER, NEVER, 0.25, {}, id="the limit is used up"),
        pytest.param(1200, 6, NEVER, NEVER, 0.25, {}, id="for three minutes"),
        # results of rows that ended during a hold are seen only after it: for a while they seem to take so long
        pytest.param(500, 21, 20.0, 20 + HOLD, 0.25, {"duration": (3.0, 20.0)}, id="a hold"),
        # how many more answers get lost is chance, and a pause follows each: only many rows even that out
        pytest.param(
            600, 120, NEVER, NEVER, 0.8, {"faults": {Fault.RESET_BEFORE: {Kind.CREATE: 0.05}}}, id="lost answers"
        ),
        pytest.param(60, 25, NEVER, NEVER, 0.25, {"fail_share": 0.05, "failing_attempts": 2}, id="retries"),
    ],
)
def test_the_time_left_that_is_shown_is_about_true(
    play: Play, rows: int, since: float, hold_at: float, until: float, rel: float, options: dict[str, Any]
) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(rows, retries=2)
        told = await watch(stage, batch, hold_at)
        took = told[-1][0]
        wrong = [
            (seconds, left, took - seconds)
            for seconds, left in told
            if since <= seconds <= until and left != pytest.approx(took - seconds, rel=rel, abs=15)
        ]
        assert wrong == []

    play(main, rpm=RPM, latency=0.3, **{"duration": (3.0, 8.0), **options})
