"""The steps of a page that reads from top to bottom, and how its fields follow what is stored."""

from collections.abc import Collection, Iterable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

PAGE_WIDTH = 960
"""Wide enough for a table, narrow enough to read."""


_OVERVIEW = (
    ("table", "Upload a spreadsheet", "One row for each text you want, with column names at the top."),
    (
        "checklist",
        "Choose an agent",
        "Match your columns to its inputs. Every row is checked before it's sent.",
    ),
    (
        "download",
        "Launch and download",
        "Watch rows finish, retry failed ones, and download everything as CSV or Excel.",
    ),
)


def step(number: int, title: str) -> DeltaGenerator:
    """Give a bordered box for one step, under its numbered title."""
    box = st.container(border=True, width=PAGE_WIDTH)
    box.header(f"{number}\\. {title}", anchor=False)
    return box


def show_overview() -> None:
    """Explain the three steps to new users."""
    with st.container(width=PAGE_WIDTH):
        parts = zip(st.columns(len(_OVERVIEW)), _OVERVIEW, strict=True)
    for place, (icon, title, text) in parts:
        with place.container(gap="xsmall"):
            st.markdown(f":gray[:material/{icon}:] **{title}**")
            st.caption(text)


def show_stored(key: str, value: object) -> None:
    """Make the field with that key show what is stored. Call this before the field is drawn.

    Fields store a change in their callback, which runs before the script. So the two only differ here when something
    else changed the store: another tab, another draft in the address, or a new proposal.
    """
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def distinct(labels: Iterable[str], taken: Collection[str] = ()) -> list[str]:
    """Add " (2)" and so on to labels that are taken: a select tells its options apart by their labels alone."""
    found: list[str] = []
    for label in labels:
        name, number = label, 1
        while name in taken or name in found:
            number += 1
            name = f"{label} ({number})"
        found.append(name)
    return found
