"""Dialogs that ask before something that cannot be taken back."""

from collections.abc import Callable

import streamlit as st

from components.words import count, plain
from services.models import Counts, RowState


def _choose(action: str, key: str, icon: str, otherwise: str, confirm: Callable[[], None]) -> None:
    """The dialog's two ways out."""
    with st.container(horizontal=True, gap="xsmall"):
        st.button(action, key=key, type="primary", icon=icon, on_click=confirm)
        if st.button(otherwise, key=f"{key}_not"):
            st.rerun()


def ask_cancel(counts: Counts, confirm: Callable[[], None]) -> None:
    """Ask before a batch is canceled."""

    @st.dialog("Cancel this batch?")
    def dialog() -> None:
        if counts[RowState.WAITING]:
            waiting = count(counts[RowState.WAITING], "row still waits", "rows still wait")
            st.markdown(f"{waiting} and will never be sent.")
        if counts.retrying:
            st.markdown(f"{count(counts.retrying, 'failed row')} will not be tried again.")
        at_writer = counts[RowState.IN_PROGRESS] + counts[RowState.SENDING]
        st.markdown(
            "Rows that are already at Writer run to their end, and their suggestions are still collected"
            + (f" ({count(at_writer, 'row')} right now)." if at_writer else ".")
        )
        _choose("Cancel the batch", "confirm_cancel", ":material/close:", "Keep it", confirm)

    dialog()


def ask_delete(name: str, counts: Counts, confirm: Callable[[], None]) -> None:
    """Ask before a batch is deleted."""

    @st.dialog("Delete this batch?")
    def dialog() -> None:
        st.markdown(f"**{plain(name)}** with {count(counts.total, 'row')} will be gone for good, suggestions included.")
        if counts[RowState.COMPLETED]:
            st.markdown("Download it first if you want to keep the suggestions.")
        _choose("Delete", "confirm_delete", ":material/delete:", "Keep it", confirm)

    dialog()


def retry_warnings(completed: int, unconfirmed: int) -> list[str]:
    """What a person has to know before sending such rows again; empty when nothing speaks against it."""
    warnings: list[str] = []
    if unconfirmed:
        which, what = ("it", "it") if unconfirmed == 1 else ("them", "they")
        warnings.append(
            f"{count(unconfirmed, 'row')} {_is(unconfirmed)} unconfirmed: "
            f"Writer may have worked on {which} already, and {what} may be charged twice."
        )
    if completed:
        warnings.append(
            f"{count(completed, 'row')} {_is(completed)} completed: Writer makes a new suggestion, which is charged "
            "again. The one there is now stays readable among the row's attempts."
        )
    return warnings


def _is(amount: int) -> str:
    return "is" if amount == 1 else "are"


def ask_retry(amount: int, warnings: list[str], confirm: Callable[[], None]) -> None:
    """Ask before rows are sent again that may cost twice."""

    @st.dialog(f"Retry {count(amount, 'selected row')}?")
    def dialog() -> None:
        for warning in warnings:
            st.warning(warning)
        _choose("Retry", "confirm_retry", ":material/replay:", "Leave them" if amount > 1 else "Leave it", confirm)

    dialog()
