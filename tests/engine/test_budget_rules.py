"""The rules of the budget, on their own: never over the limit, nothing wasted, the same to everyone."""

import heapq
import math
import random
from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.engine.budget.pace import after_failures, after_refusal
from services.engine.budget.rules import Rules
from services.store import Decision, Entry, Window
from tests.support.double.books import most_in

WINDOW = 61.0
SOON = 0.25

Asking = tuple[float, str | None, int]
"""Seconds after the one before, who (None: a poll), for how many."""

limits = st.integers(1, 60) | st.integers(61, 2000)
who = st.sampled_from([None, "one", "two", "three", "four"])
askings = st.lists(st.tuples(st.floats(0, 20) | st.floats(0, 0.5), who, st.integers(1, 40)), max_size=150)
paces = st.none() | st.integers(1, 400)


class Book:
    """What the store keeps of a connection, in memory."""

    def __init__(self, limit: int, pace: float | None = None) -> None:
        self.rules = Rules(limit, 60.0, 1.0)
        self.now = 1000.0
        self.pace = pace
        self.entries: list[Entry] = []
        self.waiters: dict[str, float] = {}
        self.next_trickle = 0.0

    @property
    def window(self) -> Window:
        """The window as it is now."""
        entries = tuple(entry for entry in self.entries if entry.at + WINDOW > self.now)
        waiters = frozenset(name for name, until in self.waiters.items() if until > self.now)
        return Window(self.now, entries, None, waiters, self.next_trickle, self.pace, self.now)

    def decide(self, name: str | None, most: int) -> Decision:
        """What the rules say."""
        return self.rules.other(self.window) if name is None else self.rules.jobs(self.window, name, most)

    def ask(self, name: str | None, most: int) -> Decision:
        """What the rules say, and the store does."""
        decision = self.decide(name, most)
        assert decision.number <= most
        if decision.number:
            self.entries.append(Entry(self.now, name, decision.number, 0, decision.trickled))
        if name is not None:
            self.waiters[name] = decision.asks_until
        self.next_trickle = self.next_trickle if decision.next_trickle is None else decision.next_trickle
        return decision

    def play(self, askings: list[Asking]) -> None:
        """Let all of them ask."""
        for seconds, name, most in askings:
            self.now += seconds
            self.ask(name, most)

    def most_in_a_window(self, *, jobs_only: bool = False) -> int:
        """The most requests in any window."""
        entries = [entry for entry in self.entries if not jobs_only or entry.batch_id is not None]
        return most_in((entry.at for entry in entries for _ in range(entry.number)), WINDOW)


def greedy(book: Book, most: dict[str, int], start: dict[str, float], until: float, seed: int) -> None:
    """Let batches ask for as many each time, as soon as makes sense, each from its start on."""
    rng, order = random.Random(seed), count()
    queue = [(book.now + start[name], next(order), name) for name in most]
    heapq.heapify(queue)
    end = book.now + until
    while queue[0][0] < end:
        at, _, name = heapq.heappop(queue)
        book.now = max(book.now, at)
        decision = book.ask(name, most[name])
        again_at = max(decision.again_at, book.now) + rng.uniform(0.001, 0.3)
        heapq.heappush(queue, (again_at, next(order), name))


@given(limits, paces, askings)
def test_no_window_ever_has_more_than_the_limit_nor_more_jobs_than_the_pace(
    limit: int, pace: float | None, askings: list[Asking]
) -> None:
    book = Book(limit, pace)
    book.play(askings)
    assert book.most_in_a_window() <= limit
    assert book.most_in_a_window(jobs_only=True) <= min(limit, pace or limit)


@settings(deadline=None)
@given(st.integers(1, 100), paces, askings, st.sampled_from(["one", "new"]))
def test_who_asks_again_at_the_time_given_gets_something_and_not_before(
    limit: int, pace: float | None, askings: list[Asking], name: str
) -> None:
    book = Book(limit, pace)
    book.play(askings)
    book.waiters.clear()
    while (decision := book.ask(name, 5)).number:
        pass
    book.now = decision.again_at - 0.001
    assert book.decide(name, 5).number == 0
    book.now = decision.again_at
    assert book.decide(name, 5).number > 0


