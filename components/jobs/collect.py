"""The form that makes a batch of jobs that were started elsewhere."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

import streamlit as st

from services.models import CollectScope

_ALL, _SPAN, _IDS = "All jobs", "A time span", "Job IDs"
_WIDTH_PX = 720
_SEPARATORS = re.compile(r"[\s,;\"']+")


@dataclass(frozen=True)
class Wanted:
    """What a person wants to collect."""

    scope: CollectScope
    name: str


def collect_form(agent_name: str, zone: tzinfo, today: date) -> Wanted | None:
    """Draw the form; returns what was asked for."""
    with st.expander("Collect jobs into a batch", key="collect", width=_WIDTH_PX):
        st.caption(
            "Jobs that were started elsewhere become a batch without a spreadsheet, one row each: follow them, retry "
            "failed ones, and download them together. Jobs that are in a batch already are left out."
        )
        which = st.radio("Which jobs", [_ALL, _SPAN, _IDS], key="collect_which", horizontal=True)
        scope = _scope(which, zone, today)
        name = st.text_input("Name of the batch", f"Jobs of {agent_name}"[:200], key="collect_name", max_chars=200)
        if st.button("Collect jobs", key="collect_jobs", icon=":material/inventory_2:", disabled=scope is None):
            return None if scope is None else Wanted(scope, name.strip() or f"Jobs of {agent_name}")
    return None


def _scope(which: str, zone: tzinfo, today: date) -> CollectScope | None:
    """What is chosen; None while it's incomplete."""
    if which == _SPAN:
        days = st.date_input("Created from and to", (today, today), key="collect_days", max_value=today)
        if not isinstance(days, tuple) or len(days) != 2:
            return None
        first, last = days
        return CollectScope(datetime.combine(first, time.min, zone), datetime.combine(last, time.max, zone))
    if which == _IDS:
        ids = parse_ids(st.text_area("Job IDs, one per line or separated by commas", key="collect_ids", height=120))
        return CollectScope(ids=ids) if ids else None
    return CollectScope()


def parse_ids(text: str) -> tuple[str, ...]:
    """The ids in a pasted text, each once."""
    return tuple(dict.fromkeys(part for part in _SEPARATORS.split(text) if part))
