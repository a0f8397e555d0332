"""The list of Knowledge Graphs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.named_list import clicked_name, list_height, name_label
from components.selection import keep_selection, selected
from services.models import Agent, Graph, GraphUse

_TABLE = "graphs"
_CLICK = "graph_name_clicked"
_MAX_HEIGHT_PX = 460
_BUTTON_HEIGHT_PX = 40
_KINDS = {"manual": "Files", "connector": "Connector", "web": "Web pages"}


@dataclass(frozen=True)
class Picked:
    """What a person has chosen in the list."""

    clicked: str | None
    """The id of the Knowledge Graph whose name was just clicked."""
    ticked: str | None
    """The id of the one whose box is ticked."""


def graph_table(
    graphs: Sequence[Graph], users: dict[str, list[str]], is_complete: bool, clock: Callable[[datetime], str]
) -> Picked:
    """The table; returns what is chosen in it.

    Args:
        graphs: the Knowledge Graphs.
        users: the names of the agents that use each of them, by its id.
        is_complete: whether all of those agents are known.
        clock: writes a time as the viewer's clock shows it.
    """
    ids = [graph.id for graph in graphs]
    clicked = clicked_name(_TABLE, _CLICK)
    keep_selection(_TABLE, ids)
    event = st.dataframe(
        _frame(graphs, users, is_complete, clock),
        key=_TABLE,
        hide_index=True,
        height=list_height(len(graphs), _MAX_HEIGHT_PX),
        column_config=_columns(),
        on_select="rerun",
        selection_mode="single-row",
        placeholder="",
    )
    ticked = selected(event["selection"]["rows"], ids)
    return Picked(clicked, ticked[0] if ticked else None)


def users_of(use: GraphUse, agents: Sequence[Agent]) -> dict[str, list[str]]:
    """The names of the agents that use each Knowledge Graph, by its id."""
    users: dict[str, list[str]] = {}
    for agent in agents:
        for graph_id in use.by_agent.get(agent.id, ()):
            users.setdefault(graph_id, []).append(agent.name)
    return users


def kind_words(graph: Graph) -> str:
    """Where its content comes from."""
    return _KINDS.get(graph.kind, graph.kind)


def _frame(
    graphs: Sequence[Graph], users: dict[str, list[str]], is_complete: bool, clock: Callable[[datetime], str]
) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "name": name_label(graph.name),
                "kind": kind_words(graph),
                "completed": graph.completed,
                "in_progress": graph.in_progress,
                "failed": graph.failed,
                "agents": ", ".join(users.get(graph.id, [])) or ("" if is_complete else "Checking…"),
                "created": clock(graph.created_at) if graph.created_at else "",
            }
            for graph in graphs
        ]
    )


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "name": column.ButtonColumn("Knowledge Graph", type="tertiary", alignment="left", width=220, key=_CLICK),
        "kind": column.TextColumn("Kind", width=100),
        "completed": column.NumberColumn("Processed", format="localized", width=100, help="Files that can be used"),
        "in_progress": column.NumberColumn("In progress", format="localized", width=100),
        "failed": column.NumberColumn("Failed", format="localized", width=80),
        "agents": column.TextColumn("Used by", width=260),
        "created": column.TextColumn("Created", width=150),
    }


def actions_place() -> DeltaGenerator:
    """The line above the table; as high with words as with buttons, so that the table never moves."""
    return st.container(
        horizontal=True, vertical_alignment="center", gap="xsmall", border=False, height=_BUTTON_HEIGHT_PX
    )


def open_button() -> bool:
    """The button that opens the ticked one; whether it was pressed."""
    return st.button("Open", key="open_graph")


def no_graphs() -> None:
    """What to do while there are none."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown("**No Knowledge Graphs yet**", text_alignment="center")
        st.caption(
            "A Knowledge Graph holds documents that agents look things up in: a brand book, a catalog, a glossary.",
            text_alignment="center",
        )
        st.space("small")
