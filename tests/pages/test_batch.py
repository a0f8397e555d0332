"""The page of one batch."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import components.page
from components.markdown import MAX_CHARACTERS
from components.selection import selected
from components.words import plain
from services.models import (
    Agent,
    AgentInput,
    Attempt,
    Batch,
    BatchState,
    Choice,
    ChoiceKind,
    ConnectionHealth,
    InputType,
    LaunchOptions,
    Load,
    PauseKind,
    RowDetail,
    RowState,
)
from services.settings import Connection
from tests.pages.conftest import Visit, settled
from tests.pages.stub import LAUNCHED, StubDesk, a_batch, a_row, some_rows

LIMIT_REACHED = "Rate limit reached. Sending resumes automatically."
OF_396 = "of 396 requests in the last minute"
HELD_A_MOMENT_AGO = datetime.now(UTC) - timedelta(seconds=1)
HOSTILE = "![x](http://canary.invalid/a.png) :red[x] :material/home: $x$ <b>"


def buttons(page: AppTest) -> dict[str, str]:
    """The buttons by their keys, with their labels."""
    return {str(button.key): button.label for button in page.button if button.key}


def primary(page: AppTest) -> list[str]:
    """What stands out as the one thing to do."""
    links = [str(link.proto.id).split("-")[-1] for link in page.get("link_button") if link.proto.type == "primary"]
    return [str(button.key) for button in page.button if button.proto.type == "primary"] + links


def counts(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def statuses(page: AppTest) -> list[str]:
    return [status[0] for status in page.dataframe[0].value["status"]]


def a_sampled_batch(**changes: Any) -> Batch:
    """A batch whose first five rows are done."""
    return a_batch(
        state=BatchState.PAUSED,
        pause_kind=PauseKind.SAMPLE,
        options=LaunchOptions(sample_rows=5),
        sample_end=5,
        **changes,
    )


def place_of(page: AppTest, kind: str) -> tuple[int, ...]:
    """Where the first element of a kind hangs in the tree of the page; in another place it would be built anew."""

    def found(block: Any) -> tuple[int, ...] | None:
        for number, child in block.children.items():
            if child.type == kind:
                return (number,)
            below = found(child) if hasattr(child, "children") else None
            if below is not None:
                return (number, *below)
        return None

    place = found(page.main)
    assert place is not None
    return place


def select(page: AppTest, *places: int, clicked: int | None = None) -> AppTest:
    """Tick the boxes of the rows at these places, and click a cell of one."""
    cells = [] if clicked is None else [(clicked, "suggestion")]
    page.session_state["rows"] = {"selection": {"rows": list(places), "columns": [], "cells": cells}}
    return settled(page.run())


def press(page: AppTest, key: str) -> AppTest:
    return settled(page.button(key=key).click().run())


def formatted(page: AppTest) -> str:
    """The suggestion as the panel shows it."""
    (body,) = (html.proto.body for html in page.get("html") if html.proto.body.startswith("<p>"))
    return str(body)


def sentences(elements: Any) -> list[str]:
    return [str(element.value) for element in elements]


# which buttons there are


@pytest.mark.parametrize(
    ("changes", "rows", "expected", "main"),
    [
        ({}, {"waiting": 2}, {"pause", "cancel"}, "download_csv"),
        ({}, {"completed": 1, "failed": 1, "waiting": 1}, {"pause", "cancel", "retry_failed"}, "download_csv"),
        ({"state": BatchState.PAUSED}, {"waiting": 2}, {"resume", "cancel"}, "resume"),
        (
            {"state": BatchState.PAUSED, "pause_kind": PauseKind.KEY_REFUSED},
            {"waiting": 2},
            {"resume", "cancel"},
            "download_csv",
        ),
        (
            {"state": BatchState.PAUSED, "connection": "https://api.writer.com"},
            {"waiting": 1},
            {"cancel"},
            "download_csv",
        ),
        (
            {"state": BatchState.PAUSED, "pause_kind": PauseKind.SAMPLE},
            {"completed": 1, "failed": 1, "waiting": 2},
            {"run_remaining", "cancel", "retry_failed"},
            "run_remaining",
        ),
        (
            {"state": BatchState.PAUSED, "pause_kind": PauseKind.SAMPLE, "connection": "https://api.writer.com"},
            {"completed": 1, "waiting": 2},
            {"cancel"},
            "download_csv",
        ),
        (
            {"state": BatchState.PAUSED, "pause_kind": PauseKind.MOST_FAIL},
            {"failed": 2, "waiting": 2},
            {"resume_anyway", "cancel", "retry_failed"},
            "download_csv",
        ),
        (
            {"state": BatchState.PAUSED, "pause_kind": PauseKind.MOST_FAIL, "connection": "https://api.writer.com"},
            {"failed": 2, "waiting": 2},
            {"cancel"},
            "download_csv",
        ),
        ({"state": BatchState.FINISHED}, {"completed": 2}, set(), "download_csv"),
        ({"state": BatchState.FINISHED}, {"completed": 1, "failed": 1}, {"retry_failed"}, "retry_failed"),
        (
            {"state": BatchState.FINISHED},
            {"completed": 1, "unconfirmed": 2},
            {"find_jobs", "resend_unconfirmed"},
            "download_csv",
        ),
        ({"state": BatchState.FINISHED, "connection": "https://api.writer.com"}, {"failed": 1}, set(), "download_csv"),
        (
            {"state": BatchState.CANCELED},
            {"failed": 1, "canceled": 1},
            {"retry_failed", "send_canceled"},
            "retry_failed",
        ),
    ],
)
def test_each_state_has_its_buttons_and_one_of_them_stands_out(
    desk: StubDesk, visit: Visit, changes: dict[str, Any], rows: dict[str, int], expected: set[str], main: str
) -> None:
    desk.hold(a_batch(**changes), some_rows(**rows))
    page = visit("batch.py", id="batch-1")
    assert {key for key in buttons(page) if "_reason_" not in key} == expected
    assert primary(page) == [main]


def test_downloads_lead_to_the_files_of_the_batch(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(waiting=1))
    links = [link.proto.url for link in visit("batch.py", id="batch-1").get("link_button")]
    assert links == ["/export/batch-1.csv", "/export/batch-1.xlsx", "/export/batch-1.csv?separator=semicolon"]


@pytest.mark.parametrize(("failed", "label"), [(1, "Retry 1 failed row"), (2, "Retry 2 failed rows")])
def test_retrying_failed_rows_says_how_many_and_leaves_unconfirmed_ones(
    desk: StubDesk, visit: Visit, failed: int, label: str
) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED), some_rows(failed=failed, unconfirmed=3))
    page = visit("batch.py", id="batch-1")
    assert buttons(page)["retry_failed"] == label
    press(page, "retry_failed")
    assert desk.told == [("retry", "batch-1", None)]


@pytest.mark.parametrize(
    "changes",
    [
        {"state": BatchState.PAUSED, "pause_kind": PauseKind.PERSON},
        {"state": BatchState.PAUSED, "pause_kind": PauseKind.SAMPLE},
        {"state": BatchState.PAUSED, "pause_kind": PauseKind.MOST_FAIL},
        {"state": BatchState.CANCELED},
        {"state": BatchState.FINISHED},
    ],
)
def test_table_and_downloads_keep_their_places_when_the_batch_changes_its_state(
    desk: StubDesk, visit: Visit, changes: dict[str, Any]
) -> None:
    desk.hold(a_batch(), some_rows(waiting=2))
    page = visit("batch.py", id="batch-1")
    before = [place_of(page, kind) for kind in ("dataframe", "link_button")]
    for rows in ({"waiting": 1, "failed": 1}, {"completed": 2}):
        desk.hold(a_batch(**changes), some_rows(**rows))
        page = settled(page.run())
        assert [place_of(page, kind) for kind in ("dataframe", "link_button")] == before


@pytest.mark.parametrize(
    ("seconds_ago", "toolbar"),
    [(60, ["pause", "cancel", "retry_failed"]), (1, ["retry_failed", "pause", "cancel"])],
)
def test_retry_moves_to_the_edge_once_a_batch_has_rested_and_stays_there_when_it_runs_again(
    desk: StubDesk, visit: Visit, seconds_ago: int, toolbar: list[str]
) -> None:
    desk.hold(a_batch(), some_rows(failed=1, waiting=1))
    page = visit("batch.py", id="batch-1")
    over = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    desk.hold(a_batch(state=BatchState.FINISHED, finished_at=over), some_rows(failed=2))
    page = settled(page.run())
    desk.hold(a_batch(), some_rows(failed=1, waiting=1))
    assert list(buttons(settled(page.run())))[:3] == toolbar


# what the buttons do


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"state": BatchState.FINISHED}, []),
        (
            {"state": BatchState.PAUSED, "pause_kind": PauseKind.PERSON},
            [r"The batch is paused\: press Resume to send 1 row again\."],
        ),
        (
            {"state": BatchState.PAUSED, "pause_kind": PauseKind.MOST_FAIL},
            [r"The batch is paused\: press Resume anyway to send 1 row again\."],
        ),
        (
            {"state": BatchState.PAUSED, "pause_kind": PauseKind.SAMPLE},
            [r"Sending 1 row again now\. The other rows stay on hold\."],
        ),
    ],
)
def test_retrying_says_in_passing_when_the_rows_are_sent_where_the_batch_does_not_run(
    desk: StubDesk, visit: Visit, changes: dict[str, Any], told: list[str]
) -> None:
    desk.hold(a_batch(**changes), some_rows(failed=1, waiting=2))
    page = press(visit("batch.py", id="batch-1"), "retry_failed")
    assert sentences(page.toast) == told
    assert sentences(settled(page.run()).toast) == []
    page = press(select(page, 0), "retry_selected")
    assert sentences(page.toast) == told


def test_a_retry_that_is_refused_says_only_that(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.PAUSED), some_rows(failed=1, waiting=2))
    desk.refusal = "No."
    page = press(visit("batch.py", id="batch-1"), "retry_failed")
    assert sentences(page.error) == [r"No\."]
    assert sentences(page.toast) == []


def test_pause_and_resume_change_the_batch_and_the_buttons(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(waiting=2))
    page = press(visit("batch.py", id="batch-1"), "pause")
    assert "resume" in buttons(page)
    page = press(page, "resume")
    assert "pause" in buttons(page)
    assert desk.told == [("pause", "batch-1"), ("resume", "batch-1")]


@pytest.mark.parametrize(
    ("rows", "label"),
    [
        ({"completed": 5, "waiting": 1199}, "Run the remaining 1,199 rows"),
        ({"completed": 5, "waiting": 1}, "Run the remaining row"),
        ({"completed": 5, "failed": 1, "skipped": 1, "waiting": 2}, "Run the remaining 2 rows"),
    ],
)
def test_after_the_sample_one_button_lets_the_rows_go_that_wait(
    desk: StubDesk, visit: Visit, rows: dict[str, int], label: str
) -> None:
    desk.hold(a_sampled_batch(reason="The first 5 rows are done."), some_rows(**rows))
    page = visit("batch.py", id="batch-1")
    assert buttons(page)["run_remaining"] == label
    assert sentences(page.info) == [r"The first 5 rows are done\."]
    page = press(page, "run_remaining")
    assert desk.told == [("run_remaining", "batch-1")]
    assert "pause" in buttons(page)
    assert sentences(page.info) == []


def test_a_batch_whose_rows_fail_says_why_and_resumes_only_anyway(desk: StubDesk, visit: Visit) -> None:
    reason = "19 of 20 rows fail alike: *too long*."
    desk.hold(
        a_batch(state=BatchState.PAUSED, pause_kind=PauseKind.MOST_FAIL, reason=reason),
        some_rows(failed=19, completed=1, waiting=5),
    )
    page = visit("batch.py", id="batch-1")
    assert buttons(page)["resume_anyway"] == "Resume anyway"
    assert sentences(page.warning) == [r"19 of 20 rows fail alike\: \*too long\*\."]
    page = press(page, "resume_anyway")
    assert desk.told == [("resume_anyway", "batch-1")]
    assert "pause" in buttons(page)
    assert sentences(page.warning) == []


def test_a_canceled_batch_says_how_many_jobs_are_still_running(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.CANCELED), some_rows(in_progress=2, sending=1, canceled=1))
    story = visit("batch.py", id="batch-1").caption[0].value
    assert story.endswith("**3 jobs still running**")


def test_cancel_asks_first_and_says_what_happens_to_the_rows(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(waiting=2, sending=3, in_progress=1))
    page = press(visit("batch.py", id="batch-1"), "cancel")
    assert desk.told == []
    assert "2 waiting rows won't be sent." in sentences(page.markdown)
    assert any("keep their suggestions (4 right now)" in text for text in sentences(page.markdown))
    page = press(page, "confirm_cancel")
    assert desk.told == [("cancel", "batch-1")]
    assert "confirm_cancel" not in buttons(page)


@pytest.mark.parametrize(
    ("retrying", "told"), [(1, "1 failed row won't be retried."), (6, "6 failed rows won't be retried.")]
)
def test_cancel_says_which_rows_will_not_be_retried_automatically(
    desk: StubDesk, visit: Visit, retrying: int, told: str
) -> None:
    desk.retrying = retrying
    desk.hold(a_batch(options=LaunchOptions(retries=1)), some_rows(failed=7, completed=2))
    assert told in sentences(press(visit("batch.py", id="batch-1"), "cancel").markdown)


def test_a_refusal_is_a_sentence_that_stays_until_the_next_order(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(waiting=2))
    desk.refusal = "Only a *running* batch can be paused."
    page = visit("batch.py", id="batch-1")
    before = place_of(page, "dataframe")
    page = press(page, "pause")
    assert sentences(page.error) == [r"Only a \*running\* batch can be paused\."]
    assert place_of(page, "dataframe") == before
    assert sentences(settled(page.run()).error) == []


@pytest.mark.parametrize("params", [{"id": "nowhere"}, {}])
def test_an_unknown_batch_is_reported_with_a_way_out(visit: Visit, params: dict[str, str]) -> None:
    page = visit("batch.py", **params)
    assert page.title[0].value == "This batch doesn't exist"
    assert len(page.get("page_link")) == 1
    assert len(page.dataframe) == 0


# what is shown


def test_counts_take_rows_being_sent_as_waiting_and_show_rare_states_only_where_there_are_any(
    desk: StubDesk, visit: Visit
) -> None:
    desk.hold(a_batch(), some_rows(completed=1200, sending=2, waiting=3, in_progress=1))
    page = visit("batch.py", id="batch-1")
    assert counts(page) == {"Completed": "1,200", "Failed": "0", "In progress": "1", "Waiting": "5"}
    desk.hold(a_batch(), some_rows(unconfirmed=1, skipped=2, canceled=3))
    assert counts(visit("batch.py", id="batch-1")) == {
        "Completed": "0",
        "Failed": "0",
        "Unconfirmed": "1",
        "Skipped": "2",
        "Canceled": "3",
        "In progress": "0",
        "Waiting": "0",
    }


def test_the_bar_has_a_part_for_each_state_and_says_in_words_what_it_shows(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(completed=1200, failed=1, sending=2, waiting=3))
    bodies = [html.proto.body for html in visit("batch.py", id="batch-1").get("html")]
    (bar,) = (body for body in bodies if "flex:" in body)
    assert 'aria-label="Completed 1,200, Failed 1, In progress 0, Waiting 5"' in bar
    assert re.findall(r"flex: (\d+)", bar) == ["1200", "1", "0", "0", "0", "0", "0", "5"]
    assert visit("batch.py", id="batch-1").get("arrow_vega_lite_chart") == []


def test_the_story_of_a_batch_is_reported_in_the_viewers_time(desk: StubDesk, visit: Visit) -> None:
    over = LAUNCHED + timedelta(minutes=8)
    desk.hold(a_batch(state=BatchState.FINISHED, created_at=LAUNCHED, finished_at=over), some_rows(completed=2))
    told = visit("batch.py", id="batch-1").caption[0].value
    assert told.startswith("Product description · spring\\-range\\.xlsx · 2 rows · started Mar 10")
    assert ", 10:30 AM · " in told
    assert told.endswith(", 10:38 AM")


def test_a_running_batch_says_how_long_it_takes_at_least_and_then_how_long_it_still_takes(
    desk: StubDesk, visit: Visit
) -> None:
    now = datetime.now(UTC)
    desk.hold(a_batch(created_at=now), some_rows(waiting=1000))
    assert visit("batch.py", id="batch-1").caption[0].value.endswith("**at least 5 minutes left**")
    desk.hold(a_batch(created_at=now), some_rows(completed=1, waiting=1000))
    assert visit("batch.py", id="batch-1").caption[0].value.endswith("**about 4 minutes left**")


def test_while_writer_cannot_be_reached_no_time_left_is_shown(desk: StubDesk, visit: Visit) -> None:
    desk.sick = ConnectionHealth(unreachable_since=datetime.now(UTC))
    desk.hold(a_batch(), some_rows(completed=1, waiting=1000))
    assert " left" not in visit("batch.py", id="batch-1").caption[0].value


def test_while_only_retries_are_pending_it_is_shown_how_long_it_still_takes(desk: StubDesk, visit: Visit) -> None:
    desk.retrying = 1
    desk.hold(a_batch(options=LaunchOptions(retries=1)), some_rows(completed=1, failed=1))
    assert visit("batch.py", id="batch-1").caption[0].value.endswith("**about 4 minutes left**")
    desk.retrying = 0
    assert " left" not in visit("batch.py", id="batch-1").caption[0].value


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (LaunchOptions(), ""),
        (LaunchOptions(sample_rows=1, retries=1), " · sample of 1 row first · failed jobs retried once"),
        (
            LaunchOptions(sample_rows=1000, retries=3, resend_lost=True),
            " · sample of 1,000 rows first · failed jobs retried up to 3 times · lost rows resent",
        ),
    ],
)
def test_the_story_tells_what_was_chosen_at_launch(
    desk: StubDesk, visit: Visit, options: LaunchOptions, told: str
) -> None:
    over = LAUNCHED + timedelta(minutes=8)
    desk.hold(a_batch(state=BatchState.FINISHED, finished_at=over, options=options), some_rows(completed=1))
    assert visit("batch.py", id="batch-1").caption[0].value.partition(":38 AM")[2] == told


@pytest.mark.parametrize(
    ("load", "told"),
    [
        (Load(0, 396), "0 of 396 requests in the last minute"),
        (Load(1_382, 2_376), "1,382 of 2,376 requests in the last minute"),
        (Load(0, 1), "0 of 1 request in the last minute"),
        (Load(60, 396, jobs_per_minute=50), "Writer accepts about 50 jobs a minute"),
        (Load(3, 396, jobs_per_minute=1), "Writer accepts about 1 job a minute"),
        (Load(3, 396, HELD_A_MOMENT_AGO), f"3 {OF_396}"),
    ],
)
def test_a_moving_batch_says_how_much_of_the_limit_is_used(desk: StubDesk, visit: Visit, load: Load, told: str) -> None:
    desk.busy = load
    desk.hold(a_batch(), some_rows(in_progress=1, waiting=2))
    assert told in sentences(visit("batch.py", id="batch-1").caption)


@pytest.mark.parametrize(
    ("held", "used_up"), [(None, False), (None, True), (HELD_A_MOMENT_AGO, True)], ids=["room", "none", "held before"]
)
def test_a_batch_that_has_reached_the_limit_says_that_sending_resumes_automatically(
    desk: StubDesk, visit: Visit, held: datetime | None, used_up: bool
) -> None:
    desk.busy = Load(390, 396, held, used_up=used_up)
    desk.hold(a_batch(), some_rows(in_progress=1, waiting=2))
    captions = sentences(visit("batch.py", id="batch-1").caption)
    assert (LIMIT_REACHED in captions) is used_up
    assert any(OF_396 in text for text in captions) is not used_up


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        ({}, {"completed": 1, "in_progress": 1}),
        ({"state": BatchState.PAUSED}, {"waiting": 1, "in_progress": 1}),
        ({"state": BatchState.CANCELED}, {"canceled": 1, "in_progress": 1}),
        ({"options": LaunchOptions(sample_rows=2), "sample_end": 2}, {"in_progress": 2, "waiting": 5}),
    ],
)
def test_a_limit_that_is_reached_is_no_reason_where_no_row_waits_for_it(
    desk: StubDesk, visit: Visit, changes: dict[str, Any], rows: dict[str, int]
) -> None:
    desk.busy = Load(390, 396, used_up=True)
    desk.hold(a_batch(**changes), some_rows(**rows))
    captions = sentences(visit("batch.py", id="batch-1").caption)
    assert f"390 {OF_396}" in captions
    assert LIMIT_REACHED not in captions


@pytest.mark.parametrize(
    ("changes", "rows", "told"),
    [
        ({}, {"in_progress": 1}, False),
        ({"state": BatchState.PAUSED}, {"waiting": 1}, True),
        ({"state": BatchState.PAUSED}, {"waiting": 1, "in_progress": 1}, False),
        ({"state": BatchState.FINISHED}, {"completed": 1}, True),
        ({"state": BatchState.CANCELED}, {"canceled": 1}, True),
        ({"state": BatchState.PAUSED, "connection": "https://api.writer.com"}, {"waiting": 1}, False),
    ],
)
def test_a_batch_at_rest_says_so_in_place_of_the_limit_so_that_the_rows_stay_put(
    desk: StubDesk, visit: Visit, changes: dict[str, Any], rows: dict[str, int], told: bool
) -> None:
    desk.hold(a_batch(**changes), some_rows(**rows))
    assert ("No jobs running" in sentences(visit("batch.py", id="batch-1").caption)) is told


def test_while_sending_holds_the_page_says_for_how_long(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(in_progress=1, waiting=2))
    for seconds, told in ((30, r"(29|30) s"), (300, "about 5 minutes")):
        desk.busy = Load(60, 396, datetime.now(UTC) + timedelta(seconds=seconds), jobs_per_minute=50)
        captions = sentences(visit("batch.py", id="batch-1").caption)
        expected = rf"Writer asked us to slow down\. Sending resumes in {told}\."
        assert [text for text in captions if re.fullmatch(expected, text)] != []
        assert "Writer accepts about 50 jobs a minute" in captions
        assert [text for text in captions if OF_396 in text] == []


def test_while_sending_holds_the_page_quotes_writer_word_for_word(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(in_progress=1, waiting=2))
    until = datetime.now(UTC) + timedelta(seconds=30)
    desk.busy = Load(60, 396, until, hold_reason="Slow **down**, [please](http://x)")
    captions = sentences(visit("batch.py", id="batch-1").caption)
    assert f"Writer says: “{plain('Slow **down**, [please](http://x)')}”" in captions
    desk.busy = Load(60, 396, HELD_A_MOMENT_AGO, hold_reason="Slow down")
    assert not [text for text in sentences(visit("batch.py", id="batch-1").caption) if "Slow" in text]


@pytest.mark.parametrize(
    ("rows", "label"),
    [
        ({"failed": 3}, "Retry 3 failed rows"),
        ({"empty": 1}, "Retry 1 empty row"),
        ({"failed": 3, "empty": 2}, "Retry 3 failed and 2 empty rows"),
    ],
)
def test_one_click_retries_failed_and_empty_rows(
    desk: StubDesk, visit: Visit, rows: dict[str, int], label: str
) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED, finished_at=LAUNCHED), some_rows(completed=1, **rows))
    page = visit("batch.py", id="batch-1")
    assert page.button(key="retry_failed").label == label
    counted = {metric.label: metric.value for metric in page.metric}
    assert counted.get("Empty") == (str(rows["empty"]) if "empty" in rows else None)


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        (0, LIMIT_REACHED),
        (1, "1 response was lost. Checking its row."),
        (1200, "1,200 responses were lost. Checking their rows."),
    ],
)
def test_while_rows_with_lost_responses_are_checked_the_page_says_so_in_place_of_the_limit(
    desk: StubDesk, visit: Visit, lost: int, told: str
) -> None:
    desk.busy, desk.answers_lost = Load(390, 396, used_up=True), lost
    desk.hold(a_batch(), some_rows(sending=1, waiting=2))
    captions = sentences(visit("batch.py", id="batch-1").caption)
    assert [text for text in captions if "lost" in text or "limit" in text] == [told]
    assert not any(OF_396 in text for text in captions)


@pytest.mark.parametrize(
    ("failed", "retrying", "told"),
    [
        (0, 0, ["Failed rows are retried automatically"]),
        (1, 0, ["No automatic retries left"]),
        (2, 1, ["1 failed row will be retried automatically"]),
        (1200, 1200, ["1,200 failed rows will be retried automatically"]),
    ],
)
def test_failed_rows_with_pending_automatic_retries_are_counted(
    desk: StubDesk, visit: Visit, failed: int, retrying: int, told: list[str]
) -> None:
    desk.retrying = retrying
    desk.hold(a_batch(options=LaunchOptions(retries=1)), some_rows(failed=failed, in_progress=1))
    captions = sentences(visit("batch.py", id="batch-1").caption)
    assert [text for text in captions if "automatic" in text] == told


@pytest.mark.parametrize(("failed", "shown"), [(2, False), (3, True)])
def test_rows_that_will_all_be_retried_automatically_need_no_button(
    desk: StubDesk, visit: Visit, failed: int, shown: bool
) -> None:
    desk.retrying = 2
    desk.hold(a_batch(options=LaunchOptions(retries=1)), some_rows(failed=failed, in_progress=1))
    assert ("retry_failed" in buttons(visit("batch.py", id="batch-1"))) is shown


@pytest.mark.parametrize(
    ("state", "retries"), [(BatchState.PAUSED, 1), (BatchState.CANCELED, 1), (BatchState.RUNNING, 0)]
)
def test_where_no_automatic_retries_are_possible_none_are_counted(
    desk: StubDesk, visit: Visit, state: BatchState, retries: int
) -> None:
    desk.hold(a_batch(state=state, options=LaunchOptions(retries=retries)), some_rows(failed=1, in_progress=1))
    captions = sentences(visit("batch.py", id="batch-1").caption)
    assert [text for text in captions if "automatic" in text] == []


@pytest.mark.parametrize(
    ("changes", "rows", "shown"),
    [
        ({}, {"waiting": 1}, True),
        ({"state": BatchState.CANCELED}, {"in_progress": 1}, True),
        ({"state": BatchState.PAUSED}, {"waiting": 1}, False),
        ({"state": BatchState.FINISHED}, {"completed": 1}, False),
        ({"state": BatchState.PAUSED, "connection": "https://api.writer.com"}, {"in_progress": 1}, False),
    ],
)
def test_the_limit_is_reported_only_while_the_batch_moves_here(
    desk: StubDesk, visit: Visit, changes: dict[str, Any], rows: dict[str, int], shown: bool
) -> None:
    desk.hold(a_batch(**changes), some_rows(**rows))
    captions = sentences(visit("batch.py", id="batch-1").caption)
    assert any(OF_396 in text for text in captions) is shown


def test_a_paused_batch_says_why(desk: StubDesk, visit: Visit) -> None:
    paused = a_batch(state=BatchState.PAUSED, pause_kind=PauseKind.KEY_REFUSED, reason="Writer refuses the key.")
    desk.hold(paused, some_rows(waiting=1))
    assert sentences(visit("batch.py", id="batch-1").warning) == [r"Writer refuses the key\."]


def test_a_batch_of_another_connection_says_which_and_what_to_do(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.PAUSED, connection="https://api.writer.com"), some_rows(failed=1))
    (notice,) = sentences(visit("batch.py", id="batch-1").warning)
    assert "launched on https\u2060\\:\\/\\/api\\.writer\\.com, and Copydesk now uses the sandbox" in notice
    assert "the key and address it was launched with" in notice


def failed_for_two_reasons() -> list[RowDetail]:
    """Three failed rows; the last one for a reason of its own."""
    rows = some_rows(failed=3, completed=1)
    rows[2] = replace(rows[2], error="At *capacity*.")
    return rows


def test_reasons_for_failures_are_counted(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED), failed_for_two_reasons())
    texts = sentences(visit("batch.py", id="batch-1").markdown)
    assert r"**2** · The text was too long\." in texts
    assert r"**1** · At \*capacity\*\." in texts


def test_all_rows_that_failed_for_one_reason_are_retried_with_one_click(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.PAUSED), failed_for_two_reasons())
    page = press(visit("batch.py", id="batch-1"), "retry_reason_1")
    assert desk.told == [("retry_reason", "batch-1", "At *capacity*.")]
    assert sentences(page.toast) == [r"The batch is paused\: press Resume to send 2 rows again\."]
    settled(page.run())
    assert len(desk.told) == 1


def test_a_click_counts_for_the_reason_that_was_read_even_when_the_order_has_changed(
    desk: StubDesk, visit: Visit
) -> None:
    desk.hold(a_batch(), failed_for_two_reasons())
    page = visit("batch.py", id="batch-1")
    desk.hold(a_batch(), [a_row(n, RowState.FAILED, error=f"{'At *capacity*.' if n else 'New.'}") for n in range(4)])
    press(page, "retry_reason_1")
    assert desk.told == [("retry_reason", "batch-1", "At *capacity*.")]


def test_rows_of_one_reason_are_shown_alone_until_all_are_shown_again(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED), failed_for_two_reasons())
    page = press(visit("batch.py", id="batch-1"), "show_reason_1")
    assert list(page.dataframe[0].value["number"]) == [4]
    assert r"1 row failed: **At \*capacity\*\.**" in sentences(page.caption)
    assert page.segmented_control[0].value == "failed"
    page = press(page, "show_all_rows")
    assert len(page.dataframe[0].value) == 4
    assert page.segmented_control[0].value == "all"


def test_another_filter_shows_rows_of_every_reason(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED), failed_for_two_reasons())
    page = press(visit("batch.py", id="batch-1"), "show_reason_0")
    page = settled(page.segmented_control(key="status_filter").set_value("completed").run())
    assert statuses(page) == ["Completed"]
    page = settled(page.segmented_control(key="status_filter").set_value("failed").run())
    assert len(page.dataframe[0].value) == 3


def test_a_batch_of_another_connection_shows_reasons_and_retries_none(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.PAUSED, connection="https://api.writer.com"), some_rows(failed=1))
    assert set(buttons(visit("batch.py", id="batch-1"))) == {"cancel", "show_reason_0"}


@pytest.mark.parametrize("kind", [PauseKind.FAULT, PauseKind.SAMPLE, PauseKind.MOST_FAIL])
def test_untrusted_names_show_as_they_are(desk: StubDesk, visit: Visit, kind: PauseKind) -> None:
    agent = Agent("a", f"Agent {HOSTILE}", (AgentInput(HOSTILE, InputType.TEXT),))
    batch = a_batch(name=HOSTILE, filename=f"File {HOSTILE}", agent=agent, reason=HOSTILE)
    batch = replace(batch, state=BatchState.PAUSED, pause_kind=kind, choices={HOSTILE: batch.choices["Product"]})
    rows = [a_row(0, RowState.FAILED, inputs={HOSTILE: [HOSTILE]}, error=HOSTILE)]
    desk.hold(batch, rows)
    page = select(visit("batch.py", id="batch-1"), 0)
    literal = r"\!\[x\]\(http"
    texts = sentences([*page.title, *page.caption, *page.markdown, *page.info, *page.warning, *page.error])
    assert [text for text in texts if "![x]" in text or ":red[" in text] == []
    assert sum(literal in text for text in texts) >= 6
    assert HOSTILE in sentences(page.text)


# the rows


def test_the_table_shows_inputs_by_their_names_and_the_states_as_words(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(completed=1, sending=1))
    frame = visit("batch.py", id="batch-1").dataframe[0].value
    assert frame.to_dict("records") == [
        {
            "number": 2,
            "status": ["Completed"],
            "input_0": "Product 1",
            "suggestion": "Meet product 1.",
            "error": "",
            "input_1": "Warm",
            "attempts": 1,
        },
        {
            "number": 3,
            "status": ["Waiting"],
            "input_0": "Product 2",
            "suggestion": "",
            "error": "",
            "input_1": "Warm",
            "attempts": 0,
        },
    ]


def test_an_input_that_was_left_out_has_no_column_and_the_others_keep_their_values(
    desk: StubDesk, visit: Visit
) -> None:
    desk.hold(a_batch(choices={"Tone": Choice(ChoiceKind.COLUMN, ("Tone",))}), some_rows(completed=1))
    frame = visit("batch.py", id="batch-1").dataframe[0].value
    assert {name: list(frame[name]) for name in frame if name.startswith("input")} == {"input_1": ["Warm"]}


def test_the_filter_shows_rows_in_that_state_only(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED), some_rows(completed=3, failed=2))
    page = visit("batch.py", id="batch-1")
    assert [option.content for option in page.segmented_control[0].proto.options] == [
        "All 5",
        "Completed 3",
        "Failed 2",
    ]
    page = settled(page.segmented_control(key="status_filter").set_value("failed").run())
    assert statuses(page) == ["Failed", "Failed"]


def test_the_filter_for_waiting_rows_shows_those_being_sent_too(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(sending=1, waiting=1, completed=1))
    page = visit("batch.py", id="batch-1")
    assert len(settled(page.segmented_control(key="status_filter").set_value("waiting").run()).dataframe[0].value) == 2


def test_a_moving_batch_has_no_counts_in_its_filter_so_that_a_click_is_always_understood(
    desk: StubDesk, visit: Visit
) -> None:
    desk.hold(a_batch(), some_rows(waiting=1))
    options = visit("batch.py", id="batch-1").segmented_control[0].proto.options
    assert [option.content for option in options] == ["All", "Completed", "Failed", "In progress", "Waiting"]


def test_searching_shows_rows_that_contain_the_text(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(completed=30))
    page = settled(visit("batch.py", id="batch-1").text_input(key="search").set_value(" product 7 ").run())
    assert list(page.dataframe[0].value["input_0"]) == ["Product 7"]
    page = settled(page.text_input(key="search").set_value("nowhere").run())
    assert len(page.dataframe[0].value) == 0
    assert "No rows match. Change the filter or the search." in sentences(page.caption)


def test_rows_come_in_pages_and_a_new_filter_begins_at_the_first(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(completed=250))
    page = visit("batch.py", id="batch-1")
    page.session_state["page"] = 3
    page = settled(page.run())
    assert list(page.dataframe[0].value["number"]) == list(range(202, 252))
    assert "201–250 of 250 rows" in sentences(page.caption)
    page = settled(page.text_input(key="search").set_value("product").run())
    assert page.dataframe[0].value["number"][0] == 2


def test_a_page_that_is_gone_becomes_the_first(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(completed=250))
    page = visit("batch.py", id="batch-1")
    page.session_state["page"] = 3
    page = settled(page.run())
    desk.hold(a_batch(), some_rows(completed=120))
    assert settled(page.run()).dataframe[0].value["number"][0] == 2


# selected rows


def test_without_a_selection_the_panel_says_what_to_do(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(completed=1))
    page = visit("batch.py", id="batch-1")
    assert "**Row details**" in sentences(page.markdown)
    assert "retry_selected" not in buttons(page)


def test_the_open_row_is_shown_in_full_with_every_attempt(desk: StubDesk, visit: Visit) -> None:
    end = LAUNCHED + timedelta(seconds=20)
    attempts = (
        Attempt(1, RowState.COMPLETED, "job-1", "First *try*.", None, LAUNCHED, end),
        Attempt(2, RowState.FAILED, "job-2", None, "Too long.", LAUNCHED, end),
    )
    row = a_row(0, RowState.FAILED, suggestion="First *try*.", error="Too long.", attempts=attempts)
    desk.hold(a_batch(state=BatchState.FINISHED), [row])
    page = select(visit("batch.py", id="batch-1"), 0)
    assert sentences(page.header) == ["Row 2"]
    assert sentences(page.error) == [r"Too long\."]
    assert formatted(page) == "<p>First <em>try</em>.</p>"
    assert sentences(page.code) == ["First *try*."]
    assert sentences(page.text) == ["Product 1", "Warm", "Too long."]
    assert "Suggestion of an earlier attempt · 2 words · 12 characters" in sentences(page.caption)
    assert [expander.label for expander in page.expander] == ["2 attempts"]


def test_what_is_said_of_a_row_that_did_not_fail_is_a_warning(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED), [a_row(0, RowState.UNCONFIRMED, error="The answer was lost.")])
    page = select(visit("batch.py", id="batch-1"), 0)
    assert sentences(page.warning) == [r"The answer was lost\."]
    assert sentences(page.error) == []


def test_ticked_rows_that_failed_are_retried_without_a_question(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED), some_rows(completed=1, failed=3))
    page = select(visit("batch.py", id="batch-1"), 1, 3)
    assert buttons(page)["retry_selected"] == "Retry 2 selected rows"
    press(page, "retry_selected")
    assert desk.told == [("retry", "batch-1", [1, 3])]


@pytest.mark.parametrize(
    ("rows", "warning"),
    [
        (
            {"unconfirmed": 1},
            "1 row is unconfirmed: Writer may have processed it already, so it may be charged twice.",
        ),
        ({"completed": 1}, "1 row is completed: a new suggestion is charged again."),
    ],
)
def test_rows_that_may_be_charged_twice_are_retried_only_after_a_question(
    desk: StubDesk, visit: Visit, rows: dict[str, int], warning: str
) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED), some_rows(**rows))
    page = select(visit("batch.py", id="batch-1"), 0)
    assert buttons(page)["retry_selected"] == "Retry 1 selected row"
    page = press(page, "retry_selected")
    assert desk.told == []
    assert [text for text in sentences(page.warning) if text.startswith(warning)]
    press(page, "confirm_retry")
    assert desk.told == [("retry", "batch-1", [0])]


@pytest.mark.parametrize("state", ["waiting", "in_progress", "skipped"])
def test_rows_that_cannot_be_retried_offer_no_retry(desk: StubDesk, visit: Visit, state: str) -> None:
    desk.hold(a_batch(), some_rows(**{state: 1}))
    assert "retry_selected" not in buttons(select(visit("batch.py", id="batch-1"), 0))


def test_a_batch_of_another_connection_offers_no_retry_of_selected_rows(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED, connection="https://api.writer.com"), some_rows(failed=1))
    assert "retry_selected" not in buttons(select(visit("batch.py", id="batch-1"), 0))


def test_the_selection_stays_on_its_row_when_rows_above_it_leave_the_filter(desk: StubDesk, visit: Visit) -> None:
    rows = some_rows(failed=4, in_progress=1)
    desk.hold(a_batch(), rows)
    page = visit("batch.py", id="batch-1")
    page = settled(page.segmented_control(key="status_filter").set_value("failed").run())
    page = select(page, 2)
    assert sentences(page.header) == ["Row 4"]
    desk.hold(a_batch(), [a_row(0, RowState.COMPLETED), a_row(1, RowState.COMPLETED), *rows[2:]])
    page = settled(page.run())
    assert sentences(page.header) == ["Row 4"]
    assert page.session_state["rows"]["selection"]["rows"] == [0]
    desk.hold(a_batch(), [a_row(position, RowState.COMPLETED) for position in range(3)])
    assert sentences(settled(page.run()).subheader) == []


def test_a_click_on_a_row_opens_it_and_leaves_the_ticked_rows_for_the_bulk_retry(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED), some_rows(failed=4))
    page = select(visit("batch.py", id="batch-1"), clicked=1)
    assert sentences(page.header) == ["Row 3"]
    assert buttons(page)["retry_selected"] == "Retry this row"
    page = select(page, 0, 3, clicked=1)
    assert sentences(page.header) == ["Row 3"]
    assert buttons(page)["retry_selected"] == "Retry 2 selected rows"
    press(page, "retry_selected")
    assert desk.told == [("retry", "batch-1", [0, 3])]


def test_on_a_phone_a_toast_says_once_that_the_row_is_open_below(
    desk: StubDesk, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED), some_rows(completed=3))
    page = select(visit("batch.py", id="batch-1"), clicked=0)
    assert sentences(page.toast) == []
    monkeypatch.setattr(components.page, "on_phone", lambda: True)
    page = select(page, clicked=1)
    assert sentences(page.toast) == ["Row 3 is open below. [Show it](#row-details)"]
    assert [title.anchor for title in page.header if title.value == "Row 3"] == ["row-details"]
    assert sentences(settled(page.run()).toast) == []


def test_the_open_row_is_retried_alone_where_none_is_ticked(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED), some_rows(failed=2))
    press(select(visit("batch.py", id="batch-1"), clicked=1), "retry_selected")
    assert desk.told == [("retry", "batch-1", [1])]


def test_a_clicked_row_stays_open_when_rows_above_it_leave_the_filter(desk: StubDesk, visit: Visit) -> None:
    rows = some_rows(failed=3)
    desk.hold(a_batch(), rows)
    page = visit("batch.py", id="batch-1")
    page = settled(page.segmented_control(key="status_filter").set_value("failed").run())
    page = select(page, clicked=2)
    desk.hold(a_batch(), [a_row(0, RowState.COMPLETED), *rows[1:]])
    page = settled(page.run())
    assert sentences(page.header) == ["Row 4"]
    assert page.session_state["rows"]["selection"]["cells"] == [(1, "suggestion")]
    desk.hold(a_batch(), [a_row(position, RowState.COMPLETED) for position in range(3)])
    assert sentences(settled(page.run()).header) == []


def test_suggestions_are_plain_in_the_table_and_have_more_room_than_errors(desk: StubDesk, visit: Visit) -> None:
    row = a_row(0, RowState.COMPLETED, suggestion="## Soft\n\n- **Warm** and [light](http://x)\n- *Quick")
    desk.hold(a_batch(), [row, a_row(1, RowState.FAILED)])
    page = visit("batch.py", id="batch-1")
    assert page.dataframe[0].value["suggestion"][0] == "Soft Warm and light *Quick"
    assert widths(page)["suggestion"] > widths(page)["error"]
    page = settled(page.segmented_control(key="status_filter").set_value("failed").run())
    assert list(page.dataframe[0].value)[3:5] == ["error", "suggestion"]
    assert widths(page)["error"] > widths(page)["suggestion"]


def widths(page: AppTest) -> dict[str, int]:
    columns = json.loads(page.dataframe[0].proto.columns)
    return {name: column["width"] for name, column in columns.items() if "width" in column}


@pytest.mark.parametrize("length", [MAX_CHARACTERS, MAX_CHARACTERS + 1])
def test_a_suggestion_is_formatted_and_its_source_is_one_switch_away_and_always_on_for_huge_ones(
    desk: StubDesk, visit: Visit, length: int
) -> None:
    text = "**Warm** ".ljust(length, "x")
    desk.hold(a_batch(), [a_row(0, RowState.COMPLETED, suggestion=text, attempts=())])
    page = select(visit("batch.py", id="batch-1"), clicked=0)
    is_huge = length > MAX_CHARACTERS
    assert sentences(page.code) == ([text] if is_huge else [])
    if not is_huge:
        assert formatted(page).startswith("<p><strong>Warm</strong> x")
        assert sentences(settled(page.toggle(key="suggestion_view").set_value(True).run()).code) == [text]


def test_places_beyond_the_table_select_nothing() -> None:
    assert selected([2, 0, 9], ["a", "b", "c"]) == ("a", "c")


def test_the_row_ticked_last_is_open_while_none_has_been_clicked(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(completed=4))
    page = select(visit("batch.py", id="batch-1"), 3)
    page = select(page, 1, 3)
    assert sentences(page.header) == ["Row 3"]
    page = select(page, 3)
    assert sentences(page.header) == ["Row 5"]


# notices that stand on every page


def test_the_sandbox_is_named_on_the_page(visit: Visit) -> None:
    assert visit("batch.py").markdown[0].value.startswith(":violet-badge[Sandbox] :small[:gray[Nothing is charged.")


def test_trouble_with_the_connection_is_reported(desk: StubDesk, visit: Visit) -> None:
    desk.sick = ConnectionHealth(unreachable_since=datetime.now(UTC))
    (notice,) = sentences(visit("batch.py").warning)
    assert notice.startswith("Can't reach Writer since ")
    desk.settings = replace(desk.settings, connection=Connection("https://api.writer.com", "a-long-key-6789"))
    desk.sick = ConnectionHealth(unreachable_since=datetime.now(UTC), key_refused_at=datetime.now(UTC))
    (notice,) = sentences(visit("batch.py").error)
    assert notice.startswith("Writer has rejected the API key …6789 since ")


def test_a_process_that_does_not_run_the_batches_says_so(desk: StubDesk, visit: Visit) -> None:
    desk.works = False
    (notice,) = sentences(visit("batch.py").info)
    assert notice.startswith("These batches run in another Copydesk process.")


@pytest.mark.parametrize(
    ("rows", "most", "said", "label"),
    [
        (
            {"unconfirmed": 3},
            2,
            "3 rows are unconfirmed. At most 2 of them have a job at Writer. "
            "If you send them again, up to 2 may be charged twice.",
            "Send 3 unconfirmed rows again",
        ),
        (
            {"unconfirmed": 2},
            None,
            "2 rows are unconfirmed. If you send them again, up to 2 may be charged twice.",
            "Send 2 unconfirmed rows again",
        ),
        (
            {"unconfirmed": 1},
            None,
            "1 row is unconfirmed. If you send it again, it may be charged twice.",
            "Send 1 unconfirmed row again",
        ),
    ],
)
def test_all_unconfirmed_rows_are_sent_again_after_a_question(
    desk: StubDesk, visit: Visit, rows: dict[str, int], most: int | None, said: str, label: str
) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED), some_rows(**rows))
    desk.most_with_jobs = most
    page = visit("batch.py", id="batch-1")
    assert buttons(page)["resend_unconfirmed"] == label
    assert said in sentences(page.markdown)
    page = press(page, "resend_unconfirmed")
    assert desk.told == []
    assert said in sentences(page.warning)
    press(page, "confirm_resend")
    assert desk.told == [("resend_unconfirmed", "batch-1")]


def test_canceled_rows_are_sent_without_a_question(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.CANCELED), some_rows(completed=1, canceled=2))
    page = visit("batch.py", id="batch-1")
    assert buttons(page)["send_canceled"] == "Send 2 canceled rows"
    press(page, "send_canceled")
    assert desk.told == [("send_canceled", "batch-1")]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (1, ["1 row is unconfirmed: Writer may have processed it. You can resend it once no jobs are running."]),
        (2, ["2 rows are unconfirmed: Writer may have processed them. You can resend them once no jobs are running."]),
        (0, []),
    ],
)
def test_unconfirmed_rows_are_explained_while_nothing_can_be_done_about_them(
    desk: StubDesk, visit: Visit, rows: int, said: list[str]
) -> None:
    desk.hold(a_batch(), some_rows(waiting=1, unconfirmed=rows))
    page = visit("batch.py", id="batch-1")
    assert [text for text in sentences(page.caption) if "unconfirmed" in text] == said
    desk.hold(a_batch(state=BatchState.FINISHED), some_rows(completed=1, unconfirmed=rows))
    assert [text for text in sentences(visit("batch.py", id="batch-1").caption) if "unconfirmed" in text] == []


def test_downloads_and_the_source_say_that_suggestions_are_markdown(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED), some_rows(completed=1))
    page = select(visit("batch.py", id="batch-1"), 0)
    helps = {link.proto.label: link.proto.help for link in page.get("link_button")}
    assert [label for label, words in helps.items() if "Markdown" in words] == ["Download CSV", "XLSX"]
    assert "Markdown" in page.toggle(key="suggestion_view").help


@pytest.mark.parametrize("changes", [{}, {"state": BatchState.FINISHED, "connection": "https://api.writer.com"}])
def test_rows_that_only_a_person_sends_are_offered_at_rest_and_on_their_own_connection(
    desk: StubDesk, visit: Visit, changes: dict[str, Any]
) -> None:
    desk.hold(a_batch(**changes), some_rows(waiting=1, unconfirmed=1, canceled=1))
    assert {"resend_unconfirmed", "send_canceled"}.isdisjoint(buttons(visit("batch.py", id="batch-1")))


@pytest.mark.parametrize(
    ("choice", "opened"),
    [
        ("All 6 rows", "all rows"),
        ("3 rows that failed, were skipped, or came back empty", "failed, skipped, empty"),
    ],
)
def test_a_batch_at_rest_can_be_run_again(visit: Visit, desk: StubDesk, choice: str, opened: str) -> None:
    rows = some_rows(completed=3, failed=1, empty=1, skipped=1)
    desk.hold(a_batch(state=BatchState.FINISHED, finished_at=LAUNCHED), rows)
    page = visit("batch.py", id="batch-1").menu_button(key="run_again").click(choice).run()
    assert plain(f"Opened batch-1 with {opened}.") in [box.value for box in settled(page).error]
