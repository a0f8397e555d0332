"""Every job of an agent, also those that were started elsewhere: read them, retry failed ones, collect them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NoReturn

import streamlit as st

from components.agent import retry_button as try_again_button
from components.agent import wants_fresh_agents
from components.asking import ask_retry_jobs
from components.jobs.collect import Wanted, collect_form
from components.jobs.panel import job_panel, no_job_panel
from components.jobs.results import retried_words, show_collected, show_retried
from components.jobs.table import Picked, job_filter, job_pages, job_table, list_words
from components.page import attempt, clock, now, open_page, tell
from components.words import count, plain, zone
from services.errors import WriterError
from services.models import Agent, CollectedJobs, JobList, ListedJob

REFRESH_S = 5
"""Between two drawings; the list is read from Writer only when it's old."""
TO_RETRY = "jobs_to_retry"
RETRIED = "retried_jobs"
QUESTION = "retry_jobs_question"
COLLECTED = "collected_jobs"


def missing() -> NoReturn:
    """Say that there is no such agent, and end the page."""
    st.title("This agent isn't in your list", anchor=False)
    st.markdown("It may have been undeployed, or the link may be incomplete.")
    st.page_link("agents.py", label="See all agents", icon=":material/smart_toy:")
    st.stop()


def read_agent() -> Agent:
    """The agent whose jobs these are."""
    try:
        with st.spinner("Loading agents…"):
            agents = desk.agents.list(refresh=wants_fresh_agents())
    except WriterError as error:
        st.title("Jobs", anchor=False)
        st.error(plain(str(error)), icon=":material/cloud_off:")
        try_again_button()
        st.stop()
    for found in agents:
        if found.id == agent_id:
            return found
    missing()


def with_progress(words: Callable[[int], str], work: Callable[[Callable[[int], None]], None]) -> bool:
    """Do long work while its progress is shown; returns whether it worked."""
    place = st.empty()

    def show(done: int) -> None:
        place.info(words(done), icon=":material/hourglass_empty:")

    show(0)
    return attempt(partial(work, show))


def retry(jobs: Sequence[ListedJob]) -> None:
    """Retry these jobs, and remember what came of it."""

    def work(show: Callable[[int], None]) -> None:
        result = desk.jobs.retry(agent_id, jobs, show)
        st.session_state[RETRIED] = agent_id, result
        tell(retried_words(result))

    with_progress(lambda done: f"Retrying jobs: {done:,} of {len(jobs):,} done", work)
    st.rerun()


def collect(wanted: Wanted) -> None:
    """Collect jobs, and open the batch that they became."""
    found: list[CollectedJobs] = []

    def work(show: Callable[[int], None]) -> None:
        found.append(desk.jobs.collect(agent, wanted.scope, wanted.name, show))

    with_progress(lambda done: f"Collecting: {count(done, 'job')} read", work)
    if found:
        st.session_state[COLLECTED] = found[0]
    if found and found[0].batch_id is not None:
        st.switch_page("batch.py", query_params={"id": found[0].batch_id})
    st.rerun()


def carry_out() -> None:
    """Do what was confirmed before the page was drawn again."""
    about, jobs = st.session_state.pop(TO_RETRY, ("", ()))
    if about == agent_id and jobs:
        retry(jobs)


def confirm(jobs: Sequence[ListedJob]) -> None:
    """Close the dialog and have the page retry the jobs, where the progress is shown."""
    st.session_state[TO_RETRY] = agent_id, tuple(jobs)
    st.rerun()


def ask(jobs: Sequence[ListedJob]) -> None:
    """Have the page draw the question, outside the fragment that is refreshed."""
    st.session_state[QUESTION] = agent_id, tuple(jobs)
    st.rerun()


def answer_questions() -> None:
    """Open the dialog that was asked for."""
    about, jobs = st.session_state.pop(QUESTION, ("", ()))
    if about == agent_id and jobs:
        ask_retry_jobs(len(jobs), partial(confirm, jobs))


def draw_results() -> None:
    """What came of the last retry, or why nothing was collected."""
    with st.container():
        about, result = st.session_state.get(RETRIED, ("", None))
        if result is not None and about == agent_id:
            show_retried(result)
        if (collected := st.session_state.pop(COLLECTED, None)) is not None:
            show_collected(collected)


def retry_button(key: str, label: str) -> bool:
    """A button that retries jobs; whether it was pressed."""
    return st.button(label, key=key, icon=":material/replay:")


def draw_panel(jobs: JobList, picked: Picked) -> None:
    """The open job, or what to do when there is none; and the buttons that retry."""
    listed = {item.job.id: item for item in jobs.jobs}
    chosen = [listed[job_id] for job_id in picked.ticked if listed[job_id].can_retry]
    if chosen and st.button(
        f"Retry {count(len(chosen), 'selected job')}",
        key="retry_selected_jobs",
        icon=":material/replay:",
        width="stretch",
    ):
        ask(chosen)
    if picked.open is None:
        no_job_panel(bool(jobs.jobs))
        return
    opened = listed[picked.open]
    with st.container(border=True, key="job"):
        if job_panel(opened, clock) and opened.row is not None:
            st.switch_page("batch.py", query_params={"id": opened.row.batch_id})
        if opened.can_retry and not picked.ticked and retry_button("retry_job", "Retry this job"):
            ask([opened])


def draw() -> None:
    """The list, refreshed while the page is open."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"):
        state = job_filter()
        refresh = st.button("Refresh", key="refresh_jobs", icon=":material/refresh:", help="Read the list again")
    jobs = desk.jobs.page(agent_id, state, int(st.session_state.get("jobs_page", 1)), refresh=refresh)
    with st.container():
        if jobs.problem:
            st.warning(plain(jobs.problem), icon=":material/cloud_off:")
    failed = [listed for listed in jobs.jobs if listed.can_retry]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"):
        st.caption(list_words(jobs, clock, now()), width="content")
        if failed and retry_button("retry_shown_jobs", f"Retry {count(len(failed), 'failed job')} on this page"):
            ask(failed)
    table, panel = st.columns([2, 1], gap="medium")
    with table:
        picked = job_table(jobs, clock)
        job_pages(jobs)
    with panel:
        draw_panel(jobs, picked)


desk = open_page("Jobs")
agent_id = st.query_params.get("agent", "")
agent = read_agent()
st.title(f"Jobs of {plain(agent.name)}", anchor=False)
carry_out()
answer_questions()
draw_results()
local_zone = zone(st.context.timezone)
if (wanted := collect_form(agent.name, local_zone, now().astimezone(local_zone).date())) is not None:
    collect(wanted)
st.fragment(draw, run_every=REFRESH_S)()
