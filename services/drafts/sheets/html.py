"""Tables in web pages and web archives, as many web systems export them under the name .xls."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

from lxml import etree

from services.drafts.sheets.book import check_sheet, in_order, table_merges
from services.drafts.sheets.css import NumberFormats
from services.drafts.sheets.formats import parse_format
from services.drafts.sheets.grid import MAX_COLUMNS, Grid, grid_notes, name_apart
from services.drafts.sheets.kinds import is_mime
from services.drafts.sheets.markup import decode_markup
from services.drafts.sheets.numbers import plain, shown
from services.drafts.sheets.problems import ERROR_VALUE
from services.drafts.sheets.refusals import REMEDY, damaged_error
from services.drafts.sheets.table import Flaw, Merge, Source
from services.errors import SheetError
from services.models import Reading

_PIECE_CHARACTERS = 262_144
_MAX_TABLES = 50  # to choose from
_MAX_COLSPAN = 1_000  # as in browsers
_MAX_ROWSPAN = 65_534
_MAX_NESTED_TEXT = 1_000  # characters of a table that count as text of the cell around it too
_BLOCKS = frozenset(
    ["p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "dt", "dd", "pre", "blockquote"]
)
_IGNORED = frozenset(["script", "template", "noscript", "title", "textarea", "select"])
_NUMBER = re.compile(r"-?[0-9]{1,300}(?:\.[0-9]{1,300})?$")
_WHITE_SPACE = re.compile(r"[ \t\r\n\f\v\xa0]+")
_BREAK = "\0"  # a line break that counts, until white space is collapsed
_SHEET_NAME = re.compile(r"<x:Name>\s*([^<]{1,31}?)\s*</x:Name>", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)


class HtmlTables:
    """The tables of a web page or web archive, the largest first.

    Raises:
        SheetError: there is no table in it.
    """

    def __init__(self, path: Path) -> None:
        target = _Target()
        for text in _pages(path.read_bytes()):
            _parse(text, target)
        tables = sorted(target.tables, key=lambda table: -table.size)[:_MAX_TABLES]
        self._grids = [table.grid for table in target.tables if table.size and table in tables]
        if not self._grids:
            what = "whose tables are empty" if target.tables else "without a table"
            raise SheetError(f"This file is a web page {what}. {REMEDY}")
        if len(self._grids) == len(target.names):
            for grid, name in zip(self._grids, target.names, strict=True):
                grid.name = name
        for number, grid in enumerate(self._grids, 1):
            grid.name = grid.name or f"Table {number}"
        name_apart(self._grids)
        self.hidden_sheets: tuple[str, ...] = ()
        self.sheets = in_order([grid.name for grid in self._grids], (), tables[0].grid.name)

    def open_sheet(self, name: str) -> Source:
        """Load one table.

        Raises:
            SheetError: there is no such table.
        """
        check_sheet(name, self.sheets)
        grid = next(grid for grid in self._grids if grid.name == name)
        return Source(
            rows=lambda: iter(grid.rows),
            reading=Reading(sheet=name),
            notes=lambda: grid_notes(grid),
            merged=table_merges(grid.merged),
            hidden=grid.hidden(0),
        )


def _pages(data: bytes) -> Iterator[str]:
    """Give the pages in a file: one, or those of a web archive."""
    if not is_mime(data):
        yield decode_markup(data)
        return
    for part in message_from_bytes(data.lstrip()).walk():
        payload = part.get_payload(decode=True)
        if part.get_content_type() == "text/html" and isinstance(payload, bytes):
            yield decode_markup(payload, str(part.get_content_charset("")))


def _parse(text: str, target: "_Target") -> None:
    """Feed a page to the target piece by piece."""
    parser = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True)
    try:
        for start in range(0, len(text), _PIECE_CHARACTERS):
            parser.feed(text[start : start + _PIECE_CHARACTERS].replace("\0", "\ufffd").encode("utf-8", "replace"))
        parser.close()
    except (etree.LxmlError, ValueError, AssertionError) as exc:
        raise damaged_error() from exc


class _Target:
    """What the parser tells about a page, table by table; a table within a cell is one of its own."""

    def __init__(self) -> None:
        self.tables: list[_Table] = []
        self.names: list[str] = []
        self._open: list[_Table] = []
        self._formats = NumberFormats()
        self._ignored = ""
        self._css: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Handle a start tag."""
        if self._ignored or self._css is not None:
            return
        if tag == "style":
            self._css = []
        elif tag in _IGNORED:
            self._ignored = tag
        elif tag == "table":
            self._add_table()
        elif tag == "col" and self._open:
            self._open[-1].add_columns(attributes)
        elif tag in ("tr", "td", "th"):
            self._start_part(tag, attributes)
        elif self._open:
            self._open[-1].append(_BREAK if tag == "br" or tag in _BLOCKS else "")

    def end(self, tag: str) -> None:
        """Handle an end tag."""
        if self._css is not None and tag == "style":
            self._formats.add_sheet("".join(self._css))
            self._css = None
        elif tag == self._ignored:
            self._ignored = ""
        elif tag == "table" and self._open:
            self._close_table()
        elif tag in ("td", "th") and self._open:
            self._open[-1].end_cell(self._formats)
        elif tag == "tr" and self._open:
            self._open[-1].end_row(self._formats)
        elif tag in _BLOCKS and self._open:
            self._open[-1].append(_BREAK)

    def data(self, text: str) -> None:
        """Handle text."""
        if self._css is not None:
            self._css.append(text)
        elif self._open and not self._ignored:
            self._open[-1].append(text)

    def comment(self, text: str) -> None:
        """Handle a comment: Excel writes the names of the sheets into one."""
        if self._css is not None:
            self._css.append(text)
        self.names.extend(_SHEET_NAME.findall(text))

    def close(self) -> None:
        """Close what the page left open."""
        while self._open:
            self._close_table()
        self._ignored, self._css = "", None

    def _add_table(self) -> None:
        table = _Table()
        self.tables.append(table)
        self._open.append(table)

    def _start_part(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._open:
            self._add_table()  # rows without a table
        table = self._open[-1]
        if tag == "tr":
            table.end_row(self._formats)
            table.start_row(is_hidden=_is_hidden(attributes))
        else:
            table.end_cell(self._formats)
            table.start_cell(attributes)

    def _close_table(self) -> None:
        table = self._open.pop()
        table.end_row(self._formats)
        table.end()
        if self._open:
            self._open[-1].append(table.text())


class _Table:
    """A table as it is met in the page."""

    def __init__(self) -> None:
        self.grid = Grid("")
        self.size = 0
        self._row = 0
        self._texts: list[str] = []
        self._flaws: list[Flaw] = []
        self._spanned: dict[int, int] = {}  # what the open row adds to these: columns, and the rows still to come
        self._taken: dict[int, int] = {}  # columns that cells above reach down into, and for how many more rows
        self._attributes: dict[str, str] | None = None
        self._parts: list[str] = []
        self._columns = 0  # that were declared before the rows
        self._shown_columns: set[int] = set()
        self._hidden_columns: set[int] = set()  # whose cells so far are all hidden, each for itself

    def append(self, text: str) -> None:
        """Add text to the open cell."""
        if self._attributes is not None:
            self._parts.append(text)

    def add_columns(self, attributes: dict[str, str]) -> None:
        """Count columns in that are declared before the rows."""
        first = self._columns
        self._columns = min(first + _count(attributes.get("span"), _MAX_COLSPAN), MAX_COLUMNS)
        if _is_hidden(attributes):
            self.grid.hidden_columns.update(range(first, self._columns))

    def start_row(self, *, is_hidden: bool) -> None:
        """Begin a row."""
        self._row += 1
        self._texts, self._flaws = [], []
        if is_hidden:
            self.grid.hidden_rows.add(self._row)

    def start_cell(self, attributes: dict[str, str]) -> None:
        """Begin a cell."""
        if not self._row:
            self.start_row(is_hidden=False)
        self._attributes = attributes
        self._parts = []

    def end_cell(self, formats: NumberFormats) -> None:
        """Put the open cell into its place."""
        if self._attributes is None:
            return
        while self._taken.get(len(self._texts)):
            self._texts.append("")
        column = len(self._texts)
        self._note_hidden(column, is_hidden=_is_hidden(self._attributes))
        text = _cell_text("".join(self._parts), self._attributes, formats)
        if error := self._attributes.get("x:err"):
            self._flaws.append((column, text or error, ERROR_VALUE))
        self._texts.append(text or error or "")
        self._span(column, self._attributes)
        self._attributes = None

    def end_row(self, formats: NumberFormats) -> None:
        """Finish the open row."""
        self.end_cell(formats)
        if self._row > len(self.grid.rows):
            self.grid.add(self._row, self._texts, self._flaws, is_kept=True)
            self.size += sum(map(bool, self._texts))
            self._taken = {column: rows - 1 for column, rows in self._taken.items() if rows > 1} | self._spanned
            self._spanned = {}

    def _note_hidden(self, column: int, *, is_hidden: bool) -> None:
        """Count a column as hidden where all of its cells are."""
        if not is_hidden:
            self._shown_columns.add(column)
            self._hidden_columns.discard(column)
        elif column not in self._shown_columns:
            self._hidden_columns.add(column)

    def end(self) -> None:
        """Finish the table."""
        self.grid.hidden_columns |= self._hidden_columns

    def text(self) -> str:
        """Give the text of the whole table, if it is short enough to belong to a cell around it."""
        lines = (" ".join(filter(None, texts)) for _, texts, _ in self.grid.rows)
        text = _BREAK.join(filter(None, lines))
        return f"{_BREAK}{text}{_BREAK}" if len(text) <= _MAX_NESTED_TEXT else ""

    def _span(self, column: int, attributes: dict[str, str]) -> None:
        columns = _count(attributes.get("colspan"), _MAX_COLSPAN)
        rows = _count(attributes.get("rowspan"), _MAX_ROWSPAN)
        if columns == rows == 1:
            return
        if column + columns > MAX_COLUMNS:
            raise damaged_error()
        self._texts.extend([""] * (columns - 1))
        self.grid.merged.append(Merge(self._row, self._row + rows - 1, column, column + columns - 1))
        if rows > 1:
            self._spanned |= dict.fromkeys(range(column, column + columns), rows - 1)


def _cell_text(raw: str, attributes: dict[str, str], formats: NumberFormats) -> str:
    """Collapse white space, and show a number as its format says if the page has it bare."""
    lines = [_WHITE_SPACE.sub(" ", line).strip() for line in raw.split(_BREAK)]
    text = re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip("\n") if len(lines) > 1 else lines[0]
    exact = attributes.get("x:num")
    if exact and not text.strip("#") and _NUMBER.match(exact):
        return plain(float(exact))
    if exact is None and _NUMBER.match(text):
        code = formats.code(attributes.get("style", ""), attributes.get("class", ""))
        if code and parse_format(code).sections:
            return shown(float(text), code)
    return text


def _is_hidden(attributes: dict[str, str]) -> bool:
    return "style" in attributes and _HIDDEN.search(attributes["style"]) is not None


def _count(text: str | None, most: int) -> int:
    """Read a span; 1 for anything that is none."""
    text = (text or "").strip()
    return min(most, max(1, int(text))) if text.isascii() and text.isdigit() and len(text) < 9 else 1
