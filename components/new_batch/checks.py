"""The fourth step of a new batch: which rows are ready."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from components.words import count, number, plain, shorten
from services.models import Check, Problem

_MAX_VALUE_CHARACTERS = 60
"""The sentence beside it says more, and needs the room."""
_MAX_HIGH, _HEIGHT_PX = 5, 320
"""A table of more problems has this height and scrolls."""


def show_incomplete(sentences: Sequence[str]) -> None:
    """Show what must be decided before the rows can be checked."""
    for sentence in sentences:
        st.info(plain(sentence), icon=":material/pending:")


def show_check(check: Check, *, has_files: bool) -> None:
    """Show how many rows are ready, and what is wrong with the others; `has_files`: rows name files."""
    if not check.flawed:
        st.success(_ready(check.ready), icon=":material/check_circle:")
        return
    them, those = ("it", "the row") if check.flawed == 1 else ("them", "the rows")
    attach = "attach other files, or " if has_files else ""
    if check.ready:
        st.warning(
            f"{_ready(check.ready)} {_flawed(check.flawed)} and will be skipped. To include {them}, {attach}"
            f"fix {them} in your spreadsheet and upload it again.",
            icon=":material/rule:",
        )
    else:
        st.error(
            f"No rows are ready: {_flawed(check.flawed)}. Choose other columns, {attach or 'or '}fix {those} in your "
            "spreadsheet and upload it again.",
            icon=":material/error:",
        )
    _show_problems(check)


def _ready(ready: int) -> str:
    return f"{count(ready, 'row')} {'is' if ready == 1 else 'are'} ready."


def _flawed(flawed: int) -> str:
    return f"{number(flawed)} {'has' if flawed == 1 else 'have'} problems"


def _show_problems(check: Check) -> None:
    """List the problems in a table whose cells wrap, because a grid would cut the sentences."""
    cells = [(str(found.number), _cell(found.problem), plain(found.problem.message)) for found in check.problems]
    st.table(
        pd.DataFrame(cells, columns=["Row", "Cell", "Problem"]),
        border="horizontal",
        height="content" if len(cells) <= _MAX_HIGH else _HEIGHT_PX,
        hide_index=True,
        alt="Rows with problems",
    )
    if len(check.problems) < check.problem_count:
        st.caption(f"First {number(len(check.problems))} of {count(check.problem_count, 'problem')}")


def _cell(problem: Problem) -> str:
    """A cell by its column and its value, in one cell of the table, which leaves the sentence room on a phone."""
    return f"**{plain(problem.column)}** {plain(shorten(problem.value, _MAX_VALUE_CHARACTERS))}".rstrip()
