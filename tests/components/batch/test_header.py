"""The words at the top of the batch page."""

from datetime import timedelta
from typing import Any

import pytest

from components.batch.header import story, tab_words, what_retry_does
from services.models import BatchState, Counts, PauseKind, RowState
from tests.pages.stub import LAUNCHED, a_batch

NOW = LAUNCHED + timedelta(minutes=40)
SECONDS = timedelta(seconds=1)
MINUTES = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("state", "started", "finished", "told"),
    [
        (BatchState.RUNNING, None, None, "started 9:30 AM"),
        (BatchState.RUNNING, 2 * SECONDS, None, "started 9:30 AM"),
        (BatchState.PAUSED, 2 * SECONDS, None, "started 9:30 AM"),
        (BatchState.FINISHED, 2 * SECONDS, 8 * MINUTES, "started 9:30 AM · finished 9:38 AM"),
        (BatchState.CANCELED, 2 * SECONDS, 8 * MINUTES, "started 9:30 AM · canceled 9:38 AM"),
    ],
)
def test_a_batch_tells_when_it_started_and_ended_but_no_duration_that_would_include_pauses(
    state: BatchState, started: timedelta | None, finished: timedelta | None, told: str
) -> None:
    assert times(state, started, finished) == told


@pytest.mark.parametrize(
    ("state", "started", "finished", "told"),
    [
        (BatchState.FINISHED, 25 * MINUTES, 25 * MINUTES + 3 * SECONDS, "finished 9:55 AM"),
        (BatchState.CANCELED, 25 * MINUTES, 27 * MINUTES, "canceled 9:57 AM"),
        (BatchState.PAUSED, 25 * MINUTES, None, ""),
        (BatchState.RUNNING, 25 * MINUTES, None, ""),
    ],
)
def test_a_batch_whose_rows_were_retried_later_tells_the_time_of_the_last_run(
    state: BatchState, started: timedelta, finished: timedelta | None, told: str
) -> None:
    told = f" · {told}" if told else ""
    assert times(state, started, finished) == f"launched 9:30 AM · last run started 9:55 AM{told}"


def test_a_retry_soon_after_the_launch_is_no_run_of_its_own() -> None:
    assert times(BatchState.FINISHED, 40 * SECONDS, 45 * SECONDS) == "started 9:30 AM · finished 9:30 AM"


@pytest.mark.parametrize(
    ("kind", "rows", "told"),
    [
        (PauseKind.KEY_REFUSED, 1200, "The batch is paused: press Resume to send 1,200 rows again."),
        (PauseKind.SAMPLE, 2, "Sending 2 rows again now. The other rows stay on hold."),
        (PauseKind.PERSON, 0, ""),
    ],
)
def test_what_a_retry_does_agrees_with_the_number_of_rows(kind: PauseKind, rows: int, told: str) -> None:
    assert what_retry_does(a_batch(state=BatchState.PAUSED, pause_kind=kind), rows) == told


@pytest.mark.parametrize(("retrying", "waiting", "told"), [(0, 0, "100%"), (1, 0, "90%"), (0, 1, "90%"), (2, 3, "62%")])
def test_the_tab_counts_rows_with_pending_automatic_retries_as_not_done(retrying: int, waiting: int, told: str) -> None:
    by_state = {RowState.COMPLETED: 8 - (waiting == 1), RowState.FAILED: 2, RowState.WAITING: waiting}
    assert tab_words(a_batch(), Counts(by_state, retrying)) == f"{told} Spring range"


@pytest.mark.parametrize(
    ("done", "rows", "told"), [(0, 24, "0%"), (11, 24, "46%"), (1, 240, "< 1%"), (239, 240, "> 99%")]
)
def test_the_tab_rounds_as_the_counts_do_and_says_100_only_when_all_is_done(done: int, rows: int, told: str) -> None:
    by_state = {RowState.COMPLETED: done, RowState.WAITING: rows - done}
    assert tab_words(a_batch(), Counts(by_state)) == f"{told} Spring range"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Spring range", "Product description · spring\\-range\\.xlsx · 0 rows · started 9:30 AM · finished 9:38 AM"),
        ("spring-range.xlsx · Product description · Mar 10, 10:29 AM", "0 rows · finished 9:38 AM"),
        (
            "Product descriptions",
            "Product description · spring\\-range\\.xlsx · 0 rows · started 9:30 AM · finished 9:38 AM",
        ),
        ("Again · spring-range.xlsx", "Product description · 0 rows · started 9:30 AM · finished 9:38 AM"),
    ],
)
def test_agent_file_and_time_are_reported_once_the_name_included(name: str, expected: str) -> None:
    batch = a_batch(name=name, state=BatchState.FINISHED, finished_at=LAUNCHED + 8 * MINUTES)
    assert story(batch, "UTC", NOW, "") == expected


def test_names_that_a_proposed_batch_name_has_cut_are_not_repeated() -> None:
    filename = f"{'a very long name ' * 6}.xlsx"
    batch = a_batch(name=f"{filename[:79].rstrip()}… · Product description · Mar 10, 10:29 AM", filename=filename)
    assert story(batch, "UTC", NOW, "") == "0 rows"


def times(state: BatchState, started: timedelta | None, finished: timedelta | None) -> str:
    """What the story says after the number of rows."""
    at: dict[str, Any] = {
        "started_at": None if started is None else LAUNCHED + started,
        "finished_at": None if finished is None else LAUNCHED + finished,
    }
    return story(a_batch(state=state, **at), "UTC", NOW, "").partition("0 rows · ")[2]
