"""Batches run to their end in virtual time, against a double of Writer and a real database."""

import shutil
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import pytest

from services.store import Store
from tests.runner.stage import Stage
from tests.support.double import Double, Options
from tests.support.virtual_time import VirtualClock, run_virtual

WITHIN = 6 * 3600
"""Virtual seconds that a test may take."""


class Play(Protocol):
    """Does something on a stage, to its end."""

    def __call__(self, main: Callable[[Stage], Awaitable[None]], rpm: int = 400, **options: Any) -> Stage:
        """Take what happens, Copydesk's own limit, and the double's options."""


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    Store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def play(empty_database: Path, tmp_path: Path) -> Play:
    numbers = count()

    def play(main: Callable[[Stage], Awaitable[None]], rpm: int = 400, **options: Any) -> Stage:
        path = tmp_path / f"{next(numbers)}.db"
        shutil.copy(empty_database, path)
        store = Store(f"sqlite:///{path}")
        clock = VirtualClock()
        stage = Stage(store, Double(Options(**options), clock), clock, rpm)

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
