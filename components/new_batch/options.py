"""How a batch is to be sent: the choices at launch, and the words for them."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from components.new_batch.steps import show_stored
from components.options import in_words
from components.words import number
from services.models import LaunchOptions

_SAMPLE_ROWS = 5
"""Rows to try first, until a person says otherwise."""
_RETRIES = ("Never", "Once", "Twice", "3 times")
"""How often a failed job is tried again, by that number."""

OnOption = Callable[..., None]
"""Takes the field of LaunchOptions that a person changed, and nothing else: `on_option(retries=2)`."""


def fit(options: LaunchOptions, rows: int) -> LaunchOptions:
    """The options as they serve for so many rows: where some are tried first, at least one has to wait."""
    if options.sample_rows is None or rows < 2:
        return replace(options, sample_rows=None)
    return replace(options, sample_rows=min(options.sample_rows, rows - 1))


def choose_options(options: LaunchOptions, rows: int, on_option: OnOption) -> None:
    """Let the person choose how so many rows are sent. It is closed until somebody opens it, as most never need it."""
    chosen = " · ".join(in_words(options))
    with st.expander(f"How to send: {chosen}" if chosen else "How to send", key="how_to_send"):
        if rows > 1:
            _choose_sample(options.sample_rows, rows, on_option)
        _choose_retries(options.retries, on_option)
        _choose_resend(options.resend_lost, on_option)


def _choose_sample(sample_rows: int | None, rows: int, on_option: OnOption) -> None:
    show_stored("sample_first", sample_rows is not None)

    def switched() -> None:
        on_option(sample_rows=min(_SAMPLE_ROWS, rows - 1) if st.session_state["sample_first"] else None)

    st.checkbox("Try the first rows before the others", key="sample_first", on_change=switched)
    if sample_rows is None:
        return
    show_stored("sample_rows", sample_rows)
    st.number_input(
        "Rows to try first",
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
        "When a job fails, try it again",
        range(len(_RETRIES)),
        required=True,
        format_func=_RETRIES.__getitem__,
        key="retries",
        help="Some failures pass by themselves. Copydesk waits before it tries again, each time a little longer.",
        on_change=lambda: on_option(retries=st.session_state["retries"]),
        wrap=True,
    )


def _choose_resend(resend_lost: bool, on_option: OnOption) -> None:
    show_stored("resend_lost", resend_lost)
    st.checkbox(
        "If Writer's answer is lost, send the row again (it may be charged twice)",
        key="resend_lost",
        help="Copydesk first looks whether Writer got the row. Where that cannot be told, the row becomes "
        "Unconfirmed, and you decide whether it is sent again. With this choice it is sent once more by itself.",
        on_change=lambda: on_option(resend_lost=st.session_state["resend_lost"]),
    )


def tell_sample(first: int, others: int) -> None:
    """Say, beside the button that counts them all, what happens where so many rows are tried before so many others."""
    sent, them = ("The first row is sent", "it") if first == 1 else (f"The first {number(first)} rows are sent", "them")
    wait = "the other one waits" if others == 1 else f"the other {number(others)} wait"
    st.markdown(f"{sent}; {wait} until you have looked at {them}.", width="content")
