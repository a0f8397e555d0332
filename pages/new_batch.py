"""A new batch in five steps on a stored draft: spreadsheet, agent, columns, check, launch."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from components.agent import describe_inputs, retry_button, wants_fresh_agents
from components.new_batch.agent import choose_agent, compare_agent, show_wanted_agent, wanted_agent
from components.new_batch.checks import show_check, show_incomplete
from components.new_batch.columns import Columns, choose_columns, show_unused_columns
from components.new_batch.drafts import list_drafts, offer_undo, show_batch_link, show_no_draft
from components.new_batch.launch import launch_button, name_batch, proposed_name, show_estimate, show_storing
from components.new_batch.options import choose_options, fit, show_sample
from components.new_batch.spreadsheet import (
    choose_reading,
    compare_encodings,
    offer_draft,
    offer_sample,
    paste,
    show_reading_progress,
    show_sheet,
    upload,
)
from components.new_batch.steps import show_overview, step
from components.page import attempt, clock, open_page
from components.words import count, plain
from pages.draft_files import files_box
from services.desk import Desk
from services.errors import MissingError, PersonError, SheetError, WriterError
from services.models import Agent, Check, Choice, Draft, LaunchOptions, Reading

PREVIEW_ROWS = 6
REFUSALS = "refusals"
"""In the session: what couldn't be read and why, so that it isn't read twice."""
LAST_DRAFT = "last_draft"
"""In the session: the id of the draft that was shown last."""
DISCARDED = "discarded"
"""In the session: the draft that was discarded last, until it's taken back."""
REREAD = "reread"
"""In the session: a draft's id and how to read its file again, until that is done."""

OpenDraft = Callable[[Callable[[int], None]], Draft]
"""Creates a draft; gets a function to report the number of rows read so far to."""


def show_draft(desk: Desk, draft_id: str) -> None:
    """Show the draft's steps, each one when the step above it is complete."""
    try:
        draft = desk.drafts.get(draft_id)
    except MissingError:
        show_no_draft(forget_draft)
        return
    if draft.batch_id:
        show_launched(draft.batch_id)
        return
    st.session_state[LAST_DRAFT] = draft.id
    draft = spreadsheet_step(desk, draft)
    draft = agent_step(desk, draft)
    if draft.agent:
        columns_step(desk, draft, draft.agent)
        check = check_step(desk, draft)
        if check and check.ready:
            launch_step(desk, draft, check.ready)


# without a draft


@dataclass(frozen=True)
class Source:
    """A spreadsheet that a person uploads or pastes."""

    id: str
    """Different for each file and each text; stays the same while it is in its field."""
    name: str
    open: OpenDraft


def request_spreadsheet(desk: Desk) -> None:
    """Ask for a spreadsheet and open it as a draft."""
    st.markdown("Run a Writer agent on every row of a spreadsheet, then download the results.")
    announce_agent(desk)
    offer_last_draft(desk)
    with step(1, "Spreadsheet"):
        left, right = st.columns(2, gap="medium")
        with left:
            file = upload(desk.settings.max_upload_mb)
            slot = st.container()
            sample = offer_sample()
        with right:
            pasted = paste()
            paste_slot = st.container()
    show_overview()
    show_drafts(desk)
    if sample:
        slot.error(plain(open_draft(slot, Source("sample", "the sample", lambda _: desk.drafts.open_sample()))))
    open_first(slot, uploaded(desk, file))
    open_first(paste_slot, pasted_cells(desk, pasted))


def announce_agent(desk: Desk) -> None:
    """Name the agent in the address, which will be selected; says nothing if it can't be found."""
    if agent_id := st.query_params.get("agent"):
        with suppress(WriterError), st.spinner("Loading agents…"):
            show_wanted_agent(wanted_agent(desk.agents.list(), agent_id))


def offer_last_draft(desk: Desk) -> None:
    """Offer the draft that was shown last, unless it is gone or launched."""
    draft_id = st.session_state.get(LAST_DRAFT, "")
    with suppress(MissingError):
        draft = desk.drafts.get(draft_id)
        if not draft.batch_id:
            offer_draft(draft.sheet, lambda: st.query_params.update(draft=draft_id))


