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
    with st.container(gap="xsmall", key="open_rows"):
        if unconfirmed:
            st.markdown(warning(unconfirmed, most_with_jobs))
        with st.container(horizontal=True, gap="xsmall"):  # labels short enough for a phone
            label = f"Send {count(unconfirmed, 'unconfirmed row')} again"
            if unconfirmed and st.button(label, key=Choice.RESEND_UNCONFIRMED.value, icon=":material/replay:"):
                return Choice.RESEND_UNCONFIRMED
            label = f"Send {count(canceled, 'canceled row')}"
            if canceled and st.button(label, key=Choice.SEND_CANCELED.value, icon=":material/send:"):
                return Choice.SEND_CANCELED
    return None


def in_passing(unconfirmed: int) -> str:
    """What unconfirmed rows are, while the batch is moving and they can't be sent yet; empty without any."""
    if not unconfirmed:
        return ""
    them = "it" if unconfirmed == 1 else "them"
    return (
        f"{count(unconfirmed, 'row is', 'rows are')} unconfirmed: Writer may have processed {them}. "
        f"You can resend {them} once no jobs are running."
    )


def warning(unconfirmed: int, most_with_jobs: int | None) -> str:
    """How many rows are unconfirmed, and what sending them again may cost."""
    most = unconfirmed if most_with_jobs is None else most_with_jobs
    if unconfirmed == 1:
        cost = "If you send it again, it may be charged twice."
    else:
        cost = f"If you send them again, up to {number(most)} may be charged twice."
    return f"{_said(unconfirmed, most_with_jobs)} {cost}"


def _said(unconfirmed: int, most_with_jobs: int | None) -> str:
    said = f"{count(unconfirmed, 'row is', 'rows are')} unconfirmed."
    if most_with_jobs is None:
        return said
    return (
        f"{said} At most {number(most_with_jobs)} of them {'has' if most_with_jobs == 1 else 'have'} a job at Writer."
    )