@given(st.integers(1, 60), askings)
def test_a_poll_that_asks_again_at_the_time_given_gets_its_turn_and_not_before(
    limit: int, askings: list[Asking]
) -> None:
    book = Book(limit)
    book.play(askings)
    while (decision := book.ask(None, 1)).number:
        pass
    book.now = decision.again_at - 0.001
    assert book.decide(None, 1).number == 0
    book.now = decision.again_at
    assert book.decide(None, 1).number == 1


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 150), st.none() | st.integers(1, 100), st.integers(1, 50))
def test_a_batch_that_is_alone_gets_all_there_is_for_jobs(limit: int, pace: float | None, most: int) -> None:
    book = Book(limit, pace)
    end = book.now + 5 * WINDOW
    while book.now < end:
        book.now = max(book.now, book.ask("alone", most).again_at)
    jobs = min(book.rules.for_jobs, pace or limit)
    assert sum(entry.number for entry in book.entries) >= 5 * jobs
    if limit >= 3:
        assert book.ask(None, 1).number == 1, "something is left to polls"
    if jobs < limit - 1 and jobs == book.rules.for_jobs:
        assert book.ask("new", 1).number == 1, "something is left to new batches"


@settings(deadline=None, max_examples=25)
@given(
    st.integers(20, 200),
    st.lists(st.integers(1, 16), min_size=2, max_size=5),
    st.lists(st.floats(0, 150), min_size=5, max_size=5),
    st.integers(0, 1000),
)
def test_batches_that_always_ask_come_to_equal_shares(
    limit: int, mosts: list[int], starts: list[float], seed: int
) -> None:
    book = Book(limit)
    names = [f"batch {number}" for number in range(len(mosts))]
    greedy(book, dict(zip(names, mosts, strict=True)), dict(zip(names, starts, strict=False)), 350, seed)
    share = book.rules.for_jobs / len(names)
    since = book.now - 2 * WINDOW
    used = [
        sum(entry.number for entry in book.entries if entry.batch_id == name and entry.at > since) for name in names
    ]
    assert min(used) / 2 >= math.floor(share * 2 / 3) - 1
    assert max(used) / 2 <= math.ceil(share * 4 / 3) + 1


def test_a_new_batch_has_its_first_rows_away_when_one_that_has_just_ended_used_up_the_window() -> None:
    book = Book(396)
    book.entries = [Entry(1000.0, "ended", 377, 0)]
    assert book.ask("new", 8).number == 8


def test_what_one_batch_does_not_want_the_others_get() -> None:
    book = Book(400)
    # as fast as their turns come, but one of them has a row every ten seconds only
    for _ in range(600):
        book.now += 0.5
        if book.now % 10 < 0.5:
            assert book.ask("slow", 1).number == 1
        book.ask("fast", 16)
    jobs = book.window.jobs
    assert jobs["slow"] in (6, 7)
    assert jobs.total() >= 0.97 * book.rules.for_jobs, (
        "it asks every half second, and a slot may be free a little before"
    )


def test_a_batch_that_does_not_come_back_is_waited_for_two_seconds() -> None:
    book = Book(100)
    while book.ask("large", 16).number:
        pass
    free_at = 1000 + WINDOW
    book.now = free_at - 30
    while book.ask("gone", 16).number or book.ask("large", 16).number:
        pass
    book.entries = [Entry(free_at - 40, "large", 94, 0), Entry(1000.0, None, 1, 0)]
    book.waiters = {"gone": free_at + 2}
    book.now = free_at
    assert book.decide("large", 8) == Decision(0, free_at + SOON, free_at + SOON + 2)
    book.now = free_at + 2
    assert book.decide("large", 8).number == 1


def test_when_a_batch_has_used_up_the_window_the_next_one_has_its_first_rows_away_at_once() -> None:
    book = Book(396)
    while (decision := book.ask("large", 16)).number or decision.again_at < 1055:
        book.now = max(book.now, decision.again_at)
    assert book.window.jobs["large"] > 365
    assert book.ask("small", 5).number == 5
    assert [book.ask(None, 1).number for _ in range(6)] == [1] * 6


def test_many_small_batches_leave_polls_something() -> None:
    book = Book(396)
    for number in range(100):
        book.ask(f"batch {number}", 8)
    assert [book.ask(None, 1).number for _ in range(6)] == [1] * 6


