"""Lists whose rows open with a click on their name: what the list of batches and that of Knowledge Graphs share."""

import streamlit as st

from components.selection import last_shown
from components.words import shorten

_ROW_HEIGHT_PX = 35
_MAX_LABEL = 120
_JOINER = "\u2060"
"""Takes no space and is never seen."""


def name_label(name: str) -> str:
    """The name as a button's label that reads as it is: an icon's code at its start or brackets around it would not."""
    label = shorten(name, _MAX_LABEL)
    return _JOINER + label if label.startswith((":", "[")) else label


def clicked_name(table: str, click: str) -> str | None:
    """The id of the row whose name was clicked, found among the rows that the person saw and not those of now.

    `table` and `click` are the keys of the table and of its column with the names.
    """
    event = st.session_state.get(click)
    shown: tuple[str, ...] = last_shown(table)
    return shown[event["row"]] if event and event["row"] < len(shown) else None


def list_height(rows: int, most_px: int) -> int:
    """How high a table of so many rows is; beyond `most_px` it scrolls."""
    return min(most_px, (rows + 1) * _ROW_HEIGHT_PX + 3)
