"""One job in full, beside the table."""

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from components.jobs.table import LOOKS, state_word, where
from components.suggestion import suggestion
from components.words import duration, plain
from services.models import Job, JobState, ListedJob


def no_job_panel(any_jobs: bool) -> None:
    """What to do when no job is open."""
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Job details**")
        st.caption(
            "Select a job to read its full suggestion here. To retry several jobs, check their boxes."
            if any_jobs
            else "No jobs on this page."
        )


def job_panel(listed: ListedJob, clock: Callable[[datetime], str]) -> bool:
    """Everything about one job; says whether its batch is to be opened."""
    job = listed.job
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(plain(job.title) or "Job", anchor=False, width="content")
        look = LOOKS[job.state]
        st.badge(state_word(job.state), icon=look.icon, color=look.badge)
    if job.unreadable:
        st.warning(f"Writer's answer for this job can't be read: {plain(job.unreadable)}.")
    if job.state is JobState.FAILED:
        st.error(plain(job.error or "Writer gave no reason for the failure."))
    if words := retry_state(listed, clock):
        st.warning(words)
    if job.state is JobState.COMPLETED and not job.unreadable:
        suggestion(job.suggestion or "", is_current=True)
    st.caption(" · ".join(_times(job, clock)) or "Writer gives no times for this job.")
    st.caption(f"Job {plain(job.id)}")
    st.caption(plain(where(listed)))
    return listed.row is not None and st.button("Open its batch", key="open_batch_of_job", width="stretch")


def retry_state(listed: ListedJob, clock: Callable[[datetime], str]) -> str:
    """What is known of a retry whose effect doesn't show yet, and what to do; empty if there is none."""
    if listed.row is not None or not listed.is_held or listed.retry is None:
        return ""
    asked = f"Retried {clock(listed.retry.asked_at)}"
    if listed.retry.new_job_id is None:
        return (
            f"{asked}, and Writer's answer was lost, so this job may be running again. Copydesk won't retry it twice. "
            "Refresh in a minute; if it's still failed and no new job has appeared, start it again in Writer."
        )
    if listed.retry.new_job_id != listed.job.id:
        return f"{asked}. Writer runs it as job {plain(listed.retry.new_job_id)}."
    return f"{asked}. Writer's list doesn't show it yet."


def _times(job: Job, clock: Callable[[datetime], str]) -> list[str]:
    parts = [f"Created {clock(job.created_at)}"] if job.created_at else []
    if job.updated_at:
        parts.append(f"last changed {clock(job.updated_at)}")
    if job.created_at and job.updated_at and job.state is not JobState.IN_PROGRESS:
        parts.append(f"took {duration(job.updated_at - job.created_at)}")
    return parts
