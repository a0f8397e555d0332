"""A file on disk -> the sheet and its packed rows, in this very process; `process.py` keeps that apart."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from services.drafts.sheets.book import Book
from services.drafts.sheets.kinds import Kind, kind_of
from services.drafts.sheets.table import Limits, NoRowsError, Source, Table, build
from services.drafts.sheets.text import open_text
from services.models import Reading, Sheet


def parse(
    path: Path, filename: str, reading: Reading, limits: Limits, out: BinaryIO, on_progress: Callable[[int], None]
) -> Sheet:
    """Read the file at `path`, and write its rows to `out` as chunks, which `table.read_chunks` gives back.

    `on_progress` gets the number of rows read so far. A workbook's file gets the ending of its kind.

    Raises:
        SheetError: the file cannot be used as it is.
    """
    kind = kind_of(path, filename, is_text=reading.encoding is not None)
    if kind is Kind.TEXT:
        source = open_text(path.read_bytes(), reading)
        return _sheet(filename, source, build(source, limits, out, on_progress))

    from services.drafts.sheets.workbook import open_workbook

    with open_workbook(path, kind) as book:
        names = (reading.sheet,) if reading.sheet is not None else book.sheets
        nothing = NoRowsError("This workbook has no sheets with rows. Choose one with a header and rows below it.")
        for name in names:
            source = book.open_sheet(name)
            try:
                return _sheet(filename, source, build(source, limits, out, on_progress), book)
            except NoRowsError as exc:
                nothing = exc
        raise nothing


def _sheet(filename: str, source: Source, table: Table, book: Book | None = None) -> Sheet:
    return Sheet(
        filename,
        table.columns,
        table.row_count,
        source.reading,
        sheets=book.sheets if book else (),
        notes=table.notes,
        hidden_sheets=book.hidden_sheets if book else (),
    )
