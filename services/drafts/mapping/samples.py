"""What the first rows of a spreadsheet have in each column."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

from services.drafts.mapping.names import Name, read_name
from services.drafts.mapping.values import accepts, is_empty, option_key
from services.models import AgentInput, InputType, SheetRow


class SampledColumn:
    """A column: its name, and its cells in the first rows."""

    def __init__(self, written: str, cells: Sequence[str]) -> None:
        self.written = written
        self.name: Name = read_name(written)
        self._cells = [cell for cell in cells if not is_empty(cell)]
        self.is_empty = bool(cells) and not self._cells

    def accepted_share(self, field: AgentInput) -> float:
        """Give how many of the filled cells the input accepts, from 0 to 1; 1 where no row is known."""
        if field.type is InputType.TEXT or not self._cells:
            return 1.0
        if field.type is InputType.DROPDOWN:
            return self.option_share(field) if field.options else 1.0
        return sum(map(accepts(field), self._cells)) / len(self._cells)

    def option_share(self, field: AgentInput) -> float:
        """Give how many of the filled cells are options of a dropdown, from 0 to 1."""
        values = self._lines if field.max_values > 1 else self._values
        keys = {option_key(option) for option in field.options}
        return sum(values[key] for key in keys) / values.total() if values else 0.0

    @cached_property
    def _values(self) -> Counter[str]:
        return Counter(map(option_key, self._cells))

    @cached_property
    def _lines(self) -> Counter[str]:
        return Counter(option_key(line) for cell in self._cells for line in cell.splitlines() if not is_empty(line))


def sampled_columns(columns: Sequence[str], rows: Iterable[SheetRow]) -> list[SampledColumn]:
    """Sort the cells of some rows by column."""
    cells = list(zip(*(row.cells for row in rows), strict=True)) or [()] * len(columns)
    return [SampledColumn(name, of_column) for name, of_column in zip(columns, cells, strict=True)]
