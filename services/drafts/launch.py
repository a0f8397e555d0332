"""The launch of a draft: the batch it becomes, and its rows with their inputs."""

from collections.abc import Iterator, Mapping

from services.drafts import mapping
from services.drafts.mapping.values import Finder
from services.models import Draft, SheetRow
from services.store import NewBatch, NewRow

MAX_NAME_CHARACTERS = 200


def builder(draft: Draft, finders: Mapping[str, Finder]) -> mapping.Builder:
    """Give what makes the inputs of each row; `finders` know its files. The draft must not be incomplete."""
    assert draft.agent is not None  # noqa: S101 - a draft that is checked is not incomplete
    return mapping.compile_choices(draft.agent, draft.choices, draft.sheet.columns, finders)


def new_batch(draft: Draft, name: str, connection_id: str) -> NewBatch:
    """Give the batch, with this name or, if it is empty, one made of the file's and the agent's name."""
    assert draft.agent is not None  # noqa: S101 - a draft that is launched is not incomplete
    return NewBatch(
        draft_id=draft.id,
        name=(name.strip() or f"{draft.sheet.filename} · {draft.agent.name}")[:MAX_NAME_CHARACTERS],
        connection=connection_id,
        agent=draft.agent,
        filename=draft.sheet.filename,
        columns=draft.sheet.columns,
        choices=draft.choices,
        options=draft.options,
    )


def new_rows(draft: Draft, finders: Mapping[str, Finder], rows: Iterator[SheetRow]) -> Iterator[NewRow]:
    """Give each row with its inputs, or with its problems as the error because of which it is skipped."""
    build = builder(draft, finders).build
    for row in rows:
        inputs, problems = build(row)
        error = "\n".join(f"{problem.column}: {problem.message}" for problem in problems)
        yield NewRow(row.number, row.cells, inputs, error or None)
