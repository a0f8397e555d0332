"""Cells such as ="00123" in a text: a formula that keeps Excel from dropping zeros, and shows 00123."""

import re
from collections.abc import Iterable, Iterator

from services.drafts.sheets.source import RawRow

_START = '="'
_PROTECTED = re.compile(r'="((?:[^"]|"")*)"')


class Protected:
    """Reads such cells as the text they show."""

    def __init__(self) -> None:
        self._count = 0
        self._example = ""

    def rows(self, rows: Iterable[RawRow]) -> Iterator[RawRow]:
        """Give the rows, with what such cells show."""
        self._count = 0
        for number, cells, flaws in rows:
            if _START in "".join(cells):
                cells = [self._shown(cell) for cell in cells]
            yield number, cells, flaws

    def notes(self) -> tuple[str, ...]:
        """Say how many cells of the rows given so far were such."""
        if not self._count:
            return ()
        was = "cell such as {} was" if self._count == 1 else "cells such as {} were"
        return (f"{self._count:,} {was.format(self._example)} read as the text in quotation marks.",)

    def _shown(self, cell: str) -> str:
        if not (cell.startswith(_START) and (protected := _PROTECTED.fullmatch(cell))):
            return cell
        self._example = self._example if self._count else cell[:40]
        self._count += 1
        return protected[1].replace('""', '"')
