"""What pages share about agents: the button that loads their list again, and their inputs in words."""

from collections.abc import Sequence

import streamlit as st

from components.words import plain
from services.models import AgentInput, InputType

_REFRESH = "refresh_agents"
_TYPES = {
    InputType.TEXT: "text",
    InputType.DROPDOWN: "dropdown",
    InputType.FILE: "file",
    InputType.MEDIA: "image",
}


def refresh_button() -> None:
    """Offer the latest list."""
    st.button("Refresh", key=_REFRESH, icon=":material/refresh:", help="Get the latest list from Writer")


def retry_button() -> None:
    """Offer to load the agents again, where there are none to choose from."""
    st.button("Try again", key=_REFRESH, icon=":material/refresh:")


def wants_fresh_agents() -> bool:
    """Say whether the person has just asked for the latest list; known before the button is drawn."""
    return bool(st.session_state.get(_REFRESH))


def describe_inputs(inputs: Sequence[AgentInput]) -> None:
    """List the agent's inputs with their types, under a title."""
    st.caption(f"Inputs:\n\n{input_list(inputs)}" if inputs else input_list(inputs))


def input_list(inputs: Sequence[AgentInput]) -> str:
    """The agent's inputs with their types, as a Markdown list."""
    return "\n".join(f"- {_described(agent_input)}" for agent_input in inputs) or "This agent has no inputs."


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
