"""One batch, live: how far it is, its rows, one row whole, and what can be done with them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NoReturn

import streamlit as st

from components.asking import ask_cancel, ask_retry, retry_warnings
from components.batch.header import (
    Order,
    head,
    least_left,
    standing_notice,
    still_collecting,
    story,
    tab_words,
    time_left,
    what_retry_does,
)
from components.batch.pace import RESTING, pace, retrying
from components.batch.progress import progress
from components.batch.row_panel import no_row_panel, retry_button, row_panel, why_failed
from components.batch.row_table import Filter, Picked, input_columns, row_filter, row_pages, row_table, say_range
from components.page import attempt, clock, now, open_page, tab_title, tell
from components.refresh import auto_refresh
from services.desk import PAGE_ROWS
from services.errors import MissingError
from services.models import BatchState, BatchSummary, RowPage, RowPreview, RowState, moving, retryable, sendable

REFRESH_SECONDS = 1.5
"""Between two looks at a batch that moves."""
REST_SECONDS = 5
"""Between two looks at one that rests: somebody else may resume it or retry rows."""


def missing() -> NoReturn:
    """Say that there is no such batch, and end the page."""
    st.title("There is no such batch", anchor=False)
    st.markdown("It may have been deleted, or the address is not complete.")
    st.page_link("batches.py", label="See all batches", icon=":material/view_list:")
    st.stop()


def read_batch() -> BatchSummary:
    """The batch as it is now."""
    try:
        return desk.batches.get(batch_id)
    except MissingError:
        missing()


def order_and_redraw(action: Callable[[], object]) -> None:
    """Do what a person asked for and draw the whole page anew."""
    attempt(action)
    st.rerun()


def retry(summary: BatchSummary, positions: Sequence[int] | None = None) -> None:
    """Send rows again, those given or all that failed, and say so where they have to wait."""
    tell(what_retry_does(summary.batch, desk.rows.retry(batch_id, positions)))


def ask(question: str, *positions: int) -> None:
    """Have the page draw a dialog, outside of what is refreshed."""
    st.session_state["question"] = (batch_id, question, positions)
    st.rerun()


def answer_questions(summary: BatchSummary) -> None:
    """Open the dialog that was asked for."""
    about, question, positions = st.session_state.pop("question", ("", "", ()))
    if about != batch_id:
        return
    if question == "cancel":
        ask_cancel(summary.counts, partial(order_and_redraw, partial(desk.batches.cancel, batch_id)))
    else:
        warnings = st.session_state.pop("warnings", [])
        ask_retry(len(positions), warnings, partial(order_and_redraw, partial(retry, summary, positions)))


def obey(order: Order | None, summary: BatchSummary) -> None:
    """Carry out a button of the head."""
    if order is Order.CANCEL:
        ask("cancel")
    elif order is Order.RETRY_FAILED:
        order_and_redraw(partial(retry, summary))
    elif order is not None:
        actions: dict[Order, Callable[[str], object]] = {
            Order.PAUSE: desk.batches.pause,
            Order.RESUME: desk.batches.resume,
            Order.RESUME_ANYWAY: desk.batches.resume_anyway,
            Order.RUN_REMAINING: desk.batches.run_remaining,
        }
        order_and_redraw(partial(actions[order], batch_id))


def expectation(summary: BatchSummary) -> str:
    """How long the batch still takes, as far as that can be told, or what a batch that sends no more still does."""
    counts = summary.counts
    at_writer = counts[RowState.IN_PROGRESS] + counts[RowState.SENDING]
    if summary.batch.state is BatchState.CANCELED and at_writer:
        return still_collecting(at_writer)
    if summary.batch.state is not BatchState.RUNNING or not counts.unfinished + counts.retrying:
        return ""
    if (left := desk.batches.time_left(summary)) is not None:
        return time_left(left)
    # while Writer is out of reach nobody knows for how long
    return "" if desk.health().unreachable_since is not None else least_left(desk.batches.least_minutes(summary))


def right_now(summary: BatchSummary) -> list[str]:
    """What goes on at this moment, in short sentences; nothing where the batch belongs to elsewhere."""
    if summary.batch.connection != desk.connection.id:
        return []
    if not moving(summary.batch, summary.counts):
        return [RESTING]
    counts = summary.counts
    lost = desk.rows.lost(batch_id) if counts[RowState.SENDING] else 0
    told = pace(desk.load(), now(), waiting=sendable(summary.batch, counts) > 0, lost=lost)
    if summary.batch.state is BatchState.RUNNING and summary.batch.options.retries:  # 0 too, so that nothing moves
        told.append(retrying(counts.retrying, counts[RowState.FAILED]))
    return told


def draw_head(summary: BatchSummary) -> None:
    """Name, state, buttons, progress."""
    batch, counts = summary.batch, summary.counts
    st.set_page_config(page_title=tab_title(tab_words(batch, counts)))
    told = story(batch, st.context.timezone, now(), expectation(summary))
    order = head(batch, counts, desk.connection.id, told)
    way_on = standing_notice(batch, counts, desk.connection.id)
    obey(order or way_on, summary)
    progress(counts, right_now(summary))


def read_rows(chosen: Filter) -> RowPage:
    """The page of rows that is asked for; the first one where that page is gone."""
    page = desk.rows.page(batch_id, chosen.states, chosen.search, chosen.page)
    if page.rows or chosen.page == 1:
        return page
    st.session_state["page"] = 1
    return desk.rows.page(batch_id, chosen.states, chosen.search, 1)


def draw_rows(summary: BatchSummary) -> tuple[Picked, RowPage]:
    """Filter, table and pages; gives what is selected."""
    chosen = row_filter(summary.counts, resting=not moving(summary.batch, summary.counts))
    page = read_rows(chosen)
    say_range(page, PAGE_ROWS, st.session_state.get("page", 1))
    picked = row_table(page, input_columns(summary.batch))
    row_pages(page, PAGE_ROWS)
    return picked, page


def retry_rows(summary: BatchSummary, rows: Sequence[RowPreview]) -> None:
    """Send rows again, after asking where it may cost twice."""
    states = [row.state for row in rows]
    positions = [row.position for row in rows]
    warnings = retry_warnings(states.count(RowState.COMPLETED), states.count(RowState.UNCONFIRMED))
    if warnings:
        st.session_state["warnings"] = warnings
        ask("retry", *positions)
    order_and_redraw(partial(retry, summary, positions))


def draw_panel(summary: BatchSummary, picked: Picked, page: RowPage) -> None:
    """The selected row, or what to do when there is none."""
    again = [row for row in page.rows if row.position in picked.rows and retryable(row.state)]
    if picked.latest is None:
        no_row_panel(bool(page.rows))
    else:
        with st.container(border=True, key="row"):
            if again and summary.batch.connection == desk.connection.id and retry_button(len(again)):
                retry_rows(summary, again)
            row_panel(desk.rows.get(batch_id, picked.latest), clock)
    if summary.counts[RowState.FAILED]:
        why_failed(desk.rows.failure_reasons(batch_id))


def moves() -> bool:
    """Whether the batch changes by itself."""
    summary = read_batch()
    return moving(summary.batch, summary.counts)


def draw() -> None:
    """The whole screen."""
    summary = read_batch()
    draw_head(summary)
    table, panel = st.columns([7, 3], gap="medium")
    with table:
        picked, page = draw_rows(summary)
    with panel:
        draw_panel(summary, picked, page)


desk = open_page("Batch")
batch_id = st.query_params.get("id", "")
answer_questions(read_batch())
auto_refresh(draw, moves, REFRESH_SECONDS, REST_SECONDS)
