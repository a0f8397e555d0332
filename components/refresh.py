"""A screen that is drawn again and again, more often while what it shows moves."""

from collections.abc import Callable

import streamlit as st

_NEVER = 86_400.0
"""A day, in seconds: what it leaves to others to draw it again."""


def auto_refresh(
    draw: Callable[[], None], moves: Callable[[], bool], moving_seconds: float, rest_seconds: float
) -> None:
    """Draw the screen now, and again after so many seconds.

    The outer fragment looks now and then whether the screen moves, and draws it; the inner one draws it in between
    while it does. The pace changes without a run of the whole page, which would close a dialog that somebody reads.
    """

    def look() -> None:
        st.fragment(draw, run_every=moving_seconds if moves() else _NEVER)()

    st.fragment(look, run_every=rest_seconds)()