@pytest.mark.parametrize(("limit", "pace"), [(396, None), (396, 50), (1_188, None), (5, None), (1, None)])
def test_the_limit_is_used_up_as_long_as_a_batch_with_much_to_send_waits_and_no_longer(
    limit: int, pace: float | None
) -> None:
    book = Book(limit, pace)
    for _ in range(2):
        assert not book.rules.used_up(book.window)
        end = book.now + 2 * WINDOW
        while book.now < end:
            decision = book.ask("one", 8)
            if decision.number == 0:
                assert book.rules.used_up(book.window)
                book.now = decision.again_at
        book.now += WINDOW


@pytest.mark.parametrize(("limit", "pace", "sent"), [(396, None, 320), (396, 50, 40), (5, None, 2)])
def test_while_there_is_room_for_more_at_once_the_limit_is_not_used_up(
    limit: int, pace: float | None, sent: int
) -> None:
    book = Book(limit, pace)
    book.entries.append(Entry(book.now, "one", sent, 0, 0))
    assert not book.rules.used_up(book.window)
    book.entries.append(Entry(book.now, None, limit - sent, 0, 0))
    assert book.rules.used_up(book.window)


def test_everyone_holds() -> None:
    rules = Rules(396, 60.0, 1.0)
    window = Window(1000.0, held_until=1030.0)
    assert rules.other(window) == Decision(0, 1030.0)
    assert rules.jobs(window, "batch", 8) == Decision(0, 1030.0, 1032.0)


TRICKLE = WINDOW / 37
"""Seconds between two drops of what is kept back of 396 requests."""


def one(at: float, number: int, trickled: int = 0, refused: int = 0) -> Entry:
    return Entry(at, "one", number, refused, trickled)


@pytest.mark.parametrize(
    ("window", "rows", "at"),
    [
        pytest.param(Window(1000.0), 0, 1000, id="none waits"),
        pytest.param(Window(1000.0), 341, 1000, id="all of an empty window at once, and the first drop"),
        pytest.param(Window(1000.0), 342, 1000 + TRICKLE, id="the next drop"),
        pytest.param(Window(1000.0), 377, 1000 + 36 * TRICKLE, id="the last drop"),
        pytest.param(Window(1000.0), 378, 1061, id="in the second window"),
        pytest.param(Window(1000.0), 377 * 10, 1000 + 36 * TRICKLE + 9 * WINDOW, id="the whole of ten windows"),
        pytest.param(Window(1000.0, (one(990, 340), one(995, 37, 37))), 1, 1051, id="a full window"),
        pytest.param(Window(1000.0, (one(990, 340), one(995, 37, 37))), 341, 1056, id="when the second entry leaves"),
        pytest.param(Window(1000.0, (one(990, 340),), next_trickle=1001.0), 3, 1001 + 2 * TRICKLE, id="drops only"),
        pytest.param(Window(1000.0, (Entry(990, "ended", 377, 0),)), 13, 1000, id="few rows of a new batch"),
        pytest.param(Window(1000.0, (Entry(990, "ended", 377, 0),)), 14, 1051, id="more than are for few"),
        pytest.param(Window(1000.0, (Entry(990, None, 100, 0),)), 276, 1000 + 16 * TRICKLE, id="polls took more"),
        pytest.param(Window(1000.0, (Entry(990, None, 100, 0),)), 377, 1061, id="than is left to them"),
        pytest.param(Window(1000.0, pace=50, paced_at=990.0), 46, 1000, id="a pace of 50"),
        pytest.param(Window(1000.0, pace=50, paced_at=990.0), 5000, 1000 + 4 * 12.2 + 99 * WINDOW, id="for long"),
        pytest.param(
            Window(1000.0, (one(960, 90), one(970, 60, 0, 30)), pace=50, paced_at=990.0), 21, 1031, id="lower"
        ),
        pytest.param(Window(1000.0, held_until=1030.0), 341, 1030, id="a hold"),
        pytest.param(Window(1000.0, held_until=1030.0), 378, 1091, id="a window after a hold"),
        pytest.param(Window(1000.0, (one(950, 340),), 1030.0), 340, 1030, id="what leaves the window during a hold"),
        pytest.param(Window(1000.0, waiters=frozenset({"two"})), 170, 1000, id="half of what there is"),
        pytest.param(Window(1000.0, waiters=frozenset({"two"})), 171, 1000 + TRICKLE, id="half of the drops"),
        pytest.param(Window(1000.0, waiters=frozenset({"one", "two"})), 189, 1061, id="half of the next window"),
    ],
)
def test_when_the_last_of_so_many_rows_may_leave(window: Window, rows: int, at: float) -> None:
    assert Rules(396, 60.0, 1.0).leaves_by(window, "one", rows) == pytest.approx(at)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 400), paces, st.floats(0, 200), st.integers(1, 1500), st.integers(1, 16))
