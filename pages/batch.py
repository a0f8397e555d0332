"""One batch, live: its progress, its rows, one row in full, and what can be done with them."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from components import open_rows
from components.asking import ask_cancel, ask_resend, ask_retry, retry_warnings
from components.batch.again import run_again
from components.batch.header import (
    Order,
    graphs_used,
    head,
    least_left,
    pause_notice,
    still_running,
    story,
    tab_words,
    time_left,
    what_retry_does,
)
from components.batch.missing import no_such_batch
from components.batch.progress import progress
from components.batch.reasons import why_failed
from components.batch.row_panel import collected_note, no_row_panel, retry_button, row_panel, say_row_is_below
from components.batch.row_table import (
    Filter,
    Picked,
    input_columns,
    row_filter,
    row_pages,
    row_table,
    say_range,
    shown_reason,
)
from components.jobs.results import show_collected
from components.pace import RESTING, pace, retrying, uploading
from components.page import attempt, clock, now, on_phone, open_page, tab_title, tell
from components.refresh import auto_refresh
from services.desk import PAGE_ROWS
from services.errors import MissingError
from services.models import (
    BatchState,
    BatchSummary,
    CollectedJobs,
    Draft,
    RowPage,
    RowPreview,
    RowState,
    moving,
    retryable,
    sendable,
)

REFRESH_S = 1.5
"""Between two refreshes while the batch is moving."""
REST_S = 5
"""Between two refreshes while it isn't: somebody else may resume it or retry rows."""

LAST_OPEN = "last_open"
"""In the session: the row that is open, and its batch."""


def read_batch() -> BatchSummary:
    """The batch as it is now."""
    try:
        return desk.batches.get(batch_id)
    except MissingError:
        no_such_batch()


def run_and_redraw(action: Callable[[], object]) -> None:
    """Do what a person asked for and redraw the whole page."""
    attempt(action)
    st.rerun()


def retry(summary: BatchSummary, positions: Sequence[int] | None = None) -> None:
    """Retry these rows or all that failed, and say so where they have to wait."""
    tell(what_retry_does(summary.batch, desk.rows.retry(batch_id, positions)))


def ask(question: str, *positions: int) -> None:
    """Have the page draw a dialog, outside the fragment that is refreshed."""
    st.session_state["question"] = (batch_id, question, positions)
    st.rerun()


def answer_questions(summary: BatchSummary) -> None:
    """Open the dialog that was asked for."""
    about, question, positions = st.session_state.pop("question", ("", "", ()))
    if about != batch_id:
        return
    if question == "cancel":
        ask_cancel(summary.counts, partial(run_and_redraw, partial(desk.batches.cancel, batch_id)))
    elif question == "resend":
        unconfirmed = summary.counts[RowState.UNCONFIRMED]
        most, proven = desk.rows.most_with_jobs(batch_id), desk.found.proven(batch_id)
        warning = open_rows.warning(unconfirmed, most, proven)
        ask_resend(unconfirmed, warning, partial(run_and_redraw, partial(resend_unconfirmed, summary)))
    else:
        warnings = st.session_state.pop("warnings", [])
        ask_retry(len(positions), warnings, partial(run_and_redraw, partial(retry, summary, positions)))


def carry_out(order: Order | None, summary: BatchSummary) -> None:
    """Carry out a button of the head."""
    if order is Order.CANCEL:
        ask("cancel")
    elif order is Order.RETRY_FAILED:
        run_and_redraw(partial(retry, summary))
    elif order is not None:
        actions: dict[Order, Callable[[str], object]] = {
            Order.PAUSE: desk.batches.pause,
            Order.RESUME: desk.batches.resume,
            Order.RESUME_ANYWAY: desk.batches.resume_anyway,
            Order.RUN_REMAINING: desk.batches.run_remaining,
        }
        run_and_redraw(partial(actions[order], batch_id))


