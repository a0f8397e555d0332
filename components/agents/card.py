"""An agent of the key: how much it was used, what it needs, and a batch with it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum, auto

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.agent import input_list, refresh_button
from components.words import count, duration, percent, plain
from services.models import Agent, AgentUsage

_WIDTH_PX = 820
_NAME_WIDTH_PX = 460
"""What the button leaves of the line; on a phone, the button takes the next line."""


class Wish(Enum):
    """What a person asks for with a button of an agent."""

    NEW_BATCH = auto()
    JOBS = auto()
    GRAPHS = auto()


def agent_card(n: int, agent: Agent, usage: AgentUsage | None, clock: Callable[[datetime], str]) -> Wish | None:
    """Draw an agent, the nth on the page; returns what was asked for."""
    wish: Wish | None = None
    with st.container(border=True, width=_WIDTH_PX, key=f"agent_{n}", gap="small"):
        with _line():
            st.header(plain(agent.name), anchor=False, width=_NAME_WIDTH_PX)
            if st.button("New batch with this agent", key=f"new_batch_with_{n}", icon=":material/add:"):
                wish = Wish.NEW_BATCH
        with _line():
            st.caption(used(usage, clock), width=_NAME_WIDTH_PX)
            with st.container(horizontal=True, gap="small", width="content"):
                if st.button("See its jobs", key=f"jobs_of_{n}", icon=":material/list:", type="tertiary"):
                    wish = Wish.JOBS
                if st.button("Knowledge Graphs", key=f"graphs_of_{n}", icon=":material/hub:", type="tertiary"):
                    wish = Wish.GRAPHS
        with st.expander(count(len(agent.inputs), "input")):
            st.caption(input_list(agent.inputs))
    return wish


def _line() -> DeltaGenerator:
    return st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small")


def used(usage: AgentUsage | None, clock: Callable[[datetime], str]) -> str:
    """How much an agent was used, on one line."""
    if usage is None:
        return "Not used here yet"
    parts = [count(usage.batches, "batch", "batches"), count(usage.rows, "row")]
    if usage.job_seconds is not None:
        parts.append(f"{duration(timedelta(seconds=usage.job_seconds))} a job")
    if usage.failed_share is not None:
        parts.append(f"{percent(usage.failed_share)} failed recently")
    return " · ".join([*parts, f"last used {clock(usage.last_used_at)}"])


def no_agents() -> None:
    """Say what to do while the key has no agents."""
    st.caption("Build a no-code agent in Writer, deploy it, and press Refresh.")


def list_head(amount: int) -> None:
    """Say how many agents there are, and offer the latest list."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width=_WIDTH_PX):
        st.markdown(count(amount, "agent"), width="content")
        refresh_button()
