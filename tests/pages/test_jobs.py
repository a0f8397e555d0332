"""The page of an agent's jobs."""

from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from components.jobs.collect import parse_ids
from components.jobs.results import left_out_words, lost_words, not_retried_words
from components.jobs.table import list_words
from services.models import (
    BatchState,
    CollectedJobs,
    CollectScope,
    Job,
    JobList,
    JobRetry,
    JobRow,
    JobState,
    ListedJob,
    RetriedJobs,
    RowState,
)
from tests.pages.conftest import Visit, settled
from tests.pages.stub import AGENT, LAUNCHED, StubDesk, a_batch, a_row

DONE = Job("job-1", JobState.COMPLETED, LAUNCHED, LAUNCHED + timedelta(seconds=20), "Meet **mugs**.", "Copy")
FAILED = Job("job-2", JobState.FAILED, LAUNCHED, LAUNCHED, error="The *text* was too long.")
ROW = JobRow("batch-1", "Spring range", 4, 6, RowState.FAILED, is_current=True)


@pytest.fixture
def page(desk: StubDesk, visit: Visit) -> AppTest:
    desk.agents.held = [AGENT]
    desk.jobs.held = (ListedJob(FAILED), ListedJob(DONE), ListedJob(Job("job-3", JobState.FAILED), ROW))
    return visit("jobs.py", agent=AGENT.id)


def tick(page: AppTest, *places: int, cell: int | None = None) -> AppTest:
    cells = [] if cell is None else [(cell, "status")]
    page.session_state["jobs"] = {"selection": {"rows": list(places), "columns": [], "cells": cells}}
    return settled(page.run())


def press(page: AppTest, key: str) -> AppTest:
    return settled(page.button(key=key).click().run())


def orders(desk: StubDesk) -> list[tuple[object, ...]]:
    return [order for order in desk.told if order[0] not in ("jobs", "list", "start")]


def test_jobs_are_listed_with_where_they_belong(page: AppTest) -> None:
    assert page.title[0].value == "Jobs of Product description"
    frame = page.dataframe[0].value
    assert list(frame["where"]) == ["Started elsewhere", "Started elsewhere", "Spring range, row 6"]
    assert list(frame["suggestion"]) == ["", "Meet mugs.", ""]
    assert list(frame["error"]) == ["The *text* was too long.", "", ""]
    assert page.button(key="retry_shown_jobs").label == "Retry 2 failed jobs on this page"


def test_a_job_opens_with_everything_that_writer_says(page: AppTest) -> None:
    page = tick(page, cell=1)
    assert [header.value for header in page.header] == ["Copy"]
    captions = [caption.value for caption in page.caption]
    assert "Created Mar 10, 10:30 AM · last changed Mar 10, 10:30 AM · took about 20 seconds" in captions
    assert {r"Job job\-1", "Started elsewhere"} <= set(captions)
    assert "retry_job" not in [button.key for button in page.button]


def test_a_retry_asks_first_with_the_number_and_says_that_each_is_charged(desk: StubDesk, page: AppTest) -> None:
    page = press(tick(page, 0, 1), "retry_selected_jobs")
    assert orders(desk) == []
    assert "Each retried job is charged." in [text.value for text in page.markdown]
    assert page.button(key="confirm_retry_jobs").label == "Retry 1 job"
    page = press(page, "confirm_retry_jobs")
    assert orders(desk) == [("retry_jobs", AGENT.id, ["job-2"])]
    assert [toast.value for toast in page.toast] == [r"Retrying 1 job\."]


def test_all_failed_jobs_on_the_page_are_retried_with_one_question(desk: StubDesk, page: AppTest) -> None:
    desk.jobs.retried = RetriedJobs(0, ("job-2",), ("Writer *refused*.",), 1)
    page = press(press(page, "retry_shown_jobs"), "confirm_retry_jobs")
    assert orders(desk) == [("retry_jobs", AGENT.id, ["job-2", "job-3"])]
    assert [warning.value for warning in page.warning] == [
        lost_words(desk.jobs.retried),
        r"1 job wasn't retried. Writer \*refused\*\.",
    ]


def test_the_row_of_a_job_is_one_click_away(desk: StubDesk, page: AppTest) -> None:
    desk.hold(a_batch(), [a_row(0, RowState.COMPLETED)])
    page = press(tick(page, cell=2), "open_batch_of_job")
    assert page.query_params["id"] == "batch-1"
    assert page.title[0].value.startswith("Spring range")


