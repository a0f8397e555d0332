"""What the page shows when there is no draft to work on."""

from collections.abc import Callable

import streamlit as st

from components.new_batch.steps import PAGE_WIDTH

_NEW = "Start a new batch"


def show_no_draft(on_new: Callable[[], None]) -> None:
    """Say that the draft in the address doesn't exist."""
    st.warning("This draft doesn't exist. Drafts are kept for 7 days.", width=PAGE_WIDTH)
    st.button(_NEW, key="start_new", on_click=on_new, type="primary")


def show_batch_link(batch_id: str, on_new: Callable[[], None]) -> None:
    """Say that the draft was launched, and link to its batch."""
    st.success("This draft was launched.", icon=":material/rocket_launch:", width=PAGE_WIDTH)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("batch.py", label="Open its batch", query_params={"id": batch_id}, icon=":material/arrow_forward:")
        st.button(_NEW, key="start_new", on_click=on_new)