def show_drafts(desk: Desk) -> None:
    """List the drafts, without the one that is offered above; a discarded one can be taken back."""
    drafts = desk.drafts.recent()

    def discard(draft_id: str) -> None:
        attempt(lambda: desk.drafts.discard(draft_id))
        st.session_state[DISCARDED] = next(draft for draft in drafts if draft.id == draft_id)

    def restore() -> None:
        attempt(lambda: desk.drafts.restore(st.session_state.pop(DISCARDED).id))

    if discarded := st.session_state.get(DISCARDED):
        offer_undo(discarded.filename, restore)
    others = [draft for draft in drafts if draft.id != st.session_state.get(LAST_DRAFT)]
    list_drafts(others, clock, lambda draft_id: st.query_params.update(draft=draft_id), discard)


def uploaded(desk: Desk, file: UploadedFile | None) -> list[Source]:
    """Give the uploaded file, if there is one."""
    if file is None:
        return []
    return [
        Source(file.file_id, file.name, lambda report: desk.drafts.open(file.getvalue(), file.name, report, language()))
    ]


def language() -> str:
    """The browser's language, which hints at the encoding of a text file."""
    return st.context.locale or ""


def pasted_cells(desk: Desk, text: str) -> list[Source]:
    """Give the pasted cells, if there are any."""
    if not text:
        return []
    return [Source(f"cells {hash(text)}", "the cells", lambda report: desk.drafts.open_pasted(text, report))]


def open_first(slot: DeltaGenerator, sources: list[Source]) -> None:
    """Open the first source that can be read. One that can't keeps showing why, and isn't read again."""
    refusals: dict[str, str] = st.session_state.setdefault(REFUSALS, {})
    for source in sources:
        if source.id not in refusals:
            refusals[source.id] = open_draft(slot, source)
        slot.error(plain(refusals[source.id]))


def open_draft(slot: DeltaGenerator, source: Source) -> str:
    """Open a draft and go to its address; gives the reason if the spreadsheet can't be read."""
    place = slot.empty()
    try:
        draft = source.open(show_reading_progress(place, source.name))
    except SheetError as exc:
        place.empty()
        return str(exc)
    st.query_params["draft"] = draft.id
    st.rerun()
    return ""


def forget_draft() -> None:
    """Go to the page without a draft; the draft stays stored."""
    st.query_params.pop("draft", None)


def show_launched(batch_id: str) -> None:
    """Link to the batch of a launched draft, or go there right away if the launch button was pressed twice."""
    if st.session_state.get("launch"):
        open_batch(batch_id)
    show_batch_link(batch_id, forget_draft)


def open_batch(batch_id: str) -> None:
    """Go to a batch."""
    st.switch_page("batch.py", query_params={"id": batch_id})


# with a draft


def spreadsheet_step(desk: Desk, draft: Draft) -> Draft:
    """Show what was read and how; gives the draft, which may have been read again."""

    def reread(reading: Reading) -> None:
        st.session_state[REREAD] = (draft.id, reading)

    with step(1, "Spreadsheet"):
        slot = st.empty()
        draft = reread_draft(desk, slot, draft)
        show_sheet(draft.sheet, desk.drafts.preview(draft.id, PREVIEW_ROWS))
        choose_reading(draft.sheet, reread, forget_draft)
        compare_encodings(draft.sheet, reread)
    return draft


def reread_draft(desk: Desk, slot: DeltaGenerator, draft: Draft) -> Draft:
    """Read the draft's file in another way, if the person asked for it."""
    draft_id, reading = st.session_state.get(REREAD, ("", Reading()))
    if draft_id != draft.id:
        return draft
    try:
        report = show_reading_progress(slot, draft.sheet.filename)
        draft = desk.drafts.reread(draft_id, reading, report, language())
        slot.empty()
    except PersonError as exc:
        slot.error(plain(str(exc)))
    del st.session_state[REREAD]
    return draft