def ask_or_send(chosen: open_rows.Choice | None, summary: BatchSummary) -> None:
    """Send the rows that only a person sends; unconfirmed ones after a question, unless they surely have no job."""
    if chosen is open_rows.Choice.RESEND_UNCONFIRMED:
        ask("resend")
    elif chosen is open_rows.Choice.FIND_JOBS:
        st.session_state.pop("searched_batch", None)
        st.switch_page("found.py", query_params={"batch": batch_id})
    elif chosen is open_rows.Choice.SEND_PROVEN:
        run_and_redraw(lambda: tell(what_retry_does(summary.batch, desk.found.send_proven(batch_id))))
    elif chosen is open_rows.Choice.SEND_CANCELED:
        run_and_redraw(lambda: tell(what_retry_does(summary.batch, desk.rows.send_canceled(batch_id))))


def resend_unconfirmed(summary: BatchSummary) -> None:
    """Send all unconfirmed rows again, and say so where they have to wait."""
    tell(what_retry_does(summary.batch, desk.rows.resend_unconfirmed(batch_id)))


def draw_open_rows(summary: BatchSummary) -> None:
    """The rows that only a person sends, once the batch is at rest: until then there may be more of them."""
    if moving(summary.batch, summary.counts) or summary.batch.connection != desk.connection.id:
        return
    unconfirmed = summary.counts[RowState.UNCONFIRMED]
    most = desk.rows.most_with_jobs(batch_id) if unconfirmed else None
    proven = desk.found.proven(batch_id) if unconfirmed else 0
    ask_or_send(open_rows.open_rows(summary.counts, most, proven), summary)


def expectation(summary: BatchSummary) -> str:
    """The time left as far as that is known, or what is left to finish in a canceled batch."""
    counts = summary.counts
    jobs = counts[RowState.IN_PROGRESS] + counts[RowState.SENDING]
    if summary.batch.state is BatchState.CANCELED and jobs:
        return still_running(jobs)
    if summary.batch.state is not BatchState.RUNNING or not counts.unfinished + counts.retrying:
        return ""
    if (left := desk.batches.time_left(summary)) is not None:
        return time_left(left)
    # nobody knows how long Writer will be unreachable
    return "" if desk.health().unreachable_since is not None else least_left(desk.batches.least_minutes(summary))


def right_now(summary: BatchSummary) -> list[str]:
    """What is happening at the moment, in short sentences; nothing where the batch belongs to another connection."""
    if summary.batch.connection != desk.connection.id:
        return []
    if not moving(summary.batch, summary.counts):
        return [RESTING]
    counts = summary.counts
    lost = desk.rows.lost(batch_id) if counts[RowState.SENDING] else 0
    parts = pace(desk.load(), now(), waiting=sendable(summary.batch, counts) > 0, lost=lost)
    if files := uploading(desk.files.upload_progress(summary.batch)):
        parts.append(files)
    if summary.batch.state is BatchState.RUNNING and summary.batch.options.retries:  # 0 too, so that nothing moves
        parts.append(retrying(counts.retrying, counts[RowState.FAILED]))
    if unconfirmed := open_rows.in_passing(counts[RowState.UNCONFIRMED]):
        parts.append(unconfirmed)
    return parts


def draw_head(summary: BatchSummary) -> None:
    """Name, state, buttons, progress."""
    batch, counts = summary.batch, summary.counts
    st.set_page_config(page_title=tab_title(tab_words(batch, counts)))
    about = story(batch, st.context.timezone, now(), expectation(summary))
    order = head(batch, counts, desk.connection.id, about, now())
    resume = pause_notice(batch, counts, desk.connection.id)
    carry_out(order or resume, summary)
    progress(counts, right_now(summary))
    draw_open_rows(summary)


def read_rows(chosen: Filter) -> RowPage:
    """The requested page of rows; the first one where that page is gone."""
    page = desk.rows.page(batch_id, chosen.states, chosen.search, chosen.page, chosen.reason)
    if page.rows or chosen.page == 1:
        return page
    st.session_state["page"] = 1
    return desk.rows.page(batch_id, chosen.states, chosen.search, 1, chosen.reason)


