"""Tests of keys: the form for one, and what came of a test."""

from collections.abc import Callable, Sequence

import streamlit as st

from components.words import count, plain
from services.models import ConnectionTest

_CANDIDATE = "candidate_key"
_MAX_NAMES = 50
"""Agents that are listed by name."""


def key_form(writer: str, on_key: Callable[[str], None]) -> None:
    """Let the person enter a key to test. The field is emptied before `on_key` gets the key."""

    def submit() -> None:
        key = st.session_state[_CANDIDATE]
        st.session_state[_CANDIDATE] = ""
        on_key(key)

    st.caption(f"Try a key before you put it into `.env`. It's sent only to {plain(writer)}, and never stored.")
    with (
        st.form(key="key_form", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        st.text_input("API key", type="password", key=_CANDIDATE, autocomplete="off", width=420)
        st.form_submit_button("Test key", key="test_key", icon=":material/key:", on_click=submit)


def show_connection_test(test: ConnectionTest, moment: str) -> None:
    """Say what came of a test of the connection in use; `moment` is when that was."""
    _show(test, f"Connected at {moment}", moment)


def show_key_test(test: ConnectionTest, moment: str) -> None:
    """Say what came of a test of another key, and what to do with a good one."""
    _show(test, "Writer accepts this key", moment)
    if not test.problem:
        st.caption("To use it, set `WRITER_API_KEY` in `.env` and restart Copydesk.")


def _show(test: ConnectionTest, success: str, moment: str) -> None:
    if test.problem:
        st.error(f"{plain(test.problem)} :small[Tested at {moment}.]", icon=":material/error:")
        return
    found = f"**{count(len(test.agents), 'agent')}** {_latency(test)}."
    st.success(f"{success}: {found}", icon=":material/check_circle:")
    if test.agents:
        st.caption(_names(test.agents))
    else:
        st.caption("To use this key, build a no-code agent in Writer and deploy it.")


def _latency(test: ConnectionTest) -> str:
    average = test.seconds / max(1, test.requests)
    each = f"{max(1, round(average * 1_000))}\u00a0ms" if average < 0.9995 else f"{average:.1f}\u00a0s"
    return f"in {each}" if test.requests < 2 else f"in {count(test.requests, 'request')} of {each} each"


def _names(agents: Sequence[str]) -> str:
    more = len(agents) - _MAX_NAMES
    names = [plain(name) for name in agents[:_MAX_NAMES]]
    return " · ".join([*names, f"and {more:,} more"] if more > 0 else names)
