"""The last step of a new batch: its name, what it takes, and the button."""

import math
from collections.abc import Callable
from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.new_batch.steps import show_stored
from components.words import count, number, shorten, zone
from services.models import Draft, Estimate

_NAME_LENGTH = 200
_PART_LENGTH = 80


def proposed_name(draft: Draft, timezone_name: str | None) -> str:
    """The name a batch gets unless a person types another: agent, file and the time in the viewer's zone."""
    agent = draft.agent.name if draft.agent else ""
    parts = (agent, draft.sheet.filename, _moment(draft.created_at, timezone_name))
    return " · ".join(shorten(part, _PART_LENGTH) for part in parts if part)


def _moment(moment: datetime, timezone_name: str | None) -> str:
    there = moment.astimezone(zone(timezone_name))
    return f"{there.day} {there:%b}, {there:%H:%M}"


def name_batch(typed: str, proposed: str, on_name: Callable[[str], None]) -> str:
    """Let the person name the batch; gives its name. The proposed name is never stored: it stands while none is."""
    show_stored("batch_name", typed or proposed)

    def changed() -> None:
        name = st.session_state["batch_name"].strip()
        on_name("" if name == proposed else name)

    st.text_input("Batch name", key="batch_name", on_change=changed, max_chars=_NAME_LENGTH, width=520)
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


def show_storing(place: DeltaGenerator, stored: int, rows: int) -> None:
    """Show how far storing the batch is."""
    place.progress(min(stored / max(rows, 1), 1.0), f"Storing {count(rows, 'row')} …")


def tell_estimate(estimate: Estimate, per_minute: int) -> None:
    """Say what sending takes, and no more than is sure: requests may leave in bursts, and jobs take their time."""
    st.caption(
        f"{count(estimate.requests, 'request')} to Writer: {_at_least(estimate.minutes)} at the limit of "
        f"{number(per_minute)} a minute. The agent's own pace can make it longer."
    )


def _at_least(minutes: float) -> str:
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return f"at least {count(math.floor(minutes), 'minute')}"
    return f"at least {count(math.floor(minutes / 60), 'hour')}"
