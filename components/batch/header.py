"""The head of a batch: its name, state and story, and what can be done with it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

import streamlit as st

from components.batch.progress import share
from components.options import in_words
from components.states import BATCHES
from components.words import count, duration, local_time, number, plain
from services.models import (
    Batch,
    BatchState,
    Counts,
    PauseKind,
    RowState,
    cancelable,
    pausable,
    resumable,
    resumable_anyway,
    sampled,
)
from services.settings import SANDBOX

_AT_ONCE = timedelta(minutes=1)
"""A batch whose first row was sent this soon after its launch began with it."""
_TITLE_WIDTH = 520
"""What the longest row of buttons leaves of a page 1440 wide. Always the same, so that a long name never pushes the
buttons into a line of their own, and takes no other number of lines when there is one more of them."""
_BUTTON_HEIGHT = 40
_PAUSE_WIDTH, _CANCEL_WIDTH, _RETRY_WIDTH, _RETRY_BOTH_WIDTH = 92, 96, 212, 292
"""Of the toolbar's buttons; that of Retry has room for as many digits as a spreadsheet may have rows."""


class Order(StrEnum):
    """What a person asks for with a button of the toolbar."""

    PAUSE = "pause"
    RESUME = "resume"
    RESUME_ANYWAY = "resume_anyway"
    RUN_REMAINING = "run_remaining"
    CANCEL = "cancel"
    RETRY_FAILED = "retry_failed"


def head(batch: Batch, counts: Counts, connection: str, story: str) -> Order | None:
    """The head of the page; gives the order whose button was pressed."""
    row = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small")
    with row:
        st.title(f"{plain(batch.name)} {_badge(batch.state)}", anchor=False, width=_TITLE_WIDTH)
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
            with st.container(horizontal=True, gap="xsmall", width="content"):
                order = _toolbar(batch, counts, connection)
            _downloads(batch.id, _main_order(batch, counts, connection) is None)
    st.caption(story)
    return order


def _badge(state: BatchState) -> str:
    """The state as Markdown, so that it stands right behind the last word of a name that takes several lines."""
    look = BATCHES[state]
    return f":small[:{look.badge}-badge[{look.icon} {state.label}]]"


def _toolbar(batch: Batch, counts: Counts, connection: str) -> Order | None:
    """What can be done with a batch that goes on, and with failed rows.

    A batch changes by itself while somebody reaches for a button. So each button has a place of its own, kept while
    the button may come: none moves another, and none stands where another one stood a moment ago. The place is a
    container also where the button is there: one that goes is still drawn for a frame, and would push the others.
    """
    # rows that are all tried again by themselves need nobody
    retrying = batch.connection == connection and counts.unsuccessful > counts.retrying
    if not (cancelable(batch) or retrying):
        return None
    main = _main_order(batch, counts, connection)
    again = f"Retry {_unsuccessful(counts)}"
    retry_width = _RETRY_BOTH_WIDTH if counts[RowState.FAILED] and counts[RowState.EMPTY] else _RETRY_WIDTH
    pressed: list[Order] = []

    def place(order: Order, shown: bool, label: str, icon: str, width: int) -> None:
        with st.container(width=width):
            if not shown:
                st.space(_BUTTON_HEIGHT)
            elif _button(order, main, label, icon, "stretch"):
                pressed.append(order)

    # the first ones come and go most often: empty places at the left look like none
    place(Order.RETRY_FAILED, retrying, again, ":material/replay:", retry_width)
    with st.container(horizontal=True, gap="xsmall", width="content"):  # on a line together also on a phone
        place(Order.PAUSE, pausable(batch), "Pause", ":material/pause:", _PAUSE_WIDTH)
        place(Order.CANCEL, cancelable(batch), "Cancel", ":material/close:", _CANCEL_WIDTH)
    return pressed[0] if pressed else None


def _unsuccessful(counts: Counts) -> str:
    """The rows that one click retries: "3 failed rows", "3 failed and 2 empty rows"."""
    failed, empty = counts[RowState.FAILED], counts[RowState.EMPTY]
    if not empty:
        return count(failed, "failed row")
    also = f"{number(failed)} failed and " if failed else ""
    return f"{also}{count(empty, 'empty row')}"


def _button(order: Order, main: Order | None, label: str, icon: str, width: Literal["stretch", "content"]) -> bool:
    kind: Literal["primary", "secondary"] = "primary" if order is main else "secondary"
    return st.button(label, key=order.value, icon=icon, type=kind, width=width)


def _way_on(batch: Batch, counts: Counts, connection: str) -> Order | None:
    """The button that lets a batch go on that stands."""
    ways = (
        (Order.RUN_REMAINING, sampled(batch, connection), _remaining(counts.waiting), ":material/fast_forward:"),
        (Order.RESUME, resumable(batch, connection), "Resume", ":material/play_arrow:"),
        (Order.RESUME_ANYWAY, resumable_anyway(batch, connection), "Resume anyway", ":material/play_arrow:"),
    )
    main = _main_order(batch, counts, connection)
    for order, shown, label, icon in ways:
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
        # what fixes a refused key, a used-up quota, or rows that all fail isn't on this page
        fixed_elsewhere = (PauseKind.KEY_REFUSED, PauseKind.QUOTA, PauseKind.MOST_FAIL)
        return None if batch.pause_kind in fixed_elsewhere else Order.RESUME
    over = batch.state in (BatchState.FINISHED, BatchState.CANCELED)
    return Order.RETRY_FAILED if over and batch.connection == connection and counts.unsuccessful else None


