"""The store takes its time, is locked by others, or fails: nothing is forgotten, and nothing leaves late."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from services.models import RowState
from services.store.work import Work
from tests.engine.runner.conftest import Play, Threads, slow
from tests.engine.runner.stage import Stage
from tests.support.double import Fault, Kind
from tests.support.virtual_time import VirtualTimeLoop

COMPLETED, FAILED, UNCONFIRMED = RowState.COMPLETED, RowState.FAILED, RowState.UNCONFIRMED


def is_claim(work: Any) -> bool:
    """Whether it claims rows."""
    cells = getattr(work.args[0], "__closure__", None) or ()
    return any(getattr(cell.cell_contents, "__name__", "") == "claim" for cell in cells)


@pytest.mark.parametrize("seed", [0, 2, *slow(1, 3, 4, 5)])
def test_an_answer_that_is_lost_while_others_are_stored_is_settled_too(play: Play, threads: Threads, seed: int) -> None:
    threads(lambda loop, _: loop.time() + 0.01)

    async def main(stage: Stage) -> None:
        stage.double.script(Kind.CREATE, Fault.RESET_BEFORE, text="batch 1 row 30")
        batch = stage.launch(60)
        async with asyncio.timeout(600):
            await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 60}
        stage.check(batch)

    play(main, latency=(0.05, 0.4), seed=seed)


@pytest.mark.parametrize("batches", [1, *slow(4)])
def test_turns_that_a_locked_store_made_late_are_not_used(play: Play, threads: Threads, batches: int) -> None:
    """Otherwise requests would leave that nobody counts any more."""
    locked_until, next_lock = 0.0, 10.0

    def done_at(loop: VirtualTimeLoop, work: Any) -> float:
        nonlocal locked_until, next_lock
        if is_claim(work) and loop.time() >= next_lock:  # another process begins to write just now
            locked_until, next_lock = loop.time() + 5, loop.time() + 40
        return max(loop.time(), locked_until)

    threads(done_at)

    async def main(stage: Stage) -> None:
        launched = [stage.launch(1200 // batches) for _ in range(batches)]
        await stage.settled(*launched)
        assert stage.books.most_in(60) <= 400
        assert [stage.states(batch) for batch in launched] == [{COMPLETED: 1200 // batches}] * batches

    play(main, latency=0.4, duration=(1.0, 5.0))


@pytest.mark.parametrize(("verb", "call"), [("waiting", 12), ("sent", 6), ("outstanding", 4), ("ended", 1)])
def test_a_store_that_fails_once_loses_no_answer(
    play: Play, monkeypatch: pytest.MonkeyPatch, verb: str, call: int
) -> None:
    working = getattr(Work, verb)
    calls = 0

    def failing(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            raise OperationalError("UPDATE rows", {}, Exception("server closed the connection unexpectedly"))
        return working(*args)

    monkeypatch.setattr(Work, verb, failing)

    async def main(stage: Stage) -> None:
        batch = stage.launch(300)
        with pytest.raises(OperationalError):
            await stage.settled(batch)
        assert stage.process is not None
        stage.process._failure = None  # the engine gives such a batch another runner
        await stage.settled(batch)
        assert stage.states(batch) == {COMPLETED: 300}
        stage.check(batch)

    play(main, latency=(0.5, 3.0), rpm=2000)
