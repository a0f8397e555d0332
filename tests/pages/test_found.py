"""The page that shows lost jobs beside the rows they may belong to."""

from dataclasses import replace
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from services.errors import UnreachableError
from services.models import BatchState, Candidate, FoundJob, Job, JobState, LostAndFound
from tests.pages.conftest import Visit, settled
from tests.pages.stub import LAUNCHED, StubDesk, a_batch, some_rows

MUG = Candidate(0, 2, {"Product": ["Linden mug"], "Tone": ["Warm"]}, 0.9)
POT = Candidate(1, 3, {"Product": ["Harbor pot"], "Tone": ["Warm"]}, 0.1)
CLEAR = FoundJob(Job("job-1", JobState.COMPLETED, LAUNCHED, suggestion="Meet the Linden mug."), (MUG, POT), 0)
UNCLEAR = FoundJob(Job("job-2", JobState.IN_PROGRESS, LAUNCHED), (POT, MUG), None)
NOBODYS = FoundJob(Job("job-3", JobState.FAILED, LAUNCHED, error="Too *long*."), (), None)
FOUND = LostAndFound((CLEAR, UNCLEAR, NOBODYS), 2, 0, 0, 0, LAUNCHED, None)


@pytest.fixture
def page(desk: StubDesk, visit: Visit) -> AppTest:
    desk.hold(a_batch(state=BatchState.FINISHED), some_rows(unconfirmed=2))
    desk.found.held = FOUND
    return visit("found.py", batch="batch-1")


def press(page: AppTest, key: str) -> AppTest:
    return settled(page.button(key=key).click().run())


def orders(desk: StubDesk) -> list[tuple[object, ...]]:
    return [order for order in desk.told if order[0] != "start"]


def test_a_visit_reads_the_list_once_and_proposes_what_clearly_fits(desk: StubDesk, page: AppTest) -> None:
    assert page.title[0].value == "Lost jobs of Spring range"
    assert orders(desk) == [("search", "batch-1")]
    assert [(box.value, box.options) for box in page.selectbox] == [
        (0, ["Row 2 · Linden mug, Warm", "Row 3 · Harbor pot, Warm"]),
        (None, ["Row 3 · Harbor pot, Warm", "Row 2 · Linden mug, Warm"]),
    ]
    assert [(box.label, box.value) for box in page.checkbox] == [("Assign to row 2", True)]
    assert page.button(key="assign_found").label == "Assign 1 job"
    captions = [caption.value for caption in page.caption]
    assert "No unconfirmed row was being sent when this job was created." in captions
    assert "3 jobs to assign or dismiss · list read Mar 10, 10:30 AM" in captions
    page = settled(page.run())
    assert orders(desk) == [("search", "batch-1")]
    press(page, "refresh_found")
    assert orders(desk) == [("search", "batch-1")] * 2


def test_what_is_ticked_is_assigned_with_one_button(desk: StubDesk, page: AppTest) -> None:
    page = settled(page.selectbox(key="row_for_1").set_value(1).run())
    assert page.button(key="assign_found").label == "Assign 2 jobs"
    page = settled(page.checkbox(key="assign_0").uncheck().run())
    page = press(page, "assign_found")
    assert orders(desk)[-1] == ("assign", "batch-1", {"job-2": 1})
    assert [toast.value for toast in page.toast] == [r"Assigned 1 job\."]


def test_what_somebody_else_did_meanwhile_is_said(desk: StubDesk, page: AppTest) -> None:
    desk.refusal = "Row 2 isn't unconfirmed any more."
    page = press(page, "assign_found")
    assert [box.value for box in page.error][:1] == [r"Row 2 isn\'t unconfirmed any more\."]


def test_what_was_chosen_for_a_job_stays_with_it_when_another_one_goes(desk: StubDesk, page: AppTest) -> None:
    page = settled(page.selectbox(key="row_for_1").set_value(1).run())
    page = press(page, "dismiss_0")
    assert orders(desk)[-1] == ("dismiss", "batch-1", ["job-1"])
    assert [(box.key, box.value) for box in page.selectbox] == [("row_for_1", 1)]
    page = press(page, "restore_dismissed")
    assert orders(desk)[-1] == ("restore", "batch-1")


def test_once_nothing_is_left_the_rows_are_sent_without_a_warning(desk: StubDesk, page: AppTest) -> None:
    desk.found.held = LostAndFound((), 2, 2, 1, 0, LAUNCHED, None)
    page = settled(page.run())
    assert page.button(key="send_proven").label == "Send 2 rows again; no job exists for them"
    assert [box.value for box in page.warning] == []
    page = press(page, "send_proven")
    assert orders(desk)[-1] == ("send_proven", "batch-1")
    assert page.title[0].value.startswith("Spring range")


def test_what_is_not_proven_yet_or_never_will_be_is_said(desk: StubDesk, page: AppTest) -> None:
    desk.found.held = LostAndFound((), 3, 0, 0, 1, LAUNCHED, LAUNCHED + timedelta(minutes=5))
    page = settled(page.run())
    assert [box.value for box in page.info] == [
        "Jobs that were created late may still be missing from Writer's list. Refresh after Mar 10, 10:35 AM to be "
        "sure that there are no others.",
        "For 1 row, nothing can prove that no job exists, so sending it again may charge it twice.",
    ]
    assert "send_proven" not in [button.key for button in page.button]


def test_when_the_list_cannot_be_read_the_page_says_why(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(), some_rows(unconfirmed=1))
    desk.found.error = UnreachableError("Can't reach Writer.")
    page = visit("found.py", batch="batch-1")
    assert [box.value for box in page.error] == [r"Can\'t reach Writer\."]
    assert orders(desk) == [("search", "batch-1")]


def test_the_batch_page_leads_there_and_offers_rows_without_a_job(desk: StubDesk, visit: Visit) -> None:
    desk.hold(a_batch(state=BatchState.FINISHED), some_rows(unconfirmed=3, completed=1))
    page = visit("batch.py", id="batch-1")
    assert page.button(key="find_jobs").label == "Find lost jobs"
    desk.found.held = LostAndFound((), 3, 2, 0, 1, LAUNCHED, None)
    page = settled(page.run())
    assert "3 rows are unconfirmed. At most 1 of them has a job at Writer. If you send them again, up to 1 may be" in (
        " ".join(text.value for text in page.markdown)
    )
    assert page.button(key="send_proven").label == "Send 2 rows again; no job exists for them"
    desk.found.held = LostAndFound((), 3, 3, 0, 0, LAUNCHED, None)
    page = settled(page.run())
    assert "find_jobs" not in [button.key for button in page.button]
    assert "resend_unconfirmed" not in [button.key for button in page.button]
    press(page, "send_proven")
    assert orders(desk)[-1] == ("send_proven", "batch-1")


def test_a_batch_that_is_gone_has_a_way_back(visit: Visit) -> None:
    assert visit("found.py", batch="gone").title[0].value == "This batch doesn't exist"


def test_an_assigned_attempt_says_so(desk: StubDesk, visit: Visit) -> None:
    (row,) = some_rows(completed=1)
    assigned = replace(row, attempts=(replace(row.attempts[0], assigned_at=LAUNCHED),))
    desk.hold(a_batch(state=BatchState.FINISHED), [assigned])
    page = visit("batch.py", id="batch-1")
    page.session_state["rows"] = {"selection": {"rows": [], "columns": [], "cells": [(0, "status")]}}
    page = settled(page.run())
    assert "assigned by hand Mar 10, 10:30 AM" in " ".join(text.value for text in page.markdown)
