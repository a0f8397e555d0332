"""What calamine does not tell of an XLSX sheet's cells: number formats, error values, formulas without a result."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from xml.parsers import expat

from services.drafts.sheets.kinds import damaged_error


class Mark(NamedTuple):
    """Something to know about one cell; one of the three texts is filled."""

    row: int
    """As the spreadsheet program counts it: the first row is 1."""
    column: int
    """From 0."""
    code: str = ""
    """The format code that its number is shown with."""
    error: str = ""
    """The error value in it, such as `#N/A`."""
    formula: str = ""
    """The formula in it that has no stored result, with `=`."""


_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})$")
_FORMULA_ALONE = "a formula"  # a cell that shares its neighbour's formula has no text of its own


def read_marks(pieces: Iterable[bytes], formats: Mapping[int, str]) -> Iterator[Mark]:
    """Give the marks of a sheet in the order of its XML; `formats` maps cell styles to format codes.

    Raises:
        SheetError: the XML is damaged.
    """
    reader = _Reader(formats)
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
    has_formula: bool = False
    formula: str = ""
    value: str = ""


class _Reader:
    """The parser's handlers; cells and rows without a reference follow the ones before them."""

    def __init__(self, formats: Mapping[int, str]) -> None:
        self.marks: list[Mark] = []
        self._formats = {str(style): code for style, code in formats.items()}
        self._row = 0
        self._column = -1
        self._cell = _Cell("", "")
        self._inside = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "c":
            self._place(attributes.get("r", ""))
            self._cell = _Cell(attributes.get("s", ""), attributes.get("t", "n"))
        elif name == "row":
            given = attributes.get("r", "")
            self._row = int(given) if given.isdigit() else self._row + 1
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
        if cell.kind == "e":
            self.marks.append(Mark(self._row, self._column, error=cell.value or "#N/A"))
        elif cell.has_formula and not cell.value and cell.kind == "n":
            formula = f"={cell.formula}" if cell.formula else _FORMULA_ALONE
            self.marks.append(Mark(self._row, self._column, formula=formula))
        elif cell.kind == "n" and cell.value and (code := self._formats.get(cell.style)):
            self.marks.append(Mark(self._row, self._column, code=code))
