"""Every fault alone and all together: all rows come to their ends, none twice, none with another row's suggestion."""

from typing import Any

import pytest

from services.models import RowState
from tests.engine.runner.conftest import Play, Threads
from tests.engine.runner.stage import Stage
from tests.support.double import Fault, Kind, Order

ROWS = 300
FEW = 100
SHARE = 0.1
RETRIES = 4

QUICK = [Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.GATEWAY_504]
"""The faults whose handling differs most; the others run when slow tests are asked for."""
TOGETHER = [
    *(Fault.ERROR_500, Fault.HTML_503, Fault.GATEWAY_504, Fault.RESET_BEFORE, Fault.RESET_AFTER),
    *(Fault.SLOW, Fault.LIMIT, Fault.LIMIT_UNTIL),
]
"""Those that each befall a tenth of all requests: three in ten are left whose good answers come, one of them late."""
LATE: dict[str, Any] = {"lag": 10.0, "effect_delay": (0.0, 10.0)}
"""Lists that lag behind, and effects that come late."""


def faults() -> list[object]:
    return [
        pytest.param(fault, marks=[] if fault in QUICK else pytest.mark.slow)
        for fault in Fault
        if fault is not Fault.PAYMENT
    ]


@pytest.mark.parametrize("late", [{}, pytest.param(LATE, marks=pytest.mark.slow)], ids=["at once", "late"])
@pytest.mark.parametrize("fault", faults())
def test_one_fault_in_ten_requests_of_every_kind(play: Play, fault: Fault, late: dict[str, Any]) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(FEW if late or fault in QUICK else ROWS)
        await to_the_end(stage, batch)
        if not fault.had_effect or fault is Fault.SLOW:
            assert stage.states(batch)[RowState.UNCONFIRMED] == 0, "nothing has reached Writer that is not known"
        else:
            assert 0 < stage.states(batch)[RowState.UNCONFIRMED] < stage.batch(batch).row_count

    play(main, faults={fault: SHARE}, latency=(0.05, 0.4), duration=(1.0, 10.0), **late)


@pytest.mark.parametrize("store_takes", [0.0, 0.02], ids=["quick store", "slow store"])
@pytest.mark.parametrize("retries", [0, 2])
def test_all_faults_together(play: Play, threads: Threads, retries: int, store_takes: float) -> None:
    threads(lambda loop, _: loop.time() + store_takes)

    async def main(stage: Stage) -> None:
        batch = stage.launch(40, retries=retries)
        await to_the_end(stage, batch)

    together = dict.fromkeys(TOGETHER, SHARE)
    play(main, faults=together, fail_share=0.3, latency=(0.05, 0.4), strangers_per_minute=0.2, **LATE)


@pytest.mark.slow
@pytest.mark.parametrize("order", [Order.NEWEST, Order.OLDEST, Order.RANDOM])
@pytest.mark.parametrize("new_id", [False, True], ids=["same id", "new id"])
@pytest.mark.parametrize("total_count", [True, False], ids=["total", "no total"])
def test_all_faults_together_on_two_batches(
    play: Play, threads: Threads, order: Order, new_id: bool, total_count: bool
) -> None:
    threads(lambda loop, _: loop.time() + 0.01)

    async def main(stage: Stage) -> None:
        batches = [stage.launch(FEW // 2, retries=2), stage.launch(FEW // 2)]
        await to_the_end(stage, *batches)

    play(
        main,
        faults=dict.fromkeys(TOGETHER, SHARE),
        order=order,
        total_count=total_count,
        retry_gives_new_id=new_id,
        fail_share=0.3,
        latency=(0.05, 0.8),
        duration=(1.0, 15.0),
        page_cap=50,
        strangers_per_minute=0.2,
        writers_rpm=300,
        retry_after="date",
        id_name="both",
        seed=len(order) + new_id,
        **LATE,
    )


@pytest.mark.parametrize("new_id", [False, True], ids=["same id", "new id"])
@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.RESET_AFTER])
def test_answers_to_automatic_retries_are_lost(play: Play, fault: Fault, new_id: bool) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(40, retries=2)
        await to_the_end(stage, batch)
        assert stage.books.statuses(Kind.RETRY)[0] > 0

    lost = {fault: {Kind.RETRY: 0.3}}
    play(main, faults=lost, fail_share=0.5, failing_attempts=2, retry_gives_new_id=new_id, latency=0.2, **LATE)


async def to_the_end(stage: Stage, *batch_ids: str) -> None:
    """Run the batches, retry what failed, and look at everything that came of it."""
    await stage.settled(*batch_ids)
    for _ in range(RETRIES):
        for batch_id in batch_ids:
            stage.retry(batch_id)
        await stage.settled(*batch_ids)
    stage.check(*batch_ids)
    for row in (row for batch_id in batch_ids for row in stage.rows(batch_id)):
        assert stage.books.retried[row.values[0]] < max(1, row.attempts), "one attempt, one job"
    assert stage.books.most_in(60) <= 400
