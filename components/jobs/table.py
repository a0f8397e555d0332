"""The jobs of an agent: filter, table, pages."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from components.markdown import to_plain
from components.selection import keep_selection, latest, selected
from components.states import ROWS
from components.words import count, number, shorten
from services.models import JobList, JobState, ListedJob, RowState

ALL = "all"
LOOKS = {state: ROWS[RowState(state.value)] for state in JobState}
_TABLE = "jobs"
_ROW_HEIGHT_PX = 35
_MAX_HEIGHT_PX = 560
_SHORTENED = 200
_NAME_LENGTH = 40
_BATCH_NAME_LENGTH = 60


@dataclass(frozen=True)
class Picked:
    """What is selected in the table, by the jobs' ids."""

    ticked: tuple[str, ...]
    open: str | None
    """The job to show in full: the clicked one, else the one ticked last."""


def state_word(state: JobState) -> str:
    """The word for a job's state."""
    return RowState(state.value).label


def job_filter() -> JobState | None:
    """Which jobs to show; None: all."""
    chosen = st.segmented_control(
        "Show jobs",
        [ALL, *(state.value for state in JobState)],
        default=ALL,
        required=True,
        format_func=lambda option: "All" if option == ALL else state_word(JobState(option)),
        key="job_filter",
        label_visibility="collapsed",
        on_change=_to_first_page,
    )
    return None if chosen in (None, ALL) else JobState(chosen)


def _to_first_page() -> None:
    st.session_state["jobs_page"] = 1


def list_words(jobs: JobList, clock: Callable[[datetime], str], now: datetime) -> str:
    """How many jobs there are, in which order, and how old that is."""
    if jobs.read_at is None:
        return "Not read yet"
    parts = [] if jobs.total is None else [count(jobs.total, "job")]
    if len(jobs.jobs) > 1:
        parts.append("newest first" if jobs.is_newest_first else "in Writer's order")
    parts.append(_age(int((now - jobs.read_at).total_seconds()), jobs.read_at, clock))
    return " · ".join(parts)


def _age(seconds: int, read_at: datetime, clock: Callable[[datetime], str]) -> str:
    if seconds < 2:
        return "updated now"
    return f"updated {number(seconds)} s ago" if seconds < 100 else f"updated {clock(read_at)}"


def job_table(jobs: JobList, clock: Callable[[datetime], str]) -> Picked:
    """The table: a click on a job opens it, the boxes at the left tick jobs. Returns what is selected."""
    ids = [listed.job.id for listed in jobs.jobs]
    keep_selection(_TABLE, ids)
    event = st.dataframe(
        pd.DataFrame([_row(listed, clock) for listed in jobs.jobs], columns=list(_columns())),
        key=_TABLE,
        hide_index=True,
        height=min(_MAX_HEIGHT_PX, (max(len(ids), 1) + 1) * _ROW_HEIGHT_PX + 3),
        column_config=_columns(),
        on_select="rerun",
        selection_mode=["multi-row", "single-cell"],
        placeholder="",
    )
    ticked = selected(event["selection"]["rows"], ids)
    clicked = selected([place for place, _ in event["selection"]["cells"]], ids)
    latest_ticked = latest(_TABLE, ticked)
    return Picked(ticked, clicked[0] if clicked else latest_ticked)


def job_pages(jobs: JobList) -> None:
    """The way to the other pages."""
    if jobs.pages > 1:
        st.pagination(jobs.pages, key="jobs_page", max_visible_pages=5)


def where(listed: ListedJob) -> str:
    """The row that a job belongs to, or that it was started elsewhere."""
    if listed.row is None:
        return "Started elsewhere"
    return f"{shorten(listed.row.batch_name, _BATCH_NAME_LENGTH)}, row {number(listed.row.number)}"


def _row(listed: ListedJob, clock: Callable[[datetime], str]) -> dict[str, Any]:
    job = listed.job
    return {
        "status": [state_word(job.state)],
        "suggestion": to_plain((job.suggestion or "")[:_SHORTENED]),
        "error": (job.error or job.unreadable)[:_SHORTENED],
        "where": where(listed),
        "created": clock(job.created_at) if job.created_at else "",
        "title": shorten(job.title, _NAME_LENGTH),
        "id": job.id,
    }


def _columns() -> dict[str, Any]:
    column = st.column_config
    words = {state_word(state): look.fill for state, look in LOOKS.items()}
    return {
        "status": column.MultiselectColumn("Status", options=list(words), color=list(words.values()), width=110),
        "suggestion": column.TextColumn("Suggestion", width=360),
        "error": column.TextColumn("Error", width=200),
        "where": column.TextColumn("Batch", width=200, help="The batch and row here that the job belongs to"),
        "created": column.TextColumn("Created", width=130),
        "title": column.TextColumn("Title", width=130),
        "id": column.TextColumn("Job ID", width=290),
    }
