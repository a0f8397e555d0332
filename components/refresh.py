"""A screen that redraws itself, more often while what it shows is changing."""

from collections.abc import Callable

import streamlit as st

_NEVER_S = 86_400.0
"""A day: leaves the redrawing to others."""


def auto_refresh(draw: Callable[[], None], is_moving: Callable[[], bool], moving_s: float, rest_s: float) -> None:
    """Draw the screen now, and again every `moving_s` seconds while it is moving, else every `rest_s` seconds.

    The outer fragment checks every `rest_s` seconds whether the screen is moving, and draws it; the inner one redraws
    it in between while it is. So the interval changes without a run of the whole page, which would close an open
    dialog.
    """

    def check() -> None:
        st.fragment(draw, run_every=moving_s if is_moving() else _NEVER_S)()

    st.fragment(check, run_every=rest_s)()
