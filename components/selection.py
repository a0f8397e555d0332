"""Selected rows of a table, by what they are and not by where they stand.

Streamlit counts selected rows from the top of the table, so that another row is selected when rows come and go.
"""

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

Id = TypeVar("Id", int, str)


def keep_selection(table: str, ids: Sequence[Id]) -> None:
    """To be called before the table with that key is drawn with the rows of those ids: what was selected stays so."""
    memory = f"{table}_shown"
    before: Sequence[Id] = st.session_state.get(memory, ())
    st.session_state[memory] = tuple(ids)
    if table not in st.session_state or tuple(before) == tuple(ids):
        return
    places: list[int] = list(st.session_state[table]["selection"]["rows"])
    kept = {before[place] for place in places if place < len(before)}
    moved = [place for place, this in enumerate(ids) if this in kept]
    if moved != places:
        st.session_state[table] = {"selection": {"rows": moved, "columns": [], "cells": []}}


def selected(places: Sequence[int], ids: Sequence[Id]) -> tuple[Id, ...]:
    """What is selected, in the table's order."""
    return tuple(ids[place] for place in sorted(places) if place < len(ids))


def latest(table: str, chosen: Sequence[Id]) -> Id | None:
    """The one to show whole: the one just added, else the one shown before, else the last one left."""
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
