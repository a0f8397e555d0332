"""The top of the batch page: the batch's name, state and story, and what can be done with it."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.batch.progress import share
from components.options import in_words
from components.states import BATCHES
from components.words import count, duration, local_time, number, plain, shorten
from services.models import (
    Batch,
    BatchState,
    Counts,
    PauseKind,
    RowState,
    cancelable,
    moving,
    pausable,
    resumable,
    resumable_anyway,
    retryable_at_once,
    sampled,
)
from services.settings import SANDBOX

_START_DELAY = timedelta(minutes=1)
"""A batch whose first row was sent this soon after the launch counts as started by it."""
_TITLE_WIDTH_PX = 740
"""What the toolbar leaves of a page 1440 wide. Fixed, so that a long name never pushes the buttons to a line of their
own, and never wraps differently when there is one more of them."""
_BUTTON_HEIGHT_PX = 40
_PAUSE_WIDTH_PX, _CANCEL_WIDTH_PX, _RETRY_WIDTH_PX, _RETRY_BOTH_WIDTH_PX = 92, 96, 212, 292
"""The toolbar's buttons; Retry has room for as many digits as a spreadsheet may have rows."""
_NAME_PART_LENGTH = 80
"""Characters of the filename and the agent's name in a proposed batch name."""
_NAME_TIME = re.compile(r"[A-Z][a-z]{2} \d{1,2}, \d{1,2}:\d{2} [AP]M$")
"""The time at the end of a proposed batch name."""
_REACHING = timedelta(seconds=15)
"""How long after its end somebody may still reach for a button of the running batch."""
_RETRY_LAST = "retry_last"
"""In the session: the batch whose Retry is the last button."""
_ENDED = {BatchState.FINISHED: "finished", BatchState.CANCELED: "canceled"}


class Order(StrEnum):
    """What a person asks for with a button of the toolbar."""

    PAUSE = "pause"
    RESUME = "resume"
    RESUME_ANYWAY = "resume_anyway"
    RUN_REMAINING = "run_remaining"
    CANCEL = "cancel"
    RETRY_FAILED = "retry_failed"


def head(batch: Batch, counts: Counts, connection: str, story: str, now: datetime) -> Order | None:
    """Draw the top of the page; returns the order whose button was pressed."""
    with _line():
        st.title(f"{plain(batch.name)} {_badge(batch.state)}", anchor=False, width=_TITLE_WIDTH_PX)
        with st.container(horizontal=True, gap="xsmall", width="content"):
            order = _toolbar(batch, counts, connection, _is_retry_last(batch, counts, now))
    with _line():
        st.caption(story, width=_TITLE_WIDTH_PX)
        _downloads(batch.id, _main_order(batch, counts, connection) is None)
    return order


def graphs_used(batch: Batch) -> None:
    """Which Knowledge Graphs the agent used at launch. At the end of the page: Writer says so a moment after it."""
    if batch.graphs:
        named = ", ".join(f"“{plain(shorten(graph.name, _NAME_PART_LENGTH))}”" for graph in batch.graphs)
        st.caption(f"{'Knowledge Graph' if len(batch.graphs) == 1 else 'Knowledge Graphs'} at launch: {named}")


def _line() -> DeltaGenerator:
    return st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small")


def _badge(state: BatchState) -> str:
    """The state as Markdown, so that it stands right behind the last word of a name that takes several lines."""
    look = BATCHES[state]
    return f":small[:{look.badge}-badge[{look.icon} {state.label}]]"


def _is_retry_last(batch: Batch, counts: Counts, now: datetime) -> bool:
    """Whether Retry is the last button of the toolbar, and so at the page's edge.

    That is so once the batch has been at rest for a while: nobody reaches for Pause or Cancel anymore, which were at
    the edge. Then Retry stays there for this visit: if it went, a double click on it would press what comes after.
    """
    ended_at = None if moving(batch, counts) else batch.finished_at
    if ended_at and now - ended_at > _REACHING:
        st.session_state[_RETRY_LAST] = batch.id
    return bool(st.session_state.get(_RETRY_LAST) == batch.id)


