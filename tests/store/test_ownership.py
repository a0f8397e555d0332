"""Who sends rows: one process of all those on a database, for as long as it lives."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

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


def test_a_store_that_does_not_own_still_reads_and_writes(open_store: Callable[[], Store]) -> None:
    one, two = open_store(), open_store()
    assert one.ownership.acquire()
    two.connections.hold("sandbox", 4.0, 5.0)
    assert two.batches.page(1, 10).total == 0


def test_owners_of_different_databases_do_not_meet(store: Store, open_store: Callable[[], Store]) -> None:
    assert [store.ownership.acquire(), open_store().ownership.acquire()] == [True, True]
    store.ownership.release()
