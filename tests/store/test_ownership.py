"""Who sends rows: one process of all those on a database, for as long as it lives."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from services.store import Store
from tests.store.making import wait_until

ROOT = Path(__file__).parents[2]
OWN = """
import sys, time
from services.store import Store
store = Store(sys.argv[1])
print(store.ownership.acquire(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def database_url(empty_url: str) -> str:
    """A database for each test: PostgreSQL takes a moment to see that the owner's session is over."""
    return empty_url


@contextmanager
def another_process(url: str) -> Iterator[tuple[subprocess.Popen[str], bool]]:
    """A process that tries to become the owner; whether it is."""
    with subprocess.Popen([sys.executable, "-c", OWN, url], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline() == "True\n"
        finally:
            process.kill()


def test_there_is_one_owner_until_it_releases_or_closes(open_store: Callable[[], Store]) -> None:
    one, two = open_store(), open_store()
    assert [one.ownership.acquire(), two.ownership.acquire(), one.ownership.acquire()] == [True, False, True]
    one.ownership.release()
    wait_until(two.ownership.acquire)
    assert not one.ownership.acquire()
    two.close()
    wait_until(one.ownership.acquire)


def test_a_killed_owner_makes_room_for_another(open_store: Callable[[], Store], database_url: str) -> None:
    store = open_store()
    with another_process(database_url) as (process, owns):
        assert owns
        assert not store.ownership.acquire()
        process.kill()
        process.wait()
        wait_until(store.ownership.acquire)


def test_the_owner_may_release_in_another_thread_than_it_acquired_in(open_store: Callable[[], Store]) -> None:
    one, two = open_store(), open_store()
    acquired: list[bool] = []
    thread = threading.Thread(target=lambda: acquired.append(one.ownership.acquire()))
    thread.start()
    thread.join()
    assert [*acquired, one.ownership.acquire(), two.ownership.acquire()] == [True, True, False]
    one.ownership.release()
    wait_until(two.ownership.acquire)


@pytest.mark.parametrize("kind", ["postgresql"])
def test_an_owner_whose_session_the_server_has_ended_owns_no_more(open_store: Callable[[], Store]) -> None:
    one, two = open_store(), open_store()
    assert one.ownership.acquire()
    end_sessions_that_lock(two)
    wait_until(two.ownership.acquire)
    assert [one.ownership.acquire(), one.ownership.acquire(), two.ownership.acquire()] == [False, False, True]
    two.ownership.release()
    wait_until(one.ownership.acquire)


def end_sessions_that_lock(store: Store) -> None:
    """End the sessions that hold an advisory lock of the database, as an administrator may."""
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    query = f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND {here}"
    with store._database.read() as connection:
        assert connection.execute(text(query)).scalars().all() == [True]


@pytest.mark.parametrize("kind", ["postgresql"])
def test_an_owner_whose_session_has_ended_is_reported_so_before_it_owns_again(open_store: Callable[[], Store]) -> None:
    store = open_store()
    assert store.ownership.acquire()
    end_sessions_that_lock(store)
    told: list[bool] = []

    def learns() -> bool:
        told.append(store.ownership.acquire())
        return not told[-1]

    wait_until(learns)
    wait_until(store.ownership.acquire)


def test_a_file_has_one_owner_by_whichever_name_it_is_opened(tmp_path: Path) -> None:
    one = Store(f"sqlite:///{tmp_path}/copydesk.db")
    (tmp_path / "another.db").symlink_to(tmp_path / "copydesk.db")
    two = Store(f"sqlite:///{tmp_path}/another.db")
    try:
        assert [one.ownership.acquire(), two.ownership.acquire()] == [True, False]
        one.ownership.release()
        assert two.ownership.acquire()
    finally:
        one.close()
        two.close()


def test_a_store_that_does_not_own_still_reads_and_writes(open_store: Callable[[], Store]) -> None:
    one, two = open_store(), open_store()
    assert one.ownership.acquire()
    two.connections.hold("sandbox", 4.0, 5.0)
    assert two.batches.page(1, 10).total == 0


def test_owners_of_different_databases_do_not_meet(store: Store, open_store: Callable[[], Store]) -> None:
    assert [store.ownership.acquire(), open_store().ownership.acquire()] == [True, True]
    store.ownership.release()
