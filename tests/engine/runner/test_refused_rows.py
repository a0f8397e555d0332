"""Writer refuses a row, and the agent cannot be read to see whether that is why: the row is not sent on and on."""

from typing import Any

import pytest

from services.models import RowState
from tests.engine.runner.conftest import Play
from tests.engine.runner.stage import Stage
from tests.support.double import Fault, Kind
from tests.support.double.answers import Answer, Request, error
from tests.support.double.core import Double

COMPLETED, FAILED = RowState.COMPLETED, RowState.FAILED
BAD = "batch 1 row 5"


def test_a_refused_row_fails_where_the_agent_cannot_be_read(play: Play) -> None:
    async def main(stage: Stage) -> None:
        stage.double.options.faults = {Fault.ERROR_500: {Kind.AGENT: 1.0}}
        batch = stage.launch(20)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 19, FAILED: 1}
        assert [row.error for row in stage.rows(batch, FAILED)] == ["Writer refused the request: Too long."]
        assert (stage.books.asked(BAD), len(stage.books.of(Kind.AGENT))) == (1, 4)

    play(main, latency=0.1, refused={BAD: "Too long."})


def test_a_refused_row_fails_where_reading_the_agent_is_refused_too(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Double._read

    def reading(double: Double, request: Request, kind: Kind, subject: Any) -> Answer:
        return error(400, "not allowed") if kind is Kind.AGENT else read(double, request, kind, subject)

    monkeypatch.setattr(Double, "_read", reading)

    async def main(stage: Stage) -> None:
        batch = stage.launch(60)
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 59, FAILED: 1}
        assert stage.books.asked(BAD) == 1

    play(main, latency=(0.2, 2.0), refused={BAD: "Too long."}, rpm=2000)
