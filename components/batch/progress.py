"""How far along a batch is: one bar, and the counts that are its legend."""

from collections.abc import Sequence

import streamlit as st

from components.states import ORDER, ROWS, SHOWN
from components.words import number, percent
from services.models import Counts, RowState


def progress(counts: Counts, below: Sequence[str] = ()) -> None:
    """The bar and the counts; below them, in small print, what is happening right now."""
    with st.container(key="progress", border=True, gap="small"):
        st.html(_bar(counts))
        _counts(counts)
        if below:
            with st.container(horizontal=True, horizontal_alignment="distribute", gap="xsmall"):
                for words in below:
                    st.caption(words, width="content")


def shown_count(counts: Counts, state: RowState) -> int:
    """How many rows a person sees in a state: those being sent still count as waiting."""
    return counts.waiting if state is RowState.WAITING else counts[state]


def shown_states(counts: Counts) -> list[RowState]:
    """The states worth showing, in the bar's order."""
    return [state for state in ORDER if state in SHOWN or counts[state]]


def share(amount: int, total: int) -> str:
    """The percentage; never 100% before it is all."""
    return percent(amount / max(total, 1))


def _bar(counts: Counts) -> str:
    """The bar as HTML, made only of our own numbers and words.

    A chart would have a toolbar, which covers the bar under the pointer and adds four stops for the keyboard.
    """
    parts = (f"flex: {shown_count(counts, state)}; background: {_fill(state)}" for state in ORDER)
    drawn = "".join(f'<div style="{part}"></div>' for part in parts)
    return f'<div role="img" aria-label="{_in_words(counts)}" style="display: flex; height: 12px">{drawn}</div>'


def _fill(state: RowState) -> str:
    return "rgba(139, 148, 158, 0.3)" if state is RowState.WAITING else ROWS[state].fill


def _counts(counts: Counts) -> None:
    states = shown_states(counts)
    # four fit side by side on a phone, or three with the longer words of rare states
    narrowest = 72 if len(states) == len(SHOWN) else 92
    with st.grid(len(states), min_column_width=narrowest, gap="xsmall"):
        for state in states:
            amount = shown_count(counts, state)
            st.metric(
                state.label,
                number(amount),
                delta=share(amount, counts.total),
                delta_color=ROWS[state].badge if amount else "gray",
                delta_arrow="off",
            )


def _in_words(counts: Counts) -> str:
    return ", ".join(f"{state.label} {number(shown_count(counts, state))}" for state in shown_states(counts))
