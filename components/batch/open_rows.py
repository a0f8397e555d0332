"""Rows that only a person sends: unconfirmed ones, with the risk, and canceled ones."""

from enum import StrEnum

import streamlit as st

from components.words import count, number
from services.models import Counts, RowState


class Choice(StrEnum):
    """What a person asks for."""

    RESEND_UNCONFIRMED = "resend_unconfirmed"
    SEND_CANCELED = "send_canceled"


def open_rows(counts: Counts, most_with_jobs: int | None) -> Choice | None:
    """Say how many rows are unconfirmed, and offer to send them and canceled rows; returns what was chosen.

    `most_with_jobs` is how many of the unconfirmed rows may have a job, where fewer than all of them may.
    """
    unconfirmed, canceled = counts[RowState.UNCONFIRMED], counts[RowState.CANCELED]
    if not unconfirmed + canceled:
        return None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="open_rows"):
        if unconfirmed:
            st.markdown(_said(unconfirmed, most_with_jobs), width="content")
            label = f"Send {count(unconfirmed, 'unconfirmed row')} again ({charged_twice(unconfirmed, most_with_jobs)})"
            if st.button(label, key=Choice.RESEND_UNCONFIRMED.value, icon=":material/replay:"):
                return Choice.RESEND_UNCONFIRMED
        if canceled:
            label = f"Send {count(canceled, 'canceled row')}"
            if st.button(label, key=Choice.SEND_CANCELED.value, icon=":material/send:"):
                return Choice.SEND_CANCELED
    return None


def warning(unconfirmed: int, most_with_jobs: int | None) -> str:
    """What a person has to know before unconfirmed rows are sent again."""
    cost = charged_twice(unconfirmed, most_with_jobs)
    return (
        f"{_said(unconfirmed, most_with_jobs)} If you send them again, {cost}."
        if unconfirmed > 1
        else (f"{_said(unconfirmed, most_with_jobs)} If you send it again, {cost}.")
    )


def charged_twice(unconfirmed: int, most_with_jobs: int | None) -> str:
    """What sending these rows again may cost."""
    most = unconfirmed if most_with_jobs is None else most_with_jobs
    return f"up to {number(most)} may be charged twice" if unconfirmed > 1 else "it may be charged twice"


def _said(unconfirmed: int, most_with_jobs: int | None) -> str:
    said = f"{count(unconfirmed, 'row is', 'rows are')} unconfirmed."
    if most_with_jobs is None:
        return said
    return (
        f"{said} At most {number(most_with_jobs)} of them {'has' if most_with_jobs == 1 else 'have'} a job at Writer."
    )