def _toolbar(batch: Batch, counts: Counts, connection: str, is_retry_last: bool) -> Order | None:
    """What can be done with an unfinished batch, and with failed rows.

    A batch may change while somebody reaches for a button. So each button has a place of its own, reserved while the
    button may appear: none moves another, and none appears where another one was a moment ago. The place is a
    container even while the button is there: one that goes is still drawn for a frame, and would push the others.
    """
    # nobody needs to retry rows that are all retried automatically
    retrying = batch.connection == connection and retryable_at_once(batch, counts) > counts.retrying
    if not (cancelable(batch) or retrying):
        return None
    main = _main_order(batch, counts, connection)
    empty = 0 if batch.is_collected else counts[RowState.EMPTY]
    again = f"Retry {_unsuccessful(counts[RowState.FAILED], empty)}"
    retry_width = _RETRY_BOTH_WIDTH_PX if counts[RowState.FAILED] and empty else _RETRY_WIDTH_PX
    pressed: list[Order] = []

    def place(order: Order, shown: bool, label: str, icon: str, width: int) -> None:
        with st.container(width=width):
            if not shown:
                st.space(_BUTTON_HEIGHT_PX)
            elif _button(order, main, label, icon, "stretch"):
                pressed.append(order)

    def place_retry() -> None:
        place(Order.RETRY_FAILED, retrying, again, ":material/replay:", retry_width)

    def place_others() -> None:
        with st.container(horizontal=True, gap="xsmall", width="content"):  # together on one line, on a phone too
            place(Order.PAUSE, pausable(batch), "Pause", ":material/pause:", _PAUSE_WIDTH_PX)
            place(Order.CANCEL, cancelable(batch), "Cancel", ":material/close:", _CANCEL_WIDTH_PX)

    if is_retry_last:
        if cancelable(batch):
            place_others()
        place_retry()
    else:  # Retry comes and goes most often: an empty place at the left isn't noticed
        place_retry()
        place_others()
    return pressed[0] if pressed else None


def _unsuccessful(failed: int, empty: int) -> str:
    """The rows that one click retries: "3 failed rows", "3 failed and 2 empty rows"."""
    if not empty:
        return count(failed, "failed row")
    also = f"{number(failed)} failed and " if failed else ""
    return f"{also}{count(empty, 'empty row')}"


def _button(order: Order, main: Order | None, label: str, icon: str, width: Literal["stretch", "content"]) -> bool:
    kind: Literal["primary", "secondary"] = "primary" if order is main else "secondary"
    return st.button(label, key=order.value, icon=icon, type=kind, width=width)


def _resume_button(batch: Batch, counts: Counts, connection: str) -> Order | None:
    """The button that resumes a paused batch; returns its order when it was pressed."""
    choices = (
        (Order.RUN_REMAINING, sampled(batch, connection), _remaining(counts.waiting), ":material/fast_forward:"),
        (Order.RESUME, resumable(batch, connection), "Resume", ":material/play_arrow:"),
        (Order.RESUME_ANYWAY, resumable_anyway(batch, connection), "Resume anyway", ":material/play_arrow:"),
    )
    main = _main_order(batch, counts, connection)
    for order, shown, label, icon in choices:
        if shown and _button(order, main, label, icon, "content"):
            return order
    return None


def _remaining(waiting: int) -> str:
    return "Run the remaining row" if waiting == 1 else f"Run the remaining {count(waiting, 'row')}"


def _main_order(batch: Batch, counts: Counts, connection: str) -> Order | None:
    """The one thing to do next; None when that is the download."""
    if sampled(batch, connection):
        return Order.RUN_REMAINING
    if resumable(batch, connection) or resumable_anyway(batch, connection):
        # a rejected key, a used-up quota, or rows that all fail, can't be fixed on this page
        fixed_elsewhere = (PauseKind.KEY_REFUSED, PauseKind.QUOTA, PauseKind.MOST_FAIL)
        return None if batch.pause_kind in fixed_elsewhere else Order.RESUME
    over = batch.state in (BatchState.FINISHED, BatchState.CANCELED)
    return Order.RETRY_FAILED if over and batch.connection == connection and retryable_at_once(batch, counts) else None


def _downloads(batch_id: str, main: bool) -> None:
    kind: Literal["primary", "secondary"] = "primary" if main else "secondary"
    address = f"/export/{batch_id}"
    # short enough for one line on a phone
    with st.container(horizontal=True, gap="xsmall", width="content"):
        st.link_button(
            "Download CSV",
            f"{address}.csv",
            key="download_csv",
            icon=":material/download:",
            type=kind,
            help="Suggestions are Markdown, as the agent wrote them",
        )
        st.link_button("XLSX", f"{address}.xlsx", key="download_xlsx", help="Suggestions are Markdown here, too")
        st.link_button(
            "CSV for Excel",
            f"{address}.csv?separator=semicolon",
            key="download_csv_excel",
            help="For Excel in regions that use a decimal comma: the columns are separated by semicolons",
        )


