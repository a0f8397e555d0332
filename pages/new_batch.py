"""A new batch: spreadsheet, agent, columns, check, launch, read from top to bottom over a draft in the store."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from components.new_batch.agent import choose_agent, compare_agent, describe_inputs, try_again, wants_fresh_agents
from components.new_batch.checks import show_check, tell_incomplete
from components.new_batch.columns import Columns, choose_columns, tell_unused
from components.new_batch.drafts import tell_launched, tell_no_draft
from components.new_batch.launch import launch_button, name_batch, proposed_name, show_storing, tell_estimate
from components.new_batch.options import choose_options, fit, tell_sample
from components.new_batch.spreadsheet import (
    choose_reading,
    offer_draft,
    offer_sample,
    paste,
    show_sheet,
    tell_reading,
    upload,
)
from components.new_batch.steps import step, tell_story
from components.page import attempt, open_page
from components.words import count, plain
from services.desk import Desk
from services.errors import MissingError, PersonError, SheetError, WriterError
from services.models import Agent, Check, Choice, Draft, LaunchOptions, Reading

PREVIEW_ROWS = 6
REFUSALS = "refusals"
"""In the session: what could not be read and why, so that it is not read a second time."""
LAST = "last_draft"
"""In the session: the id of the draft that was shown last."""
REREAD = "reread"
"""In the session: the draft and how its file is to be read from now on, until that is done."""

Open = Callable[[Callable[[int], None]], Draft]
"""Makes a draft, telling how many rows it has read so far."""


def show_draft(desk: Desk, draft_id: str) -> None:
    """The draft's steps, each as soon as the one above is answered."""
    try:
        draft = desk.drafts.get(draft_id)
    except MissingError:
        tell_no_draft(forget_draft)
        return
    if draft.batch_id:
        lead_on(draft.batch_id)
        return
    st.session_state[LAST] = draft.id
    draft = spreadsheet_step(desk, draft)
    agent_step(desk, draft)
    if draft.agent:
        columns_step(desk, draft, draft.agent)
        check = check_step(desk, draft)
        if check and check.ready:
            launch_step(desk, draft, check.ready)


# without a draft


@dataclass(frozen=True)
class Given:
    """A spreadsheet that a person brings."""

    id: str
    """Different for each file and each text, the same for as long as it stands in its field."""
    name: str
    open: Open


def bring_spreadsheet(desk: Desk) -> None:
    """Ask for a spreadsheet; it becomes a draft."""
    st.markdown("Run a Writer agent over every row of a spreadsheet, then download what it wrote.")
    offer_last_draft(desk)
    with step(1, "Spreadsheet"):
        left, right = st.columns(2, gap="medium")
        with left:
            file = upload(desk.settings.max_upload_mb)
            slot = st.container()
            sample = offer_sample()
        with right:
            pasted = paste()
    tell_story()
    if sample:
        slot.error(plain(open_draft(slot, Given("sample", "the sample", lambda _: desk.drafts.open_sample()))))
    open_first(slot, [*given_file(desk, file), *given_cells(desk, pasted)])


def offer_last_draft(desk: Desk) -> None:
    """Offer the draft that was shown last, unless it is gone or was launched."""
    draft_id = st.session_state.get(LAST, "")
    with suppress(MissingError):
        draft = desk.drafts.get(draft_id)
        if not draft.batch_id:
            offer_draft(draft.sheet, lambda: st.query_params.update(draft=draft_id))


def given_file(desk: Desk, file: UploadedFile | None) -> list[Given]:
    """The uploaded file, if there is one."""
    if file is None:
        return []
    return [Given(file.file_id, file.name, lambda tell: desk.drafts.open(file.getvalue(), file.name, tell))]


def given_cells(desk: Desk, text: str) -> list[Given]:
    """The pasted cells, if there are any."""
    return [Given(f"cells {hash(text)}", "the cells", lambda tell: desk.drafts.open_pasted(text, tell))] if text else []


def open_first(slot: DeltaGenerator, given: list[Given]) -> None:
    """Make a draft of the first one that can be used; what was refused is not read again, and its reason stays."""
    refusals: dict[str, str] = st.session_state.setdefault(REFUSALS, {})
    for each in given:
        if each.id not in refusals:
            refusals[each.id] = open_draft(slot, each)
        slot.error(plain(refusals[each.id]))


def open_draft(slot: DeltaGenerator, given: Given) -> str:
    """Make a draft and go to its address; gives the reason where the spreadsheet cannot be used."""
    place = slot.empty()
    try:
        draft = given.open(tell_reading(place, given.name))
    except SheetError as exc:
        place.empty()
        return str(exc)
    st.query_params["draft"] = draft.id
    st.rerun()
    return ""


def forget_draft() -> None:
    """Leave the draft, which stays in the store, for the page without one."""
    st.query_params.pop("draft", None)


def lead_on(batch_id: str) -> None:
    """Lead on to the batch of a draft that was launched; at once where the button was pressed twice."""
    if st.session_state.get("launch"):
        open_batch(batch_id)
    tell_launched(batch_id, forget_draft)


