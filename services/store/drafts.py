"""Drafts: spreadsheets and the choices made for them, before launch."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, or_, select, update

from services import chunks
from services.errors import MissingError
from services.models import Agent, Choices, Draft, DraftSummary, LaunchOptions, Sheet, SheetRow
from services.store import codec
from services.store.database import AnyRow, Database
from services.store.tables import draft_chunks, drafts

_COLUMNS = [column for column in drafts.c if column.name != "file"]


@dataclass(frozen=True)
class DraftFile:
    """The spreadsheet as it was given."""

    filename: str
    data: bytes


class Drafts:
    """The drafts in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, sheet: Sheet, data: bytes, packed: Iterable[bytes], now: float) -> Draft:
        """Store a spreadsheet that was read, its rows packed by `services.chunks`."""
        draft_id = str(uuid4())
        fixed = {"id": draft_id, "file": data, "choices": "{}", "name": "", "created_at": now}
        with self._database.write() as connection:
            connection.execute(insert(drafts).values(**_sheet_values(sheet), **fixed))
            _insert_chunks(connection, draft_id, packed)
        return self.get(draft_id)

    def replace_sheet(self, draft_id: str, sheet: Sheet, packed: Iterable[bytes], choices: Choices) -> Draft:
        """Store what reading the same file in another way gave."""
        values = {**_sheet_values(sheet), "choices": codec.choices_to_json(choices)}
        with self._database.write() as connection:
            _update(connection, draft_id, values)
            connection.execute(delete(draft_chunks).where(draft_chunks.c.draft_id == draft_id))
            _insert_chunks(connection, draft_id, packed)
        return self.get(draft_id)

    def set_agent(self, draft_id: str, agent: Agent, choices: Choices) -> Draft:
        """Store the chosen agent and the choices proposed for its inputs."""
        return self._change(draft_id, agent=codec.agent_to_json(agent), choices=codec.choices_to_json(choices))

    def set_choices(self, draft_id: str, choices: Choices) -> Draft:
        """Store where each input's values come from."""
        return self._change(draft_id, choices=codec.choices_to_json(choices))

    def set_name(self, draft_id: str, name: str) -> Draft:
        """Store the batch name that a person typed."""
        return self._change(draft_id, name=name)

    def set_options(self, draft_id: str, options: LaunchOptions) -> Draft:
        """Store how the batch is to be sent."""
        return self._change(draft_id, options=codec.options_to_json(options))

    def get(self, draft_id: str) -> Draft:
        """One draft. Raises MissingError."""
        with self._database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(drafts.c.id == draft_id)).one_or_none()
        if row is None:
            raise MissingError("This draft doesn't exist. Drafts are kept for 7 days.")
        return _draft(row)

    def recent(self, most: int) -> list[DraftSummary]:
        """The drafts that are neither launched nor discarded, newest first."""
        columns = (drafts.c.id, drafts.c.filename, drafts.c.agent, drafts.c.row_count, drafts.c.created_at)
        query = select(*columns).where(drafts.c.batch_id.is_(None), drafts.c.discarded_at.is_(None))
        with self._database.read() as connection:
            found = connection.execute(query.order_by(drafts.c.created_at.desc(), drafts.c.id).limit(most)).all()
        return [
            DraftSummary(
                id=row.id,
                filename=row.filename,
                agent="" if row.agent is None else codec.agent(row.agent).name,
                rows=row.row_count,
                created_at=codec.moment_of(row.created_at),
            )
            for row in found
        ]

    def discard(self, draft_id: str, at: float | None) -> None:
        """Take a draft off the list, or with None back onto it. Raises MissingError."""
        with self._database.write() as connection:
            _update(connection, draft_id, {"discarded_at": at})

    def file(self, draft_id: str) -> DraftFile:
        """The spreadsheet as it was given. Raises MissingError."""
        with self._database.read() as connection:
            found = connection.execute(select(drafts.c.filename, drafts.c.file).where(drafts.c.id == draft_id))
            row = found.one_or_none()
        if row is None:
            raise MissingError("This draft doesn't exist. Drafts are kept for 7 days.")
        return DraftFile(row.filename, row.file)

    def first_rows(self, draft_id: str, count: int) -> list[SheetRow]:
        """The draft's first rows."""
        return list(islice(self.rows(draft_id), count))

    def rows(self, draft_id: str) -> Iterator[SheetRow]:
        """The draft's rows, in order; only some of them are in memory at a time."""
        chunk = 0
        while True:
            where = (draft_chunks.c.draft_id == draft_id) & (draft_chunks.c.chunk == chunk)
            with self._database.read() as connection:
                packed = connection.execute(select(draft_chunks.c.rows).where(where)).scalar_one_or_none()
            if packed is None:
                return
            yield from chunks.unpack(packed)
            chunk += 1

    def purge(self, before: float, discarded_before: float) -> int:
        """Delete the drafts made before that time, and those discarded before the other; gives how many."""
        old = or_(drafts.c.created_at < before, drafts.c.discarded_at < discarded_before)
        with self._database.write() as connection:
            return connection.execute(delete(drafts).where(old)).rowcount

    def _change(self, draft_id: str, **values: str) -> Draft:
        with self._database.write() as connection:
            _update(connection, draft_id, values)
        return self.get(draft_id)


def _update(connection: Connection, draft_id: str, values: dict[str, Any]) -> None:
    if connection.execute(update(drafts).where(drafts.c.id == draft_id).values(**values)).rowcount == 0:
        raise MissingError("This draft doesn't exist. Drafts are kept for 7 days.")


def _insert_chunks(connection: Connection, draft_id: str, packed: Iterable[bytes]) -> None:
    for number, rows in enumerate(packed):
        connection.execute(insert(draft_chunks).values(draft_id=draft_id, chunk=number, rows=rows))


def _sheet_values(sheet: Sheet) -> dict[str, Any]:
    return {
        "filename": sheet.filename,
        "columns": codec.to_json(sheet.columns),
        "row_count": sheet.row_count,
        "reading": codec.reading_to_json(sheet.reading),
        "sheets": codec.to_json(sheet.sheets),
        "notes": codec.to_json(sheet.notes),
        "hidden_sheets": codec.to_json(sheet.hidden_sheets),
        "layout": codec.layout_to_json(sheet.layout),
    }


def _draft(row: AnyRow) -> Draft:
    sheet = Sheet(
        filename=row.filename,
        columns=codec.strings(row.columns),
        row_count=row.row_count,
        reading=codec.reading(row.reading),
        sheets=codec.strings(row.sheets),
        notes=codec.strings(row.notes),
        hidden_sheets=codec.strings(row.hidden_sheets),
        layout=codec.layout(row.layout),
    )
    return Draft(
        id=row.id,
        sheet=sheet,
        agent=None if row.agent is None else codec.agent(row.agent),
        choices=codec.choices(row.choices),
        name=row.name,
        batch_id=row.batch_id,
        created_at=codec.moment_of(row.created_at),
        options=codec.options(row.options),
    )
