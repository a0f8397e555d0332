"""How many requests are on the wire: as many as latency times pace needs."""

import pytest

from services.concurrency import Concurrency


def after(taken: int, seconds: float = 0.2) -> Concurrency:
    concurrency = Concurrency()
    for _ in range(taken):
        concurrency.taken(seconds)
    return concurrency


def test_it_begins_with_few_and_has_many_once_writer_has_taken_hundreds() -> None:
    assert [after(taken).room(1200) for taken in (0, 19, 20, 100, 140, 1000)] == [8, 8, 9, 33, 57, 90]


@pytest.mark.parametrize(("per_minute", "room"), [(50, 8), (396, 34), (100_000, 90)])
def test_a_faster_pace_needs_more(per_minute: float, room: int) -> None:
    assert after(1000).room(per_minute) == room


@pytest.mark.parametrize(("seconds", "room"), [(0.0, 8), (0.2, 34), (5.0, 90)])
def test_a_slower_answer_needs_more(seconds: float, room: int) -> None:
    assert after(1000, seconds).room(396) == room


def test_after_a_refusal_it_begins_again_with_few() -> None:
    concurrency = after(1000)
    concurrency.refused()
    assert concurrency.room(1200) == 8


def test_what_is_on_the_wire_already_takes_its_room() -> None:
    concurrency = after(0)
    concurrency.on_the_wire = 3
    assert concurrency.room(1200) == 5
