"""How long a batch still takes, told from signs alone."""

from typing import Any

import pytest

from services.engine.remaining import at_least, remaining, to_end, to_leave
from services.models import BatchSummary, Counts, LaunchOptions, RowState
from services.store import Signs
from tests.pages.stub import a_batch

NOW = 1000.0

Span = tuple[float, float]


def ago(*spans: Span) -> tuple[Span, ...]:
    """Rows that were sent and ended so many seconds ago."""
    return tuple((NOW - sent, NOW - ended) for sent, ended in spans)


def burst(rows: int, sent: float, took: float) -> tuple[Span, ...]:
    """Rows that were sent within a second, so many seconds ago, and took about so long."""
    return ago(*((sent - n / rows, sent - took - n / rows) for n in range(rows)))


@pytest.mark.parametrize(
    ("signs", "unfinished", "leaves_in", "left"),
    [
        pytest.param(Signs(), 5, 0.0, None, id="nothing ended"),
        pytest.param(Signs(burst(2, 20, 5)), 5, 0.0, None, id="two ended"),
        pytest.param(Signs(ago((40, 30), (40, 20), (40, 10)), NOW - 40), 5, 0.0, 50, id="a row every 10 s"),
        pytest.param(Signs(ago((40, 30), (30, 20), (20, 10), (10, 0))), 5, 0.0, 50, id="each sent after the other"),
        pytest.param(Signs(ago(*((60, 60 - n) for n in range(10, 60)))), 200, None, 200, id="a queue at Writer"),
        pytest.param(
            Signs(ago(*((400, n) for n in range(120))), NOW - 400),
            100,
            None,
            100,
            id="a queue that is longer than looked back",
        ),
        # all stands while Writer lets everyone hold; what is left falls with the hold, whatever ended before it
        pytest.param(Signs(burst(50, 10, 5)), 300, 120.0, 125, id="a hold begins"),
        pytest.param(Signs(burst(50, 110, 5)), 300, 20.0, 25, id="a hold ends"),
        pytest.param(
            Signs((*burst(50, 80, 5), *ago((80, 60), (80, 40), (80, 20)))), 300, 60.0, 69, id="some are slow in a hold"
        ),
        # rows drip out while the limit is used up
        pytest.param(
            Signs((*burst(340, 50, 5), *ago(*((8 + 1.6 * n, 3 + 1.6 * n) for n in range(24)))), NOW - 1),
            *(66, 58.0, 63),
            id="the limit is used up",
        ),
        # a pause is no slowness, but the time that the first row after it took
        pytest.param(Signs((*burst(20, 42, 5), *ago((8, 3), (7, 2), (6, 1)))), 30, None, 9.75, id="after a pause"),
        # 27 s ago an answer was lost
        pytest.param(Signs(burst(50, 20, 5), last_lost=NOW - 27), 11, None, 23, id="answers are lost"),
        # a retry is due in 100 s
        pytest.param(Signs(burst(50, 20, 5), last_retry_at=NOW + 100), 1, 0.0, 105, id="a retry is pending"),
        pytest.param(Signs(burst(50, 20, 5), NOW - 2), 3, None, 3, id="all are at Writer"),
        pytest.param(Signs(burst(50, 20, 5), NOW - 30), 1, None, 0, id="one takes longer than others"),
        pytest.param(Signs(burst(50, 20, 5)), 3, None, 5, id="the last ones are in flight"),
    ],
)
def test_how_long_it_still_takes(signs: Signs, unfinished: int, leaves_in: float | None, left: float | None) -> None:
    told = remaining(signs, unfinished, leaves_in, NOW)
    assert told == (None if left is None else pytest.approx(left, rel=0.05))


@pytest.mark.parametrize(
    ("signs", "leaves_in", "left"),
    [
        (Signs(), None, 0),
        (Signs(last_sent=NOW - 5), None, 0),
        (Signs(), 0.0, 0),
        (Signs(last_sent=NOW), 61.0, 61),
        (Signs(last_retry_at=NOW + 100), 61.0, 100),
        (Signs(last_lost=NOW - 12), 0.0, 33),
        (Signs(last_lost=NOW - 50, last_retry_at=NOW - 3), 0.0, 0),
    ],
)
def test_what_it_takes_at_the_least_is_until_the_last_row_has_left(
    signs: Signs, leaves_in: float | None, left: float
) -> None:
    assert at_least(signs, leaves_in, NOW) == pytest.approx(left)


@pytest.mark.parametrize(("changes", "behind"), [({}, 0), ({"sample_end": 12}, 4)])
def test_only_rows_that_go_on_by_themselves_are_waited_for(changes: dict[str, Any], behind: int) -> None:
    """Two of fourteen rows are skipped, four lie behind a sample of eight, and one of two failed ones is retried."""
    states = {"completed": 1, "failed": 2, "skipped": 2, "sending": 2, "in_progress": 1, "waiting": 6}
    counts = Counts({RowState(name): number for name, number in states.items()}, retrying=1)
    summary = BatchSummary(a_batch(options=LaunchOptions(sample_rows=8), **changes), counts)
    assert (to_end(summary), to_leave(summary)) == (10 - behind, 7 - behind)
