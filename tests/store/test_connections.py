"""What is known of a connection, and the requests that may leave on it."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import chain

from sqlalchemy import func, select

from services.models import ConnectionHealth
from services.store import Store
from services.store.tables import requests
from tests.store.making import HERE, NOW

WINDOW = 60.0
ELSEWHERE = "https://api.writer.com"


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, UTC)


def test_the_health_of_a_connection_is_what_the_last_requests_told(store: Store) -> None:
    connections = store.connections
    assert connections.health(HERE) == ConnectionHealth()
    connections.unreachable(HERE, NOW, "No route.")
    connections.unreachable(HERE, NOW + 5, "Timed out.")
    assert connections.health(HERE) == ConnectionHealth(at(0), None, "Timed out.")
    connections.key_refused(HERE, NOW + 6, "Wrong key.")
    assert connections.health(HERE) == ConnectionHealth(None, at(6), "Wrong key.")
    assert connections.health(ELSEWHERE) == ConnectionHealth()
    connections.well(HERE)
    assert connections.health(HERE) == ConnectionHealth()
    connections.unreachable(HERE, NOW + 9, "No route.")
    assert connections.health(HERE) == ConnectionHealth(at(9), None, "No route.")


def reserve(store: Store, most: int, now: float, limit: int = 10, connection: str = HERE) -> tuple[int, float]:
    number, again_at = store.connections.reserve(connection, most, limit, WINDOW, lambda: NOW + now)
    return number, again_at - NOW


def test_requests_are_granted_up_to_the_limit_and_again_when_the_oldest_leaves_the_window(store: Store) -> None:
    assert reserve(store, 4, 0) == (4, 0)
    assert reserve(store, 9, 5) == (6, 5)
    assert reserve(store, 1, 6) == (0, 60)
    assert reserve(store, 1, 59.5) == (0, 60)
    assert reserve(store, 9, 60) == (4, 60)
    assert reserve(store, 1, 61) == (0, 65)
    assert reserve(store, 99, 200) == (10, 200)


def test_requests_of_another_connection_do_not_count(store: Store) -> None:
    assert reserve(store, 10, 0) == (10, 0)
    assert reserve(store, 10, 1, connection=ELSEWHERE) == (10, 1)


def test_nobody_sends_while_a_connection_holds(store: Store) -> None:
    store.connections.hold(HERE, NOW + 30)
    assert reserve(store, 1, 10) == (0, 30)
    assert reserve(store, 1, 10, connection=ELSEWHERE) == (1, 10)
    assert reserve(store, 1, 30) == (1, 30)


def test_requests_that_left_the_window_are_forgotten(store: Store) -> None:
    for minute in range(20):
        assert reserve(store, 10, minute * 60) == (10, minute * 60)
    with store._database.read() as connection:
        assert connection.execute(select(func.count()).select_from(requests)).scalar_one() == 10


def test_many_notes_of_a_new_connection_at_once_all_succeed(open_store: Callable[[], Store]) -> None:
    stores = [open_store(), open_store()]
    for round_ in range(5):
        together = threading.Barrier(4)

        def note(number: int, name: str = f"new-{round_}", together: threading.Barrier = together) -> int:
            together.wait()
            return reserve(stores[number % 2], 1, 0, connection=name)[0]

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(note, range(4))) == [1] * 4


def reserve_for_a_while(store: Store, seed: int) -> list[float]:
    """The times of requests that left while some minutes passed, as the sender counted them."""
    rng = random.Random(seed)
    left: list[float] = []
    now = 0.0
    while now < 200:
        left += [now] * reserve(store, rng.randint(1, 4), now)[0]
        now += rng.uniform(0, 4)
    return left


def most_in_any_window(left: list[float]) -> int:
    return max(sum(start <= moment < start + WINDOW for moment in left) for start in left)


def test_no_window_ever_has_more_than_the_limit(store: Store) -> None:
    assert most_in_any_window(reserve_for_a_while(store, 1)) == 10


def reserve_now(store: Store, number: int) -> int:
    """How many requests were granted in one moment."""
    return sum(reserve(store, 3, 0, limit=50)[0] for _ in range(number))


def reserve_now_at(url: str, number: int) -> int:
    store = Store(url)
    try:
        return reserve_now(store, number)
    finally:
        store.close()


def test_threads_and_processes_together_get_no_more_than_the_limit(
    store: Store, database_url: str, processes: Executor
) -> None:
    with ThreadPoolExecutor(2) as threads:
        here = threads.map(lambda _: reserve_now(store, 10), range(2))
        there = processes.map(reserve_now_at, [database_url] * 2, [10, 10])
        assert sum(chain(here, there)) == 50
    assert reserve(store, 1, 0, limit=50)[0] == 0