def agent_step(desk: Desk, draft: Draft) -> Draft:
    """Show the agent and its inputs; gives the draft, for which the best agent may have been selected."""

    def choose(agent: Agent) -> None:
        attempt(lambda: desk.drafts.choose_agent(draft.id, agent))

    with step(2, "Agent"):
        agents = list_agents(desk)
        suggested = desk.drafts.suggested_agent(draft, agents)
        preselected = wanted_agent(agents, st.query_params.get("agent")) or suggested
        if draft.agent is None and preselected is not None:
            draft = desk.drafts.preselect_agent(draft.id, preselected)
        if agents or draft.agent:
            choose_agent(agents, draft.agent, suggested, choose)
        if draft.agent:
            if agents:
                compare_agent(draft.agent, agents, choose)
            describe_inputs(draft.agent.inputs)
    return draft


def list_agents(desk: Desk) -> list[Agent]:
    """Give the agents; if there are none or Writer can't be reached, say so and give none."""
    try:
        with st.spinner("Loading agents…"):
            agents = desk.agents.list(refresh=wants_fresh_agents())
    except WriterError as exc:
        st.error(plain(str(exc)), icon=":material/cloud_off:")
        retry_button()
        return []
    if not agents:
        st.warning("This API key has no agents yet. Build a no-code agent in Writer, deploy it, and try again.")
        retry_button()
    return agents


def columns_step(desk: Desk, draft: Draft, agent: Agent) -> None:
    """Show which column feeds which input."""

    def choose(name: str, choice: Choice) -> None:
        attempt(lambda: desk.drafts.save_choices(draft.id, {**desk.drafts.get(draft.id).choices, name: choice}))

    with step(3, "Columns"):
        first_row = next(iter(desk.drafts.preview(draft.id, 1)), None)
        columns, reasons = Columns.of(draft.sheet.columns, first_row), desk.drafts.match_reasons(draft)
        choose_columns(agent.inputs, columns, draft.choices, reasons, desk.files.examples(draft, first_row), choose)
        show_unused_columns(draft.sheet.columns, draft.choices)
        if (report := desk.files.look(draft).report).inputs:
            files_box(desk, draft, report)


def check_step(desk: Desk, draft: Draft) -> Check | None:
    """Show which rows are ready; gives None while something is undecided."""
    with step(4, "Check"):
        undecided = desk.drafts.incomplete(draft)
        if undecided:
            show_incomplete(undecided)
            return None
        with st.spinner(f"Checking {count(draft.sheet.row_count, 'row')}…"):
            check = desk.drafts.check(draft)
        show_check(check, has_files=bool(desk.files.look(draft).report.inputs))
    return check


def launch_step(desk: Desk, draft: Draft, rows: int) -> None:
    """Show the batch's name, the sending options, the estimate, and the button."""

    def rename(name: str) -> None:
        attempt(lambda: desk.drafts.rename(draft.id, name))

    def choose(**changed: Any) -> None:
        attempt(lambda: desk.drafts.save_options(draft.id, replace(desk.drafts.get(draft.id).options, **changed)))

    with step(5, "Launch"):
        name = name_batch(draft.name, proposed_name(draft, st.context.timezone), rename)
        options = fit(draft.options, rows)
        choose_options(options, rows, choose)
        show_estimate(desk.drafts.estimate(options.sample_rows or rows))
        refused = desk.health().key_refused_at is not None
        if refused:
            st.warning("You can't launch until Writer accepts your API key.", icon=":material/key_off:")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            pressed = launch_button(rows, options.sample_rows, disabled=refused)
            if options.sample_rows is not None:
                show_sample(options.sample_rows, rows - options.sample_rows)
        if pressed:
            launch(desk, draft, name, options)


def launch(desk: Desk, draft: Draft, name: str, options: LaunchOptions) -> None:
    """Launch the draft and go to its batch, or say why it can't be launched."""
    place, rows = st.empty(), draft.sheet.row_count
    show_storing(place, 0, rows)
    try:
        desk.drafts.save_options(draft.id, options)  # adjusted to the rows that are ready, as the page shows them
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
    request_spreadsheet(desk)
