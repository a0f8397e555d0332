"""Selected rows of a table, by what they are and not by where they stand.

Streamlit counts selected rows from the top of the table, so another row would be selected when rows come and go.
"""

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

Id = TypeVar("Id", int, str)


def keep_selection(table: str, ids: Sequence[Id]) -> None:
    """Move the selection along with its rows. Call it before drawing the table of that key with the rows of these ids.

    Ticked rows and the clicked cell stay with their rows; those that have left the table are no longer selected.
    """
    before: Sequence[Id] = last_shown(table)
    st.session_state[_shown(table)] = tuple(ids)
    if table not in st.session_state or tuple(before) == tuple(ids):
        return
    selection = st.session_state[table]["selection"]
    now_at = {this: place for place, this in enumerate(ids)}
    moved = {place: now_at[this] for place, this in enumerate(before) if this in now_at}
    rows = sorted(moved[place] for place in selection["rows"] if place in moved)
    cells = [(moved[place], column) for place, column in selection["cells"] if place in moved]
    if (rows, cells) != (sorted(selection["rows"]), [tuple(cell) for cell in selection["cells"]]):
        st.session_state[table] = {"selection": {"rows": rows, "columns": [], "cells": cells}}


def last_shown(table: str) -> tuple[Id, ...]:
    """The ids of the rows that the table of that key showed when it was last drawn."""
    shown: tuple[Id, ...] = st.session_state.get(_shown(table), ())
    return shown


def selected(places: Sequence[int], ids: Sequence[Id]) -> tuple[Id, ...]:
    """The ids of the selected rows, in the table's order."""
    return tuple(ids[place] for place in sorted(places) if place < len(ids))


def latest(table: str, chosen: Sequence[Id]) -> Id | None:
    """The selected row to show in full: the one added last, else the one shown before, else the last one left."""
    memory = f"{table}_latest"
    shown: Id | None
    before, shown = st.session_state.get(memory, ((), None))
    added = [this for this in chosen if this not in before]
    if added:
        shown = added[-1]
    elif shown not in chosen:
        shown = chosen[-1] if chosen else None
    st.session_state[memory] = (tuple(chosen), shown)
    return shown


def _shown(table: str) -> str:
    return f"{table}_shown"
