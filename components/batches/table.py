"""The list of batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.named_list import clicked_name, list_height, name_label
from components.selection import keep_selection, selected
from components.states import BATCHES
from components.words import shorten
from services.models import BatchSummary, RowState

_TABLE = "batches"
_CLICK = "batch_name_clicked"
_MAX_HEIGHT_PX = 640
_BUTTON_HEIGHT_PX = 40


@dataclass(frozen=True)
class Picked:
    """What a person has chosen in the list."""

    clicked: str | None
    """The id of the batch whose name was just clicked."""
    ticked: BatchSummary | None
    """The batch whose box is ticked."""


def batch_table(batches: Sequence[BatchSummary], clock: Callable[[datetime], str]) -> Picked:
    """The table; returns what is chosen in it."""
    ids = [summary.batch.id for summary in batches]
    clicked = clicked_name(_TABLE, _CLICK)
    keep_selection(_TABLE, ids)
    event = st.dataframe(
        _frame(batches, clock),
        key=_TABLE,
        hide_index=True,
        height=list_height(len(batches), _MAX_HEIGHT_PX),
        column_config=_columns(),
        on_select="rerun",
        selection_mode="single-row",
        placeholder="",
    )
    ticked = selected(event["selection"]["rows"], ids)
    return Picked(clicked, batches[ids.index(ticked[0])] if ticked else None)


def _frame(batches: Sequence[BatchSummary], clock: Callable[[datetime], str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "state": [summary.batch.state.label],
                "attention": summary.counts.needs_attention or None,
                "name": name_label(summary.batch.name),
                "progress": _done_percent(summary),
                "rows": summary.batch.row_count,
                "completed": summary.counts[RowState.COMPLETED],
                "agent": shorten(summary.batch.agent.name, 80),
                "created": clock(summary.batch.created_at),
            }
            for summary in batches
        ]
    ).astype({"attention": "Int64"})


def _done_percent(summary: BatchSummary) -> float:
    return 100 * summary.counts.done / max(summary.counts.total, 1)


def _columns() -> dict[str, Any]:
    column = st.column_config
    words = {state.label: look.fill for state, look in BATCHES.items()}
    return {
        # these two and the beginning of the name are what a phone shows
        "state": column.MultiselectColumn("State", options=list(words), color=list(words.values()), width=88),
        "attention": column.NumberColumn(
            "Needs attention", format="localized", width=118, help="Rows that failed, are empty, or are unconfirmed"
        ),
        "name": column.ButtonColumn("Batch", type="tertiary", alignment="left", width=320, key=_CLICK),
        "progress": column.ProgressColumn("Done", min_value=0, max_value=100, format="%.0f%%", width=170),
        "rows": column.NumberColumn("Rows", format="localized", width=90),
        "completed": column.NumberColumn("Completed", format="localized", width=100),
        "agent": column.TextColumn("Agent", width=200),
        "created": column.TextColumn("Created", width=150),
    }


def actions_place() -> DeltaGenerator:
    """The line above the table; as high with words as with buttons, so that the table never moves."""
    return st.container(
        horizontal=True, vertical_alignment="center", gap="small", border=False, height=_BUTTON_HEIGHT_PX
    )


def open_button() -> bool:
    """The button that opens the ticked batch; whether it was pressed."""
    return st.button("Open batch", key="open_batch", type="primary", icon=":material/open_in_full:")


def no_batches() -> None:
    """What to do while there are no batches."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown("**No batches yet**", text_alignment="center")
        st.caption(
            "A batch runs one of your agents on every row of a spreadsheet. Start with your file or the sample.",
            text_alignment="center",
        )
        st.page_link("new_batch.py", label="Start a new batch", icon=":material/add:")
        st.space("small")
