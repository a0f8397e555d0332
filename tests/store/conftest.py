"""The store on both databases, empty for each test."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy import delete

from services.store import Store
from services.store.tables import batches, connections, drafts, graph_uploads, job_retries, requests, waiters
from tests.support.postgres import Databases, NoPostgresError, databases


@pytest.fixture(scope="session")
def postgres() -> Iterator[Databases]:
    """A PostgreSQL server that runs for the whole session."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(databases())
        except NoPostgresError as exc:
            if "CI" in os.environ:
                raise
            pytest.skip(str(exc))
        yield server


@pytest.fixture(scope="session")
def processes() -> Iterator[Executor]:
    """Three further processes, started once: that takes longer than most tests."""
    with ProcessPoolExecutor(3, get_context("spawn")) as pool:
        yield pool


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('store')}/copydesk.db")
    yield store
    store.close()


@pytest.fixture(scope="session")
def postgresql_store(postgres: Databases) -> Iterator[Store]:
    with postgres.empty() as url:
        store = Store(url)
        yield store
        store.close()


@pytest.fixture
def store(kind: str, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store with nothing in it. It is emptied rather than made anew, which takes a tenth of the time."""
    shared: Store = request.getfixturevalue(f"{kind}_store")
    yield shared
    with shared._database.write() as connection:
        for table in (batches, drafts, connections, requests, waiters, graph_uploads, job_retries):
            connection.execute(delete(table))


@pytest.fixture
def database_url(store: Store) -> str:
    return store._database.url


@pytest.fixture
def empty_url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database that nobody has opened yet."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path}/new/copydesk.db"
        return
    server: Databases = request.getfixturevalue("postgres")
    with server.empty() as url:
        yield url


@pytest.fixture
def open_store(database_url: str) -> Iterator[Callable[[], Store]]:
    """Opens the store's database, each time as another process would."""
    with ExitStack() as stack:

        def opened() -> Store:
            store = Store(database_url)
            stack.callback(store.close)
            return store

        yield opened