def story(batch: Batch, timezone: str | None, now: datetime, left: str) -> str:
    """What the batch is about and how it has gone so far, as one line of Markdown; without what its name says."""
    subject = [batch.agent.name, batch.filename]
    parts = [
        plain(part)
        for part in subject
        if part and f" · {shorten(part, _NAME_PART_LENGTH)} · " not in f" · {batch.name} · "
    ]
    parts.append(count(batch.row_count, "row"))
    parts += _times(batch, timezone, now)
    parts += in_words(batch.options)
    return " · ".join([*parts, left] if left else parts)


def _times(batch: Batch, timezone: str | None, now: datetime) -> list[str]:
    """When it was started, and when it ended.

    Only moments are known, not how long it was paused or stopped in between, so it doesn't say how long it took.
    `started_at` is the start of its last run, by the launch or by a retry much later.
    """
    if batch.is_collected:
        return [f"collected {local_time(batch.created_at, timezone, now)}"]

    def at(moment: datetime) -> str:
        return local_time(moment, timezone, now)

    times: list[str] = []
    if batch.started_at and batch.started_at - batch.created_at >= _START_DELAY:
        times = [f"launched {at(batch.created_at)}", f"last run started {at(batch.started_at)}"]
    elif not _NAME_TIME.search(batch.name):
        times = [f"started {at(batch.created_at)}"]
    if batch.finished_at and batch.state in _ENDED:
        times.append(f"{_ENDED[batch.state]} {at(batch.finished_at)}")
    return times


def what_retry_does(batch: Batch, rows: int) -> str:
    """When rows that a person retries will be sent, where the batch isn't running anyway; else nothing."""
    if batch.state is not BatchState.PAUSED or not rows:
        return ""
    them = count(rows, "row")
    if batch.pause_kind is PauseKind.SAMPLE:
        return f"Sending {them} again now. The other rows stay on hold."
    button = "Resume anyway" if batch.pause_kind is PauseKind.MOST_FAIL else "Resume"
    return f"The batch is paused: press {button} to send {them} again."


def still_running(jobs: int) -> str:
    """What is left to finish after Cancel, as Markdown."""
    return f"**{count(jobs, 'job')} still running**"


def time_left(left: timedelta) -> str:
    """The time left, as Markdown."""
    return f"**{duration(left)} left**"


def least_left(minutes: float) -> str:
    """The least time left, before the pace is known, as Markdown."""
    return f"**at least {duration(timedelta(minutes=minutes)).removeprefix('about ')} left**"


def pause_notice(batch: Batch, counts: Counts, connection: str) -> Order | None:
    """Say why the batch is paused and what to do, if it is; returns the order whose button was pressed.

    The button that resumes it is here and not where Pause was: the second click of a double click would undo the
    first, and a batch that pauses itself would put it under a hand that reaches for Pause. The container is there
    without words too: otherwise all that follows would be rebuilt when they come or go.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = _pause_reason(batch, connection)
        if not words:
            return None
        if sampled(batch, connection):
            st.info(words, icon=":material/fact_check:")
        else:
            st.warning(words, icon=":material/pause_circle:")
        return _resume_button(batch, counts, connection)


def _pause_reason(batch: Batch, connection: str) -> str:
    if batch.connection != connection:
        settings = "no `WRITER_API_KEY`" if batch.connection == SANDBOX else "the key and address it was launched with"
        return (
            f"This batch was launched on {_place(batch.connection)}, and Copydesk now uses {_place(connection)}. "
            f"To continue the batch, start Copydesk with {settings}."
        )
    if batch.state is not BatchState.PAUSED:
        return ""
    return plain(batch.reason) or "Paused. Jobs already running will still finish."


def _place(connection: str) -> str:
    return "the sandbox" if connection == SANDBOX else plain(connection)


def tab_words(batch: Batch, counts: Counts) -> str:
    """The title of the browser tab, so that progress can be watched from another tab."""
    if batch.state is not BatchState.RUNNING:
        return f"{batch.state.label}: {batch.name}"
    return f"{share(counts.done, counts.total)} {batch.name}"
