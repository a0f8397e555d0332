"""A batch run again as a new one: all of its rows, or those that came to nothing."""

from collections.abc import Sequence

import streamlit as st

from components.words import count
from services.models import Counts, RowState

_TO_NOTHING = (RowState.FAILED, RowState.SKIPPED, RowState.EMPTY)


def run_again(counts: Counts) -> Sequence[RowState] | None:
    """Offer to make a new batch of all rows or of those that came to nothing.

    Returns:
        The states of the rows that were chosen, none for all; None while nothing was chosen.
    """
    lost = sum(counts[state] for state in _TO_NOTHING)
    choices: dict[str, Sequence[RowState]] = {f"All {count(counts.total, 'row')}": ()}
    if 0 < lost < counts.total:
        choices[f"{count(lost, 'row')} that failed, {'was' if lost == 1 else 'were'} skipped, or came back empty"] = (
            _TO_NOTHING
        )
    chosen = st.menu_button(
        "Run again as a new batch",
        list(choices),
        key="run_again",
        icon=":material/restart_alt:",
        help="Opens a draft with the same rows, agent, columns, and files. Nothing is sent before you launch it.",
    )
    return None if chosen is None else choices[chosen]
