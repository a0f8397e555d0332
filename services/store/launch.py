"""What a draft becomes when it is launched: a batch and its rows."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

from services import chunks
from services.errors import MissingError
from services.models import Agent, BatchState, Choices, FileRef, Inputs, LaunchOptions, RowState, file_refs
from services.store import codec
from services.store.files import draft_hashes, keep_files
from services.store.tables import batches, drafts, rows


@dataclass(frozen=True)
class NewBatch:
    """What a batch is launched with."""

    draft_id: str
    name: str
    connection: str
    agent: Agent
    filename: str
    columns: tuple[str, ...]
    choices: Choices
    options: LaunchOptions = field(default_factory=LaunchOptions)


@dataclass(frozen=True, slots=True)
class NewRow:
    """One row at launch; a row with an error is skipped."""

    number: int
    cells: tuple[str, ...]
    inputs: Inputs
    error: str | None


def launch(
    connection: Connection, new: NewBatch, new_rows: Iterable[NewRow], now: float, on_progress: Callable[[int], None]
) -> str:
    """Store the batch and all its rows; gives the id of the batch the draft has become, now or before.

    Raises MissingError: there is no such draft (any more).
    """
    launched = _launched(connection, new.draft_id)
    if launched is not None:
        return launched
    batch_id = str(uuid4())
    connection.execute(insert(batches).values(**_batch_values(new), id=batch_id, created_at=now))
    stored, sample = 0, _Sample(new.options.sample_rows)
    files, names = draft_hashes(connection, new.draft_id), dict[str, str]()
    for group in _groups(iter(new_rows)):
        refs = [file_refs(row.inputs) for row in group]
        checked = [_checked(row, named, files) for row, named in zip(group, refs, strict=True)]
        values = [_row_values(batch_id, stored + i, row, refs[i]) for i, row in enumerate(checked)]
        connection.execute(insert(rows), values)
        names |= {ref.hash: ref.name for named in refs for ref in named}
        sample.take(values)
        stored += len(group)
        on_progress(stored)
    keep_files(connection, new.draft_id, batch_id, names)
    whole = {"row_count": stored, "sample_end": sample.end}
    connection.execute(update(batches).where(batches.c.id == batch_id).values(**whole))
    connection.execute(update(drafts).where(drafts.c.id == new.draft_id).values(batch_id=batch_id))
    return batch_id


class _Sample:
    """Where the rows end that are to be sent first."""

    def __init__(self, size: int | None) -> None:
        self._size = size
        self._ready = 0
        self._after_last: int | None = None

    def take(self, values: list[dict[str, Any]]) -> None:
        """Go on with these rows."""
        if self._size is None:
            return
        for row in values:
            if row["state"] is RowState.WAITING:
                self._ready += 1
                if self._ready == self._size:
                    self._after_last = row["position"] + 1

    @property
    def end(self) -> int | None:
        """The position before which rows may be sent; None where no row waits behind it."""
        return self._after_last if self._size is not None and self._ready > self._size else None


def _launched(connection: Connection, draft_id: str) -> str | None:
    """What the draft has become; nobody else launches or purges it until the transaction ends."""
    draft = connection.execute(select(drafts.c.batch_id).where(drafts.c.id == draft_id).with_for_update())
    row = draft.one_or_none()
    if row is None:
        raise MissingError("This draft doesn't exist. Drafts are kept for 7 days.")
    batch_id: str | None = row.batch_id
    return batch_id


def _groups(new_rows: Iterator[NewRow]) -> Iterator[list[NewRow]]:
    while group := list(islice(new_rows, chunks.CHUNK_ROWS)):
        yield group


def _batch_values(new: NewBatch) -> dict[str, Any]:
    return {
        "draft_id": new.draft_id,
        "name": new.name,
        "state": BatchState.RUNNING,
        "reason": "",
        "connection": new.connection,
        "agent_id": new.agent.id,
        "agent": codec.agent_to_json(new.agent),
        "filename": new.filename,
        "columns": codec.to_json(new.columns),
        "choices": codec.choices_to_json(new.choices),
        "options": codec.options_to_json(new.options),
        "row_count": 0,
    }


def _checked(row: NewRow, refs: Sequence[FileRef], files: Collection[str]) -> NewRow:
    """The row; with an error if one of its files was detached from the draft since the row was checked."""
    lacking = next((ref for ref in refs if ref.hash not in files), None)
    if lacking is None or row.error is not None:
        return row
    return replace(row, error=f"“{lacking.name}” was removed before the launch. Start a new batch with it.")


def _row_values(batch_id: str, position: int, row: NewRow, refs: Sequence[FileRef]) -> dict[str, Any]:
    return {
        "batch_id": batch_id,
        "position": position,
        "number": row.number,
        "cells": codec.to_json(row.cells),
        "inputs": codec.to_json(row.inputs),
        "has_files": bool(refs),
        "awaits_files": bool(refs) and row.error is None,
        "state": RowState.WAITING if row.error is None else RowState.SKIPPED,
        "error": row.error,
    }
