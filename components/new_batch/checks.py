"""The fourth step of a new batch: which rows are ready."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from components.words import count, number, plain, shorten
from services.models import Check

_MAX_VALUE_CHARACTERS = 200


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
    table = pd.DataFrame(
        [
            (
                found.number,
                found.problem.column,
                shorten(found.problem.value, _MAX_VALUE_CHARACTERS),
                found.problem.message,
            )
            for found in check.problems
        ],
        columns=["Row", "Column", "Value", "Problem"],
    )
    st.dataframe(
        table,
        hide_index=True,
        height="content" if len(table) <= 8 else 320,
        column_config={
            "Row": st.column_config.NumberColumn(width=50, format="%d"),
            "Column": st.column_config.TextColumn(width=120),
            "Value": st.column_config.TextColumn(width=120),
            "Problem": st.column_config.TextColumn(width=600),
        },
        alt="Rows with problems",
    )
    if len(check.problems) < check.problem_count:
        st.caption(f"First {number(len(check.problems))} of {count(check.problem_count, 'problem')}")
