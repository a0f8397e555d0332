"""Why rows failed, and what can be done about all rows that failed for one reason."""

from collections.abc import Sequence

import streamlit as st

from components.batch.row_table import show_reason
from components.words import number, plain

_ORDER = "reason_order"


def why_failed(batch_id: str, reasons: Sequence[tuple[str, int]], can_retry: bool) -> str | None:
    """The most frequent reasons with their actions; returns the reason whose rows are to be retried.

    The order of the reasons may change between what a person saw and their click, so each button carries its reason.
    """
    with st.container(border=True, key="why_failed", gap="small"):
        st.markdown("**Why rows failed**")
        for n, (reason, amount) in enumerate(reasons):
            _reason(batch_id, n, reason, amount, can_retry)
    ordered: str | None = st.session_state.pop(_ORDER, None)
    return ordered


def _reason(batch_id: str, n: int, reason: str, amount: int, can_retry: bool) -> None:
    with st.container(gap="xsmall"):
        st.markdown(f"**{number(amount)}** · {plain(reason) or 'No reason given'}")
        with st.container(horizontal=True, gap="xsmall"):
            if can_retry:
                icon = ":material/replay:"
                st.button("Retry these", key=f"retry_reason_{n}", icon=icon, on_click=_order, args=(reason,))
            icon = ":material/filter_alt:"
            st.button("Show these", key=f"show_reason_{n}", icon=icon, on_click=show_reason, args=(batch_id, reason))


def _order(reason: str) -> None:
    st.session_state[_ORDER] = reason
