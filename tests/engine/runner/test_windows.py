"""Which lost requests are proven to have created no job: never one that did, and as many others as can be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.engine.runner.windows import (
    LIST_LAG_S,
    MAX_EFFECT_DELAY_S,
    Windows,
    most_with_jobs,
    proof_at,
    suspicions,
    windows_of,
)
from services.engine.writer_clock import MAX_SKEW_S, MIN_SKEW_S, Offset, WriterClock
from services.errors import Loss
from services.models import Job, JobState
from services.store import EffectWindow, Lost

NOW = 1_800_000_000.0


def job(job_id: str, created_at: float | None) -> Job:
    moment = None if created_at is None else datetime.fromtimestamp(created_at, UTC)
    return Job(job_id, JobState.IN_PROGRESS, moment)


def lost(position: int, sent: float, answered: float, loss: Loss | None) -> Lost:
    return Lost(position, NOW + sent, NOW + sent - MAX_SKEW_S, NOW + answered, loss, None)


def windows(*spans: tuple[float, float]) -> dict[int, Windows]:
    """Windows that are 20 s wider at their end than is likely."""
    made = [(EffectWindow(NOW + start, NOW + end), EffectWindow(NOW + start, NOW + end + 20)) for start, end in spans]
    return {number: Windows(*pair) for number, pair in enumerate(made)}


def suspects(requests: dict[int, Windows], *jobs: Job, others: Sequence[EffectWindow] = ()) -> dict[int, set[str]]:
    return {key: set(found.jobs) for key, found in suspicions(requests, others, jobs).items()}


@dataclass(frozen=True)
class Server:
    """Writer's clock is ahead by `ahead`, and each of its machines differs by `differs` at the most."""

    ahead: float
    differs: float
    whole_seconds: bool

    def stamp(self, at: float, machine: float) -> datetime:
        """What a machine stamps on a job that it creates at `at`, by our clock."""
        moment = at + self.ahead + machine * self.differs
        return datetime.fromtimestamp(int(moment) if self.whole_seconds else moment, UTC)


machines = st.floats(-1, 1)
requests = st.tuples(
    st.floats(0, 60),  # when it leaves
    st.floats(0.0, 20),  # how long its answer takes
    st.sampled_from(Loss),
    st.none() | st.floats(0, 1),  # when it has its effect: from leaving to the longest delay
    machines,
)
answered = st.tuples(st.floats(0, 90), st.floats(0.01, 10), machines)


@given(
    ahead=st.sampled_from([0.0, 0.4, -20.0, 7200.0]),
    whole_seconds=st.booleans(),
    sent=st.lists(requests, max_size=12),
    answers=st.lists(answered, min_size=1, max_size=60),
    strangers=st.lists(st.floats(-30, 120), max_size=3),
)
def test_no_request_that_created_a_job_is_proven_to_have_created_none(
    ahead: float,
    whole_seconds: bool,
    sent: list[tuple[float, float, Loss, float | None, float]],
    answers: list[tuple[float, float, float]],
    strangers: list[float],
) -> None:
    server = Server(ahead, MIN_SKEW_S / 2, whole_seconds)
    clock = WriterClock()
    for left, took, machine in sorted(answers, key=lambda each: each[0] + each[1]):
        clock.record_creation(server.stamp(NOW + left + took / 2, machine), NOW + left, NOW + left + took)
    offset = clock.creation_offset(NOW + 200)
    rows, jobs = {}, [job(f"other {n}", NOW + at + ahead) for n, at in enumerate(strangers)]
    for number, (left, took, loss, effect, machine) in enumerate(sent):
        rows[number] = windows_of(lost(number, left, left + took, loss), offset)
        if effect is not None:
            at = NOW + left + effect * (took + MAX_EFFECT_DELAY_S[loss])
            jobs.append(Job(f"job {number}", JobState.IN_PROGRESS, server.stamp(at, machine)))
    found = suspicions(rows, [], jobs)
    for number, (*_, effect, _machine) in enumerate(sent):
        assert effect is None or f"job {number}" in found[number].jobs
    assert most_with_jobs(
        [found[number].window for number in found], [each.created_at.timestamp() for each in jobs if each.created_at]
    ) >= sum(effect is not None for *_, effect, _machine in sent)