def open_batch(batch_id: str) -> None:
    """Go to a batch."""
    st.switch_page("batch.py", query_params={"id": batch_id})


# with a draft


def spreadsheet_step(desk: Desk, draft: Draft) -> Draft:
    """What was read, and how; gives the draft as it is after reading it in another way."""

    def reread(reading: Reading) -> None:
        st.session_state[REREAD] = (draft.id, reading)

    with step(1, "Spreadsheet"):
        slot = st.empty()
        draft = reread_draft(desk, slot, draft)
        show_sheet(draft.sheet, desk.drafts.preview(draft.id, PREVIEW_ROWS))
        choose_reading(draft.sheet, reread, forget_draft)
    return draft


def reread_draft(desk: Desk, slot: DeltaGenerator, draft: Draft) -> Draft:
    """Read the draft's file in another way, if the person asked for that."""
    draft_id, reading = st.session_state.get(REREAD, ("", Reading()))
    if draft_id != draft.id:
        return draft
    try:
        draft = desk.drafts.reread(draft_id, reading, tell_reading(slot, draft.sheet.filename))
        slot.empty()
    except PersonError as exc:
        slot.error(plain(str(exc)))
    del st.session_state[REREAD]
    return draft


def agent_step(desk: Desk, draft: Draft) -> None:
    """Which agent, and what it asks for."""

    def choose(agent: Agent) -> None:
        attempt(lambda: desk.drafts.choose_agent(draft.id, agent))

    with step(2, "Agent"):
        agents = list_agents(desk)
        if agents or draft.agent:
            choose_agent(agents, draft.agent, choose)
        if draft.agent:
            if agents:
                compare_agent(draft.agent, agents, choose)
            describe_inputs(draft.agent.inputs)


def list_agents(desk: Desk) -> list[Agent]:
    """The agents there are; none, and why, where there are none or Writer could not be asked."""
    try:
        with st.spinner("Asking Writer for its agents …"):
            agents = desk.agents.list(refresh=wants_fresh_agents())
    except WriterError as exc:
        st.error(plain(str(exc)), icon=":material/cloud_off:")
        try_again()
        return []
    if not agents:
        st.warning("This key has no agents yet. Build a no-code agent in Writer, deploy it, and try again.")
        try_again()
    return agents


def columns_step(desk: Desk, draft: Draft, agent: Agent) -> None:
    """Which column feeds which input."""

    def choose(name: str, choice: Choice) -> None:
        attempt(lambda: desk.drafts.save_choices(draft.id, {**desk.drafts.get(draft.id).choices, name: choice}))

    with step(3, "Columns"):
        first_row = next(iter(desk.drafts.preview(draft.id, 1)), None)
        choose_columns(agent.inputs, Columns.of(draft.sheet.columns, first_row), draft.choices, choose)
        tell_unused(draft.sheet.columns, draft.choices)


def check_step(desk: Desk, draft: Draft) -> Check | None:
    """Which rows can be sent; nothing while something is undecided."""
    with step(4, "Check"):
        undecided = desk.drafts.incomplete(draft)
        if undecided:
            tell_incomplete(undecided)
            return None
        with st.spinner(f"Checking {count(draft.sheet.row_count, 'row')} …"):
            check = desk.drafts.check(draft)
        show_check(check)
    return check


def launch_step(desk: Desk, draft: Draft, rows: int) -> None:
    """The batch's name, how it is sent, what it takes, and the button."""

    def rename(name: str) -> None:
        attempt(lambda: desk.drafts.rename(draft.id, name))

    def choose(**changed: Any) -> None:
        attempt(lambda: desk.drafts.save_options(draft.id, replace(desk.drafts.get(draft.id).options, **changed)))

    with step(5, "Launch"):
        name = name_batch(draft.name, proposed_name(draft, st.context.timezone), rename)
        options = fit(draft.options, rows)
        choose_options(options, rows, choose)
        tell_estimate(desk.drafts.estimate(options.sample_rows or rows), desk.settings.writer_rpm)
        refused = desk.health().key_refused_at is not None
        if refused:
            st.warning("Nothing can be launched while Writer refuses the API key.", icon=":material/key_off:")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            pressed = launch_button(rows, disabled=refused)
            if options.sample_rows is not None:
                tell_sample(options.sample_rows, rows - options.sample_rows)
        if pressed:
            launch(desk, draft, name, options)


def launch(desk: Desk, draft: Draft, name: str, options: LaunchOptions) -> None:
    """Launch the draft and go to its batch; where it cannot be launched, say why."""
    place, rows = st.empty(), draft.sheet.row_count
    show_storing(place, 0, rows)
    try:
        desk.drafts.save_options(draft.id, options)  # as they fit the rows that are ready, which is what the page says
        batch_id = desk.drafts.launch(draft.id, name, lambda stored: show_storing(place, stored, rows))
    except (PersonError, WriterError) as exc:
        place.error(plain(str(exc)))
    else:
        open_batch(batch_id)


# the screen

desk = open_page("New batch")
st.title("New batch", anchor=False)
if draft_id := st.query_params.get("draft"):
    show_draft(desk, draft_id)
else:
    bring_spreadsheet(desk)
