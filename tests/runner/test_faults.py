"""Every fault alone and all together: all rows come to their ends, none twice, none with another row's suggestion."""

import pytest

from services.models import RowState
from tests.runner.conftest import Play
from tests.runner.stage import Stage
from tests.support.double import Fault, Kind, Order

ROWS = 300
FEW = 100
ALONE = 0.1
TOGETHER = 0.02
RETRIES = 4

QUICK = [Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.GATEWAY_504]
"""The faults whose handling differs most; the others run when slow tests are asked for."""


def faults() -> list[object]:
    return [pytest.param(fault, marks=[] if fault in QUICK else pytest.mark.slow) for fault in Fault]


@pytest.mark.parametrize("fault", faults())
def test_one_fault_in_ten_requests_of_every_kind(play: Play, fault: Fault) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(FEW if fault in QUICK else ROWS)
        await to_the_end(stage, batch)
        if not fault.had_effect or fault is Fault.SLOW:
            assert stage.states(batch)[RowState.UNCONFIRMED] == 0, "nothing has reached Writer that is not known"
        else:
            assert 0 < stage.states(batch)[RowState.UNCONFIRMED] < stage.batch(batch).row_count

    play(main, faults={fault: ALONE}, latency=(0.05, 0.4), duration=(1.0, 10.0))


@pytest.mark.slow
@pytest.mark.parametrize("order", [Order.NEWEST, Order.OLDEST, Order.RANDOM])
@pytest.mark.parametrize("new_id", [False, True], ids=["same id", "new id"])
@pytest.mark.parametrize("total_count", [True, False], ids=["total", "no total"])
def test_all_faults_together_on_two_batches_with_retries(
    play: Play, order: Order, new_id: bool, total_count: bool
) -> None:
    async def main(stage: Stage) -> None:
        batches = [stage.launch(ROWS // 2), stage.launch(ROWS // 2)]
        await to_the_end(stage, *batches)

    play(
        main,
        faults=dict.fromkeys(Fault, TOGETHER),
        order=order,
        total_count=total_count,
        retry_gives_new_id=new_id,
        fail_share=0.2,
        latency=(0.05, 0.8),
        duration=(1.0, 15.0),
        page_cap=50,
        lag=4,
        effect_delay=(0.0, 8.0),
        writers_rpm=300,
        retry_after="date",
        id_name="both",
        seed=len(order) + new_id,
    )


def test_all_faults_together(play: Play) -> None:
    async def main(stage: Stage) -> None:
        batch = stage.launch(FEW)
        await to_the_end(stage, batch)

    together = dict.fromkeys(Fault, TOGETHER)
    play(main, faults=together, fail_share=0.2, latency=(0.05, 0.4), strangers_per_minute=2.0, lag=4)


async def to_the_end(stage: Stage, *batch_ids: str) -> None:
    """Run the batches, retry what failed, and look at everything that came of it."""
    await stage.settled(*batch_ids)
    asked_for = 0
    for _ in range(RETRIES):
        asked_for += sum(stage.retry(batch_id) for batch_id in batch_ids)
        await stage.settled(*batch_ids)
    stage.check(*batch_ids)
    assert stage.books.retried.total() <= asked_for
    assert len(stage.books.of(Kind.RETRY)) >= stage.books.retried.total()
    assert stage.books.most_in(60) <= 400
