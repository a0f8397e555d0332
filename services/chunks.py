"""Groups of spreadsheet rows packed into bytes: what a reading process hands over and the store keeps for a draft."""

import json
import zlib
from collections.abc import Iterable

import orjson

from services.models import Problem, SheetRow

CHUNK_ROWS = 1_000
"""How many rows a chunk holds at the most: large enough to pack well, small enough to hold in memory."""

_COMPRESSION = 1  # the fastest: packing must not slow reading down


def pack(rows: Iterable[SheetRow]) -> bytes:
    """Pack rows; `unpack` gives the same rows back."""
    plain = [(row.number, row.cells, _problems(row) if row.problems else ()) for row in rows]
    try:
        text = orjson.dumps(plain)
    except orjson.JSONEncodeError:  # lone surrogates: JSON's escapes keep them, which UTF-8 itself cannot carry
        text = json.dumps(plain, separators=(",", ":")).encode("ascii")
    return zlib.compress(text, _COMPRESSION)


def _problems(row: SheetRow) -> list[tuple[str, str, str]]:
    return [(problem.column, problem.value, problem.message) for problem in row.problems]


def unpack(packed: bytes) -> list[SheetRow]:
    """Give back the rows that were packed."""
    text = zlib.decompress(packed)
    try:
        plain = orjson.loads(text)
    except orjson.JSONDecodeError:  # lone surrogates
        plain = json.loads(text)
    return [
        SheetRow(number, tuple(cells), tuple(Problem(*problem) for problem in problems))
        for number, cells, problems in plain
    ]
