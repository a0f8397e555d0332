"""The fourth step of a new batch: which rows are ready."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from components.words import count, number, plain, shorten
from services.models import Check

_MAX_VALUE_CHARACTERS = 60
"""The sentence beside it says more, and needs the room."""
_MAX_HIGH, _HEIGHT_PX = 5, 320
"""A table of more problems has this height and scrolls."""


def show_incomplete(sentences: Sequence[str]) -> None:
    """Show what must be decided before the rows can be checked."""
    for sentence in sentences:
        st.info(plain(sentence), icon=":material/pending:")


def show_check(check: Check) -> None:
    """Show how many rows are ready, and what is wrong with the others."""
    if not check.flawed:
        st.success(_ready(check.ready), icon=":material/check_circle:")
        return
    them, those = ("it", "the row") if check.flawed == 1 else ("them", "the rows")
    if check.ready:
        st.warning(
            f"{_ready(check.ready)} {_flawed(check.flawed)} and will be skipped; fix {them} in your spreadsheet and "
            f"upload it again to include {them}.",
            icon=":material/rule:",
        )
    else:
        st.error(
            f"No rows are ready: {_flawed(check.flawed)}. Choose other columns, or fix {those} in your spreadsheet "
            "and upload it again.",
            icon=":material/error:",
        )
    _show_problems(check)


def _ready(ready: int) -> str:
    return f"{count(ready, 'row')} {'is' if ready == 1 else 'are'} ready."


def _flawed(flawed: int) -> str:
    return f"{number(flawed)} {'has' if flawed == 1 else 'have'} problems"


def _show_problems(check: Check) -> None:
    """List the problems in a table whose cells wrap, because a grid would cut the sentences."""
    cells = [
        (
            str(found.number),
            plain(found.problem.column),
            plain(shorten(found.problem.value, _MAX_VALUE_CHARACTERS)),
            plain(found.problem.message),
        )
        for found in check.problems
    ]
    st.table(
        pd.DataFrame(cells, columns=["Row", "Column", "Value", "Problem"]),
        border="horizontal",
        height="content" if len(cells) <= _MAX_HIGH else _HEIGHT_PX,
        hide_index=True,
        alt="Rows with problems",
    )
    if len(check.problems) < check.problem_count:
        st.caption(f"First {number(len(check.problems))} of {count(check.problem_count, 'problem')}")
