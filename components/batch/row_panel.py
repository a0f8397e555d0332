"""One row, whole, beside the table; and what to look at while none is selected."""

from collections.abc import Callable, Sequence

import streamlit as st

from components.states import ROWS
from components.words import count, duration, number, plain, state_word
from services.models import Attempt, RowDetail, RowState


def no_row_panel(any_rows: bool) -> None:
    """What to do when no row is selected."""
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Read a row**")
        st.caption(
            "Select a row by the box at its left to read its whole suggestion here, and to send it again. "
            "Select several to send them again together."
            if any_rows
            else "No row matches. Change the filter or the search."
        )


def retry_button(amount: int) -> bool:
    """The button that sends the selected rows again; whether it was pressed."""
    label = f"Retry {count(amount, 'selected row')}"
    return st.button(label, key="retry_selected", icon=":material/replay:", width="stretch")


def row_panel(row: RowDetail, clock: Callable[..., str]) -> None:
    """Everything about one row."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(f"Row {number(row.number)}", anchor=False, width="content")
        look = ROWS[row.state]
        st.badge(state_word(row.state), icon=look.icon, color=look.badge)
    if row.error and row.state is not RowState.COMPLETED:
        tell = st.error if row.state is RowState.FAILED else st.warning
        tell(plain(row.error))
    if row.state is RowState.EMPTY:
        st.warning("Writer returned an empty suggestion. Retry the row to run it again.")
    _suggestion(row)
    _inputs(row)
    _attempts(row.attempts, clock)


def _suggestion(row: RowDetail) -> None:
    if row.suggestion is None:
        return
    st.caption(_suggestion_title(row))
    st.code(row.suggestion, language=None, wrap_lines=True)


def _suggestion_title(row: RowDetail) -> str:
    words = count(len((row.suggestion or "").split()), "word")
    size = f"{words} · {count(len(row.suggestion or ''), 'character')}"
    return f"Suggestion · {size}" if row.state is RowState.COMPLETED else f"Suggestion of an earlier attempt · {size}"


def _inputs(row: RowDetail) -> None:
    for name, values in row.inputs.items():
        with st.container(gap=None):
            st.caption(plain(name))
            st.text("\n".join(values))


def _attempts(attempts: Sequence[Attempt], clock: Callable[..., str]) -> None:
    """How it went, newest first."""
    if not attempts:
        return
    title = count(len(attempts), "attempt")
    with st.expander(title, key="attempts", type="compact"):
        for attempt in reversed(attempts):
            _attempt(attempt, clock)


def _attempt(attempt: Attempt, clock: Callable[..., str]) -> None:
    told = [f"**{attempt.number}.** {state_word(attempt.state)}"]
    if attempt.sent_at:
        told.append(f"sent {clock(attempt.sent_at)}")
    if attempt.sent_at and attempt.ended_at:
        told.append(f"took {duration(attempt.ended_at - attempt.sent_at)}")
    st.markdown(" · ".join(told))
    if attempt.job_id:
        st.caption(f"Job {plain(attempt.job_id)}")
    if attempt.error:
        st.text(attempt.error)
    if attempt.suggestion:
        st.code(attempt.suggestion, language=None, wrap_lines=True)


def why_failed(reasons: Sequence[tuple[str, int]]) -> None:
    """The reasons why rows failed, the most frequent first."""
    with st.container(border=True, key="why_failed", gap="xsmall"):
        st.markdown("**Why rows failed**")
        for reason, amount in reasons:
            st.markdown(f"**{number(amount)}** · {plain(reason)}")