def _downloads(batch_id: str, main: bool) -> None:
    icon = ":material/download:"
    kind: Literal["primary", "secondary"] = "primary" if main else "secondary"
    # on a phone they take a line together, and leave it to nobody
    with st.container(horizontal=True, gap="xsmall", width="content"):
        st.link_button("Download CSV", f"/export/{batch_id}.csv", key="download_csv", icon=icon, type=kind)
        st.link_button("XLSX", f"/export/{batch_id}.xlsx", key="download_xlsx", icon=icon)


def story(batch: Batch, timezone: str | None, now: datetime, left: str) -> str:
    """What the batch is about and how it went so far, on one line of Markdown."""
    told = [plain(batch.agent.name), plain(batch.filename), count(batch.row_count, "row")]
    told += _times(batch, timezone, now)
    told += in_words(batch.options)
    return " · ".join([*told, left] if left else told)


def _times(batch: Batch, timezone: str | None, now: datetime) -> list[str]:
    """Since when it runs, or how long it took.

    What is known is when it was launched, and when it was last set going: by its launch, or by a retry much later.
    """
    launched = local_time(batch.created_at, timezone, now)
    went_on_at = batch.started_at or batch.created_at
    if went_on_at - batch.created_at < _AT_ONCE:
        return [f"started {launched}", *_since_launch(batch, now)]
    since = local_time(went_on_at, timezone, now)
    if batch.state is BatchState.RUNNING:
        return [f"launched {launched}", f"running again since {since}"]
    for_how_long = f", for {duration(batch.finished_at - went_on_at)}" if batch.finished_at else ""
    return [f"launched {launched}", f"went on {since}{for_how_long}"]


def _since_launch(batch: Batch, now: datetime) -> list[str]:
    length = duration((batch.finished_at or now) - batch.created_at)
    if batch.state is BatchState.FINISHED:
        return [f"took {length}"]
    if batch.state is BatchState.CANCELED:
        return [f"canceled after {length}"]
    # right after a retry nothing has been sent yet, and it has not run all that time
    return [f"running for {length}"] if batch.state is BatchState.RUNNING and batch.started_at else []


def what_retry_does(batch: Batch, rows: int) -> str:
    """What becomes of rows that a person sends again, where that is not what the batch does anyway; else nothing."""
    if batch.state is not BatchState.PAUSED or not rows:
        return ""
    if batch.pause_kind is PauseKind.SAMPLE:
        them = "it" if rows == 1 else "them"
        return f"{_sent_again(rows, 'now')} The other rows still wait until you have looked at {them}."
    button = "Resume anyway" if batch.pause_kind is PauseKind.MOST_FAIL else "Resume"
    return f"{_sent_again(rows, 'when the batch goes on')} It is paused: press {button}."


def _sent_again(rows: int, when: str) -> str:
    return f"{count(rows, 'row is', 'rows are')} sent again {when}."


def still_collecting(rows: int) -> str:
    """What goes on after Cancel, as Markdown."""
    return f"**still collecting {count(rows, 'row')} at Writer**"


def time_left(left: timedelta) -> str:
    """How long it still takes, as Markdown."""
    return f"**{duration(left)} left**"


def least_left(minutes: float) -> str:
    """What it takes at the least, before the pace is known, as Markdown."""
    return f"**at least {duration(timedelta(minutes=minutes)).removeprefix('about ')} left**"


def standing_notice(batch: Batch, counts: Counts, connection: str) -> Order | None:
    """Say why the batch does not go on, and what to do, where there is something to say; gives what was pressed.

    What lets it go on stands here and not where Pause stood: a second click would undo the first, and a batch that
    stops by itself would put it under a hand that reaches for Pause. The container is there without words as well, as
    what follows it would otherwise be put on the page anew when they come or go.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = _why_it_stands(batch, connection)
        if not words:
            return None
        if sampled(batch, connection):
            st.info(words, icon=":material/fact_check:")
        else:
            st.warning(words, icon=":material/pause_circle:")
        return _way_on(batch, counts, connection)


def _why_it_stands(batch: Batch, connection: str) -> str:
    if batch.connection != connection:
        return (
            f"This batch was launched on {_place(batch.connection)}, and Copydesk now works with {_place(connection)}. "
            "What it has can be read and downloaded. To go on with it, start Copydesk with "
            + ("no `WRITER_API_KEY`." if batch.connection == SANDBOX else "the key and address it was launched with.")
        )
    if batch.state is not BatchState.PAUSED:
        return ""
    return (
        plain(batch.reason) or "Nothing more is sent until you press Resume. What Writer works on is still collected."
    )


def _place(connection: str) -> str:
    return "the sandbox" if connection == SANDBOX else plain(connection)


def tab_words(batch: Batch, counts: Counts) -> str:
    """What the browser's tab says of the batch, so that it can be watched from another tab."""
    if batch.state is not BatchState.RUNNING:
        return f"{batch.state.label}: {batch.name}"
    return f"{share(counts.done, counts.total)} {batch.name}"
