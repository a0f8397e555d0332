"""Which Writer account Copydesk works with, and how to connect one."""

import streamlit as st

from components.connection.facts import show_facts
from components.words import plain
from services.models import ConnectionState


def show_server(state: ConnectionState) -> None:
    """Name the server and the key, or the sandbox."""
    if state.key_hint:
        show_facts({"Server": plain(state.writer), "API key": plain(state.key_hint)})
    else:
        show_facts({"Server": "Sandbox, built into Copydesk", "API key": "None"})


def explain_connecting() -> None:
    """Say how to connect a real key, step by step."""
    st.markdown("**Use your own agents**")
    st.markdown(
        "1. Copy `.env.example` to `.env`.\n"
        "2. In `.env`, set `WRITER_API_KEY` to the API key of your Writer organization.\n"
        "3. Restart Copydesk."
    )


def test_button() -> bool:
    """Draw the button that tests the connection; says whether it was pressed."""
    return st.button("Test connection", key="test_connection", icon=":material/network_check:")
