"""Jobs that no row knows, beside the rows that they may belong to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import streamlit as st

from components.states import ROWS
from components.words import number, plain, shorten
from services.models import Candidate, FoundJob, Job, JobState, RowState

MOST_SHOWN = 20
"""Jobs shown at a time; as they're assigned or dismissed, others take their place."""
_TEXT_HEIGHT_PX = 190
_LABEL_LENGTH = 60
_NUMBERS = "found_numbers"
_OPTIONS = 50
"""Rows offered for a job."""


@dataclass(frozen=True)
class Decision:
    """What a person has decided."""

    assigned: Mapping[str, int]
    """Positions of rows, by the ids of the jobs whose boxes are ticked."""
    dismissed: str | None
    """The job that isn't ours."""


def found_jobs(jobs: Sequence[FoundJob], clock: Callable[[datetime], str]) -> Decision:
    """Draw the jobs; returns what is chosen for them."""
    assigned: dict[str, int] = {}
    dismissed = None
    for found in jobs[:MOST_SHOWN]:
        n = _number_of(found.job.id)
        with st.container(border=True, key=f"found_job_{n}"):
            text, row = st.columns([3, 2], gap="medium")
            with text:
                _job(found.job, clock)
            with row:
                chosen, is_ticked = _choice(n, found)
                if st.button("Not ours", key=f"dismiss_{n}", icon=":material/close:"):
                    dismissed = found.job.id
        if chosen is not None and is_ticked:
            assigned[found.job.id] = chosen
    return Decision(assigned, dismissed)


def _number_of(job_id: str) -> int:
    """A number that stays the job's own while others come and go, so that what was chosen for it stays with it."""
    numbers: dict[str, int] = st.session_state.setdefault(_NUMBERS, {})
    return numbers.setdefault(job_id, len(numbers))


def _job(job: Job, clock: Callable[[datetime], str]) -> None:
    look = ROWS[RowState(job.state.value)]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(RowState(job.state.value).label, icon=look.icon, color=look.badge)
        st.caption(
            f"created {clock(job.created_at)}" if job.created_at else "created at an unknown time", width="content"
        )
    if job.unreadable:
        st.caption(f"This job can't be read: {plain(job.unreadable)}.")
    elif job.state is JobState.COMPLETED:
        st.code(job.suggestion or "(empty)", language=None, wrap_lines=True, height=_height(job.suggestion or ""))
    elif job.state is JobState.FAILED:
        st.error(plain(job.error or "Writer gave no reason for the failure."))
    else:
        st.caption("Still running, so there's no text to compare yet. Refresh in a minute.")
    st.caption(f"Job {plain(job.id)}")


def _height(text: str) -> int | Literal["content"]:
    return _TEXT_HEIGHT_PX if len(text) > 500 or text.count("\n") > 6 else "content"


def _choice(n: int, found: FoundJob) -> tuple[int | None, bool]:
    """The row chosen for a job, and whether it is to be assigned."""
    candidates = {candidate.position: candidate for candidate in found.candidates[:_OPTIONS]}
    if not candidates:
        st.caption("No unconfirmed row was being sent when this job was created.")
        return None, False
    chosen = st.selectbox(
        "Belongs to",
        list(candidates),
        index=None if found.clear is None else list(candidates).index(found.clear),
        format_func=lambda position: row_label(candidates[position]),
        placeholder="Choose a row, likeliest first",
        key=f"row_for_{n}",
        on_change=_tick,
        args=(n,),
    )
    if chosen is None:
        return None, False
    _inputs(candidates[chosen])
    if found.clear is not None:
        st.session_state.setdefault(f"assign_{n}", True)
    return chosen, st.checkbox(f"Assign to row {number(candidates[chosen].number)}", key=f"assign_{n}")


def _tick(n: int) -> None:
    """A row that a person has just chosen is meant to be assigned."""
    st.session_state[f"assign_{n}"] = st.session_state.get(f"row_for_{n}") is not None


def row_label(candidate: Candidate) -> str:
    """A row as one line: its number and what it gives to the agent."""
    values = ", ".join(value for values in candidate.inputs.values() for value in values)
    return f"Row {number(candidate.number)} · {shorten(values, _LABEL_LENGTH)}"


def _inputs(candidate: Candidate) -> None:
    for name, values in candidate.inputs.items():
        st.caption(f"**{plain(name)}** · {plain(shorten(', '.join(values), 300))}")
