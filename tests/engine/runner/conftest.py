"""Batches run to their end in virtual time, against a double of Writer and a real database."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import pytest

from services.store import Store
from tests.engine.runner.stage import Stage
from tests.support import virtual_time
from tests.support.double import Double, Options
from tests.support.virtual_time import VirtualClock, VirtualTimeLoop, run_virtual

WITHIN = 6 * 3600
"""Virtual seconds that a test may take."""


def slow(*values: object) -> list[object]:
    """Values for `parametrize` that are tried when slow tests are asked for."""
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes many seconds; runs when asked for by `-m slow`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests out unless the expression after `-m` names them."""
    if "slow" in config.getoption("markexpr"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


Threads = Callable[[Callable[[VirtualTimeLoop, Any], float]], None]
"""Takes when what a thread is to do is done, by the loop and the work."""


class Play(Protocol):
    """Does something on a stage, to its end."""

    def __call__(
        self, main: Callable[[Stage], Awaitable[None]], rpm: int = 400, writers_rpm: int | None = None, **options: Any
    ) -> Stage:
        """Take what happens, Copydesk's limit on requests, Writer's own, and the double's other options."""


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    Store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def play(empty_database: Path, tmp_path: Path) -> Play:
    numbers = count()

    def play(
        main: Callable[[Stage], Awaitable[None]], rpm: int = 400, writers_rpm: int | None = None, **options: Any
    ) -> Stage:
        path = tmp_path / f"{next(numbers)}.db"
        shutil.copy(empty_database, path)
        store = Store(f"sqlite:///{path}")
        stage = Stage(store, Double(Options(rpm=writers_rpm, **options), VirtualClock()), VirtualClock(), rpm)

        async def whole() -> None:
            try:
                await main(stage)
            finally:
                await stage.end()

        try:
            run_virtual(whole(), within=WITHIN)
        finally:
            store.close()
        return stage

    return play


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Threads:
    """Have what threads do take time, as it does on a disk."""

    def take(done_at: Callable[[VirtualTimeLoop, Any], float]) -> None:
        def run(loop: VirtualTimeLoop, _: object, work: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
            future: asyncio.Future[Any] = loop.create_future()
            loop.call_at(done_at(loop, work), virtual_time._do, future, partial(work, *args))
            return future

        monkeypatch.setattr(VirtualTimeLoop, "run_in_executor", run)

    return take
