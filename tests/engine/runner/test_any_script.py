"""Any script of what people may do, from two processes at random moments: the states of the design and no others."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.errors import PersonError
from services.models import BatchState, PauseKind, RowState
from services.store import Store
from tests.engine.runner.conftest import Play
from tests.engine.runner.stage import CONNECTION, FINAL, Stage
from tests.support.double import Fault, is_for

W, S, P, C, F, U, X, _ = (
    RowState.WAITING,
    RowState.SENDING,
    RowState.IN_PROGRESS,
    RowState.COMPLETED,
    RowState.FAILED,
    RowState.UNCONFIRMED,
    RowState.CANCELED,
    RowState.SKIPPED,
)
RUNNING, PAUSED, CANCELED, FINISHED = BatchState
ROW_STEPS = {
    *((W, S), (S, P), (P, C), (P, F), (S, C), (S, F), (S, U), (W, X)),
    *((S, W), (S, X)),  # the request surely had no effect
    *((C, W), (F, W), (U, W), (X, W)),  # retried
}
BATCH_STEPS = {
    *((RUNNING, PAUSED), (PAUSED, RUNNING), (RUNNING, CANCELED), (PAUSED, CANCELED)),
    *((RUNNING, FINISHED), (PAUSED, FINISHED)),
    *((FINISHED, RUNNING), (CANCELED, RUNNING)),  # retried
}
ROWS = 12
SQLITE = "sqlite:///"
LOG = """
CREATE TABLE steps (batch_id TEXT, position INTEGER, old TEXT, new TEXT);
CREATE TRIGGER row_steps AFTER UPDATE OF state ON rows WHEN old.state != new.state
BEGIN INSERT INTO steps VALUES (old.batch_id, old.position, old.state, new.state); END;
CREATE TRIGGER batch_steps AFTER UPDATE OF state ON batches WHEN old.state != new.state
BEGIN INSERT INTO steps VALUES (old.id, NULL, old.state, new.state); END;
"""
"""The database itself writes down every step, however short a state lasts."""


@dataclass(frozen=True)
class Step:
    """What happens some seconds after the step before."""

    after: float
    verb: str
    batch: int
    elsewhere: bool
    """Whether it is done in another process, which cannot wake the one that works."""
    some: frozenset[int]


class Trial:
    """Two batches, the process that works on them, and another one that only does what people want."""

    def __init__(self, stage: Stage, url: str, another: Executor) -> None:
        self._stage = stage
        self._url = url
        self._another = another
        self._batches: list[str] = []

    async def play(self, options: list[dict[str, Any]], script: list[Step]) -> None:
        """Launch a batch for each of the options, do all of the script, and look at what comes of it in the end."""
        looking = asyncio.create_task(self._look_again_and_again())
        for each in options:
            self._batches.append(self._stage.launch(ROWS, **each))
            await asyncio.sleep(0.01)
        for step in script:
            await asyncio.sleep(step.after)
            await self._do(step)
        for batch_id in self._there():
            await self._let_end(batch_id)
        looking.cancel()
        for batch_id in self._batches:
            self._check_steps(batch_id)
        for batch_id in self._there():
            self._check_rows(batch_id)

    async def _look_again_and_again(self) -> None:
        """As an engine does."""
        while True:
            if self._stage.process is None:
                self._stage.begin()
            assert self._stage.process is not None
            self._stage.process.check()
            self._stage.process.look()
            await asyncio.sleep(1)

    async def _do(self, step: Step) -> None:
        if step.verb == "kill":
            if self._stage.process is not None:
                await self._stage.kill()
            return
        batch_id = self._batches[step.batch]
        try:
            if step.elsewhere:
                self._another.submit(do_here, self._url, batch_id, step).result()
            else:
                VERBS[step.verb](self._stage.store, batch_id, step)
        except PersonError:
            return  # a person is told so, and nothing has happened
        if not step.elsewhere and self._stage.process is not None:
            self._stage.process.wake(batch_id)

    def _there(self) -> list[str]:
        """The batches that nobody has deleted."""
        there = {summary.batch.id for summary in self._stage.store.batches.page(1, 10).batches}
        return [batch_id for batch_id in self._batches if batch_id in there]

    async def _let_end(self, batch_id: str) -> None:
        """Whatever it is paused for, let it go on, until it is over."""
        while self._stage.batch(batch_id).state not in (CANCELED, FINISHED):
            kind = self._stage.batch(batch_id).pause_kind
            if kind is not None:
                getattr(self._stage, GO_ON[kind])(batch_id)
            await self._stage.settled(batch_id)
        await self._stage.settled(batch_id)

    def _check_rows(self, batch_id: str) -> None:
        for row in self._stage.rows(batch_id):
            assert row.state in FINAL
            assert not row.suggestion or is_for(row.suggestion, row.values[0])

    def _check_steps(self, batch_id: str) -> None:
        with closing(sqlite3.connect(self._url.removeprefix(SQLITE))) as connection:
            steps = connection.execute(
                "SELECT position, old, new FROM steps WHERE batch_id = ?", (batch_id,)
            ).fetchall()
        assert {(old, new) for position, old, new in steps if position is None} <= BATCH_STEPS
        assert {(old, new) for position, old, new in steps if position is not None} <= ROW_STEPS
        again = Counter(position for position, old, new in steps if new == W and old in (C, U, X))
        number = self._batches.index(batch_id) + 1
        for position in range(ROWS):
            created = self._stage.books.created[f"batch {number} row {position}"]
            assert created <= 1 + again[position], "a person wanted each further job, or it was chosen at launch"


def do_here(url: str, batch_id: str, step: Step) -> None:
    """Do what a person wants, in the process in which this is called."""
    VERBS[step.verb](opened(url), batch_id, step)


@lru_cache(maxsize=1)
def opened(url: str) -> Store:
    return Store(url)


def _retry(store: Store, batch_id: str, step: Step) -> None:
    store.rows.retry(batch_id, sorted(step.some) or None)


VERBS: dict[str, Callable[[Store, str, Step], object]] = {
    "pause": lambda store, batch_id, _: store.batches.pause(batch_id, PauseKind.PERSON),
    "resume": lambda store, batch_id, _: store.batches.resume(batch_id, CONNECTION),
    "resume_anyway": lambda store, batch_id, _: store.batches.resume_anyway(batch_id, CONNECTION),
    "run_remaining": lambda store, batch_id, _: store.batches.run_remaining(batch_id, CONNECTION),
    "cancel": lambda store, batch_id, step: store.batches.cancel(batch_id, 1_800_000_000 + step.after),
    "retry": _retry,
    "delete": lambda store, batch_id, _: store.batches.delete(batch_id),
}
GO_ON = {
    PauseKind.PERSON: "resume",
    PauseKind.MOST_FAIL: "resume_anyway",
    PauseKind.SAMPLE: "run_remaining",
}


STEPS = st.builds(
    Step,
    after=st.sampled_from([0.0, 0.02, 0.3, 1.0, 3.0, 8.0, 35.0]),
    verb=st.sampled_from([*VERBS, "kill"]),
    batch=st.sampled_from([0, 1]),
    elsewhere=st.booleans(),
    some=st.frozensets(st.integers(0, ROWS - 1), max_size=3),
)
OPTIONS = st.fixed_dictionaries(
    {"sample_rows": st.sampled_from([None, 3]), "retries": st.sampled_from([0, 2]), "resend_lost": st.booleans()}
)
WEATHERS: list[dict[str, Any]] = [
    {},
    {"fail_share": 0.4, "failing_attempts": 2},
    {"fail_share": 1.0, "failing_attempts": 9},
    {"fail_share": 0.4, "faults": {Fault.RESET_BEFORE: 0.1, Fault.RESET_AFTER: 0.1, Fault.LIMIT: 0.1}},
]


def any_script(
    play: Play, another: Executor, options: list[dict[str, Any]], script: list[Step], weather: dict[str, Any]
) -> None:
    async def main(stage: Stage) -> None:
        url = stage.store._database.url
        with closing(sqlite3.connect(url.removeprefix(SQLITE))) as connection:
            connection.executescript(LOG)
        await Trial(stage, url, another).play(options, script)

    play(main, latency=(0.05, 0.5), duration=(1.0, 6.0), effect_delay=(0.0, 2.0), lag=3, **weather)


@pytest.fixture(scope="session")
def another() -> Iterator[Executor]:
    """Another process, in which people do what they want too."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        yield pool


given_any = given(
    options=st.lists(OPTIONS, min_size=2, max_size=2),
    script=st.lists(STEPS, max_size=12),
    weather=st.sampled_from(WEATHERS),
)
check = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@settings(check, max_examples=6)
@given_any
def test_any_script_reaches_only_the_states_there_are_and_creates_nothing_twice(
    play: Play, another: Executor, options: list[dict[str, Any]], script: list[Step], weather: dict[str, Any]
) -> None:
    any_script(play, another, options, script, weather)


@pytest.mark.slow
@settings(check, max_examples=40)
@given_any
def test_many_scripts_do_so_too(
    play: Play, another: Executor, options: list[dict[str, Any]], script: list[Step], weather: dict[str, Any]
) -> None:
    any_script(play, another, options, script, weather)
