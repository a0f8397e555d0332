"""The last step of a new batch: its name, what it takes, and the button."""

import math
from collections.abc import Callable
from datetime import datetime

import streamlit as st

from components.steps import show_stored
from components.words import count, number, zone
from services.models import Draft, Estimate


def proposed_name(draft: Draft, timezone_name: str | None) -> str:
    """The name a batch gets unless a person types another: agent, file and the time in the viewer's zone."""
    agent = draft.agent.name if draft.agent else ""
    return " · ".join(part for part in (agent, draft.sheet.filename, _moment(draft.created_at, timezone_name)) if part)


def _moment(moment: datetime, timezone_name: str | None) -> str:
    there = moment.astimezone(zone(timezone_name))
    return f"{there.day} {there:%b}, {there:%H:%M}"


def name_batch(typed: str, proposed: str, on_name: Callable[[str], None]) -> str:
    """Let the person name the batch; gives its name. The proposed name is never stored: it stands while none is."""
    show_stored("batch_name", typed or proposed)

    def changed() -> None:
        name = st.session_state["batch_name"].strip()
        on_name("" if name == proposed else name)

    st.text_input("Batch name", key="batch_name", on_change=changed, max_chars=200, width=520)
    return typed or proposed


def launch_button(rows: int, *, disabled: bool) -> bool:
    """The button that launches so many rows; tells whether it was pressed."""
    return st.button(
        f"Launch {count(rows, 'row')}",
        key="launch",
        type="primary",
        icon=":material/rocket_launch:",
        disabled=disabled,
    )


def tell_estimate(estimate: Estimate, per_minute: int) -> None:
    """Say what sending takes, and no more than is sure: requests may leave in bursts, and jobs take their time."""
    minutes = math.floor(estimate.minutes)
    length = f"at least {count(minutes, 'minute')}" if minutes else "less than a minute"
    st.caption(
        f"{count(estimate.requests, 'request')} to Writer: {length} at the limit of {number(per_minute)} a minute. "
        "The agent's own pace can make it longer."
    )
