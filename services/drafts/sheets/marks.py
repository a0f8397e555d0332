"""What calamine doesn't tell about an XLSX sheet's cells: number formats, errors, pictures, missing results."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

from services.drafts.sheets.problems import ERROR_VALUE, NO_RESULT, PICTURE, PICTURE_TEXT
from services.drafts.sheets.refusals import damaged_error


class Mark(NamedTuple):
    """Something to know about one cell: the format of its number, or what is wrong with it."""

    row: int
    """As the spreadsheet program counts it: the first row is 1."""
    column: int
    """From 0."""
    code: str = ""
    """The format code that its number is shown with."""
    text: str = ""
    """What is in the cell instead of its value if there is a message."""
    value: str = ""
    """What the message is about, such as `#N/A` or a formula."""
    message: str = ""


@dataclass(frozen=True)
class CellContext:
    """What the rest of the workbook says about the cells of its sheets."""

    formats: Mapping[int, str] = field(default_factory=dict)
    """Number format codes by cell style."""
    rich_values: Mapping[int, str] = field(default_factory=dict)
    """Messages about rich values, such as pictures, by the number that cells refer to them with."""
    is_uncalculated: bool = False
    """Whether a 0 as the result of a formula only means that nobody has calculated it."""


_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})$")
_SHARED_FORMULA = "a formula"  # a cell that shares its neighbor's formula has no text of its own
_PICTURE_FORMULA = "DISPIMG("  # WPS Office's function for a picture in a cell


def read_marks(pieces: Iterable[bytes], context: CellContext) -> Iterator[Mark]:
    """Give the marks of a sheet in the order of its XML.

    Raises:
        SheetError: the XML is damaged.
    """
    reader = _Reader(context)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            yield from reader.marks
            reader.marks.clear()
        parser.Parse(b"", True)
    except expat.ExpatError as exc:
        raise damaged_error() from exc
    yield from reader.marks


@dataclass
class _Cell:
    style: str
    kind: str
    rich_value: str = ""
    has_formula: bool = False
    formula: str = ""
    value: str = ""


class _Reader:
    """The parser's handlers; cells and rows without a reference follow the ones before them."""

    def __init__(self, context: CellContext) -> None:
        self.marks: list[Mark] = []
        self._context = context
        self._formats = {str(style): code for style, code in context.formats.items()}
        self._row = 0
        self._column = -1
        self._cell = _Cell("", "")
        self._inside = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "c":
            self._place(attributes.get("r", ""))
            self._cell = _Cell(attributes.get("s", ""), attributes.get("t", "n"), attributes.get("vm", ""))
        elif name == "row":
            given = attributes.get("r", "")
            self._row = int(given) if given.isascii() and given.isdigit() and len(given) < 8 else self._row + 1
            self._column = -1
        elif name in ("v", "f"):
            self._inside = name
            self._cell.has_formula |= name == "f"

    def end(self, tag: str) -> None:
        name = tag.rpartition(" ")[2]
        if name == "c":
            self._finish(self._cell)
        elif name in ("v", "f"):
            self._inside = ""

    def text(self, text: str) -> None:
        if self._inside == "v":
            self._cell.value += text
        elif self._inside == "f":
            self._cell.formula += text

    def _place(self, reference: str) -> None:
        match = _CELL.match(reference)
        if not match:
            self._column += 1
            return
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - 64
        self._column = column - 1
        self._row = int(match[2])

    def _finish(self, cell: _Cell) -> None:
        if cell.has_formula and _PICTURE_FORMULA in cell.formula:
            self._flag(PICTURE_TEXT, PICTURE_TEXT, PICTURE)
        elif cell.kind == "e":
            self._finish_error(cell)
        elif cell.has_formula and self._lacks_result(cell):
            self._flag("", f"={cell.formula}" if cell.formula else _SHARED_FORMULA, NO_RESULT)
        elif cell.kind == "n" and cell.value and (code := self._formats.get(cell.style)):
            self.marks.append(Mark(self._row, self._column, code))

    def _finish_error(self, cell: _Cell) -> None:
        """Tell a picture, which older programs see as an error, from a formula that failed."""
        error = cell.value or "#N/A"
        rich = self._context.rich_values[int(cell.rich_value)] if cell.rich_value.isdecimal() else ""
        if rich == PICTURE:
            self._flag(PICTURE_TEXT, PICTURE_TEXT, PICTURE)
        else:
            self._flag(error, error, rich or ERROR_VALUE)

    def _lacks_result(self, cell: _Cell) -> bool:
        return cell.kind == "n" and (not cell.value or (self._context.is_uncalculated and cell.value == "0"))

    def _flag(self, text: str, value: str, message: str) -> None:
        self.marks.append(Mark(self._row, self._column, text=text, value=value, message=message))
