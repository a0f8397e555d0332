"""What stands in place of a batch that isn't there."""

from typing import NoReturn

import streamlit as st


def no_such_batch() -> NoReturn:
    """Say that there is no such batch, and end the page."""
    st.title("This batch doesn't exist", anchor=False)
    st.markdown("It may have been deleted, or the link may be incomplete.")
    st.page_link("batches.py", label="See all batches", icon=":material/view_list:")
    st.stop()
