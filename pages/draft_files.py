"""The files beside a draft, as part of the page of a new batch."""

import streamlit as st

from components.new_batch.files import (
    MAX_PICTURES,
    attach_form,
    files_title,
    show_downloads,
    show_failed_downloads,
    show_pictures,
    show_unmatched,
)
from services.desk import Desk
from services.models import Draft, FilesReport

REFRESH_S = 1.0
"""Between two looks at how far downloads are, and whether files came in."""


def files_box(desk: Desk, draft: Draft, report: FilesReport) -> None:
    """Show the files beside the spreadsheet, take more, and follow downloads."""
    with st.container(border=True, key="files", gap="small"):
        files_title(report)
        attach_form(draft.id, st.context.theme.type)
        version = desk.files.version(draft.id)
        st.fragment(lambda: watch_files(desk, draft.id, version), run_every=REFRESH_S)()
        shown = [*report.attached, *report.downloaded]
        show_pictures(desk.files.pictures(shown, MAX_PICTURES), len(shown))
        show_unmatched(report, lambda: desk.files.detach(draft.id, [file.name for file in report.unused]))
        if report.pending_urls:
            desk.files.fetch(draft)
            st.fragment(lambda: follow_downloads(desk, draft.id), run_every=REFRESH_S)()
        show_failed_downloads(report, lambda: desk.files.refetch(draft))


def watch_files(desk: Desk, draft_id: str, drawn: int | None) -> None:
    """Draw the whole page again once the files that come in through the form are all there."""
    version = desk.files.version(draft_id)
    if version is None:
        st.caption("Files are coming in. The check below follows when they've all arrived.")
    elif version != drawn:
        st.rerun()


def follow_downloads(desk: Desk, draft_id: str) -> None:
    """Show how far the downloads are; at their end the whole page is drawn again."""
    progress = desk.files.fetch_progress(draft_id)
    if progress is None:
        st.rerun()
    else:
        show_downloads(progress.done, progress.total)
