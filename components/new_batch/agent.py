"""The second step of a new batch: which agent."""

from collections.abc import Callable, Sequence

import streamlit as st

from components.new_batch.steps import distinct, show_stored
from components.words import plain
from services.models import Agent, AgentInput, InputType

_REFRESH = "refresh_agents"
_TYPES = {
    InputType.TEXT: "text",
    InputType.DROPDOWN: "one of a list",
    InputType.FILE: "file",
    InputType.MEDIA: "image or other media",
}


def choose_agent(agents: Sequence[Agent], chosen: Agent | None, on_agent: Callable[[Agent], None]) -> None:
    """Let the person choose among the agents, or ask for a fresh list.

    An agent that was chosen and is not among them (any more) stays in the list.
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
            st.button("Refresh", key=_REFRESH, icon=":material/refresh:", help="Ask Writer for the list again")


def try_again() -> None:
    """Offer to ask for the agents once more, where there are none to choose from."""
    st.button("Try again", key=_REFRESH, icon=":material/refresh:")


def wants_fresh_agents() -> bool:
    """Whether the person has just asked for a fresh list; known before the button is drawn."""
    return bool(st.session_state.get(_REFRESH))


def compare_agent(chosen: Agent, agents: Sequence[Agent], on_agent: Callable[[Agent], None]) -> None:
    """Say so where the chosen agent is not what it was, or not there, among the agents as they are now."""
    now = next((agent for agent in agents if agent.id == chosen.id), None)
    if now is None:
        _tell_gone(chosen)
    elif now.inputs != chosen.inputs:
        _tell_changed(now, on_agent)


def _tell_changed(now: Agent, on_agent: Callable[[Agent], None]) -> None:
    """Say that the agent's inputs are not what they were when it was chosen, and offer to take the new ones."""
    st.warning("The inputs of this agent were changed in Writer since you chose it.", icon=":material/update:")
    st.button("Take the new inputs", key="take_new_inputs", on_click=on_agent, args=(now,))


def _tell_gone(agent: Agent) -> None:
    """Say that the chosen agent is none of the key's agents (any more), and what to do."""
    st.warning(
        f"The agent “{plain(agent.name)}” is not among the agents of this key any more. Choose another one, or deploy "
        "it again in Writer and press Refresh.",
        icon=":material/search_off:",
    )


def describe_inputs(inputs: Sequence[AgentInput]) -> None:
    """Say what the agent asks for."""
    if not inputs:
        st.caption("This agent has no inputs.")
        return
    st.caption("\n".join(["What it asks for:", "", *(f"- {_described(agent_input)}" for agent_input in inputs)]))


def _described(agent_input: AgentInput) -> str:
    need = "required" if agent_input.required else "optional"
    about = f" — {plain(agent_input.description)}" if agent_input.description.strip() else ""
    return f"**{plain(agent_input.name)}** · {type_in_words(agent_input)}, {need}{about}"


def type_in_words(agent_input: AgentInput) -> str:
    """What kind of value an input takes, in plain words: "text", "up to 5 files (links or file IDs)"."""
    words = _TYPES[agent_input.type]
    if agent_input.type in (InputType.FILE, InputType.MEDIA):
        words += " (link or file ID)" if agent_input.takes_urls else " (file ID)"
    return words if agent_input.max_values == 1 else f"{words}, up to {agent_input.max_values} values"
