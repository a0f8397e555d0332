"""The dialog that creates a Knowledge Graph."""

from collections.abc import Callable

import streamlit as st

from components.words import plain

_NAME = "graph_name"
_DESCRIPTION = "graph_description"
_REFUSAL = "graph_refusal"
"""In the session: why the Knowledge Graph couldn't be created."""


def create_button() -> bool:
    """The button that opens the dialog; whether it was pressed."""
    return st.button("New Knowledge Graph", key="new_graph", type="primary", icon=":material/add:")


def ask_graph(max_characters: int, create: Callable[[str, str], str]) -> None:
    """Ask for name and description; `create` leaves the page, or returns why it can't be done."""

    def submit() -> None:
        name, description = st.session_state[_NAME], st.session_state[_DESCRIPTION]
        st.session_state[_REFUSAL] = create(name, description)

    @st.dialog("New Knowledge Graph")
    def dialog() -> None:
        with st.form("graph", border=False):
            st.text_input("Name", key=_NAME, max_chars=max_characters, placeholder="Brand book")
            st.text_area("Description", key=_DESCRIPTION, max_chars=max_characters, height=100)
            if refusal := st.session_state.pop(_REFUSAL, ""):
                st.error(plain(refusal))
            st.form_submit_button("Create Knowledge Graph", key="create_graph", type="primary", on_click=submit)

    dialog()
