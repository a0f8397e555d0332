"""One Knowledge Graph: what it is, and its files."""

from collections.abc import Callable, Sequence

import streamlit as st

from components.graphs.table import kind_words
from components.states import ROWS
from components.words import count, number, plain, shorten
from services.models import FailedFile, Graph, GraphProgress, RowState

_MAX_LISTED = 20
"""Failed files that are named."""
_MAX_NAME = 80


def graph_head(graph: Graph, agents: Sequence[str], created: str, on_back: Callable[[], None]) -> None:
    """Its name, what it is for, and who uses it."""
    st.button("All Knowledge Graphs", key="all_graphs", icon=":material/arrow_back:", type="tertiary", on_click=on_back)
    st.title(plain(graph.name), anchor=False)
    used = f"used by {', '.join(map(plain, agents))}" if agents else ""
    parts = [plain(kind_words(graph)), f"created {created}" if created else "", used]
    about = " · ".join(filter(None, parts))
    st.caption(plain(graph.description) + ("\n\n" if graph.description.strip() else "") + about)


def show_counts(graph: Graph) -> None:
    """How many of its files are in each state, everybody's."""
    counts = (
        ("Processed", graph.completed, RowState.COMPLETED),
        ("In progress", graph.in_progress, RowState.IN_PROGRESS),
        ("Failed", graph.failed, RowState.FAILED),
    )
    with st.grid(len(counts), min_column_width=92, gap="xsmall"):
        for label, amount, state in counts:
            color = ROWS[state].badge if amount else "gray"
            st.metric(label, number(amount), delta=_share(amount, graph), delta_color=color, delta_arrow="off")


def show_progress(progress: GraphProgress) -> None:
    """How far the files are that were last uploaded here."""
    # the container is always there: otherwise all that follows would be rebuilt when it comes or goes
    with st.container():
        if progress.is_moving:
            done = (progress.completed + progress.failed) / progress.total
            st.progress(done, text=progress_words(progress))
        elif progress.total:
            st.caption(f"Last upload: {progress_words(progress)}")


def progress_words(progress: GraphProgress) -> str:
    """As in "12 of 40 processed, 2 failed"."""
    words = [f"{number(progress.completed)} of {number(progress.total)} processed"]
    if progress.failed:
        words.append(f"{number(progress.failed)} failed")
    if progress.waiting:
        words.append(f"{number(progress.waiting)} to upload")
    return ", ".join(words)


def show_failed(files: Sequence[FailedFile], on_retry: Callable[[], None], on_forget: Callable[[], None]) -> None:
    """Name the files that failed and why, with a button that retries them all."""
    with st.container(key="failed_files", gap="small"):
        if not files:
            return
        st.markdown("\n".join(f"- {_failed_words(file)}" for file in files[:_MAX_LISTED]))
        if len(files) > _MAX_LISTED:
            st.caption(f"{number(len(files) - _MAX_LISTED)} more")
        lost = sum(not file.is_at_writer for file in files)
        with st.container(horizontal=True, gap="small"):
            label = f"Retry {count(len(files), 'failed file')}"
            st.button(label, key="retry_failed_files", icon=":material/replay:", on_click=on_retry)
            if lost:
                st.button(
                    f"Forget {count(lost, 'file')} not uploaded",
                    key="forget_failed_files",
                    icon=":material/close:",
                    type="tertiary",
                    on_click=on_forget,
                )


def upload_button(graph: Graph, files: int) -> bool:
    """The button that adds so many files to the Knowledge Graph; whether it was pressed."""
    st.caption("PDF, Word, PowerPoint, Excel, CSV, text, HTML, EML, and SRT files, and JPG and PNG images.")
    return st.button(
        f"Upload {count(files, 'file')}" if files else "Upload files",
        key="upload_to_graph",
        type="primary",
        icon=":material/upload:",
        disabled=not files,
        help=f"They're added to “{plain(shorten(graph.name, _MAX_NAME))}”, for every agent that uses it",
    )


def filled_elsewhere(graph: Graph) -> None:
    """Say why no files can be uploaded."""
    source = "a connector" if graph.kind == "connector" else "web pages"
    st.caption(f"Its content comes from {source}. Change it in Writer.")


def _failed_words(file: FailedFile) -> str:
    reason = file.error or "Writer couldn't process it. Check that it opens, then retry it."
    return f"**{plain(shorten(file.name, _MAX_NAME))}**: {plain(shorten(reason, 300))}"


def _share(amount: int, graph: Graph) -> str:
    total = max(graph.total, graph.completed + graph.in_progress + graph.failed, 1)
    return f"{100 * amount / total:.0f} %"
