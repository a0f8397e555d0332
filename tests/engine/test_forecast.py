"""The forecast: what the durations of the last jobs say of those that are under way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.engine.forecast import Forecast


def learned(*seconds: float) -> Forecast:
    forecast = Forecast()
    for duration in seconds:
        forecast.record(duration)
    return forecast


def test_nothing_is_likely_while_nothing_is_known() -> None:
    assert not Forecast().knows
    assert Forecast().likely(1000.0, 0.0) == 0.0


@pytest.mark.parametrize(
    ("age", "likely"),
    [(1.9, 0.0), (2.0, 0.25), (3.9, 0.25), (4.0, 0.5), (8.0, 1.0), (100.0, 1.0)],
)
def test_a_job_has_ended_as_likely_as_the_share_of_jobs_that_took_no_longer(age: float, likely: float) -> None:
    assert learned(4.0, 2.0, 8.0, 6.0).likely(age, 0.0) == likely


def test_what_is_known_not_to_have_ended_ends_as_likely_as_those_that_took_that_long() -> None:
    assert learned(2.0, 4.0, 6.0, 8.0).likely(6.0, 4.5) == 0.5
    assert learned(2.0, 4.0, 6.0, 8.0).likely(4.6, 4.5) == 0.0


@pytest.mark.parametrize(("age_then", "again_at"), [(10.0, 11.0), (20.0, 24.0), (100.0, 150.0)])
def test_a_job_that_takes_longer_than_any_other_is_looked_at_again_less_and_less_often(
    age_then: float, again_at: float
) -> None:
    assert learned(10.0).likely(again_at - 0.01, age_then) == 0.0
    assert learned(10.0).likely(again_at, age_then) == 1.0


def test_only_the_last_three_hundred_jobs_count() -> None:
    assert learned(*[1.0] * 500, *[9.0] * 300).likely(5.0, 0.0) == 0.0
    assert learned(*[9.0] * 500, *[1.0] * 299, 9.0).likely(5.0, 0.0) == 299 / 300


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 200), st.floats(0, 200))
def test_it_is_a_probability_that_grows_with_age(durations: list[float], age: float, older: float) -> None:
    forecast = learned(*durations)
    young, old = sorted((age, older))
    assert 0 <= forecast.likely(young, 0.0) <= forecast.likely(old, 0.0) <= 1
