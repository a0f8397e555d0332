"""The first step of a new batch: bring a spreadsheet, and see what was read from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from components.new_batch.steps import PAGE_WIDTH, show_stored
from components.words import count, number, plain, shorten
from services.drafts.sheets import ENCODINGS, SEPARATORS
from services.models import Reading, Sheet, SheetRow

FIELD_WIDTH = 240
"""The width of a field whose value is a few words."""
_CELL_LENGTH = 200
"""How much of a long cell the preview shows."""


def upload(max_megabytes: int) -> UploadedFile | None:
    """Ask for a file, of any type: reading it tells better than the browser why one cannot be used.

    One over the limit never leaves the browser, which marks it and keeps the reason in a tooltip; so it stands below.
    """
    file = st.file_uploader(
        "Drop a CSV, Excel or OpenDocument file here, or pick one", max_upload_size=max_megabytes, key="spreadsheet"
    )
    st.caption(f"A file over {number(max_megabytes)} MB is not taken: split it, and upload the parts one by one.")
    return file


def offer_draft(sheet: Sheet, on_continue: Callable[[], None]) -> None:
    """Offer to go on with the spreadsheet that the person worked on before."""
    with st.container(border=True, width=PAGE_WIDTH, horizontal=True, vertical_alignment="center"):
        st.markdown(f"You were working on **{plain(sheet.filename)}**, {_size(sheet)}.", width="content")
        st.button("Continue with it", key="continue_draft", on_click=on_continue, icon=":material/arrow_forward:")


def offer_sample() -> bool:
    """Offer the sample to those who have no file at hand; tells whether they took it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Try it with a sample", key="use_sample", icon=":material/table_view:")
        st.caption("24 products, ready to run", width="content")
    return pressed


def paste() -> str:
    """Ask for cells instead of a file; the button gives those a place to go who have just pasted."""
    text = st.text_area(
        "Or paste cells, with their header row",
        key="pasted",
        height=124,
        placeholder="Product\tTone\nSwim goggles\tWarm",
    )
    st.button("Use these cells", key="use_pasted", icon=":material/content_paste:")
    return text if text.strip() else ""


def tell_reading(place: DeltaGenerator, name: str) -> Callable[[int], None]:
    """Say that a spreadsheet is being read; gives what is to be told how many rows were read so far."""
    status = place.status(f"Reading {plain(name)} …")
    return lambda rows: status.update(label=f"Read {count(rows, 'row')} of {plain(name)} …")


def show_sheet(sheet: Sheet, rows: Sequence[SheetRow]) -> None:
    """Show what was read: how much, what was changed on the way, and the first rows."""
    st.markdown(f"**{plain(sheet.filename)}** · {_size(sheet)}")
    for note in sheet.notes:
        st.caption(plain(note))
    st.dataframe(
        _table(sheet.columns, rows),
        column_config={"_index": st.column_config.NumberColumn("Row", width=50, format="%d")},
        height="content",
        alt="The first rows of the spreadsheet",
    )
    if len(rows) < sheet.row_count:
        st.caption(f"The first {count(len(rows), 'row')} of {number(sheet.row_count)}")


def choose_reading(sheet: Sheet, on_reading: Callable[[Reading], None], on_another: Callable[[], None]) -> None:
    """Let the person correct how the file is read (its sheet, or its encoding and separator), or take another file."""
    reading = sheet.reading
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(sheet.sheets) > 1:
            _reading_field("sheet", "Sheet", {name: name for name in sheet.sheets}, reading, on_reading)
        if reading.encoding is not None:
            _reading_field("encoding", "Encoding", ENCODINGS, reading, on_reading)
        if reading.separator is not None:
            _reading_field("separator", "Separator", SEPARATORS, reading, on_reading)
        st.button("Use another spreadsheet", key="start_over", on_click=on_another, icon=":material/restart_alt:")


def _reading_field(
    name: str, label: str, options: Mapping[str, str], reading: Reading, on_reading: Callable[[Reading], None]
) -> None:
    found: str | None = getattr(reading, name)
    labels = dict(options) if found is None or found in options else {found: found, **options}
    values = {text: value for value, text in labels.items()}
    show_stored(name, labels.get(found or ""))

    def changed() -> None:
        on_reading(replace(reading, **{name: values[st.session_state[name]]}))

    st.selectbox(label, list(values), key=name, on_change=changed, width=FIELD_WIDTH)


def _size(sheet: Sheet) -> str:
    return f"{count(sheet.row_count, 'row')}, {count(len(sheet.columns), 'column')}"


def _table(columns: Sequence[str], rows: Sequence[SheetRow]) -> pd.DataFrame:
    cells = [[shorten(cell, _CELL_LENGTH) for cell in row.cells] for row in rows]
    return pd.DataFrame(cells, index=[row.number for row in rows], columns=list(columns), dtype="str")
