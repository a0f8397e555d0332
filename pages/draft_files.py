"""The files beside a draft, as part of the page of a new batch."""

import streamlit as st

from components.attach import attach_files, show_notes
from components.new_batch.files import (
    MAX_PICTURES,
    files_title,
    show_downloads,
    show_failed_downloads,
    show_pictures,
    show_unmatched,
)
from components.words import count
from services.desk import Desk, Upload
from services.models import Draft, FilesReport

FILES_TAKEN = "files_taken"
"""In the session: how often files were taken for each draft; the field for files begins anew each time."""
FILES_NOTES = "files_notes"
"""In the session: a draft's id, and what was left out of the files that were attached last."""
FETCH_REFRESH_S = 1.0
"""Between two looks at how far downloads are."""


def files_box(desk: Desk, draft: Draft, report: FilesReport) -> None:
    """Show the files beside the spreadsheet, take more, and follow downloads."""
    with st.container(border=True, key="files", gap="small"):
        files_title(report)
        shown = [*report.attached, *report.downloaded]
        show_pictures(desk.files.pictures(shown, MAX_PICTURES), len(shown))
        show_unmatched(report, lambda: desk.files.detach(draft.id, [file.name for file in report.unused]))
        if report.pending_urls:
            desk.files.fetch(draft)
            st.fragment(lambda: follow_downloads(desk, draft.id), run_every=FETCH_REFRESH_S)()
        show_failed_downloads(report, lambda: desk.files.refetch(draft))
        take_files(desk, draft)


def take_files(desk: Desk, draft: Draft) -> None:
    """Ask for files, put them beside the draft, and say what was left out."""
    taken = st.session_state.setdefault(FILES_TAKEN, {})
    given = attach_files(taken.get(draft.id, 0), desk.settings.max_file_mb)
    slot = st.empty()
    if given:
        uploads = [Upload(file.name, file) for file in given]
        with slot.status(f"Storing {count(len(given), 'file')}…") as status:

            def show(stored: int) -> None:
                status.update(label=f"Stored {count(stored, 'file')}…")

            notes = desk.files.attach(draft.id, uploads, show)
        taken[draft.id] = taken.get(draft.id, 0) + 1
        st.session_state[FILES_NOTES] = (draft.id, notes)
        st.rerun()
    about, notes = st.session_state.get(FILES_NOTES, ("", []))
    if about == draft.id:
        show_notes(notes)


def follow_downloads(desk: Desk, draft_id: str) -> None:
    """Show how far the downloads are; at their end the whole page is drawn again."""
    progress = desk.files.fetch_progress(draft_id)
    if progress is None:
        st.rerun()
    else:
        show_downloads(progress.done, progress.total)
