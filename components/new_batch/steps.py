"""The steps of a page that is read from top to bottom, and the way its fields follow what is stored."""

from collections.abc import Collection, Iterable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

PAGE_WIDTH = 960
"""Wide enough for a table, narrow enough to read."""


_STORY = (
    ("table", "Bring a spreadsheet", "One row for each text you want, the names of the columns in the first row."),
    (
        "checklist",
        "Choose an agent",
        "Say which column feeds which of its inputs; every row is checked before it is sent.",
    ),
    (
        "download",
        "Launch and download",
        "Follow the rows live, retry what failed, download everything as CSV or Excel.",
    ),
)


def step(number: int, title: str) -> DeltaGenerator:
    """A bordered box for one step; what is written into it stands below its numbered title."""
    box = st.container(border=True, width=PAGE_WIDTH)
    box.header(f"{number}\\. {title}", anchor=False)
    return box


def tell_story() -> None:
    """Say what happens here, to those who see it for the first time."""
    with st.container(width=PAGE_WIDTH):
        parts = zip(st.columns(len(_STORY)), _STORY, strict=True)
    for place, (icon, title, text) in parts:
        with place.container(gap="xsmall"):
            st.markdown(f":gray[:material/{icon}:] **{title}**")
            st.caption(text)


def show_stored(key: str, value: object) -> None:
    """Make the field with that key show what is stored, before it is drawn.

    Fields store a change in their callback, which runs before the script; so here both differ only when something
    else changed the store: another tab, another draft in the address, a new proposal.
    """
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def distinct(labels: Iterable[str], taken: Collection[str] = ()) -> list[str]:
    """The labels, with " (2)" and so on where one is taken: a select tells its options apart by their labels alone."""
    found: list[str] = []
    for label in labels:
        name, number = label, 1
        while name in taken or name in found:
            number += 1
            name = f"{label} ({number})"
        found.append(name)
    return found