def test_a_lost_retry_says_what_to_do_and_offers_no_other(desk: StubDesk, page: AppTest) -> None:
    retry = JobRetry(LAUNCHED, None, FAILED.updated_at, None)
    desk.jobs.held = (ListedJob(FAILED, retry=retry),)
    page = tick(page, cell=0)
    assert [warning.value for warning in page.warning] == [
        "Retried Mar 10, 10:30 AM, and Writer's answer was lost, so this job may be running again. Copydesk won't "
        "retry it twice. Refresh in a minute; if it's still failed and no new job has appeared, "
        "start it again in Writer."
    ]
    assert not [button for button in page.button if (button.key or "").startswith("retry")]


def test_jobs_are_collected_into_a_batch_that_says_what_is_missing(desk: StubDesk, page: AppTest) -> None:
    batch = a_batch(is_collected=True, columns=("Job", "Title", "Created"), state=BatchState.FINISHED, filename="")
    states = [RowState.COMPLETED, RowState.FAILED, RowState.EMPTY]
    rows = [a_row(n, state, cells=(f"job-{n}", "Copy", "Today")) for n, state in enumerate(states)]
    desk.hold(batch, rows)
    desk.jobs.collected = CollectedJobs("batch-1", 3, in_batches=2)
    page = press(page, "collect_jobs")
    assert orders(desk) == [("collect", AGENT.id, CollectScope(), "Jobs of Product description")]
    assert [info.value for info in page.info] == ["Collected 3 jobs.\n- 2 jobs belong to batches already."]
    assert page.button(key="retry_failed").label == "Retry 1 failed row"
    assert any(caption.value.endswith(r"3 rows · collected Mar 10, 10:30 AM") for caption in page.caption)


def test_ids_can_be_pasted_and_when_there_is_nothing_the_page_says_why(desk: StubDesk, page: AppTest) -> None:
    page = settled(page.radio(key="collect_which").set_value("Job IDs").run())
    assert page.button(key="collect_jobs").disabled
    page = settled(page.text_area(key="collect_ids").set_value("job-1, job-2\njob-1").run())
    desk.jobs.collected = CollectedJobs(None, in_batches=1, unknown_ids=("job-2",))
    page = press(page, "collect_jobs")
    assert orders(desk)[0][2] == CollectScope(ids=("job-1", "job-2"))
    assert [info.value for info in page.info] == [
        "No jobs to collect.\n- 1 job belongs to a batch already.\n" r"- Not jobs of this agent: job\-2."
    ]


def test_a_filter_shows_the_jobs_of_one_state(desk: StubDesk, page: AppTest) -> None:
    page.session_state["job_filter"] = "completed"
    page = settled(page.run())
    assert desk.told[-1] == ("jobs", AGENT.id, JobState.COMPLETED, 1, False)
    assert list(page.dataframe[0].value["id"]) == ["job-1"]
    page = press(page, "refresh_jobs")
    assert desk.told[-1] == ("jobs", AGENT.id, JobState.COMPLETED, 1, True)


def test_an_agent_that_is_gone_has_a_way_back(desk: StubDesk, visit: Visit) -> None:
    page = visit("jobs.py", agent="gone")
    assert page.title[0].value == "This agent isn't in your list"


def test_the_list_says_how_old_it_is_and_never_claims_an_order_that_it_has_not() -> None:
    now = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
    older = Job("old", JobState.COMPLETED, LAUNCHED - timedelta(days=1))
    newest = JobList((ListedJob(DONE), ListedJob(older)), 1, 1, 1_204, now - timedelta(seconds=12), "")
    oldest = JobList((ListedJob(older), ListedJob(DONE)), 1, 1, None, now - timedelta(seconds=500), "")
    assert list_words(newest, lambda _: "then", now) == "1,204 jobs · newest first · updated 12 s ago"
    assert list_words(oldest, lambda _: "then", now) == "in Writer's order · updated then"
    assert list_words(JobList((), 1, 1, None, None, "No."), lambda _: "then", now) == "Not read yet"


def test_results_are_said_in_words() -> None:
    assert lost_words(RetriedJobs()) == not_retried_words(RetriedJobs()) == ""
    assert not_retried_words(RetriedJobs(not_retried=2)) == (
        "2 jobs weren't retried. Their states have changed since the page was drawn. Refresh to see the latest ones."
    )
    assert left_out_words(CollectedJobs(None, 0, 1, 2, 1, 1, 1, tuple("abcdefg"), 3)) == [
        "1 job belongs to a batch already.",
        "2 jobs were left out because Copydesk was sending rows when they were created. Collect them in a minute.",
        "1 job may belong to an unconfirmed row. Open that batch and press Find lost jobs first.",
        "1 job was left out because its last retry isn't settled.",
        "1 job has no ID that Copydesk can read.",
        "3 jobs weren't listed by Writer. Collect again to include them.",
        "Not jobs of this agent: a, b, c, d, e and 2 more.",
    ]


def test_ids_are_read_from_whatever_is_pasted() -> None:
    assert parse_ids(" \"a-1\",\n'b'; c\ta-1 ") == ("a-1", "b", "c")
