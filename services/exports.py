"""The download: rows as a stream of CSV or XLSX bytes, and the name of the file."""

import csv
import io
import re
import tempfile
import unicodedata
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from services.models import ExportRow

OWN_COLUMNS = ("Suggestion", "Status", "Error", "Job ID")
"""The columns that the download adds after the person's own."""

CELL_LIMIT = 32_767
"""The most characters that Excel keeps in a cell, counted as Excel counts: in UTF-16 units."""

CUT_MARK = "… [cut: the CSV has the whole text]"
"""The end of a cell that was too long for Excel."""

_CHUNK_BYTES = 64 * 1024
_SEPARATORS = ",;\t|"
_FORMULA_STARTS = frozenset("=+-@\t\r")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DECIMAL_COMMA_NUMBER = re.compile(_NUMBER.pattern.replace(r"\.", "[.,]"))

# A program that splits at another separator ignores the quotes of any cell but the first of a row, and begins a new
# cell inside it: after that separator, a tab or a line break. Quotes before the sign don't keep it from being run.
_INNER_START = r"""([{0}\t\r\n])("*([=+\-@])[^{0}\t\r\n]*)"""
_REST_OF_LINE = re.compile(r"[^\r\n]*")
_CALL_OR_REFERENCE = re.compile(r"""\w\(|![\w$'"]""")
_ENDS_OPEN = re.compile(r"""[^\w.!?)\]%]$""")
"""The end of a line that may continue as a formula beyond its cell, such as an operator."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_NOT_IN_FILENAMES = re.compile(r'[<>:"/\\|?*]')
_DEVICE = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
_FILENAME_BYTES = 180
_OWN_WIDTH = 20
_ADDED_WIDTHS = (60, 14, 40, 38)


def csv_stream(columns: Sequence[str], rows: Iterable[ExportRow], separator: str = ",") -> Iterator[bytes]:
    """Write rows as CSV: UTF-8 with a byte order mark, which Excel needs, and lines that end in CRLF.

    Text that a spreadsheet program would run as a formula gets a leading apostrophe, also inside a cell where a
    program that splits at another separator would start a new cell. Other cells are unchanged.

    Args:
        columns: the person's own columns; `Suggestion`, `Status`, `Error` and `Job ID` come after them.
        rows: the rows, each with a cell for every column. They are read as the chunks are consumed.
        separator: a comma, or a semicolon for Excel where the decimal mark is a comma.

    Returns:
        The file in chunks of about 64 KiB.
    """
    buffer = io.StringIO(newline="")
    buffer.write("\ufeff")
    sheet = _CsvWriter(buffer, separator)
    sheet.write(_header(columns))
    for row in rows:
        sheet.write(_cells(row))
        if buffer.tell() >= _CHUNK_BYTES:
            yield _encoded(buffer.getvalue())
            buffer.seek(0)
            buffer.truncate()
    yield _encoded(buffer.getvalue())


def xlsx_stream(columns: Sequence[str], rows: Iterable[ExportRow]) -> Generator[bytes, None, None]:
    """Write rows as an Excel workbook of one sheet, with every cell a string.

    A cell too long for Excel is cut and says so at its end. The workbook is written in a temporary directory, which is
    removed after the last chunk or when the generator is closed.

    Args:
        columns: the person's own columns; `Suggestion`, `Status`, `Error` and `Job ID` come after them.
        rows: the rows, each with a cell for every column. All are read before the first chunk.

    Returns:
        The file in chunks of 64 KiB.
    """
    with tempfile.TemporaryDirectory(prefix="copydesk-") as directory:
        path = Path(directory) / "download.xlsx"
        _write_workbook(path, _header(columns), rows)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk


def filename(batch_name: str, suffix: str) -> str:
    """Make a file name that is valid on every system from a batch's name and a suffix such as `.csv`."""
    # Control and direction characters could disguise what kind of file it is
    visible = "".join(" " if unicodedata.category(char)[0] == "C" else char for char in batch_name)
    name = " ".join(_NOT_IN_FILENAMES.sub("-", visible).split())
    name = name.encode()[:_FILENAME_BYTES].decode(errors="ignore").strip(". ")
    if _DEVICE.fullmatch(name):
        name = f"_{name}"
    return (name or "batch") + suffix


def content_disposition(batch_name: str, suffix: str) -> str:
    """Make the header (RFC 6266) that saves a download as `filename(batch_name, suffix)`, with an ASCII fallback."""
    name = filename(batch_name, suffix)
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    fallback = re.sub(r"[^ -~]|[%\"\\]", "_", plain)
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe='')}"


