"""What is known of a connection, and the requests that may leave on it."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import chain

from sqlalchemy import func, select

from services.models import ConnectionHealth
from services.store import Decision, Entry, Store, Window
from services.store.tables import requests, waiters
from tests.store.making import HERE, NOW

WINDOW = 60.0
ELSEWHERE = "https://api.writer.com"


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, UTC)


def test_the_health_of_a_connection_is_what_the_last_requests_showed(store: Store) -> None:
    connections = store.connections
    assert connections.health(HERE) == ConnectionHealth()
    connections.unreachable(HERE, NOW, "No route.")
    connections.unreachable(HERE, NOW + 5, "Timed out.")
    assert connections.health(HERE) == ConnectionHealth(at(0), None, "Timed out.")
    connections.key_refused(HERE, NOW + 6, "Wrong key.")
    assert connections.health(HERE) == ConnectionHealth(None, at(6), "Wrong key.")
    assert connections.health(ELSEWHERE) == ConnectionHealth()
    connections.clear_trouble(HERE)
    assert connections.health(HERE) == ConnectionHealth()
    connections.unreachable(HERE, NOW + 9, "No route.")
    assert connections.health(HERE) == ConnectionHealth(at(9), None, "No route.")


def reserve(
    store: Store, most: int, now: float, limit: int = 10, connection: str = HERE, batch: str | None = None
) -> int:
    """How many requests were entered, by the simplest of rules."""

    def decide(window: Window) -> Decision:
        room = 0 if window.held_until else limit - window.requests
        return Decision(max(0, min(most, room)), window.now)

    return store.connections.reserve(connection, batch, WINDOW, lambda: NOW + now, decide).number


def look(store: Store, now: float) -> Window:
    return store.connections.window(HERE, NOW + now, WINDOW)


def count_entries(store: Store) -> int:
    with store._database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(requests)).scalar_one())


def test_who_decides_sees_what_left_in_the_window(store: Store) -> None:
    assert reserve(store, 4, 0) == 4
    assert reserve(store, 9, 5, batch="one") == 6
    assert look(store, 6).entries == (Entry(NOW, None, 4), Entry(NOW + 5, "one", 6))
    assert [reserve(store, 1, now) for now in (6, 59.5)] == [0, 0]
    assert reserve(store, 9, 60, batch="two") == 4
    assert look(store, 61) == Window(NOW + 61, (Entry(NOW + 5, "one", 6), Entry(NOW + 60, "two", 4)))
    assert reserve(store, 99, 200) == 10


def test_what_leaves_for_a_batch_in_the_same_tenth_of_a_second_is_one_entry_with_the_later_time(store: Store) -> None:
    for hundredths in range(50):
        for batch in ("one", None):
            assert reserve(store, 2, hundredths / 100 + 0.001, limit=1000, batch=batch) == 2
    entries = look(store, 1).entries
    assert sorted((round(entry.at - NOW, 3), str(entry.batch_id), entry.number) for entry in entries) == [
        (round(tenth / 10 + 0.091, 3), batch, 20) for tenth in range(5) for batch in ("None", "one")
    ]


def test_what_a_clock_that_was_ahead_entered_left_now_at_the_latest(store: Store) -> None:
    assert reserve(store, 4, 500, batch="one") == 4
    assert look(store, 0).entries == (Entry(NOW, "one", 4),)
    assert reserve(store, 1, 0) == 1
    assert set(look(store, 0).entries) == {Entry(NOW, "one", 4), Entry(NOW, None, 1)}


def test_batches_that_wait_are_known_until_they_should_have_asked_again(store: Store) -> None:
    def wait(batch: str, until: float) -> None:
        decision = Decision(0, NOW, asks_until=NOW + until)
        assert store.connections.reserve(HERE, batch, WINDOW, lambda: NOW, lambda _: decision) is decision

    wait("one", 5)
    wait("two", 9)
    assert look(store, 4).waiters == {"one", "two"}
    assert look(store, 5 - 2 * WINDOW).waiters == {"one"}, "nobody was told then to wait for as long as two does"
    wait("two", 3)
    assert look(store, 4).waiters == {"one"}
    assert look(store, 5).waiters == set()
    wait("two", 20)
    reserve(store, 1, 6)
    with store._database.read() as connection:
        assert connection.execute(select(waiters.c.batch_id)).scalars().all() == ["two"], "the others are forgotten"


def test_drops_are_counted_and_the_next_one_has_its_time(store: Store) -> None:
    drop = Decision(1, NOW, next_trickle=NOW + 7)
    store.connections.reserve(HERE, "one", WINDOW, lambda: NOW, lambda _: Decision(3, NOW))
    for _ in range(2):
        store.connections.reserve(HERE, "one", WINDOW, lambda: NOW, lambda _: drop)
    assert look(store, 1) == Window(NOW + 1, (Entry(NOW, "one", 5, trickled=2),), next_trickle=NOW + 7)


def test_a_refusal_is_counted_at_the_batchs_last_requests_that_may_have_been_refused(store: Store) -> None:
    for now, batch in ((0, "one"), (1, "one"), (2, "two"), (3, None)):
        assert reserve(store, 2, now, batch=batch) == 2
    jobs = []
    for _ in range(5):
        store.connections.pace(HERE, "one", WINDOW, lambda: NOW + 4, lambda window: jobs.append(dict(window.jobs)))
    assert jobs == [{"one": left, "two": 2} for left in (3, 2, 1, 0, 0)]
    assert look(store, 4).requests == 8, "they count as requests all the same"
    assert look(store, 4).pace is None


def test_a_pace_is_kept_with_the_time_at_which_it_was_found(store: Store) -> None:
    store.connections.pace(HERE, None, WINDOW, lambda: NOW + 4, lambda _: 50.0)
    store.connections.pace(HERE, None, WINDOW, lambda: NOW + 9, lambda _: None)
    assert look(store, 10) == Window(NOW + 10, pace=50.0, paced_at=NOW + 4)


def test_after_a_restart_of_the_machine_whose_time_begins_anew_nothing_waits_for_the_old_time(store: Store) -> None:
    """What left before counts for one more window, and the pace that was found is as old as the restart at the most."""
    connections = store.connections
    assert reserve(store, 10, 0, batch="one") == 10
    connections.pace(HERE, None, WINDOW, lambda: NOW, lambda _: 5.0)
    before = NOW - 100_000
    assert look(store, before - NOW + 29) == Window(
        before + 29, (Entry(before + 29, "one", 10),), pace=5.0, paced_at=before + 29
    )
    assert reserve(store, 1, before - NOW + 30, batch="two") == 0
    found = look(store, before - NOW + 30)
    assert found == Window(before + 30, (Entry(before + 30, "one", 10),), pace=5.0, paced_at=before + 30)
    assert reserve(store, 1, before - NOW + 91, batch="two") == 1
    assert look(store, before - NOW + 91).paced_at == before + 30


def test_requests_are_counted_by_the_time_that_all_who_use_the_database_share(store: Store) -> None:
    shared = 50.0 + store.connections.ahead_of(lambda: 50.0)
    if store._database.is_sqlite:
        assert shared == 50.0, "a file is for the processes of one machine"
    else:
        assert abs(shared - time.time()) < 5, "the server's time"


def test_requests_of_another_connection_do_not_count(store: Store) -> None:
    assert reserve(store, 10, 0) == 10
    assert reserve(store, 10, 1, connection=ELSEWHERE) == 10


def test_who_decides_knows_that_a_connection_holds(store: Store) -> None:
    store.connections.hold(HERE, NOW + 1, NOW + 30)
    store.connections.hold(HERE, NOW + 2, NOW + 20)
    assert reserve(store, 1, 10) == 0
    assert look(store, 10).held_until == NOW + 30
    assert reserve(store, 1, 10, connection=ELSEWHERE) == 1
    assert look(store, 29.9).held_until == NOW + 30
    assert look(store, 30).held_until is None
    assert reserve(store, 1, 30) == 1
    store.connections.hold(HERE, NOW + 40, NOW + 50)
    assert look(store, 40).held_until == NOW + 50
    assert look(store, 39.5).held_until == NOW + 50, "processes may differ a little about the time"


def test_a_hold_from_before_the_machine_was_started_again_does_not_count(store: Store) -> None:
    """Fifty minutes after the machine's start Writer asks to hold for 5 s, and the machine is started again."""
    store.connections.hold(HERE, NOW + 3000, NOW + 3005)
    assert look(store, 3001).held_until == NOW + 3005
    assert look(store, 30).held_until is None
    store.connections.hold(HERE, NOW + 31, NOW + 33)
    assert look(store, 32).held_until == NOW + 33, "the later end of the hold from before does not count either"


