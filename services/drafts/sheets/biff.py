"""The few records of an XLS stream that xlrd skips: the active sheet, filters, formulas nobody has calculated."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_BOF = frozenset((0x0809, 0x0409, 0x0209, 0x0009))
_EOF = 0x000A
_WINDOW1 = 0x003D
_BOUNDSHEET = 0x0085
_FILTER_MODE = 0x009B
_FORMULA = 0x0006
_RECALC_ID = 0x01C1

_WORKSHEET = 0
_ZERO = bytes(8)
_EMPTY_TEXT = 3
_ALWAYS_CALCULATE = 0x3  # what Spreadsheet::WriteExcel and its ports set beside a result of 0


@dataclass
class WorkbookRecords:
    """What the stream's first part says about the sheets."""

    active: int = 0
    """Counted among sheets of all types, charts included."""
    offsets: list[int] = field(default_factory=list)
    """Where the worksheets begin."""
    hidden: list[bool] = field(default_factory=list)
    """Which of the worksheets are hidden."""
    worksheets: list[int] = field(default_factory=list)
    """Where the worksheets stand among sheets of all types."""
    is_calculated: bool = False
    """Whether a spreadsheet program has calculated the workbook; libraries that only write don't claim to."""

    def active_name(self, names: Sequence[str]) -> str | None:
        """Choose the active sheet's name from those of the worksheets."""
        return next((name for name, index in zip(names, self.worksheets, strict=False) if index == self.active), None)

    def offset(self, index: int) -> int:
        """Tell where a worksheet begins; the oldest files have one, at the start."""
        return self.offsets[index] if index < len(self.offsets) else 0


@dataclass
class SheetRecords:
    """What a sheet's part of the stream says."""

    is_filtered: bool = False
    uncalculated: set[tuple[int, int]] = field(default_factory=set)
    """Rows and columns, from 0, of formulas that were written without a result."""


def workbook_records(stream: bytes, base: int) -> WorkbookRecords:
    """Read the part of the stream that all sheets share; `base` is where it begins."""
    found = WorkbookRecords()
    count = 0
    for kind, data in _records(stream, base):
        if kind == _WINDOW1 and len(data) >= 12:
            found.active = struct.unpack_from("<H", data, 10)[0]
        elif kind == _RECALC_ID:
            found.is_calculated = True
        elif kind == _BOUNDSHEET and len(data) >= 6:
            offset, visibility, sheet_type = struct.unpack_from("<IBB", data)
            if sheet_type == _WORKSHEET:
                found.worksheets.append(count)
                found.offsets.append(base + offset)
                found.hidden.append(bool(visibility & 3))
            count += 1
    return found


def sheet_records(stream: bytes, offset: int, *, is_calculated: bool) -> SheetRecords:
    """Read the part of the stream that is one sheet's; `is_calculated` comes from `WorkbookRecords`."""
    found = SheetRecords()
    unclear: set[tuple[int, int]] = set()
    has_results = False
    for kind, data in _records(stream, offset):
        if kind == _FILTER_MODE:
            found.is_filtered = True
        elif kind == _FORMULA and len(data) >= 16:
            result, flags = data[6:14], struct.unpack_from("<H", data, 14)[0]
            if result == _ZERO and flags & _ALWAYS_CALCULATE == _ALWAYS_CALCULATE:
                found.uncalculated.add(struct.unpack_from("<HH", data))
            elif result == _ZERO or (result[0] == _EMPTY_TEXT and result.endswith(b"\xff\xff")):
                unclear.add(struct.unpack_from("<HH", data))
            else:
                has_results = True
    if not (is_calculated or has_results):
        found.uncalculated |= unclear
    return found


def _records(stream: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """Give the records from a BOF to its EOF, leaving out what is embedded between them, such as charts."""
    depth = 0
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, position)
        data = stream[position + 4 : position + 4 + length]
        position += 4 + length
        if kind in _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth == 1:
            yield kind, data
