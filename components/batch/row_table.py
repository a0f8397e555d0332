"""The rows of a batch: filter, search, table, pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from components.batch.progress import shown_count, shown_states
from components.files import thumbnail_url
from components.markdown import to_plain
from components.selection import keep_selection, latest, selected
from components.states import ROWS
from components.words import count, number, plain, shorten
from services.models import Batch, Choice, ChoiceKind, Counts, RowPage, RowPreview, RowState

ALL = "all"
_TABLE = "rows"
_ROW_HEIGHT_PX = 35
_MAX_HEIGHT_PX = 560
_WIDE_PX, _NARROW_PX = 430, 200
_REASON_LENGTH = 90
_WITH_ERROR = frozenset({RowState.FAILED, RowState.UNCONFIRMED, RowState.SKIPPED})


@dataclass(frozen=True)
class Filter:
    """Which rows a person wants to see."""

    states: tuple[RowState, ...]
    search: str
    page: int
    """From 1."""
    reason: str | None
    """Only rows that failed for exactly this reason; None: all rows."""

    @property
    def errors_only(self) -> bool:
        """Whether all rows have an error to read, and hardly any a suggestion."""
        return bool(self.states) and _WITH_ERROR.issuperset(self.states)


@dataclass(frozen=True)
class Column:
    """A table column for an input that rows have values for."""

    place: int
    """The input's place among all of the agent's, which is the place of its value among a row's."""
    label: str

    @property
    def name(self) -> str:
        """The column's name in the data; an input may be called anything, so its own name could clash."""
        return f"input_{self.place}"


def input_columns(batch: Batch) -> list[Column]:
    """The columns for the batch's inputs, in the agent's order, without those that were left out.

    A collected batch has its own columns instead.
    """
    if batch.is_collected:
        return [Column(place, name) for place, name in enumerate(batch.columns)]
    choices = [batch.choices.get(field.name, Choice()) for field in batch.agent.inputs]
    used = [place for place, choice in enumerate(choices) if choice.kind is not ChoiceKind.LEAVE_OUT]
    return [Column(place, batch.agent.inputs[place].name) for place in used]


@dataclass(frozen=True)
class Picked:
    """What is selected in the table, by the rows' positions in the batch."""

    ticked: tuple[int, ...]
    """The rows whose boxes are ticked."""
    open: int | None
    """The row to show in full: the clicked one, else the one ticked last."""


def row_filter(counts: Counts, resting: bool, reason: str | None) -> Filter:
    """The filter and the search field; `reason` is what "Show these" has chosen."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"):
        states = _state_filter(counts, resting)
        search = _search_field()
    return Filter(states, search, int(st.session_state.get("page", 1)), reason)


def _state_filter(counts: Counts, resting: bool) -> tuple[RowState, ...]:
    """Which states to show. The labels have counts while the batch is at rest.

    While a batch is moving the labels stay as they are: a click sends the label, and one that has changed in between
    would not be understood.
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
        on_change=_show_all_reasons,
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
    """What can be chosen; the current choice stays, even when the last row has left that state."""
    states = [state for state in shown_states(counts) if shown_count(counts, state) or not resting]
    options = [ALL, *(state.value for state in states)]
    return options if kept is None or kept in options else [*options, kept]


def _word_and_count(option: str, counts: Counts) -> tuple[str, int]:
    if option == ALL:
        return "All", counts.total
    state = RowState(option)
    return state.label, shown_count(counts, state)


def _states(option: str) -> tuple[RowState, ...]:
    if option == ALL:
        return ()
    state = RowState(option)
    return (RowState.WAITING, RowState.SENDING) if state is RowState.WAITING else (state,)


def shown_reason(batch_id: str) -> str | None:
    """The reason whose rows the table of this batch shows alone; None: it shows all."""
    batch, reason = st.session_state.get("shown_reason", ("", None))
    return reason if batch == batch_id else None


def show_reason(batch_id: str, reason: str) -> None:
    """Have the table show the rows that failed for that reason. For callbacks: it sets the filter and the search."""
    st.session_state["shown_reason"] = (batch_id, reason)
    st.session_state["status_filter"] = RowState.FAILED.value
    st.session_state["search"] = ""
    _to_first_page()


def _show_all_reasons() -> None:
    st.session_state.pop("shown_reason", None)
    _to_first_page()


