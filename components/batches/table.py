"""The list of batches, and what to do with the selected one."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from components.selection import keep_selection, selected
from components.states import BATCHES
from components.words import shorten
from services.models import BatchSummary, RowState

_TABLE = "batches"
_ROW_HEIGHT = 35
_MOST_HEIGHT = 640


def batch_table(batches: Sequence[BatchSummary], clock: Callable[[datetime], str]) -> BatchSummary | None:
    """The table; gives the batch that is selected."""
    ids = [summary.batch.id for summary in batches]
    keep_selection(_TABLE, ids)
    event = st.dataframe(
        _frame(batches, clock),
        key=_TABLE,
        hide_index=True,
        height=min(_MOST_HEIGHT, (len(batches) + 1) * _ROW_HEIGHT + 3),
        column_config=_columns(),
        on_select="rerun",
        selection_mode="single-row",
        placeholder="",
    )
    chosen = selected(event["selection"]["rows"], ids)
    return batches[ids.index(chosen[0])] if chosen else None


def _frame(batches: Sequence[BatchSummary], clock: Callable[[datetime], str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "state": [summary.batch.state.label],
                "name": shorten(summary.batch.name, 120),
                "progress": _done_percent(summary),
                "rows": summary.batch.row_count,
                "completed": summary.counts[RowState.COMPLETED],
                "failed": summary.counts[RowState.FAILED],
                "agent": shorten(summary.batch.agent.name, 80),
                "created": clock(summary.batch.created_at),
            }
            for summary in batches
        ]
    )


def _done_percent(summary: BatchSummary) -> float:
    return 100 * summary.counts.done / max(summary.counts.total, 1)


def _columns() -> dict[str, Any]:
    column = st.column_config
    words = {state.label: look.fill for state, look in BATCHES.items()}
    return {
        "state": column.MultiselectColumn("State", options=list(words), color=list(words.values()), width=100),
        "name": column.TextColumn("Batch", width=320),
        "progress": column.ProgressColumn("Done", min_value=0, max_value=100, format="%.0f %%", width=170),
        "rows": column.NumberColumn("Rows", format="localized", width=90),
        "completed": column.NumberColumn("Completed", format="localized", width=100),
        "failed": column.NumberColumn("Failed", format="localized", width=80),
        "agent": column.TextColumn("Agent", width=200),
        "created": column.TextColumn("Created", width=150),
    }


def open_button(any_selected: bool) -> bool:
    """The button that opens the selected batch; whether it was pressed. It keeps its place while none is selected."""
    icon = ":material/open_in_full:"
    return st.button("Open batch", key="open_batch", type="primary", icon=icon, disabled=not any_selected)


def no_batches() -> None:
    """What to do while there are no batches."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown("**No batches yet**", text_alignment="center")
        st.caption(
            "A batch runs one of your agents over every row of a spreadsheet. Start with a file, or with the sample.",
            text_alignment="center",
        )
        st.page_link("new_batch.py", label="Start a new batch", icon=":material/add:")
        st.space("small")
