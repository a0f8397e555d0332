"""The second step of a new batch: the agent."""

from collections.abc import Callable, Sequence

import streamlit as st

from components.new_batch.steps import distinct, show_stored
from components.words import plain
from services.models import Agent, AgentInput, InputType

_REFRESH = "refresh_agents"
_TYPES = {
    InputType.TEXT: "text",
    InputType.DROPDOWN: "dropdown",
    InputType.FILE: "file",
    InputType.MEDIA: "image",
}


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
            st.button("Refresh", key=_REFRESH, icon=":material/refresh:", help="Get the latest list from Writer")
    if chosen and suggested and chosen.id == suggested.id:
        st.caption("Suggested because its inputs match your columns.")


def retry_button() -> None:
    """Offer to load the agents again, where there are none to choose from."""
    st.button("Try again", key=_REFRESH, icon=":material/refresh:")


def wants_fresh_agents() -> bool:
    """Say whether the person has just asked for the latest list; known before the button is drawn."""
    return bool(st.session_state.get(_REFRESH))


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


def describe_inputs(inputs: Sequence[AgentInput]) -> None:
    """List the agent's inputs with their types."""
    if not inputs:
        st.caption("This agent has no inputs.")
        return
    st.caption("\n".join(["Inputs:", "", *(f"- {_described(agent_input)}" for agent_input in inputs)]))


def _described(agent_input: AgentInput) -> str:
    need = "required" if agent_input.required else "optional"
    about = f" — {plain(agent_input.description)}" if agent_input.description.strip() else ""
    return f"**{plain(agent_input.name)}** · {type_in_words(agent_input)}, {need}{about}"


def type_in_words(agent_input: AgentInput) -> str:
    """Give the type of an input in plain words: "text", "file or link, up to 5 values"."""
    words = _TYPES[agent_input.type]
    if agent_input.type in (InputType.FILE, InputType.MEDIA):
        words += " or link" if agent_input.takes_urls else ""
    return words if agent_input.max_values == 1 else f"{words}, up to {agent_input.max_values} values"
