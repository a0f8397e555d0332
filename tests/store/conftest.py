"""The store on both databases, a clean one for each test."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from services.store import Store
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


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("store") / "copydesk.db"
    Store(f"sqlite:///{path}").close()
    return path.read_bytes()


@pytest.fixture
def database_url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with all tables and nothing in them."""
    if kind == "sqlite":
        (tmp_path / "copydesk.db").write_bytes(request.getfixturevalue("migrated_sqlite"))
        yield f"sqlite:///{tmp_path}/copydesk.db"
        return
    server: Databases = request.getfixturevalue("postgres")
    with server.migrated() as url:
        yield url


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
    """Opens the test's database, each time as another process would."""
    with ExitStack() as stack:

        def opened() -> Store:
            store = Store(database_url)
            stack.callback(store.close)
            return store

        yield opened


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()