def test_rows_leave_about_when_it_is_said_that_they_do(
    limit: int, pace: float | None, seconds: float, rows: int, most: int
) -> None:
    book = Book(limit, pace)
    greedy(book, {"one": most}, {"one": 0.0}, seconds, 1)
    began = book.now
    expected = book.rules.leaves_by(book.window, "one", rows) - began
    while rows:
        decision = book.ask("one", min(most, rows))
        rows -= decision.number
        book.now = book.now if decision.number else decision.again_at
    assert book.now - began == pytest.approx(expected, rel=0.2, abs=3)


def accepted(number: int, refused: int, pace: float | None = None, paced_at: float = 0.0) -> Window:
    """A window 100 s after 1000 in which so many jobs were accepted and so many refused, and polls."""
    entries = (Entry(1060.0, "one", number + refused, refused), Entry(1061.0, None, 30, 0))
    return Window(1100.0, entries, pace=pace, paced_at=paced_at)


@pytest.mark.parametrize(
    ("window", "left_at", "pace"),
    [
        pytest.param(accepted(50, 16), 1060, 50, id="what was accepted"),
        pytest.param(accepted(3, 1), 1060, 5, id="never less than is worth trying"),
        pytest.param(accepted(50, 1, pace=40, paced_at=1050), 1060, 36, id="a tenth less than what was kept to"),
        pytest.param(accepted(50, 2, pace=40, paced_at=1061), 1060, 40, id="once for what was in flight together"),
        pytest.param(accepted(33, 7, pace=40, paced_at=1061), 1060, 33, id="always what was accepted"),
        pytest.param(accepted(60, 1, pace=60, paced_at=1100 - 305), 1060, 60, id="from where it had risen to"),
    ],
)
def test_after_a_refusal_the_pace_is_what_writer_accepts(window: Window, left_at: float, pace: float) -> None:
    assert after_refusal(window, 376, 60.0, left_at) == pytest.approx(pace)


def test_when_many_jobs_fail_for_capacity_the_pace_is_seven_tenths_of_what_was_started_once_a_minute() -> None:
    assert after_failures(accepted(100, 0), 376, 60.0, 10) == pytest.approx(70)
    assert after_failures(accepted(3, 0), 376, 60.0, 3) == 5
    assert after_failures(accepted(100, 0, pace=70, paced_at=1045), 376, 60.0, 50) is None
    assert after_failures(accepted(60, 0, pace=70, paced_at=1040), 376, 60.0, 50) == pytest.approx(42)


@pytest.mark.parametrize(("started", "failures"), [(3, 2), (100, 9), (376, 37)])
def test_a_few_jobs_that_fail_for_capacity_are_no_reason_to_start_fewer(started: int, failures: int) -> None:
    assert after_failures(accepted(started, 0), 376, 60.0, failures) is None


def test_the_pace_rises_automatically_and_faster_with_time() -> None:
    rules = Rules(396, 60.0, 1.0)
    paces = [rules.pace(Window(minute * 60.0, pace=40, paced_at=0.0)) for minute in range(12)]
    assert paces == [40, 40, 40, 40, 42, 46, 54, 70, 102, 166, 294, 396]
    assert all(earlier <= later for earlier, later in pairwise(paces))
    assert rules.pace(Window(1e9, pace=40, paced_at=0.0)) == 396
    assert rules.pace(Window(0.0, pace=40, paced_at=900.0)) == 40, "found by a clock that was ahead"


def test_requests_about_files_leave_jobs_their_half_and_polls_their_part_and_none_leaves_during_a_hold() -> None:
    rules, polls = Rules(400, 60.0, 1.0), (Entry(1000.0, None, 200),)
    jobs = Entry(1000.0, "one", 194)
    assert rules.file(Window(1001.0, polls)) == Decision(1, 1001.0)
    assert rules.file(Window(1001.0, polls, waiters=frozenset({"one"}))) == Decision(0, 1061.0)
    assert rules.file(Window(1001.0, (Entry(1000.0, None, 199), jobs), waiters=frozenset({"one"}))).number == 1
    assert rules.file(Window(1001.0, (*polls, jobs))) == Decision(0, 1061.0)
    assert rules.file(Window(1001.0, (), 1090.0)) == Decision(0, 1090.0)
