"""Lost and found: jobs that no row knows, beside the unconfirmed rows that they may belong to."""

from collections.abc import Callable
from functools import partial
from typing import NoReturn

import streamlit as st

from components.batch.missing import no_such_batch
from components.found.jobs import MOST_SHOWN, Decision, found_jobs
from components.found.story import intro, list_words, notes
from components.open_rows import send_proven_label
from components.page import attempt, clock, open_page, tell
from components.words import count, number, plain
from services.errors import MissingError
from services.models import BatchSummary, LostAndFound

SEARCHED = "searched_batch"


def read_batch() -> BatchSummary:
    """The batch whose rows are unconfirmed."""
    try:
        return desk.batches.get(batch_id)
    except MissingError:
        no_such_batch()


def search() -> None:
    """Read Writer's list again, once for each visit and whenever a person asks for it."""
    st.session_state[SEARCHED] = batch_id
    with st.spinner("Reading Writer's job list…"):
        worked = attempt(partial(desk.found.search, batch_id))
    if not worked:
        st.rerun()


def run_and_redraw(action: Callable[[], object], news: str = "") -> None:
    """Do what a person asked for, and redraw the page."""
    if attempt(action):
        tell(news)
    st.rerun()


def carry_out(decision: Decision) -> None:
    """Dismiss or assign what was decided."""
    if decision.dismissed is not None:
        run_and_redraw(partial(desk.found.dismiss, batch_id, [decision.dismissed]))
    jobs = len(decision.assigned)
    label = f"Assign {count(jobs, 'job')}"
    if st.button(label, key="assign_found", type="primary", icon=":material/check:", disabled=jobs == 0):
        run_and_redraw(partial(desk.found.assign, batch_id, decision.assigned), f"Assigned {count(jobs, 'job')}.")


def send_proven() -> None:
    """Send the rows that surely have no job, and go back to the batch."""
    if attempt(partial(desk.found.send_proven, batch_id)):
        open_batch()
    st.rerun()


def open_batch() -> NoReturn:
    """Go back to the batch."""
    st.switch_page("batch.py", query_params={"id": batch_id})


def draw_top(found: LostAndFound) -> None:
    """What this is about, how old the list is, and the way back."""
    st.markdown(intro(found) if found.unconfirmed else "No unconfirmed rows are left in this batch.")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(list_words(found, clock), width="content")
        if st.button("Refresh", key="refresh_found", icon=":material/refresh:", help="Read Writer's job list again"):
            search()
            st.rerun()
        if found.dismissed and st.button(
            f"Restore {count(found.dismissed, 'dismissed job')}", key="restore_dismissed", icon=":material/undo:"
        ):
            run_and_redraw(partial(desk.found.restore, batch_id))
        if st.button("Back to the batch", key="back_to_batch", icon=":material/arrow_back:"):
            open_batch()
    for note in notes(found, clock):
        st.info(note, icon=":material/schedule:")


def draw() -> None:
    """The jobs, and what can be done once all of them are assigned or dismissed."""
    found = desk.found.view(batch_id)
    draw_top(found)
    if found.jobs and found.unconfirmed:
        carry_out(found_jobs(found.jobs, clock))
        if len(found.jobs) > MOST_SHOWN:
            st.caption(f"{number(len(found.jobs) - MOST_SHOWN)} more jobs follow when these are done.")
    if found.proven and st.button(
        send_proven_label(found.proven), key="send_proven", type="primary", icon=":material/send:"
    ):
        send_proven()


desk = open_page("Lost jobs")
batch_id = st.query_params.get("batch", "")
summary = read_batch()
st.title(f"Lost jobs of {plain(summary.batch.name)}", anchor=False)
if st.session_state.get(SEARCHED) != batch_id:
    search()
draw()
