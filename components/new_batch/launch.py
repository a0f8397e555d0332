"""The last step of a new batch: its name, the estimate, and the button."""

from collections.abc import Callable
from datetime import timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.new_batch.steps import show_stored
from components.words import count, day_and_time, duration, shorten
from services.models import Draft, Estimate

_MAX_NAME_CHARACTERS = 200
_MAX_PART_CHARACTERS = 80


def proposed_name(draft: Draft, timezone_name: str | None) -> str:
    """Give the name that a batch gets unless a person enters another: file, agent, and time in the viewer's zone.

    It begins with the file, because most batches of a list have the same agent, and a phone shows only the beginning.
    """
    agent = draft.agent.name if draft.agent else ""
    parts = (draft.sheet.filename, agent, day_and_time(draft.created_at, timezone_name))
    return " · ".join(shorten(part, _MAX_PART_CHARACTERS) for part in parts if part)


def name_batch(typed: str, proposed: str, on_name: Callable[[str], None]) -> str:
    """Let the person name the batch, and give its name. The proposed name isn't stored: it shows while none is."""
    show_stored("batch_name", typed or proposed)

    def changed() -> None:
        name = st.session_state["batch_name"].strip()
        on_name("" if name == proposed else name)

    st.text_input("Batch name", key="batch_name", on_change=changed, max_chars=_MAX_NAME_CHARACTERS, width=520)
    return typed or proposed


def launch_button(rows: int, sample_rows: int | None, *, disabled: bool) -> bool:
    """Draw the button that launches this many rows, or a sample of them first; says whether it was pressed."""
    what = count(rows, "row") if sample_rows is None else f"a sample of {count(sample_rows, 'row')}"
    return st.button(
        f"Launch {what}",
        key="launch",
        type="primary",
        icon=":material/rocket_launch:",
        disabled=disabled,
    )


def show_storing(place: DeltaGenerator, stored: int, rows: int) -> None:
    """Show how many rows of the batch have been saved."""
    place.progress(min(stored / max(rows, 1), 1.0), f"Saving {count(rows, 'row')}…")


def show_estimate(estimate: Estimate) -> None:
    """Say how long sending takes. How long Writer needs for its jobs isn't known before the first have finished."""
    st.caption(f"Sending takes {_rounded(estimate.minutes)}. Writer may need longer to finish.")


def _rounded(minutes: float) -> str:
    return "less than a minute" if minutes < 1 else duration(timedelta(minutes=minutes))
