"""The list of drafts, and what the page shows when there is no draft to work on."""

from collections.abc import Callable, Sequence

import streamlit as st

from components.new_batch.steps import PAGE_WIDTH
from components.words import count, plain, shorten
from services.models import DraftSummary

_NEW = "Start a new batch"
_SHOWN = 5
"""Drafts that are shown unfolded."""
_MAX_NAME = 60

OnDraft = Callable[[str], None]
"""Called with the id of a draft."""


def list_drafts(
    drafts: Sequence[DraftSummary], clock: Callable[..., str], on_open: OnDraft, on_discard: OnDraft
) -> None:
    """Show the drafts, each with a button that opens it and one that discards it."""
    if not drafts:
        return
    with st.container(key="drafts", width=PAGE_WIDTH, gap="small"):
        st.subheader("Drafts", anchor=False)
        for n, draft in enumerate(drafts[:_SHOWN]):
            _line(n, draft, clock, on_open, on_discard)
        if len(drafts) > _SHOWN:
            with st.expander(f"{len(drafts) - _SHOWN} older", key="older_drafts", type="compact"):
                for n, draft in enumerate(drafts[_SHOWN:], _SHOWN):
                    _line(n, draft, clock, on_open, on_discard)


def offer_undo(filename: str, on_undo: Callable[[], None]) -> None:
    """Say that a draft was discarded, with a button that takes it back."""
    with st.container(horizontal=True, vertical_alignment="center", width=PAGE_WIDTH):
        st.caption(f"“{plain(shorten(filename, _MAX_NAME))}” was discarded.", width="content")
        st.button("Undo", key="restore_draft", on_click=on_undo, icon=":material/undo:", type="tertiary")


def _line(n: int, draft: DraftSummary, clock: Callable[..., str], on_open: OnDraft, on_discard: OnDraft) -> None:
    about = [plain(draft.agent), count(draft.rows, "row"), clock(draft.created_at)]
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f"**{plain(shorten(draft.filename, _MAX_NAME))}** · {' · '.join(filter(None, about))}", width="stretch"
        )
        with st.container(horizontal=True, width="content", gap="xsmall"):
            st.button(
                "Open", key=f"open_draft_{n}", on_click=on_open, args=(draft.id,), icon=":material/arrow_forward:"
            )
            st.button(
                "Discard",
                key=f"discard_draft_{n}",
                on_click=on_discard,
                args=(draft.id,),
                icon=":material/delete:",
                type="tertiary",
            )


def show_no_draft(on_new: Callable[[], None]) -> None:
    """Say that the draft in the address doesn't exist."""
    st.warning("This draft doesn't exist. Drafts are kept for 7 days.", width=PAGE_WIDTH)
    st.button(_NEW, key="start_new", on_click=on_new, type="primary")


def show_batch_link(batch_id: str, on_new: Callable[[], None]) -> None:
    """Say that the draft was launched, and link to its batch."""
    st.success("This draft was launched.", icon=":material/rocket_launch:", width=PAGE_WIDTH)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("batch.py", label="Open its batch", query_params={"id": batch_id}, icon=":material/arrow_forward:")
        st.button(_NEW, key="start_new", on_click=on_new)
