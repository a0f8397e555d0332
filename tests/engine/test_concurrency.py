"""How many requests are in flight: as many as latency times pace needs."""

import pytest

from services.engine.concurrency import Concurrency

MANY = 1000
"""Jobs that were started in a minute before."""


def after(taken: int, seconds: float = 0.2) -> Concurrency:
    """As it is when Writer has taken so many jobs in earlier minutes, in one of them a thousand."""
    concurrency = Concurrency()
    for _ in range(taken):
        concurrency.accepted(seconds, MANY)
    return concurrency


def test_it_begins_with_few_and_has_many_once_writer_has_taken_more_than_tokens_are_likely_to_allow() -> None:
    assert [after(taken).free_slots(1200, 0) for taken in (0, 50, 100, 150, 1000)] == [15, 15, 53, 120, 120]
    assert [after(taken).free_slots(400, 0) for taken in (0, 50, 75, 100, 1000)] == [5, 10, 23, 41, 41]


@pytest.mark.parametrize(("per_minute", "room"), [(50, 6), (396, 40), (100_000, 120)])
def test_a_faster_pace_needs_more(per_minute: float, room: int) -> None:
    assert after(50_000).free_slots(per_minute, 0) == room


@pytest.mark.parametrize(("seconds", "room"), [(0.0, 8), (0.2, 40), (5.0, 120)])
def test_a_slower_answer_needs_more(seconds: float, room: int) -> None:
    assert after(1000, seconds).free_slots(396, 0) == room


def test_where_no_minute_had_so_many_jobs_yet_there_are_fewer_the_fewer_are_left() -> None:
    left = {jobs: after(1000).free_slots(1200, jobs) for jobs in (0, 949, 950, 1050, 1200, 1300)}
    assert left == {0: 120, 949: 120, 950: 29, 1050: 17, 1200: 4, 1300: 4}


def test_after_a_refusal_it_begins_again_with_few() -> None:
    concurrency = after(1000)
    concurrency.refused()
    assert concurrency.free_slots(1200, 0) == 15


def test_where_many_are_in_flight_room_is_given_to_groups() -> None:
    many, few = after(50_000), after(0)
    rooms = {}
    for many.in_flight in (104, 105, 106, 120):
        rooms[many.in_flight] = many.free_slots(100_000, 0)
    assert rooms == {104: 16, 105: 15, 106: 0, 120: 0}
    for few.in_flight in (3, 4, 5):
        rooms[few.in_flight] = few.free_slots(400, 0)
    assert (rooms[3], rooms[4], rooms[5]) == (2, 1, 0)


def test_what_is_in_flight_already_takes_its_room() -> None:
    concurrency = after(0)
    concurrency.in_flight = 3
    assert concurrency.free_slots(400, 0) == 2
