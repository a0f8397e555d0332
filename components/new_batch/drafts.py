"""What stands where there is no draft to work on."""

from collections.abc import Callable

import streamlit as st

from components.new_batch.steps import PAGE_WIDTH

_NEW = "Start a new batch"


def tell_no_draft(on_new: Callable[[], None]) -> None:
    """Say that the address leads nowhere."""
    st.warning("There is no such draft (drafts are kept for 7 days).", width=PAGE_WIDTH)
    st.button(_NEW, key="start_new", on_click=on_new, type="primary")


def tell_launched(batch_id: str, on_new: Callable[[], None]) -> None:
    """Say that the draft has become that batch, and lead on to it."""
    st.success("This draft was launched.", icon=":material/rocket_launch:", width=PAGE_WIDTH)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("batch.py", label="Open its batch", query_params={"id": batch_id}, icon=":material/arrow_forward:")
        st.button(_NEW, key="start_new", on_click=on_new)
