"""Files that a person attaches, on any page: ask for them, and say which were left out."""

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from components.words import number, plain, shorten

_FROM = ("Files or a ZIP", "A folder")
_MAX_LISTED = 20
"""Files that were left out and are named."""


def attach_files(round_: int, max_megabytes: int) -> list[UploadedFile]:
    """Ask for files, a whole folder, or a ZIP; `round_` counts how often files were taken, which empties the field."""
    kind = st.segmented_control(
        "Attach", _FROM, default=_FROM[0], required=True, key="files_from", label_visibility="collapsed"
    )
    if kind == _FROM[1]:
        given = st.file_uploader(
            "Choose the folder that holds the files",
            accept_multiple_files="directory",
            max_upload_size=max_megabytes,
            key=f"attach_folder_{round_}",
        )
    else:
        given = st.file_uploader(
            "Drop files or a ZIP here, or pick them",
            accept_multiple_files=True,
            max_upload_size=max_megabytes,
            key=f"attach_files_{round_}",
        )
    st.caption("For more than 500 files, upload one ZIP.")
    return list(given or [])


def show_notes(notes: Sequence[str]) -> None:
    """What was left out of the files that were attached last, and why."""
    if notes:
        listed = "\n".join(f"- {plain(shorten(note, 300))}" for note in notes[:_MAX_LISTED])
        more = f"\n- {number(len(notes) - _MAX_LISTED)} more" if len(notes) > _MAX_LISTED else ""
        st.warning(f"{listed}{more}")