def _show_all_rows() -> None:
    st.session_state["status_filter"] = ALL
    _show_all_reasons()


def _to_first_page() -> None:
    st.session_state["page"] = 1


def say_range(page: RowPage, page_rows: int, current: int, reason: str | None) -> None:
    """Which of the rows the table shows; where those of one reason only, with a button that shows all again."""
    if reason is None:
        st.caption(_range(page, page_rows, current))
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        why = plain(shorten(reason, _REASON_LENGTH)) or "no reason given"
        st.caption(f"{_range(page, page_rows, current)} failed: **{why}**", width="content")
        st.button("Show all rows", key="show_all_rows", icon=":material/filter_alt_off:", on_click=_show_all_rows)


def _range(page: RowPage, page_rows: int, current: int) -> str:
    first = (current - 1) * page_rows + 1
    matching = count(page.matching, "row")
    if page.matching <= page_rows:
        return matching
    return f"{number(first)}–{number(first + len(page.rows) - 1)} of {matching}"


def row_pages(page: RowPage, page_rows: int) -> None:
    """The way to the other pages of rows."""
    if page.matching > page_rows:
        st.pagination(-(-page.matching // page_rows), key="page", max_visible_pages=5)


def row_table(page: RowPage, inputs: Sequence[Column], errors_first: bool) -> Picked:
    """The table: a click anywhere on a row opens it, the boxes at the left tick rows. Returns what is selected.

    The suggestion has more room than the error, unless errors come first.
    """
    positions = [row.position for row in page.rows]
    keep_selection(_TABLE, positions)
    event = st.dataframe(
        _frame(page.rows, inputs, errors_first),
        key=_TABLE,
        hide_index=True,
        height=_height(len(positions)),
        column_config=_columns(inputs, errors_first),
        on_select="rerun",
        selection_mode=["multi-row", "single-cell"],
        placeholder="",
    )
    ticked = selected(event["selection"]["rows"], positions)
    clicked = selected([place for place, _ in event["selection"]["cells"]], positions)
    latest_ticked = latest(_TABLE, ticked)
    return Picked(ticked, clicked[0] if clicked else latest_ticked)


def _height(rows: int) -> int:
    return min(_MAX_HEIGHT_PX, (max(rows, 1) + 1) * _ROW_HEIGHT_PX + 3)


def _frame(rows: Sequence[RowPreview], inputs: Sequence[Column], errors_first: bool) -> pd.DataFrame:
    """The table's data; the result follows the first input, which usually says which row it is."""
    given = {column.name: [row.values[column.place] for row in rows] for column in inputs}
    results = {"suggestion": [to_plain(row.suggestion) for row in rows], "error": [row.error for row in rows]}
    data: dict[str, list[Any]] = {
        "number": [row.number for row in rows],
        "status": [[row.state.label] for row in rows],
        **_pictures(rows),
        **dict(list(given.items())[:1]),
        **dict(sorted(results.items(), reverse=not errors_first)),
        **dict(list(given.items())[1:]),
        "attempts": [row.attempts for row in rows],
    }
    return pd.DataFrame(data)


def _pictures(rows: Sequence[RowPreview]) -> dict[str, list[str | None]]:
    """A small image of each row's first file, if any row has files."""
    if not any(row.files for row in rows):
        return {}
    return {"picture": [thumbnail_url(row.files[0]) if row.files else None for row in rows]}


def _columns(inputs: Sequence[Column], errors_first: bool) -> dict[str, Any]:
    column = st.column_config
    suggestion, error = (_NARROW_PX, _WIDE_PX) if errors_first else (_WIDE_PX, _NARROW_PX)
    words = {state.label: look.fill for state, look in ROWS.items()}
    given = {field.name: column.TextColumn(field.label, width=150) for field in inputs}
    return {
        "number": column.NumberColumn("Row", width=56, help="The row's number in the spreadsheet"),
        "status": column.MultiselectColumn("Status", options=list(words), color=list(words.values()), width=110),
        "picture": column.ImageColumn("Preview", width=64),
        **given,
        "suggestion": column.TextColumn("Suggestion", width=suggestion),
        "error": column.TextColumn("Error", width=error),
        "attempts": column.NumberColumn("Attempts", width=84),
    }
