"""The launch of a draft: what its rows are made with, and the batch that it becomes."""

from collections.abc import Iterator

from services.drafts import mapping
from services.models import Draft, SheetRow
from services.store import NewBatch, NewRow

_LONGEST_NAME = 200
"""Characters of a batch name."""


def builder(draft: Draft) -> mapping.Builder:
    """What makes the inputs of each row. The draft must not be incomplete."""
    assert draft.agent is not None  # noqa: S101 - a draft that is checked is not incomplete
    return mapping.compile_choices(draft.agent, draft.choices, draft.sheet.columns)


def new_batch(draft: Draft, name: str, connection_id: str) -> NewBatch:
    """The batch, with that name or one made of the agent's and the file's."""
    assert draft.agent is not None  # noqa: S101 - a draft that is launched is not incomplete
    return NewBatch(
        draft_id=draft.id,
        name=(name.strip() or f"{draft.agent.name} · {draft.sheet.filename}")[:_LONGEST_NAME],
        connection=connection_id,
        agent=draft.agent,
        filename=draft.sheet.filename,
        columns=draft.sheet.columns,
        choices=draft.choices,
        options=draft.options,
    )


def new_rows(draft: Draft, rows: Iterator[SheetRow]) -> Iterator[NewRow]:
    """Each row with its inputs, or with its problems as the error for which it is skipped."""
    build = builder(draft).build
    for row in rows:
        inputs, problems = build(row)
        error = "\n".join(f"{problem.column}: {problem.message}" for problem in problems)
        yield NewRow(row.number, row.cells, inputs, error or None)
