"""Facts under a title: what something is, line by line."""

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.words import number, plain, size
from services.models import ConnectionState, DatabaseInfo
from services.settings import Settings

_WIDTH_PX = 720
_NAME_WIDTH_PX = 150
"""The same in all sections, so that all values line up; it leaves a phone room for most values."""


def section(title: str) -> DeltaGenerator:
    """Give a bordered box under a title."""
    box = st.container(border=True, width=_WIDTH_PX)
    box.header(title, anchor=False)
    return box


def show_facts(facts: Mapping[str, str]) -> None:
    """List facts, given as Markdown, each behind its name."""
    with st.container(gap="xsmall"):
        for name, value in facts.items():
            with st.container(horizontal=True, wrap=False, gap="small"):
                st.markdown(f":gray[{name}]", width=_NAME_WIDTH_PX)
                st.markdown(value, width="stretch")


def show_limits(settings: Settings) -> None:
    """List the limits in force, each with the setting that changes it."""
    show_facts(
        {
            "Requests per minute": f"{number(settings.writer_rpm)} · `WRITER_RPM`",
            "Largest spreadsheet": f"{number(settings.max_upload_mb)} MB · `MAX_UPLOAD_MB`",
            "Most rows": f"{number(settings.max_rows)} · `MAX_ROWS`",
            "Most columns": f"{number(settings.max_columns)} · `MAX_COLUMNS`",
            "Largest file": f"{number(settings.max_file_mb)} MB · `MAX_FILE_MB`",
            "All files together": f"{number(settings.max_files_mb)} MB · `MAX_FILES_MB`",
        }
    )
    st.caption("To change a limit, set its variable in `.env` and restart Copydesk.")


def show_copydesk(state: ConnectionState, settings: Settings) -> None:
    """List Copydesk's version and where it stores everything."""
    database = state.database
    show_facts(
        {
            "Version": plain(state.version),
            "Database": plain(f"{database.product} {database.version}"),
            _place_name(database): plain(database.place),
            "Database size": size(database.size),
            "Schema revision": plain(database.revision),
            "Files": plain(str(settings.files_dir)),
        }
    )


def _place_name(database: DatabaseInfo) -> str:
    return "Database file" if database.product == "SQLite" else "Database host"
