"""Dialogs that ask before something that cannot be taken back."""

from collections.abc import Callable

import streamlit as st

from components.words import count, plain
from services.models import Counts, RowState


def ask_cancel(counts: Counts, confirm: Callable[[], None]) -> None:
    """Ask before a batch is canceled."""

    @st.dialog("Cancel this batch?")
    def dialog() -> None:
        st.markdown(f"{count(counts.waiting, 'row')} that {_wait(counts.waiting)} will never be sent.")
        st.markdown(
            "Rows that are already at Writer run to their end, and their suggestions are still collected"
            + (f" ({count(counts[RowState.IN_PROGRESS], 'row')} right now)." if counts[RowState.IN_PROGRESS] else ".")
        )
        st.button("Cancel the batch", key="confirm_cancel", type="primary", icon=":material/close:", on_click=confirm)

    dialog()


def _wait(amount: int) -> str:
    return "waits" if amount == 1 else "wait"


def ask_delete(name: str, counts: Counts, confirm: Callable[[], None]) -> None:
    """Ask before a batch is deleted."""

    @st.dialog("Delete this batch?")
    def dialog() -> None:
        st.markdown(f"**{plain(name)}** with {count(counts.total, 'row')} will be gone for good, suggestions included.")
        if counts[RowState.COMPLETED]:
            st.markdown("Download it first if you want to keep the suggestions.")
        st.button("Delete", key="confirm_delete", type="primary", icon=":material/delete:", on_click=confirm)

    dialog()


def retry_warnings(completed: int, unconfirmed: int) -> list[str]:
    """What a person has to know before sending such rows again; empty when nothing speaks against it."""
    warnings: list[str] = []
    if unconfirmed:
        warnings.append(
            f"{count(unconfirmed, 'row')} {_is(unconfirmed)} unconfirmed: Writer may have worked on "
            f"{_it(unconfirmed)} already, and {_it(unconfirmed)} may be charged twice."
        )
    if completed:
        warnings.append(
            f"{count(completed, 'row')} {_is(completed)} completed: Writer makes a new suggestion, which is charged "
            "again. The one there is now stays readable among the row's attempts."
        )
    return warnings


def _is(amount: int) -> str:
    return "is" if amount == 1 else "are"


def _it(amount: int) -> str:
    return "it" if amount == 1 else "they"


def ask_retry(amount: int, warnings: list[str], confirm: Callable[[], None]) -> None:
    """Ask before rows are sent again that may cost twice."""

    @st.dialog(f"Retry {count(amount, 'selected row')}?")
    def dialog() -> None:
        for warning in warnings:
            st.warning(warning)
        st.button("Retry", key="confirm_retry", type="primary", icon=":material/replay:", on_click=confirm)

    dialog()
