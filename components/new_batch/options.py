"""Sending options, chosen at launch."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from components.new_batch.steps import show_stored
from components.options import in_words
from components.words import number
from services.models import LaunchOptions

_DEFAULT_SAMPLE_ROWS = 5
_RETRIES = ("Never", "Once", "Twice", "3 times")
"""The labels for 0, 1, 2, and 3 automatic retries."""

OnOption = Callable[..., None]
"""Called with the one field of LaunchOptions that a person changed: `on_option(retries=2)`."""


def fit(options: LaunchOptions, rows: int) -> LaunchOptions:
    """Give the options as they work for this many rows: a sample must leave at least one row."""
    if options.sample_rows is None or rows < 2:
        return replace(options, sample_rows=None)
    return replace(options, sample_rows=min(options.sample_rows, rows - 1))


def choose_options(options: LaunchOptions, rows: int, on_option: OnOption) -> None:
    """Let the person choose how this many rows are sent. It is closed at first: most people never need it."""
    chosen = " · ".join(in_words(options))
    with st.expander(f"Sending options: {chosen}" if chosen else "Sending options", key="sending_options"):
        if rows > 1:
            _choose_sample(options.sample_rows, rows, on_option)
        _choose_retries(options.retries, on_option)
        _choose_resend(options.resend_lost, on_option)


def _choose_sample(sample_rows: int | None, rows: int, on_option: OnOption) -> None:
    show_stored("sample_first", sample_rows is not None)

    def switched() -> None:
        on_option(sample_rows=min(_DEFAULT_SAMPLE_ROWS, rows - 1) if st.session_state["sample_first"] else None)

    st.checkbox("Send a sample first", key="sample_first", on_change=switched)
    if sample_rows is None:
        return
    show_stored("sample_rows", sample_rows)
    st.number_input(
        "Rows in the sample",
        min_value=1,
        max_value=rows - 1,
        step=1,
        key="sample_rows",
        on_change=lambda: on_option(sample_rows=st.session_state["sample_rows"]),
        width=160,
    )


def _choose_retries(retries: int, on_option: OnOption) -> None:
    show_stored("retries", retries)
    st.segmented_control(
        "Retry failed jobs automatically",
        range(len(_RETRIES)),
        required=True,
        format_func=_RETRIES.__getitem__,
        key="retries",
        help="Some failures are temporary. Copydesk waits a little longer before each retry.",
        on_change=lambda: on_option(retries=st.session_state["retries"]),
        wrap=True,
    )


def _choose_resend(resend_lost: bool, on_option: OnOption) -> None:
    show_stored("resend_lost", resend_lost)
    st.checkbox(
        "Resend rows when Writer's answer is lost (may be charged twice)",
        key="resend_lost",
        help="Copydesk first checks whether Writer received the row. If it can't tell, the row becomes Unconfirmed "
        "and you decide; with this option, Copydesk resends it once.",
        on_change=lambda: on_option(resend_lost=st.session_state["resend_lost"]),
    )


def show_sample(first: int, others: int) -> None:
    """Say, beside the button that launches the sample, which rows it is and that the others wait."""
    sent = "The first row is sent now" if first == 1 else f"The first {number(first)} rows are sent now"
    waiting = "one waits until you run it" if others == 1 else f"{number(others)} wait until you run them"
    st.markdown(f"{sent}. The other {waiting}.", width="content")
