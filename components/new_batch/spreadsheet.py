"""The first step of a new batch: upload a spreadsheet, and see what was read from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from components.new_batch.steps import PAGE_WIDTH, distinct, show_stored
from components.words import count, number, plain, shorten
from services.drafts.sheets import ENCODINGS, PASTED_NAME, SEPARATORS
from services.models import Layout, OuterKind, OuterRow, Reading, Sheet, SheetRow

FIELD_WIDTH = 240
"""The width of a field whose value is a few words."""
_HEADER_FIELD_WIDTH, _ENCODING_FIELD_WIDTH = 360, 290
"""Fields whose values are longer; with the separator beside them they fit on one line of the page."""
_MAX_CELL_LENGTH = 200
"""How much of a long cell the preview shows."""
_MAX_NOTES = 4
"""How many notes are shown unfolded."""
_KINDS = {OuterKind.TITLE: "Above the column names", OuterKind.TOTAL: "Total", OuterKind.REMARK: "Footnote"}

_Value = TypeVar("_Value")

OnReading = Callable[[Reading], None]
"""Gets how the file should be read from now on."""


def upload(max_megabytes: int) -> UploadedFile | None:
    """Ask for a file of any type: reading it tells better than the browser why it can't be used.

    A file over the limit never leaves the browser. The field names the limit; what to do about it is said below.
    """
    file = st.file_uploader(
        "Drop a CSV, Excel, or OpenDocument file here, or pick one", max_upload_size=max_megabytes, key="spreadsheet"
    )
    st.caption("Split larger files and upload the parts.")
    return file


def offer_draft(sheet: Sheet, on_continue: Callable[[], None]) -> None:
    """Offer to continue with the spreadsheet that the person worked on before."""
    with st.container(border=True, width=PAGE_WIDTH, horizontal=True, vertical_alignment="center"):
        st.markdown(f"You were working on **{plain(sheet.filename)}**, {_size(sheet)}.", width="content")
        st.button("Continue with it", key="continue_draft", on_click=on_continue, icon=":material/arrow_forward:")


def offer_sample() -> bool:
    """Offer the sample to people without a file; gives whether they clicked."""
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Try it with a sample", key="use_sample", icon=":material/table_view:")
        st.caption("24 products, ready to run", width="content")
    return pressed


def paste() -> str:
    """Ask for cells instead of a file; gives them, or "" as long as there are none.

    The button is for people who have just pasted and look for the next step.
    """
    text = st.text_area(
        "Or paste cells, including the header row",
        key="pasted",
        height=124,
        placeholder="Product\tTone\nSwim goggles\tWarm",
    )
    pressed = st.button("Use these cells", key="use_pasted", icon=":material/content_paste:")
    if text.strip():
        return text
    if pressed:
        st.error("There are no cells to use. Paste a header row and at least one row below it.")
    return ""


def show_reading_progress(place: DeltaGenerator, name: str) -> Callable[[int], None]:
    """Show that a spreadsheet is being read; gives a function to call with the number of rows read so far."""
    status = place.status(f"Reading {plain(name)}…")
    return lambda rows: status.update(label=f"Read {count(rows, 'row')} of {plain(name)}…")


def show_sheet(sheet: Sheet, rows: Sequence[SheetRow]) -> None:
    """Show what was read: how much, what was changed, and the first rows."""
    st.markdown(f"**{plain(sheet.filename)}** · {_size(sheet)}")
    _show_notes(sheet.notes)
    st.dataframe(
        _table(sheet.columns, rows),
        column_config={"_index": st.column_config.NumberColumn("Row", width=50, format="%d")},
        height="content",
        alt="The first rows of the spreadsheet",
    )
    if len(rows) < sheet.row_count:
        st.caption(f"The first {count(len(rows), 'row')} of {number(sheet.row_count)}")
    _show_outer_rows(sheet.layout, sheet.reading)


def choose_reading(sheet: Sheet, on_reading: OnReading, on_another: Callable[[], None]) -> None:
    """Let the person correct how the file is read, or use another file."""
    reading = sheet.reading
    _choose_rows(sheet.layout, reading, on_reading)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(sheet.sheets) > 1:
            _choose_sheet(sheet, on_reading)
        if sheet.layout.header_choices:
            _choose_header(sheet.layout, reading, on_reading)
        if reading.encoding is not None and sheet.filename != PASTED_NAME:
            _reading_field("encoding", "Encoding", ENCODINGS, reading, on_reading, _ENCODING_FIELD_WIDTH)
        if reading.separator is not None:
            _reading_field("separator", "Separator", SEPARATORS, reading, on_reading)
        st.button("Use another spreadsheet", key="start_over", on_click=on_another, icon=":material/restart_alt:")


def compare_encodings(sheet: Sheet, on_reading: OnReading) -> None:
    """Show how likely encodings read a line of the file, and let the person pick the one that reads right."""
    previews = dict(sheet.layout.encoding_previews)
    if len(previews) < 2:
        return
    current = sheet.reading.encoding
    encodings = [*previews]
    show_stored("choose_encoding", current if current in previews else None)

    def changed() -> None:
        on_reading(replace(sheet.reading, encoding=st.session_state["choose_encoding"]))

    unsure = not sheet.layout.is_encoding_sure
    if unsure:
        st.warning(
            f"This file doesn't say which encoding it's in. It was read as {ENCODINGS[current or encodings[0]]}; "
            "check that the text below reads right.",
            icon=":material/translate:",
        )
    with st.expander("How other encodings read this file", expanded=unsure, key="encoding_previews"):
        st.radio(
            "Which line reads right?",
            encodings,
            index=None,
            format_func=lambda encoding: plain(previews[encoding]),
            captions=[ENCODINGS[encoding] for encoding in encodings],
            key="choose_encoding",
            on_change=changed,
        )


# what was read


def _show_notes(notes: Sequence[str]) -> None:
    """Show notes, the last ones folded if there are many."""
    shown = notes if len(notes) <= _MAX_NOTES else notes[: _MAX_NOTES - 1]
    with st.container(gap="xsmall"):
        for note in shown:
            st.caption(plain(note))
    if len(shown) < len(notes):
        with st.expander(count(len(notes) - len(shown), "more note"), key="more_notes"):
            for note in notes[len(shown) :]:
                st.caption(plain(note))


def _show_outer_rows(layout: Layout, reading: Reading) -> None:
    """List the rows that were left out above and below the table."""
    rows = [*layout.above, *(() if reading.keep_footer else layout.footer)]
    total = len(rows) + layout.above_count - len(layout.above)
    if rows:
        with st.expander(f"{count(total, 'row')} left out", key="left_out"):
            st.dataframe(
                _outer_table(rows),
                column_config={"_index": st.column_config.NumberColumn("Row", width=50, format="%d")},
                height="content",
                alt="The rows that were left out",
                key="left_out_rows",
            )
            if total > len(rows):
                st.caption(f"The first {len(layout.above)} rows above the column names")


def _outer_table(rows: Sequence[OuterRow]) -> pd.DataFrame:
    cells = [[shorten(" · ".join(row.cells), _MAX_CELL_LENGTH), _KINDS[row.kind]] for row in rows]
    return pd.DataFrame(cells, index=[row.number for row in rows], columns=["Cells", "Why"], dtype="str")


def _size(sheet: Sheet) -> str:
    return f"{count(sheet.row_count, 'row')}, {count(len(sheet.columns), 'column')}"


def _table(columns: Sequence[str], rows: Sequence[SheetRow]) -> pd.DataFrame:
    cells = [[shorten(cell, _MAX_CELL_LENGTH) for cell in row.cells] for row in rows]
    return pd.DataFrame(cells, index=[row.number for row in rows], columns=list(columns), dtype="str")


# how it's read


def _choose_sheet(sheet: Sheet, on_reading: OnReading) -> None:
    """Let the person choose a sheet; where its table begins is then found out again."""
    names = [f"{name} (hidden)" if name in sheet.hidden_sheets else name for name in sheet.sheets]
    labels = dict(zip(sheet.sheets, distinct(names), strict=True))

    _field("sheet", "Sheet", labels, sheet.reading.sheet, lambda name: on_reading(Reading(sheet=name)))


def _choose_header(layout: Layout, reading: Reading, on_reading: OnReading) -> None:
    """Let the person choose the row, or two rows, with the column names."""
    labels = {choice.rows: f"{_rows_label(choice.rows)}: {choice.names}" for choice in layout.header_choices}

    def choose(rows: tuple[int, ...]) -> None:
        on_reading(replace(reading, header_row=rows[0], header_rows=len(rows)))

    _field("header_row", "Column names are in", labels, layout.header, choose, width=_HEADER_FIELD_WIDTH)


def _rows_label(rows: Sequence[int]) -> str:
    return f"Row {rows[0]}" if len(rows) == 1 else f"Rows {rows[0]} and {rows[1]}"


def _choose_rows(layout: Layout, reading: Reading, on_reading: OnReading) -> None:
    """Let the person decide about rows that look like no data, and about hidden ones."""
    if layout.footer:
        rows = f"row {layout.footer[0].number}" if len(layout.footer) == 1 else f"these {len(layout.footer)} rows"
        what = f"Keep {rows}: {shorten(' · '.join(layout.footer[0].cells), 60)}"
        _switch("keep_footer", what, reading.keep_footer, lambda on: on_reading(replace(reading, keep_footer=on)))
    if layout.hidden_rows:
        what = f"Leave out {count(layout.hidden_rows, 'hidden row')}"
        _switch("hidden_rows", what, reading.skip_hidden, lambda on: on_reading(replace(reading, skip_hidden=on)))


def _switch(key: str, label: str, stored: bool, on_change: Callable[[bool], None]) -> None:
    show_stored(key, stored)
    st.checkbox(plain(label), key=key, on_change=lambda: on_change(st.session_state[key]))


def _reading_field(
    name: str,
    label: str,
    options: Mapping[str, str],
    reading: Reading,
    on_reading: OnReading,
    width: int = FIELD_WIDTH,
) -> None:
    found: str | None = getattr(reading, name)
    labels = dict(options) if found is None or found in options else {found: found, **options}

    def choose(value: str) -> None:
        changed: dict[str, Any] = {name: value}
        on_reading(replace(reading, **changed))

    _field(name, label, labels, found, choose, width)


def _field(
    key: str,
    label: str,
    labels: Mapping[_Value, str],
    stored: _Value | None,
    on_change: Callable[[_Value], None],
    width: int = FIELD_WIDTH,
) -> None:
    """A select of values by their labels, which shows the stored one."""
    values = {text: value for value, text in labels.items()}
    show_stored(key, None if stored is None else labels.get(stored))
    st.selectbox(label, list(values), key=key, on_change=lambda: on_change(values[st.session_state[key]]), width=width)
