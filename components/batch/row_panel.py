"""One row in full, beside the table; and the hint that stands there while none is open."""

from collections.abc import Callable, Mapping

import streamlit as st

from components.files import file_url
from components.states import ROWS
from components.suggestion import suggestion
from components.words import count, duration, number, plain, shorten, size
from services.models import NO_INPUTS, Attempt, FileRef, FileView, RowDetail, RowState

_ANCHOR = "row-details"
_PICTURE_PX = 240
_MAX_NAME = 60


def no_row_panel(any_rows: bool) -> None:
    """What to do when no row is open."""
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Row details**")
        st.caption(
            "Select a row to read its full suggestion here. To retry several rows, check their boxes."
            if any_rows
            else "No rows match. Change the filter or the search."
        )


def say_row_is_below(row: RowDetail) -> None:
    """Say in passing that the row is open, where it opens out of sight below the table; with a link to it."""
    st.toast(f"Row {number(row.number)} is open below. [Show it](#{_ANCHOR})", icon=":material/arrow_downward:")


def retry_button(ticked: int) -> bool:
    """The button that retries the ticked rows, or the open one where none is ticked; whether it was pressed."""
    label = f"Retry {count(ticked, 'selected row')}" if ticked else "Retry this row"
    return st.button(label, key="retry_selected", icon=":material/replay:", width="stretch")


def row_panel(row: RowDetail, files: Mapping[str, FileView], clock: Callable[..., str], *, is_below: bool) -> None:
    """Everything about one row.

    Args:
        row: the row.
        files: the stored files that its inputs name, by their hashes.
        clock: gives a moment as the viewer's clock shows it.
        is_below: whether the panel stands below the table, out of sight, so that `say_row_is_below` links to it.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(f"Row {number(row.number)}", anchor=_ANCHOR if is_below else False, width="content")
        look = ROWS[row.state]
        st.badge(row.state.label, icon=look.icon, color=look.badge)
    if row.error and row.state is not RowState.COMPLETED:
        show = st.error if row.state is RowState.FAILED else st.warning
        show(plain(row.error))
    if row.state is RowState.EMPTY:
        st.warning("Writer returned an empty suggestion. Retry the row to run it again.")
    if row.suggestion is not None:
        suggestion(row.suggestion, is_current=row.state is RowState.COMPLETED)
    _inputs(row, files)
    _attempts(row, clock)


def collected_note() -> None:
    """Say what can't be done with a row whose job was started elsewhere."""
    st.caption(f"This job was started elsewhere. {NO_INPUTS} While its job has failed, Writer can retry it.")


def _inputs(row: RowDetail, files: Mapping[str, FileView]) -> None:
    for name, values in row.inputs.items():
        with st.container(gap="xsmall"):
            st.caption(plain(name))
            refs = [ref for value in values if (ref := FileRef.parse(value))]
            if refs:
                for ref in refs:
                    _file(ref, files.get(ref.hash))
            else:
                st.text("\n".join(values))


def _file(ref: FileRef, view: FileView | None) -> None:
    """A file as the image that it is, and a link to download it with its name and size."""
    if view is None:
        st.text(f"{ref.name} (no longer stored)")
        return
    if view.image:
        st.image(view.image, width=_PICTURE_PX, alt=ref.name)
    words = f"{plain(shorten(ref.name, _MAX_NAME))} · {size(view.named.file.size)}"
    st.link_button(words, file_url(ref), icon=":material/download:", type="tertiary")


def _attempts(row: RowDetail, clock: Callable[..., str]) -> None:
    """The row's attempts, newest first."""
    if not row.attempts:
        return
    # of a collected row, which has no inputs, it isn't known when its last try began
    is_timed = bool(row.inputs)
    with st.expander(count(len(row.attempts), "attempt"), key="attempts", type="compact"):
        for attempt in reversed(row.attempts):
            _attempt(attempt, clock, is_timed=is_timed)


def _attempt(attempt: Attempt, clock: Callable[..., str], *, is_timed: bool) -> None:
    parts = [f"**{attempt.number}.** {attempt.state.label}"]
    if attempt.sent_at:
        parts.append(f"sent {clock(attempt.sent_at)}")
    if attempt.assigned_at:
        parts.append(f"assigned by hand {clock(attempt.assigned_at)}")
    if is_timed and attempt.sent_at and attempt.ended_at:
        parts.append(f"took {duration(attempt.ended_at - attempt.sent_at)}")
    st.markdown(" · ".join(parts))
    if attempt.job_id:
        st.caption(f"Job {plain(attempt.job_id)}")
    if attempt.error:
        st.text(attempt.error)
    if attempt.suggestion:
        st.code(attempt.suggestion, language=None, wrap_lines=True)
