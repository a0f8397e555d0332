"""Files beside the spreadsheet: attach them, see which names have one, and follow downloads."""

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

import streamlit as st

from components.words import count, number, plain, shorten
from services.models import FilesReport, FileView, UnmatchedName

_MAX_LISTED = 20
"""Names that are listed of those without a file."""
MAX_PICTURES = 8
"""Images that are shown of the attached files."""
_PICTURE_PX, _PICTURE_NAME = 84, 12
"""Three stand side by side on a phone, with names of one line."""
_FEW_NAMES = 5
"""So many names without a file are shown unfolded."""
_MAX_NAME = 60
_FORM_PX = 150


def files_title(report: FilesReport) -> None:
    """Which inputs the files are for, and how many of the names have one."""
    names = " and ".join(f"“{plain(each.name)}”" for each in report.inputs)
    st.markdown(f"**Files for {names}**")
    for each in report.inputs:
        wanted = each.found + len(each.missing) + len(each.ambiguous)
        _show_found(each.found, count(wanted, "file"), "found", is_all=each.found == wanted)
    done = len(report.downloaded)
    _show_found(done, count(report.urls, "link"), "downloaded", is_all=done == report.urls)


def attach_form(draft_id: str, theme: str | None) -> None:
    """The form that sends files to the draft, in a frame of its own: see attach.py."""
    st.iframe(f"/attach/{draft_id}?theme={theme or 'light'}", height=_FORM_PX, alt="Attach files, a folder, or a ZIP")
    st.caption("Files are matched to the cells that name them.")


def show_unmatched(report: FilesReport, on_remove: Callable[[], None]) -> None:
    """Which names have no file, and which files no name; with a button that removes those."""
    for each in report.inputs:
        _list_names(f"{count(len(each.missing), 'name')} without a file", each.missing, "did you mean")
        _list_names(f"{count(len(each.ambiguous), 'name')} with several files", each.ambiguous, "may be")
    if report.unused:
        named = ", ".join(plain(shorten(file.name, _MAX_NAME)) for file in report.unused[:3])
        more = f" and {number(len(report.unused) - 3)} more" if len(report.unused) > 3 else ""
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            no_row = "isn't" if len(report.unused) == 1 else "aren't"
            text = f"{count(len(report.unused), 'file')} {no_row} named in any row: {named}{more}"
            st.caption(text, width="content")
            st.button("Remove", key="remove_unused", on_click=on_remove, icon=":material/delete:", type="tertiary")


def show_pictures(pictures: Sequence[FileView], total: int) -> None:
    """Small images of the first attached files."""
    if not pictures:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="top"):
        for picture in pictures:
            name = PurePosixPath(picture.named.name).stem
            if picture.image:
                caption = plain(shorten(name, _PICTURE_NAME))
                st.image(picture.image, caption=caption, width=_PICTURE_PX, alt=name)
    if total > len(pictures):
        st.caption(f"The first {number(len(pictures))} of {count(total, 'file')}")


def show_downloads(done: int, total: int) -> None:
    """How far the downloads are."""
    st.progress(done / max(total, 1), text=f"Downloading: {number(done)} of {count(total, 'link')}")


def show_failed_downloads(report: FilesReport, on_again: Callable[[], None]) -> None:
    """How many links gave no file, with a button that tries them again; the check says why, row by row."""
    if not report.failed_urls:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{count(report.failed_urls, 'link')} couldn't be downloaded; see below.", width="content")
        st.button("Try again", key="refetch", on_click=on_again, icon=":material/refresh:", type="tertiary")


def _show_found(found: int, wanted: str, verb: str, *, is_all: bool) -> None:
    """Say how many are there of those wanted, in a color that says whether all are; nothing where none is wanted."""
    if wanted.startswith("0 "):
        return
    words = f"{number(found)} of {wanted} {verb}"
    if is_all:
        st.badge(words, icon=":material/check_circle:", color="green")
    else:
        st.badge(words, icon=":material/error:", color="orange")


def _list_names(title: str, names: Sequence[UnmatchedName], verb: str) -> None:
    if not names:
        return
    with st.expander(title, type="compact", expanded=len(names) <= _FEW_NAMES):
        st.markdown("\n".join(f"- {_hinted(name, verb)}" for name in names[:_MAX_LISTED]))
        if len(names) > _MAX_LISTED:
            st.caption(f"{number(len(names) - _MAX_LISTED)} more")


def _hinted(name: UnmatchedName, verb: str) -> str:
    """A name with the files that are close to it: "mug.jpg: did you mean “mugs.jpg”?"."""
    close = ", ".join(f"“{plain(shorten(each, _MAX_NAME))}”" for each in name.candidates)
    hint = f": {verb} {close}{'?' if verb != 'may be' else ''}" if close else ""
    return f"{plain(shorten(name.name, _MAX_NAME))}{hint}"
