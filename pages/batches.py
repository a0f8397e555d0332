"""All batches, newest first: open one, or delete one that has ended."""

from functools import partial
from typing import NoReturn

import streamlit as st

from components.asking import ask_delete
from components.batches.table import actions_place, batch_table, no_batches, open_button
from components.page import attempt, clock, open_page
from components.refresh import auto_refresh
from services.desk import PAGE_BATCHES
from services.models import BatchPage, BatchSummary, deletable, moving

REFRESH_S = 2
"""Between two refreshes while a batch is moving."""
REST_S = 10
"""Between two refreshes while none is: somebody else may launch one."""


def read_page() -> BatchPage:
    """The requested page of batches."""
    return desk.batches.page(int(st.session_state.get("batches_page", 1)))


def is_moving() -> bool:
    """Whether the list is changing on its own."""
    return any(moving(summary.batch, summary.counts) for summary in read_page().batches)


def delete(batch_id: str) -> None:
    """Delete a batch, and redraw the list without it."""
    attempt(partial(desk.batches.delete, batch_id))
    st.rerun()


def answer_questions() -> None:
    """Open the dialog that was asked for."""
    summary: BatchSummary | None = st.session_state.pop("delete_question", None)
    if summary is not None:
        ask_delete(summary.batch.name, summary.counts, partial(delete, summary.batch.id))


def open_batch(batch_id: str) -> NoReturn:
    """Go to the page of a batch."""
    st.switch_page("batch.py", query_params={"id": batch_id})


def draw_actions(ticked: BatchSummary | None) -> None:
    """What can be done with the ticked batch, or how to choose one."""
    with actions_place():
        if ticked is None:
            st.caption("Click a batch's name to open it. To delete one, check its box.", width="content")
            return
        if open_button():
            open_batch(ticked.batch.id)
        if not deletable(ticked.batch, ticked.counts):
            st.caption("Only a batch that has ended can be deleted.", width="content")
        elif st.button("Delete batch", key="delete", icon=":material/delete:"):
            st.session_state["delete_question"] = ticked
            st.rerun()


def draw() -> None:
    """The list."""
    page = read_page()
    if not page.total:
        no_batches()
        return
    actions = st.container()
    picked = batch_table(page.batches, clock)
    if picked.clicked is not None:
        open_batch(picked.clicked)
    with actions:
        draw_actions(picked.ticked)
    pages = -(-page.total // PAGE_BATCHES)
    if pages > 1:
        st.pagination(pages, key="batches_page")


desk = open_page("Batches")
st.title("Batches", anchor=False)
answer_questions()
auto_refresh(draw, is_moving, REFRESH_S, REST_S)
