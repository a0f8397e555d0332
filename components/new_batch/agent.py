"""The second step of a new batch: the agent."""

from collections.abc import Callable, Sequence

import streamlit as st

from components.agent import refresh_button
from components.new_batch.steps import distinct, show_stored
from components.words import plain
from services.models import Agent


def choose_agent(
    agents: Sequence[Agent], chosen: Agent | None, suggested: Agent | None, on_agent: Callable[[Agent], None]
) -> None:
    """Let the person choose an agent, or load the list again.

    The list stays sorted by name: people look an agent up by its name, and a list that is sorted another way for each
    spreadsheet is hard to search. What fits best is selected and says so.

    Args:
        agents: the agents of the API key.
        chosen: the draft's agent; it stays in the list even if it isn't among them anymore.
        suggested: the agent whose inputs fit the columns best.
        on_agent: called with the agent that the person chooses.
    """
    known = {agent.id for agent in agents}
    offered = [*agents] if chosen is None or chosen.id in known else [chosen, *agents]
    labels = dict(zip(distinct(agent.name for agent in offered), offered, strict=True))
    show_stored("agent", next((label for label, agent in labels.items() if chosen and agent.id == chosen.id), None))

    def changed() -> None:
        on_agent(labels[st.session_state["agent"]])

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Agent",
            list(labels),
            key="agent",
            on_change=changed,
            placeholder="Choose an agent",
            width=420,
        )
        if agents:
            refresh_button()
    if chosen and suggested and chosen.id == suggested.id:
        st.caption("Suggested because its inputs match your columns.")


def wanted_agent(agents: Sequence[Agent], agent_id: str | None) -> Agent | None:
    """Give the agent that the page's address asks for, if the key has it."""
    return next((agent for agent in agents if agent.id == agent_id), None)


def show_wanted_agent(agent: Agent | None) -> None:
    """Name the agent that the spreadsheet will go to, if one is known already."""
    if agent is not None:
        st.info(f"Agent: **{plain(agent.name)}**. Upload a spreadsheet for it.", icon=":material/smart_toy:")


def compare_agent(chosen: Agent, agents: Sequence[Agent], on_agent: Callable[[Agent], None]) -> None:
    """Warn if the chosen agent has changed or is gone, compared with the agents as they are now."""
    now = next((agent for agent in agents if agent.id == chosen.id), None)
    if now is None:
        _warn_gone(chosen)
    elif now.inputs != chosen.inputs:
        _warn_changed(now, on_agent)


def _warn_changed(now: Agent, on_agent: Callable[[Agent], None]) -> None:
    st.warning("This agent's inputs have changed in Writer since you chose it.", icon=":material/update:")
    st.button("Use the new inputs", key="use_new_inputs", on_click=on_agent, args=(now,))


def _warn_gone(agent: Agent) -> None:
    st.warning(
        f"Your API key no longer has the agent “{plain(agent.name)}”. Choose another one, or deploy it again in Writer "
        "and press Refresh.",
        icon=":material/search_off:",
    )
