"""The connection to Writer: which one it is, whether it works, and the limits and the database behind it."""

from concurrent.futures import Future

import streamlit as st

from components.connection.facts import section, show_copydesk, show_limits
from components.connection.requests import show_requests
from components.connection.trial import key_form, show_connection_test, show_key_test
from components.connection.writer import explain_connecting, show_server, test_button
from components.page import clock, now, open_page
from services.models import ConnectionTest

REFRESH_S = 2
"""Between two refreshes of the requests."""
CONNECTION_TEST = "connection_test"
"""In the session: the last test of the connection, while it runs or with its result."""
KEY_TEST = "key_test"
"""In the session: the last test of another key, likewise; never the key."""


def result(name: str) -> ConnectionTest | None:
    """Wait for a test that is running, and give the result of the last one."""
    test: Future[ConnectionTest] | ConnectionTest | None = st.session_state.get(name)
    if isinstance(test, Future):
        with st.spinner("Asking Writer for this key's agents…"):
            st.session_state[name] = test = test.result()
    return test


def test_key(key: str) -> None:
    """Start the test of a key that somebody entered."""
    st.session_state[KEY_TEST] = desk.connections.test_key(key)


def draw_writer() -> None:
    """The server and the key in use, and the test of both."""
    show_server(state)
    if test_button():
        st.session_state[CONNECTION_TEST] = desk.connections.test()
    with st.container():
        if test := result(CONNECTION_TEST):
            show_connection_test(test, clock(test.at))
    if desk.connection.is_sandbox:
        explain_connecting()


def draw_key_test() -> None:
    """The form for another key, and the result of its test."""
    key_form(state.writer, test_key)
    with st.container():
        if test := result(KEY_TEST):
            show_key_test(test, clock(test.at))


def draw_requests() -> None:
    """The requests of the last minute."""
    show_requests(desk.load(), desk.health(), now(), clock)


desk = open_page("Connection")
state = desk.connections.state()
st.title("Connection", anchor=False)
with section("Writer"):
    draw_writer()
with section("Requests"):
    st.fragment(draw_requests, run_every=REFRESH_S)()
with section("Test a key"):
    draw_key_test()
with section("Limits"):
    show_limits(desk.settings)
with section("Copydesk"):
    show_copydesk(state, desk.settings)