def test_only_rows_in_whose_window_a_job_was_created_may_have_it() -> None:
    requests = windows((0, 5), (4, 9), (20, 25))
    assert suspects(requests, job("a", NOW + 4.5)) == {0: {"a"}, 1: {"a"}}
    assert suspects(requests, job("a", NOW - 0.1), job("b", NOW + 60)) == {}
    assert suspects(requests) == {}


def test_a_job_without_a_time_may_be_any_rows() -> None:
    assert suspects(windows((0, 5), (20, 25)), job("a", None)) == {0: {"a"}, 1: {"a"}}


def test_a_stamp_in_whole_seconds_may_be_of_any_moment_of_its_second() -> None:
    requests = windows((10.6, 12))
    assert suspects(requests, job("a", NOW + 10)) == {0: {"a"}}
    assert suspects(requests, job("a", NOW + 10), job("b", NOW + 99.5)) == {}, "this server stamps fractions"


def test_a_job_that_is_in_no_likely_window_may_be_that_of_any_request_in_whose_widest_one_it_is() -> None:
    requests = windows((0, 5), (10, 15), (40, 45))
    assert suspects(requests, job("late", NOW + 20)) == {0: {"late"}, 1: {"late"}}


def test_a_job_in_anothers_window_needs_no_other_explanation_unless_there_are_more_jobs_than_requests() -> None:
    requests = windows((0, 5))
    other = EffectWindow(NOW + 10, NOW + 15)
    assert suspects(requests, job("a", NOW + 12), others=[other]) == {}
    assert suspects(requests, job("a", NOW + 12), job("b", NOW + 13), others=[other]) == {0: {"a", "b"}}


@pytest.mark.parametrize(("loss", "delay"), [*MAX_EFFECT_DELAY_S.items(), (None, max(MAX_EFFECT_DELAY_S.values()))])
def test_a_list_is_read_once_it_shows_all_that_may_have_come_of_a_request(loss: Loss | None, delay: float) -> None:
    assert proof_at(lost(0, 0, 2, loss)) == NOW + 2 + delay + LIST_LAG_S


def test_an_answered_error_leaves_less_time_for_an_effect_than_a_broken_connection() -> None:
    assert MAX_EFFECT_DELAY_S[Loss.ANSWER] < MAX_EFFECT_DELAY_S[Loss.GATEWAY] <= MAX_EFFECT_DELAY_S[Loss.CONNECTION]


def test_after_a_crash_the_window_is_from_the_noted_start_to_the_longest_delay() -> None:
    window = EffectWindow(NOW - MAX_SKEW_S - 4, NOW + 9 + max(MAX_EFFECT_DELAY_S.values()) + 1.5 + MAX_SKEW_S)
    assert windows_of(lost(0, 0, 9, None), Offset(1.0, 1.5, MIN_SKEW_S, behind=4)) == Windows(window, window)


def test_where_writers_clock_is_not_known_the_window_is_open() -> None:
    assert windows_of(lost(0, 0, 9, Loss.ANSWER), None).likely == EffectWindow(NOW - MAX_SKEW_S, float("inf"))


@pytest.mark.parametrize(
    ("spans", "times", "most"),
    [
        ([], [1.5], 0),
        ([(0, 5), (0, 5), (0, 5)], [1.5, 2.5], 2),
        ([(0, 5), (10, 15)], [1.5, 2.5, 3.5], 1),
        ([(0, 20), (0, 5), (4, 6)], [4.5, 4.6, 15.5], 3),
        ([(0, 5), None], [], 1),
        ([(0, 5), (0, 5), (8, 9)], [None, 1.5], 2),
    ],
)
def test_no_more_rows_have_a_job_than_jobs_fit_into_their_windows(
    spans: list[tuple[float, float] | None], times: list[float | None], most: int
) -> None:
    assert most_with_jobs([None if span is None else EffectWindow(*span) for span in spans], times) == most
