"""Writer's clocks, bounded by what its answers say."""

from datetime import UTC, datetime

import pytest

from services.engine.writer_clock import MANY_SAMPLES, MAX_SKEW_S, MIN_SKEW_S, RECENT_S, Offset, WriterClock

NOW = 1_800_000_000.0


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, UTC)


def test_nothing_is_known_before_the_first_answer() -> None:
    clock = WriterClock()
    assert clock.creation_offset(NOW) is None
    assert clock.passed(NOW) is None
    assert clock.is_stale(NOW)


def test_answers_that_agree_bound_the_clock_from_both_sides() -> None:
    clock = WriterClock()
    clock.record_creation(at(7.5), NOW, NOW + 4)  # ahead by 3.5 to 7.5 s
    clock.record_creation(at(15.5), NOW + 10, NOW + 11)  # by 4.5 to 5.5 s
    assert clock.creation_offset(NOW + 11) == Offset(4.5, 5.5, MAX_SKEW_S)
    assert clock.passed(NOW + 11) == NOW + 11 + 4.5 - MAX_SKEW_S
    assert not clock.is_stale(NOW + 11)


def test_answers_that_disagree_leave_everything_in_between() -> None:
    clock = WriterClock()
    clock.record_creation(at(0.5), NOW, NOW + 1)  # ahead by -0.5 to 0.5 s
    clock.record_creation(at(5.5), NOW + 10, NOW + 11)  # behind by 4.5 to 5.5 s: it was set back
    assert clock.creation_offset(NOW + 11) == Offset(-4.5, -0.5, MAX_SKEW_S)


@pytest.mark.parametrize(("took", "skew"), [(0.1, MIN_SKEW_S), (1.5, 1.5), (9.0, MAX_SKEW_S)])
def test_many_quick_answers_would_have_shown_a_machine_whose_clock_differs(took: float, skew: float) -> None:
    clock = WriterClock()
    for number in range(MANY_SAMPLES):
        clock.record_creation(at(number + 0.05), NOW + number, NOW + number + took)
    offset = clock.creation_offset(NOW + 60)
    assert offset is not None
    assert offset.skew == pytest.approx(skew)


def test_a_time_in_whole_seconds_leaves_the_rest_of_the_second_open() -> None:
    clock = WriterClock()
    clock.record_date(at(3), NOW, NOW + 1)
    assert clock.creation_offset(NOW + 1) == Offset(2.0, 4.0, MAX_SKEW_S)


def test_without_recent_jobs_of_ours_they_are_stamped_by_the_clock_of_the_answers() -> None:
    clock = WriterClock()
    clock.record_creation(at(100.5), NOW, NOW + 1)
    later = NOW + RECENT_S + 2
    assert clock.is_stale(later)
    clock.record_date(at(RECENT_S + 2), later, later + 1)
    assert clock.creation_offset(later + 1) == Offset(-1.0, 1.0, MAX_SKEW_S)


def test_stamps_by_another_clock_than_that_of_the_answers_are_told_apart() -> None:
    clock = WriterClock()
    clock.record_date(at(5), NOW, NOW + 1)  # ahead by 4 to 6 s
    clock.record_creation(at(0.5), NOW, NOW + 1)
    assert clock.creation_offset(NOW + 1) == Offset(-0.5, 0.5, MAX_SKEW_S, behind=4.5)
    assert clock.passed(NOW + 1) == NOW + 1 - 0.5 - MAX_SKEW_S