def test_a_hold_from_before_the_machine_was_started_again_does_not_come_back(store: Store) -> None:
    """After as long a time as the machine ran before, the hold seems to have been set just now."""
    store.connections.hold(HERE, NOW + 3000, NOW + 6600)
    assert reserve(store, 1, 30) == 1
    assert look(store, 3001).held_until is None


def test_requests_that_left_the_window_are_forgotten_together(store: Store) -> None:
    """Each delete costs its turn a statement: at one request a second, one in six turns has it."""
    kept = []
    for second in range(80):
        assert reserve(store, 1, second, limit=1000) == 1
        kept.append(count_entries(store))
    assert kept[:60] == list(range(1, 61))
    assert kept[60:] == [61, 62, 63, 64, 65, 60, 61, 62, 63, 64, 65, 60, 61, 62, 63, 64, 65, 60, 61, 62]


def test_requests_of_an_hour_ago_are_forgotten(store: Store) -> None:
    assert reserve(store, 1, 0) == 1
    assert reserve(store, 1, 3600) == 1
    assert count_entries(store) == 1


def test_many_notes_of_a_new_connection_at_once_all_succeed(open_store: Callable[[], Store]) -> None:
    stores = [open_store(), open_store()]
    for round_ in range(5):
        together = threading.Barrier(4)

        def note(number: int, name: str = f"new-{round_}", together: threading.Barrier = together) -> int:
            together.wait()
            return reserve(stores[number % 2], 1, 0, connection=name)

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(note, range(4))) == [1] * 4


def reserve_for_a_while(store: Store, seed: int) -> list[float]:
    """The times of requests that left while some minutes passed, as the sender counted them."""
    rng = random.Random(seed)
    left: list[float] = []
    now = 0.0
    while now < 200:
        left += [now] * reserve(store, rng.randint(1, 4), now)
        now += rng.uniform(0, 4)
    return left


def most_in_any_window(left: list[float]) -> int:
    return max(sum(start <= moment < start + WINDOW for moment in left) for start in left)


def test_no_window_ever_has_more_than_the_limit(store: Store) -> None:
    assert most_in_any_window(reserve_for_a_while(store, 1)) == 10


def reserve_now(store: Store, number: int) -> int:
    """How many requests were granted in one moment."""
    return sum(reserve(store, 3, 0, limit=50) for _ in range(number))


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
    assert reserve(store, 1, 0, limit=50) == 0
