"""The rows of a batch: filter, search, table, pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from components.batch.progress import shown_count, shown_states
from components.selection import keep_selection, latest, selected
from components.states import ROWS
from components.words import count, number, state_word
from services.models import Batch, Choice, ChoiceKind, Counts, RowPage, RowPreview, RowState

ALL = "all"
_TABLE = "rows"
_ROW_HEIGHT = 35
_MOST_HEIGHT = 560


@dataclass(frozen=True)
class Filter:
    """Which rows a person wants to see."""

    states: tuple[RowState, ...]
    search: str
    page: int


@dataclass(frozen=True)
class Column:
    """A column for an input that rows have values for."""

    place: int
    """Of the input among all of the agent's, which is that of its value among a row's."""
    label: str

    @property
    def name(self) -> str:
        """The column's name in the data; an input may be called anything, this cannot clash."""
        return f"input_{self.place}"


def input_columns(batch: Batch) -> list[Column]:
    """The columns for the batch's inputs, in the agent's order, without those that were left out."""
    choices = [batch.choices.get(field.name, Choice()) for field in batch.agent.inputs]
    used = [place for place, choice in enumerate(choices) if choice.kind is not ChoiceKind.LEAVE_OUT]
    return [Column(place, batch.agent.inputs[place].name) for place in used]


@dataclass(frozen=True)
class Picked:
    """Which rows are selected, by their position in the batch."""

    rows: tuple[int, ...]
    latest: int | None
    """The one that was selected last."""


def row_filter(counts: Counts, resting: bool) -> Filter:
    """The filter and the search field."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"):
        states = _state_filter(counts, resting)
        search = _search_field()
    return Filter(states, search, int(st.session_state.get("page", 1)))


def _state_filter(counts: Counts, resting: bool) -> tuple[RowState, ...]:
    """Which states to show. A resting batch has its counts in the labels.

    While a batch moves, the labels stay as they are: a click sends the label, and one that changed meanwhile would
    not be understood.
    """

    def label(option: str) -> str:
        word, amount = _word_and_count(option, counts)
        return f"{word} {number(amount)}" if resting else word

    chosen = st.segmented_control(
        "Show rows",
        _options(counts, resting, st.session_state.get("status_filter")),
        default=ALL,
        required=True,
        format_func=label,
        key="status_filter",
        label_visibility="collapsed",
        wrap=True,
        on_change=_to_first_page,
    )
    return _states(chosen or ALL)


def _search_field() -> str:
    typed = st.text_input(
        "Search rows",
        key="search",
        placeholder="Search rows",
        icon=":material/search:",
        type="search",
        live="400ms",
        label_visibility="collapsed",
        width=200,
        on_change=_to_first_page,
    )
    return (typed or "").strip()


def _options(counts: Counts, resting: bool, kept: str | None) -> list[str]:
    """What can be chosen; what is chosen stays there, even when the last row has left that state."""
    states = [state for state in shown_states(counts) if shown_count(counts, state) or not resting]
    options = [ALL, *(state.value for state in states)]
    return options if kept is None or kept in options else [*options, kept]


def _word_and_count(option: str, counts: Counts) -> tuple[str, int]:
    if option == ALL:
        return "All", counts.total
    state = RowState(option)
    return state.label, shown_count(counts, state)


def _to_first_page() -> None:
    st.session_state["page"] = 1


def _states(option: str) -> tuple[RowState, ...]:
    if option == ALL:
        return ()
    state = RowState(option)
    return (RowState.WAITING, RowState.SENDING) if state is RowState.WAITING else (state,)


def say_range(page: RowPage, page_rows: int, current: int) -> None:
    """Which of the rows the table shows."""
    first = (current - 1) * page_rows + 1
    last = first + len(page.rows) - 1
    matching = count(page.matching, "row")
    part = f"{number(first)}–{number(last)} of {matching}" if page.matching > page_rows else matching
    st.caption(f"{part} · select one to read it whole" if page.rows else part)


def row_pages(page: RowPage, page_rows: int) -> None:
    """The way to the other rows."""
    if page.matching > page_rows:
        st.pagination(-(-page.matching // page_rows), key="page", max_visible_pages=5)


def row_table(page: RowPage, inputs: Sequence[Column]) -> Picked:
    """The table; gives which rows are selected."""
    positions = [row.position for row in page.rows]
    keep_selection(_TABLE, positions)
    event = st.dataframe(
        _frame(page.rows, inputs),
        key=_TABLE,
        hide_index=True,
        height=_height(len(positions)),
        column_config=_columns(inputs),
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="",
    )
    rows = selected(event["selection"]["rows"], positions)
    return Picked(rows, latest(_TABLE, rows))


def _height(rows: int) -> int:
    return min(_MOST_HEIGHT, (max(rows, 1) + 1) * _ROW_HEIGHT + 3)


def _frame(rows: Sequence[RowPreview], inputs: Sequence[Column]) -> pd.DataFrame:
    """The table's data; what became of a row stands right after the first input, which mostly says which row it is."""
    given = {column.name: [row.values[column.place] for row in rows] for column in inputs}
    data: dict[str, list[Any]] = {
        "number": [row.number for row in rows],
        "status": [[state_word(row.state)] for row in rows],
        **dict(list(given.items())[:1]),
        "suggestion": [row.suggestion for row in rows],
        "error": [row.error for row in rows],
        **dict(list(given.items())[1:]),
        "attempts": [row.attempts for row in rows],
    }
    return pd.DataFrame(data)


def _columns(inputs: Sequence[Column]) -> dict[str, Any]:
    column = st.column_config
    words = {state_word(state): look.fill for state, look in ROWS.items()}
    given = {field.name: column.TextColumn(field.label, width=150) for field in inputs}
    return {
        "number": column.NumberColumn("Row", width=64, help="As the spreadsheet counts it: its first line is row 1"),
        "status": column.MultiselectColumn("Status", options=list(words), color=list(words.values()), width=118),
        **given,
        "suggestion": column.TextColumn("Suggestion", width=300),
        "error": column.TextColumn("Error", width=190),
        "attempts": column.NumberColumn("Attempts", width=84),
    }
