"""Dialogs that ask before something that can't be undone."""

from collections.abc import Callable

import streamlit as st

from components.words import count, number, plain
from services.models import Counts, RowState


def _choose(action: str, key: str, icon: str, otherwise: str, confirm: Callable[[], None]) -> None:
    """Draw the dialog's two buttons."""
    with st.container(horizontal=True, gap="xsmall"):
        st.button(action, key=key, type="primary", icon=icon, on_click=confirm)
        if st.button(otherwise, key=f"{key}_not"):
            st.rerun()


def ask_cancel(counts: Counts, confirm: Callable[[], None]) -> None:
    """Ask before a batch is canceled."""

    @st.dialog("Cancel this batch?")
    def dialog() -> None:
        if counts[RowState.WAITING]:
            st.markdown(f"{count(counts[RowState.WAITING], 'waiting row')} won't be sent.")
        if counts.retrying:
            st.markdown(f"{count(counts.retrying, 'failed row')} won't be retried.")
        running = counts[RowState.IN_PROGRESS] + counts[RowState.SENDING]
        st.markdown(
            "Jobs already running will finish, and you'll keep their suggestions"
            + (f" ({number(running)} right now)." if running else ".")
        )
        _choose("Cancel batch", "confirm_cancel", ":material/close:", "Keep batch", confirm)

    dialog()


def ask_delete(name: str, counts: Counts, confirm: Callable[[], None]) -> None:
    """Ask before a batch is deleted."""

    @st.dialog("Delete this batch?")
    def dialog() -> None:
        st.markdown(f"**{plain(name)}** and its {count(counts.total, 'row')} will be permanently deleted.")
        if counts[RowState.COMPLETED]:
            st.markdown("Download it first to keep the suggestions.")
        _choose("Delete batch", "confirm_delete", ":material/delete:", "Keep batch", confirm)

    dialog()


def retry_warnings(completed: int, unconfirmed: int) -> list[str]:
    """Give what a person must know before these rows are sent again; empty when there is no risk."""
    warnings: list[str] = []
    if unconfirmed:
        which, they = ("it", "it") if unconfirmed == 1 else ("them", "they")
        warnings.append(
            f"{count(unconfirmed, 'row')} {_is(unconfirmed)} unconfirmed: "
            f"Writer may have processed {which} already, so {they} may be charged twice."
        )
    if completed:
        warnings.append(
            f"{count(completed, 'row')} {_is(completed)} completed: a new suggestion is charged again. "
            "You can still read the current one under the row's attempts."
        )
    return warnings


def _is(amount: int) -> str:
    return "is" if amount == 1 else "are"


def ask_retry(amount: int, warnings: list[str], confirm: Callable[[], None]) -> None:
    """Ask before rows that may be charged twice are sent again."""

    @st.dialog(f"Retry {count(amount, 'selected row')}?")
    def dialog() -> None:
        for warning in warnings:
            st.warning(warning)
        _choose(f"Retry {count(amount, 'row')}", "confirm_retry", ":material/replay:", "Don't retry", confirm)

    dialog()


def ask_graph_change(name: str, agent: str, *, adds: bool, confirm: Callable[[], None]) -> None:
    """Ask before an agent uses a Knowledge Graph, or no longer uses it: that concerns everybody's jobs."""
    title = f"Add “{plain(name)}” to {plain(agent)}?" if adds else f"Remove “{plain(name)}” from {plain(agent)}?"

    @st.dialog(title)
    def dialog() -> None:
        if adds:
            st.markdown("Every later job of this agent uses it, also jobs that others start.")
            _choose("Add Knowledge Graph", "confirm_graph_change", ":material/add:", "Don't add", confirm)
        else:
            st.markdown(
                "Later jobs of this agent no longer use it, also jobs that others start. "
                "The Knowledge Graph and its files stay."
            )
            _choose("Remove Knowledge Graph", "confirm_graph_change", ":material/remove:", "Keep it", confirm)

    dialog()


def ask_resend(amount: int, warning: str, confirm: Callable[[], None]) -> None:
    """Ask before all unconfirmed rows are sent again."""

    @st.dialog(f"Send {count(amount, 'unconfirmed row')} again?")
    def dialog() -> None:
        st.warning(warning)
        _choose(f"Send {count(amount, 'row')}", "confirm_resend", ":material/replay:", "Don't send", confirm)

    dialog()


def ask_retry_jobs(amount: int, confirm: Callable[[], None]) -> None:
    """Ask before jobs are retried, each of which is charged."""

    @st.dialog(f"Retry {count(amount, 'failed job')}?")
    def dialog() -> None:
        st.markdown("Each retried job is charged.")
        label = f"Retry {count(amount, 'job')}"
        _choose(label, "confirm_retry_jobs", ":material/replay:", "Don't retry", confirm)

    dialog()
