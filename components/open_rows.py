"""Rows that only a person sends: unconfirmed ones, with the risk, and canceled ones."""

from enum import StrEnum

import streamlit as st

from components.words import count, number
from services.models import Counts, RowState


class Choice(StrEnum):
    """What a person asks for."""

    FIND_JOBS = "find_jobs"
    SEND_PROVEN = "send_proven"
    RESEND_UNCONFIRMED = "resend_unconfirmed"
    SEND_CANCELED = "send_canceled"


def open_rows(counts: Counts, most_with_jobs: int | None, proven: int) -> Choice | None:
    """Say how many rows are unconfirmed, and offer to send them and canceled rows; returns what was chosen.

    `most_with_jobs` is how many of the unconfirmed rows may have a job, where fewer than all of them may; `proven` is
    how many of them surely have none.
    """
    unconfirmed, canceled = counts[RowState.UNCONFIRMED], counts[RowState.CANCELED]
    if not unconfirmed + canceled:
        return None
    risky = unconfirmed > proven
    with st.container(gap="xsmall", key="open_rows"):
        if risky:
            st.markdown(warning(unconfirmed, most_with_jobs, proven))
        elif proven:
            st.markdown(no_job_words(proven))
        with st.container(horizontal=True, gap="xsmall"):  # labels short enough for a phone
            if risky and st.button("Find lost jobs", key=Choice.FIND_JOBS.value, icon=":material/search:"):
                return Choice.FIND_JOBS
            if proven and st.button(send_proven_label(proven), key=Choice.SEND_PROVEN.value, icon=":material/send:"):
                return Choice.SEND_PROVEN
            label = f"Send {count(unconfirmed, 'unconfirmed row')} again"
            if risky and st.button(label, key=Choice.RESEND_UNCONFIRMED.value, icon=":material/replay:"):
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


def no_job_words(proven: int) -> str:
    """That rows can be sent without risk."""
    return (
        f"{count(proven, 'row is', 'rows are')} unconfirmed, and no job exists for {'it' if proven == 1 else 'them'}."
    )


def send_proven_label(proven: int) -> str:
    """The label of the button that sends rows without risk."""
    return f"Send {count(proven, 'row')} again; no job exists for {'it' if proven == 1 else 'them'}"


def warning(unconfirmed: int, most_with_jobs: int | None, proven: int = 0) -> str:
    """How many rows are unconfirmed, and what sending them again may cost."""
    if proven:
        most_with_jobs = min(unconfirmed - proven, unconfirmed if most_with_jobs is None else most_with_jobs)
    if most_with_jobs == 0:
        return f"{count(unconfirmed, 'row is', 'rows are')} unconfirmed. Find lost jobs to prove that no job exists."
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
