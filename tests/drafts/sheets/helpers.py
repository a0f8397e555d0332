"""Reading in the test's own process, and making the files to be read."""

import csv
import zipfile
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO, StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from services.chunks import unpack
from services.drafts.sheets import Limits
from services.drafts.sheets.parse import parse
from services.drafts.sheets.table import read_chunks
from services.models import Reading, Sheet, SheetRow

LIMITS = Limits(max_bytes=50_000_000, max_rows=5_000, max_columns=256)
FIND_OUT = Reading()
CONTENT = "xl/worksheets/sheet1.xml"


def parsed(
    data: bytes, filename: str = "a.csv", reading: Reading = FIND_OUT, limits: Limits = LIMITS
) -> tuple[Sheet, list[SheetRow]]:
    """Read without a process of its own."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "input"
        path.write_bytes(data)
        with (Path(directory) / "out").open("w+b") as out:
            sheet = parse(path, filename, reading, limits, out, lambda _: None)
            out.seek(0)
            rows = [row for chunk in read_chunks(out) for row in unpack(chunk)]
    assert sheet.row_count == len(rows)
    return sheet, rows


def cells(data: bytes, filename: str = "a.csv", reading: Reading = FIND_OUT) -> list[tuple[str, ...]]:
    """Read, and give the columns' names and the cells of each row."""
    sheet, rows = parsed(data, filename, reading)
    return [sheet.columns, *(row.cells for row in rows)]


def written(table: Iterable[Sequence[str]], separator: str = ",") -> str:
    """Write a table as CSV."""
    out = StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(table)
    return out.getvalue()


def workbook(*fills: Callable[[xlsxwriter.Workbook, Worksheet], object]) -> bytes:
    """Make an XLSX with one sheet per function, which fills it."""
    out = BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for fill in fills:
            fill(book, book.add_worksheet())
    return out.getvalue()


def plain_workbook(*rows: Sequence[object]) -> bytes:
    """Make an XLSX with one sheet of these rows."""

    def fill(_: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)

    return workbook(fill)


def with_part(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Change one part of a zipped workbook."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == name else content)
    return out.getvalue()


def ods(rows: str, manifest: str = "") -> bytes:
    """Make an ODS with one sheet whose XML holds these rows."""
    namespaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    table = f'<table:table table:name="Sheet">{rows}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
        archive.writestr("content.xml", f"<office:document-content {namespaces}>{body}</office:document-content>")
    return out.getvalue()
