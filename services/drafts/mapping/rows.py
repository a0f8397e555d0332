"""Rows to inputs: what is still to be decided, a row's inputs or its problems, and the check of all rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.drafts.mapping.values import (
    Finder,
    Reader,
    UnfitError,
    column_reader,
    fixed_reader,
    fixed_values,
    is_empty,
    shortened,
)
from services.models import (
    Agent,
    AgentInput,
    Check,
    Choice,
    ChoiceKind,
    Choices,
    Inputs,
    Problem,
    RowProblem,
    SheetRow,
)

_NOTHING = "Every cell that would be sent is empty. Fill in at least one."


@dataclass(frozen=True)
class _Step:
    """How a row gets the values of one input."""

    name: str
    required: bool
    read: Reader
    columns: tuple[str, ...]
    places: tuple[int, ...]
    """Where those columns are; none for a fixed value."""

    def problem(self, cells: Sequence[str], message: str) -> Problem:
        """Say what is wrong with the cells that feed this input."""
        filled = [text for place in self.places if not is_empty(text := cells[place])]
        return Problem(self.columns[0] if self.columns else self.name, "\n".join(filled), message)


class Builder:
    """Gives rows their inputs, by choices that `compile_choices` prepared."""

    def __init__(self, steps: Sequence[_Step]) -> None:
        self._steps = steps
        self._columns = [column for step in steps for column in step.columns]

    def build(self, row: SheetRow) -> tuple[Inputs, list[Problem]]:
        """Give one row its inputs, without the optional ones that are empty, or else its problems.

        Args:
            row: a row with a cell for every column. What reading found wrong counts where its column is used.

        Returns:
            The inputs and no problems, or no inputs and at least one problem.
        """
        cells = row.cells
        inputs: Inputs = {}
        problems: list[Problem] = []
        for step in self._steps:
            try:
                values = step.read(cells)
            except UnfitError as error:
                problems.append(step.problem(cells, str(error)))
                continue
            if values:
                inputs[step.name] = values
            elif step.required:
                problems.append(step.problem(cells, _missing(step)))
        if row.problems:
            problems = self._with_reading(row.problems, problems)
        if not problems and not inputs and self._steps:
            problems = [Problem(next(iter(self._columns), ""), "", _NOTHING)]
        return ({}, problems) if problems else (inputs, [])

    def _with_reading(self, found: Iterable[Problem], problems: Iterable[Problem]) -> list[Problem]:
        """Add what reading found in used columns; it explains an empty cell better than its emptiness does."""
        reported = [problem for problem in found if problem.column in self._columns]
        columns = {problem.column for problem in reported}
        return reported + [problem for problem in problems if problem.column not in columns]


def compile_choices(
    agent: Agent, choices: Choices, columns: Sequence[str], finders: Mapping[str, Finder] | None = None
) -> Builder:
    """Prepare the choices for building many rows.

    Args:
        agent: the agent whose inputs are filled.
        choices: where each input comes from; one without a choice is left out. Columns that the spreadsheet does not
            have count as empty; `incomplete` says so beforehand.
        columns: the spreadsheet's columns.
        finders: what knows the files of file inputs, by the input's name; without one, cells are sent as they are.

    Returns:
        What gives each row its inputs or its problems.
    """
    finders = finders or {}
    return Builder(
        [_step(field, choices.get(field.name, Choice()), columns, finders.get(field.name)) for field in agent.inputs]
    )


def incomplete(agent: Agent, choices: Choices, columns: Sequence[str]) -> list[str]:
    """Say in sentences what must be decided before rows can be checked; empty when everything is decided."""
    open_questions = [
        sentence for field in agent.inputs for sentence in _open(field, choices.get(field.name, Choice()), columns)
    ]
    given = any(_gives(choices.get(field.name, Choice())) for field in agent.inputs)
    if agent.inputs and not given and not open_questions:
        return ["Every input is left out. Choose a column for at least one."]
    return open_questions


def check(builder: Builder, rows: Iterable[SheetRow], max_problems: int = 1000) -> Check:
    """Build every row to see which are ready, reading the rows only once.

    Args:
        builder: what gives rows their inputs.
        rows: the rows, in the spreadsheet's order.
        max_problems: how many problems are kept; all are counted.

    Returns:
        How many rows are ready and how many are not, and what is wrong.
    """
    ready = flawed = count = 0
    kept: list[RowProblem] = []
    for row in rows:
        _, problems = builder.build(row)
        if not problems:
            ready += 1
            continue
        flawed += 1
        count += len(problems)
        kept.extend(RowProblem(row.number, problem) for problem in problems[: max_problems - len(kept)])
    return Check(ready, flawed, tuple(kept), count)


def _step(field: AgentInput, choice: Choice, columns: Sequence[str], find: Finder | None) -> _Step:
    known = tuple(column for column in _chosen(choice) if column in columns)
    places = tuple(columns.index(column) for column in known)
    if places:
        return _Step(field.name, field.required, column_reader(field, places, find), known, places)
    value = choice.value if choice.kind is ChoiceKind.FIXED else ""
    return _Step(field.name, field.required, fixed_reader(field, value, find), (), ())


def _chosen(choice: Choice) -> tuple[str, ...]:
    """Give the columns of a choice, each once."""
    return tuple(dict.fromkeys(choice.columns)) if choice.kind is ChoiceKind.COLUMN else ()


def _gives(choice: Choice) -> bool:
    """Say whether this choice can give an input anything."""
    return bool(_chosen(choice)) or (choice.kind is ChoiceKind.FIXED and not is_empty(choice.value))


def _missing(step: _Step) -> str:
    if len(step.places) > 1:
        return f"“{shortened(step.name)}” is required, but these cells are empty. Fill in at least one."
    return f"“{shortened(step.name)}” is required, but this cell is empty. Fill it in."


def _open(field: AgentInput, choice: Choice, columns: Sequence[str]) -> Iterator[str]:
    """Say what is still to be decided for one input."""
    name = shortened(field.name)
    if choice.kind is ChoiceKind.FIXED:
        try:
            if not fixed_values(field, choice.value) and field.required:
                yield f"“{name}” is required. Enter a value for all rows, or choose a column."
        except UnfitError as error:
            yield f"“{name}”: {error}"
    elif not _chosen(choice) and field.required:
        yield f"“{name}” is required. Choose a column, or use the same value for all rows."
    for column in _chosen(choice):
        if column not in columns:
            yield f"The spreadsheet has no column “{shortened(column)}”. Choose another one for “{name}”."
