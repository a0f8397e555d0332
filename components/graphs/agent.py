"""The Knowledge Graphs that one agent uses, and how that is changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.words import count, plain, shorten
from services.models import Agent, Graph

_AGENT = "graph_agent"
_TO_ADD = "graph_to_add"
_MAX_NAME = 80
_WIDTH_PX = 520


@dataclass(frozen=True)
class Change:
    """What a person wants to change."""

    graph_id: str
    adds: bool
    """Whether it is to be used, or no longer to be."""


def choose_agent(
    agents: Sequence[Agent], preselected: str | None, on_agent: Callable[[str | None], None]
) -> Agent | None:
    """Let the person choose an agent; `preselected` is the id of the one that the address names."""
    by_id = {agent.id: agent for agent in agents}
    if preselected in by_id and _AGENT not in st.session_state:
        st.session_state[_AGENT] = preselected

    def changed() -> None:
        on_agent(st.session_state[_AGENT])

    chosen = st.selectbox(
        "Agent",
        list(by_id),
        index=None,
        format_func=lambda agent_id: by_id[agent_id].name,
        key=_AGENT,
        on_change=changed,
        placeholder="Choose an agent",
        width=_WIDTH_PX,
    )
    return by_id.get(chosen) if chosen else None


def graphs_of_agent(agent: Agent, ids: Sequence[str], graphs: Sequence[Graph]) -> Change | None:
    """List what the agent uses, and offer to change that; gives what is to be changed, if a button was pressed."""
    names = names_of(graphs)
    uses = f"uses {count(len(ids), 'Knowledge Graph')}." if ids else "doesn't use any Knowledge Graphs."
    st.caption(f"{plain(agent.name)} {uses}")
    for place, graph_id in enumerate(ids):
        with _line():
            st.markdown(plain(shorten(names.get(graph_id, graph_id), _MAX_NAME)), width="content")
            if st.button("Remove", key=f"remove_graph_{place}", icon=":material/remove:", width="content"):
                return Change(graph_id, adds=False)
    return _to_add([graph for graph in graphs if graph.id not in ids], names)


def _line() -> DeltaGenerator:
    return st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        gap="small",
        border=True,
        width=_WIDTH_PX,
    )


def _to_add(others: Sequence[Graph], names: Mapping[str, str]) -> Change | None:
    if not others:
        return None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.selectbox(
            "Knowledge Graph to add",
            [graph.id for graph in others],
            index=None,
            format_func=lambda graph_id: names.get(graph_id, graph_id),
            key=_TO_ADD,
            placeholder="Choose a Knowledge Graph",
            width=320,
        )
        pressed = st.button("Add", key="add_graph", icon=":material/add:", disabled=chosen is None)
    return Change(chosen, adds=True) if pressed and chosen else None


def names_of(graphs: Sequence[Graph]) -> dict[str, str]:
    """Names by id."""
    return {graph.id: graph.name for graph in graphs}


def meanwhile(shown: Sequence[str], now: Sequence[str], names: Mapping[str, str]) -> str:
    """What somebody else changed since the list was shown, and what to do."""
    added = _quoted([each for each in now if each not in shown], names)
    removed = _quoted([each for each in shown if each not in now], names)
    did = " and ".join(filter(None, (added and f"added {added}", removed and f"removed {removed}")))
    return f"Somebody {did} in the meantime, so nothing was changed. Check the list and decide again."


def _quoted(ids: Sequence[str], names: Mapping[str, str]) -> str:
    return ", ".join(f"“{shorten(names.get(each, each), _MAX_NAME)}”" for each in ids)