def _header(columns: Sequence[str]) -> list[str]:
    """Name all columns; one of ours that is in use already gets " (2)", or the next free number."""
    names = list(columns)
    for name in OWN_COLUMNS:
        free, number = name, 1
        while free in names:
            number += 1
            free = f"{name} ({number})"
        names.append(free)
    return names


def _cells(row: ExportRow) -> tuple[str, ...]:
    return (*row.cells, row.suggestion, row.state.label, row.error, row.job_id)


class _CsvWriter:
    """Writes rows that no spreadsheet program runs as formulas, whichever separator it splits at."""

    def __init__(self, out: io.StringIO, separator: str) -> None:
        self._minimal = csv.writer(out, delimiter=separator, lineterminator="\r\n")
        self._quoted = csv.writer(out, delimiter=separator, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
        self._other_separators = re.compile(f"[{_SEPARATORS.replace(separator, '')}]")
        self._inner_start = re.compile(_INNER_START.format(";" if separator == "," else ","))
        self._number = _NUMBER if separator == "," else _DECIMAL_COMMA_NUMBER

    def write(self, cells: Sequence[str]) -> None:
        """Write one row, with all its cells in quotes if one contains a separator of another program."""
        guarded = [self._guarded(cell) for cell in cells]
        writer = self._quoted if self._other_separators.search("".join(guarded)) else self._minimal
        writer.writerow(guarded)

    def _guarded(self, cell: str) -> str:
        """Put an apostrophe before text that a spreadsheet program would run as a formula."""
        cell = self._inner_start.sub(_guarded_inside, cell)
        return f"'{cell}" if cell[:1] in _FORMULA_STARTS and not self._number.fullmatch(cell) else cell


def _guarded_inside(start: re.Match[str]) -> str:
    """Guard text inside a cell where another program would begin a new one."""
    before, text, sign = start.groups()
    is_line = before in "\r\n" and sign != "="
    if _DECIMAL_COMMA_NUMBER.fullmatch(text) or text[1:2] == ")" or (is_line and not _can_run(start)):
        return start[0]
    return f"{before}'{text}"


def _can_run(start: re.Match[str]) -> bool:
    """Whether a line that begins like a bullet or a handle could do more as a formula than end in an error."""
    rest = _REST_OF_LINE.match(start.string, start.start(2))
    line = rest[0] if rest else ""
    is_last = start.start(2) + len(line) == len(start.string)
    return bool(_CALL_OR_REFERENCE.search(line) or (is_last and _ENDS_OPEN.search(line)))


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode()


class _PlainSheet(Worksheet):  # type: ignore[misc] # the library ships no types
    """A sheet whose strings are always text: xlsxwriter takes "<r>...</r>" for its own markup and writes it raw."""

    def _xml_rich_inline_string(self, string: str, attributes: list[tuple[str, str]]) -> None:
        self._xml_inline_string(string, True, attributes)


def _write_workbook(path: Path, header: Sequence[str], rows: Iterable[ExportRow]) -> None:
    # The library's own temporary files belong where they are removed even if it fails, on a full disk for one
    options = {"constant_memory": True, "tmpdir": str(path.parent), "use_zip64": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet("Suggestions", _PlainSheet)
        sheet.freeze_panes(1, 0)
        own = len(header) - len(OWN_COLUMNS)
        sheet.set_column(0, own, _OWN_WIDTH)
        for column, width in enumerate(_ADDED_WIDTHS, start=own):
            sheet.set_column(column, column, width)
        bold = book.add_format({"bold": True})
        _write_row(sheet, 0, header, bold)
        for number, row in enumerate(rows, start=1):
            _write_row(sheet, number, _cells(row))


def _write_row(sheet: Any, number: int, cells: Sequence[str], style: Any = None) -> None:
    for column, cell in enumerate(cells):
        if cell:
            sheet.write_string(number, column, _fitted(cell), style)


def _fitted(text: str) -> str:
    """Replace what XML cannot carry, and cut what Excel cannot hold."""
    text = _NOT_IN_XML.sub("\ufffd", text)
    if len(text) <= CELL_LIMIT // 2:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * CELL_LIMIT:
        return text
    return units[: 2 * (CELL_LIMIT - len(CUT_MARK))].decode("utf-16-le", errors="ignore") + CUT_MARK
