"""A file on disk -> the sheet and its packed rows, in the current process; `process.py` starts one for it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from services.drafts.sheets.kinds import Kind, kind_of
from services.drafts.sheets.table import Limits, NoRowsError, Source, build
from services.drafts.sheets.text import open_text
from services.models import Reading, Sheet


def parse(
    path: Path,
    filename: str,
    reading: Reading,
    limits: Limits,
    out: BinaryIO,
    on_progress: Callable[[int], None],
    language: str = "",
) -> Sheet:
    """Read the file at `path`, and write its rows to `out` as chunks, which `table.read_chunks` gives back.

    `out` must be readable as well. `on_progress` gets the number of rows read so far. `language` is the reader's
    ("pl-PL"), a hint at the encoding. A workbook's file may be renamed.

    Raises:
        SheetError: the file can't be used as it is.
    """

    def sheet_of(source: Source) -> Sheet:
        source = replace(source, reading=_with_layout(source.reading, reading))
        table = build(source, limits, out, on_progress)
        layout = replace(
            table.layout, encoding_previews=source.encoding_previews, is_encoding_sure=source.is_encoding_sure
        )
        return Sheet(filename, table.columns, table.row_count, source.reading, notes=table.notes, layout=layout)

    kind = kind_of(path, filename, is_text=reading.encoding is not None)
    if kind is Kind.TEXT:
        return sheet_of(open_text(path.read_bytes(), reading, language))

    from services.drafts.sheets.workbook import open_workbook

    with open_workbook(path, kind) as book:
        names = (reading.sheet,) if reading.sheet is not None else book.sheets
        nothing = NoRowsError("This workbook has no sheets with rows. Choose one with a header and rows below it.")
        for name in names:
            source = book.open_sheet(name)
            try:
                return replace(sheet_of(source), sheets=book.sheets, hidden_sheets=book.hidden_sheets)
            except NoRowsError as exc:
                nothing = exc
        raise nothing


def _with_layout(found: Reading, chosen: Reading) -> Reading:
    """What was found out about the file, with what a person chose about the place of the table."""
    return replace(
        found,
        header_row=chosen.header_row,
        header_rows=chosen.header_rows,
        keep_footer=chosen.keep_footer,
        skip_hidden=chosen.skip_hidden,
    )
