"""All batches, newest first: open one, or delete one that is over."""

from functools import partial

import streamlit as st

from components.asking import ask_delete
from components.batches.table import batch_table, no_batches, open_button
from components.page import attempt, clock, open_page
from components.refresh import auto_refresh
from services.desk import PAGE_BATCHES
from services.models import BatchPage, BatchSummary, deletable, moving

REFRESH_SECONDS = 2
"""Between two looks at the list while a batch moves."""
REST_SECONDS = 10
"""Between two looks while none does: somebody else may launch one."""


def read_page() -> BatchPage:
    """The page of batches that is asked for."""
    return desk.batches.page(int(st.session_state.get("batches_page", 1)))


def moves() -> bool:
    """Whether the list changes by itself."""
    return any(moving(summary.batch, summary.counts) for summary in read_page().batches)


def delete(batch_id: str) -> None:
    """Delete a batch, and draw the list without it."""
    attempt(partial(desk.batches.delete, batch_id))
    st.rerun()


def answer_questions() -> None:
    """Open the dialog that was asked for."""
    summary: BatchSummary | None = st.session_state.pop("delete_question", None)
    if summary is not None:
        ask_delete(summary.batch.name, summary.counts, partial(delete, summary.batch.id))


def draw_actions(chosen: BatchSummary | None) -> None:
    """What can be done with the selected batch."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        opening = open_button(chosen is not None)
        if chosen is None:
            st.caption("Select a batch by the box at its left.", width="content")
            return
        if opening:
            st.switch_page("batch.py", query_params={"id": chosen.batch.id})
        if deletable(chosen.batch, chosen.counts) and st.button("Delete", key="delete", icon=":material/delete:"):
            st.session_state["delete_question"] = chosen
            st.rerun()


def draw() -> None:
    """The list."""
    page = read_page()
    if not page.total:
        no_batches()
        return
    actions = st.container()
    chosen = batch_table(page.batches, clock)
    with actions:
        draw_actions(chosen)
    pages = -(-page.total // PAGE_BATCHES)
    if pages > 1:
        st.pagination(pages, key="batches_page")


desk = open_page("Batches")
st.title("Batches", anchor=False)
answer_questions()
auto_refresh(draw, moves, REFRESH_SECONDS, REST_SECONDS)
