"""The fourth step of a new batch: which rows can be sent."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from components.words import count, number, plain, shorten
from services.models import Check

_VALUE_LENGTH = 200


def tell_incomplete(sentences: Sequence[str]) -> None:
    """Say what is still undecided."""
    for sentence in sentences:
        st.info(plain(sentence), icon=":material/pending:")


def show_check(check: Check) -> None:
    """Say how many rows can be sent, and what is wrong with the others."""
    if not check.flawed:
        st.success(_ready(check), icon=":material/check_circle:")
        return
    if check.ready:
        st.warning(
            f"{_ready(check)}, {_flawed(check.flawed)}. If you launch now, {_skipped(check.flawed)}; to take "
            "everything along, mend the spreadsheet and bring it again.",
            icon=":material/rule:",
        )
    else:
        st.error(
            f"No row is ready, {_flawed(check.flawed)}. Choose other columns, or mend the spreadsheet and bring it "
            "again.",
            icon=":material/error:",
        )
    _problems(check)


def _ready(check: Check) -> str:
    return f"{count(check.ready, 'row')} ready"


def _flawed(flawed: int) -> str:
    return f"{number(flawed)} {'needs' if flawed == 1 else 'need'} a look"


def _skipped(flawed: int) -> str:
    return "it is skipped" if flawed == 1 else "they are skipped"


def _problems(check: Check) -> None:
    table = pd.DataFrame(
        [
            (found.number, found.problem.column, shorten(found.problem.value, _VALUE_LENGTH), found.problem.message)
            for found in check.problems
        ],
        columns=["Row", "Column", "Value", "What is wrong"],
    )
    st.dataframe(
        table,
        hide_index=True,
        height="content" if len(table) <= 8 else 320,
        column_config={
            "Row": st.column_config.NumberColumn(width=50, format="%d"),
            "Column": st.column_config.TextColumn(width=120),
            "Value": st.column_config.TextColumn(width=120),
            "What is wrong": st.column_config.TextColumn(width=600),
        },
        alt="Rows that need a look",
    )
    if len(check.problems) < check.problem_count:
        st.caption(f"The first {number(len(check.problems))} of {count(check.problem_count, 'problem')}")