def draw_rows(summary: BatchSummary) -> tuple[Picked, RowPage]:
    """Filter, table and pages; returns what is selected."""
    resting = not moving(summary.batch, summary.counts)
    chosen = row_filter(summary.counts, resting, shown_reason(batch_id))
    page = read_rows(chosen)
    say_range(page, PAGE_ROWS, st.session_state.get("page", 1), chosen.reason)
    picked = row_table(page, input_columns(summary.batch), chosen.errors_only)
    row_pages(page, PAGE_ROWS)
    return picked, page


def retry_rows(summary: BatchSummary, rows: Sequence[RowPreview]) -> None:
    """Retry rows, after asking where they may be charged twice."""
    states = [row.state for row in rows]
    positions = [row.position for row in rows]
    warnings = retry_warnings(states.count(RowState.COMPLETED), states.count(RowState.UNCONFIRMED))
    if warnings:
        st.session_state["warnings"] = warnings
        ask("retry", *positions)
    run_and_redraw(partial(retry, summary, positions))


def retry_reason(summary: BatchSummary, reason: str) -> None:
    """Retry all rows that failed for that reason."""
    tell(what_retry_does(summary.batch, desk.rows.retry_reason(batch_id, reason)))


def draw_panel(summary: BatchSummary, picked: Picked, page: RowPage) -> None:
    """The open row, or what to do when there is none; and why rows failed."""
    is_here = summary.batch.connection == desk.connection.id
    chosen = picked.ticked or (picked.open,)
    collected = summary.batch.is_collected
    may_retry = [row for row in page.rows if retryable(row.state, is_collected=collected)] if is_here else []
    again = [row for row in may_retry if row.position in chosen]
    if picked.ticked and again and retry_button(len(again)):
        retry_rows(summary, again)
    if picked.open is None:
        no_row_panel(bool(page.rows))
    else:
        with st.container(border=True, key="row"):
            row = desk.rows.get(batch_id, picked.open)
            row_panel(row, desk.files.of_row(row), clock, is_below=on_phone())
            if on_phone() and st.session_state.get(LAST_OPEN) != (batch_id, row.position):
                say_row_is_below(row)
            st.session_state[LAST_OPEN] = (batch_id, row.position)
            if collected:
                collected_note()
            if again and not picked.ticked and retry_button(0):
                retry_rows(summary, again)
    if summary.counts[RowState.FAILED]:
        reason = why_failed(batch_id, desk.rows.failure_reasons(batch_id), is_here)
        if reason is not None:
            run_and_redraw(partial(retry_reason, summary, reason))


def draw_end(summary: BatchSummary) -> None:
    """What else there is to know and to do: the Knowledge Graphs, and the batch as a new one."""
    graphs_used(summary.batch)
    if moving(summary.batch, summary.counts) or summary.batch.is_collected:
        return
    states = run_again(summary.counts)
    if states is not None:
        drafts: list[Draft] = []
        if attempt(lambda: drafts.append(desk.drafts.open_batch(batch_id, states))):
            st.switch_page("new_batch.py", query_params={"draft": drafts[0].id})
        st.rerun()


def is_moving() -> bool:
    """Whether the batch is changing on its own."""
    summary = read_batch()
    return moving(summary.batch, summary.counts)


def draw_collected() -> None:
    """What was collected a moment ago, and what wasn't."""
    with st.container():
        result: CollectedJobs | None = st.session_state.get("collected_jobs")
        if result is not None and result.batch_id == batch_id:
            show_collected(result)


def draw() -> None:
    """The whole screen."""
    summary = read_batch()
    draw_head(summary)
    table, panel = st.columns([2, 1], gap="medium")
    with table:
        picked, page = draw_rows(summary)
    with panel:
        draw_panel(summary, picked, page)
    draw_end(summary)


desk = open_page("Batch")
batch_id = st.query_params.get("id", "")
answer_questions(read_batch())
draw_collected()
auto_refresh(draw, is_moving, REFRESH_S, REST_S)
