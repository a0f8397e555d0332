"""Rows as the screens and the download see them, and the one verb that sends rows again."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from services.errors import MissingError
from services.models import (
    RETRYABLE,
    UNSUCCESSFUL,
    Attempt,
    Batch,
    Choice,
    ChoiceKind,
    ExportRow,
    RowDetail,
    RowPage,
    RowPreview,
    RowState,
    SheetRow,
    file_refs,
)
from services.store import codec
from services.store.again import send_chosen
from services.store.batches import lock
from services.store.database import AnyRow, Database
from services.store.records import Signs
from services.store.tables import attempts, rows

_SHORTENED = 200
"""Characters of a suggestion or error that a table shows."""
_EXPORT_ROWS = 500
"""Rows read at a time for a download."""
_POSITIONS = 500
"""Rows named in one statement; SQLite takes a limited number of parameters."""

_SHOWN = (
    *(rows.c.position, rows.c.number, rows.c.state, rows.c.cells, rows.c.attempts),
    func.substr(func.coalesce(rows.c.suggestion, ""), 1, _SHORTENED).label("suggestion"),
    func.substr(func.coalesce(rows.c.error, ""), 1, _SHORTENED).label("error"),
    case((rows.c.has_files, rows.c.inputs), else_="{}").label("inputs_with_files"),
)

_ENDED = (RowState.COMPLETED, RowState.EMPTY, RowState.FAILED)

# Each look at a moving batch asks for these, and to make a statement costs more than to execute it.
_OF_BATCH = rows.c.batch_id == bindparam("this")
_ENDED_LAST = (
    select(rows.c.sent_at, rows.c.ended_at)
    # what became unconfirmed waited for proof, which says nothing of the others
    .where(_OF_BATCH, rows.c.ended_at >= bindparam("since"), rows.c.state.in_(_ENDED))
    .where(rows.c.sent_at.is_not(None))
    .order_by(rows.c.ended_at.desc())
    .limit(bindparam("most"))
)
_LAST = select(
    select(func.max(rows.c.sent_at))
    .where(_OF_BATCH, rows.c.state == RowState.IN_PROGRESS)
    .scalar_subquery()
    .label("sent"),
    select(func.max(rows.c.lost_at)).where(_OF_BATCH, rows.c.state == RowState.SENDING).scalar_subquery().label("lost"),
    select(func.max(rows.c.retry_at)).where(_OF_BATCH, rows.c.retry_at.is_not(None)).scalar_subquery().label("retry"),
)


class Rows:
    """The rows in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        batch: Batch,
        states: Collection[RowState],
        search: str,
        page: int,
        size: int,
        reason: str | None = None,
    ) -> RowPage:
        """One page of the rows in those states (all if empty) whose cells, suggestion or error contain the text.

        With a reason, only rows that failed for exactly that one.
        """
        start = (page - 1) * size
        with self._database.read() as connection:
            if search or reason is not None:
                where = _of(batch.id, states) if reason is None else _failed(batch.id, reason)
                found, matching = self._found(connection, where, search, start, size)
            elif states:
                found, matching = _in_states(connection, batch.id, states, start, size)
            else:
                found, matching = range(start, start + size), batch.row_count
            named = (rows.c.batch_id == batch.id) & rows.c.position.in_(found)
            shown = connection.execute(select(*_SHOWN).where(named).order_by(rows.c.position)).all()
        values_of = mapped_values(batch)
        return RowPage(tuple(_preview(row, values_of) for row in shown), matching)

    def get(self, batch_id: str, position: int) -> RowDetail:
        """One row, whole. Raises MissingError."""
        this = (rows.c.batch_id == batch_id) & (rows.c.position == position)
        earlier = (attempts.c.batch_id == batch_id) & (attempts.c.position == position)
        with self._database.read() as connection:
            row = connection.execute(select(rows).where(this)).one_or_none()
            past = connection.execute(select(attempts).where(earlier).order_by(attempts.c.number)).all()
        if row is None:
            raise MissingError("This row isn't in the batch.")
        return _detail(row, [_attempt(item) for item in past])

    def failure_reasons(self, batch_id: str, most: int) -> list[tuple[str, int]]:
        """Why rows failed: each reason and how many rows failed for it, the most frequent first."""
        number = func.count().label("number")
        grouped = (
            select(func.coalesce(rows.c.error, ""), number)
            .where(rows.c.batch_id == batch_id, rows.c.state == RowState.FAILED)
            .group_by(rows.c.error)
            .order_by(number.desc(), rows.c.error)
            .limit(most)
        )
        with self._database.read() as connection:
            return [(reason, count) for reason, count in connection.execute(grouped)]

    def signs(self, batch_id: str, since: float, most: int) -> Signs:
        """What tells how long a batch still takes: of the rows that ended since then, up to `most` of the last ones."""
        with self._database.read() as connection:
            ended = connection.execute(_ENDED_LAST, {"this": batch_id, "since": since, "most": most}).all()
            times = connection.execute(_LAST, {"this": batch_id}).one()
        return Signs(tuple((row.sent_at, row.ended_at) for row in ended), times.sent, times.lost, times.retry)

    def export(self, batch_id: str) -> Iterator[ExportRow]:
        """All rows in order, for the download; only some of them are in memory at a time."""
        columns = (rows.c.position, rows.c.cells, rows.c.suggestion, rows.c.state, rows.c.error, rows.c.job_id)
        after = -1
        while True:
            following = select(*columns).where(rows.c.batch_id == batch_id, rows.c.position > after)
            with self._database.read() as connection:
                found = connection.execute(following.order_by(rows.c.position).limit(_EXPORT_ROWS)).all()
            if not found:
                return
            for row in found:
                yield ExportRow(
                    codec.strings(row.cells),
                    row.suggestion or "",
                    RowState(row.state),
                    row.error or "",
                    row.job_id or "",
                )
            after = found[-1].position

    def _found(
        self, connection: Connection, where: ColumnElement[bool], search: str, start: int, size: int
    ) -> tuple[Sequence[int], int]:
        """The positions on the page, and how many rows match: found in one go, because every text has to be read."""
        where = and_(where, self._contains(search)) if search else where
        positions = connection.execute(select(rows.c.position).where(where).order_by(rows.c.position)).scalars().all()
        return positions[start : start + size], len(positions)

    def _contains(self, search: str) -> ColumnElement[bool]:
        """Whether a cell, the suggestion or the error contains the text, whatever its case."""
        # not LIKE: nothing to escape, and no limit on the length
        index_of = func.instr if self._database.is_sqlite else func.strpos
        term = search.lower()
        # cells are kept as JSON, in which a quote or a line break stands as an escape ...
        escaped = json.dumps(term, ensure_ascii=False)[1:-1]
        # ... and in which there is more than the cells: what looks like a match is looked at cell by cell
        if self._database.is_sqlite:
            cell = func.json_each(rows.c.cells).table_valued("value").c.value
        else:
            cell = func.json_array_elements_text(cast(rows.c.cells, JSON)).column_valued("cell")
        in_a_cell = select(literal(1)).where(index_of(func.lower(cell), term) > 0).exists()
        return or_(
            and_(index_of(func.lower(rows.c.cells), escaped) > 0, in_a_cell),
            index_of(func.lower(rows.c.suggestion), term) > 0,
            index_of(func.lower(rows.c.error), term) > 0,
        )

    def sheet_rows(self, batch_id: str, states: Collection[RowState]) -> Iterator[SheetRow]:
        """The person's own cells of the rows in those states (all if empty), in order; only some are in memory."""
        after = -1
        while True:
            following = select(rows.c.position, rows.c.number, rows.c.cells).where(_of(batch_id, states))
            following = following.where(rows.c.position > after).order_by(rows.c.position).limit(_EXPORT_ROWS)
            with self._database.read() as connection:
                found = connection.execute(following).all()
            if not found:
                return
            yield from (SheetRow(row.number, codec.strings(row.cells)) for row in found)
            after = found[-1].position

    def retry(self, batch_id: str, positions: Sequence[int] | None, reason: str | None = None) -> int:
        """Let rows wait to be sent again: those given, or all failed and empty ones, or those failed for a reason.

        Returns how many rows will be sent.

        What their attempts so far gave is kept. A job that failed at Writer goes through Writer's retry call. The
        automatic retries of these rows begin anew. Raises RefusedError: these rows were collected, and there is no
        failed job to retry.
        """
        with self._database.write() as connection:
            lock(connection, batch_id)
            return send_chosen(connection, batch_id, list(_chosen(batch_id, positions, reason)))

    def send_all(self, batch_id: str, state: RowState) -> int:
        """Let all rows in that state wait to be sent, canceled or unconfirmed ones; returns how many.

        Raises as `retry`.
        """
        with self._database.write() as connection:
            lock(connection, batch_id)
            return send_chosen(connection, batch_id, [(rows.c.batch_id == batch_id) & (rows.c.state == state)])


def _chosen(batch_id: str, positions: Sequence[int] | None, reason: str | None) -> Iterator[ColumnElement[bool]]:
    if positions is None:
        yield _failed(batch_id, reason)
        return
    for start in range(0, len(positions), _POSITIONS):
        named = rows.c.position.in_(positions[start : start + _POSITIONS])
        yield and_(rows.c.batch_id == batch_id, named, rows.c.state.in_(RETRYABLE))


def _failed(batch_id: str, reason: str | None) -> ColumnElement[bool]:
    """Rows that failed or are empty, or those that failed for a reason."""
    if reason is None:
        return and_(rows.c.batch_id == batch_id, rows.c.state.in_(UNSUCCESSFUL))
    failed = and_(rows.c.batch_id == batch_id, rows.c.state == RowState.FAILED)
    return and_(failed, func.coalesce(rows.c.error, "") == reason)


def mapped_values(batch: Batch) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """How to get from a row's cells to what each of the agent's inputs was mapped to, as text.

    Inputs of collected rows aren't known: their cells tell them apart.
    """
    if batch.is_collected:
        return tuple
    index = {name: number for number, name in enumerate(batch.columns)}
    chosen = [batch.choices.get(agent_input.name, Choice()) for agent_input in batch.agent.inputs]

    def text(choice: Choice, cells: Sequence[str]) -> str:
        if choice.kind is ChoiceKind.COLUMN:
            return "\n".join(cells[index[name]] for name in choice.columns if name in index)
        return choice.value if choice.kind is ChoiceKind.FIXED else ""

    return lambda cells: tuple(text(choice, cells) for choice in chosen)


def _of(batch_id: str, states: Collection[RowState]) -> ColumnElement[bool]:
    where = rows.c.batch_id == batch_id
    return and_(where, rows.c.state.in_(states)) if states else where


def _in_states(
    connection: Connection, batch_id: str, states: Collection[RowState], start: int, size: int
) -> tuple[Sequence[int], int]:
    """The positions on the page, and how many rows are in those states; the index alone answers both."""
    matching = connection.execute(select(func.count()).select_from(rows).where(_of(batch_id, states))).scalar_one()
    # within a state the index has them in order; such pieces are merged, which is faster than sorting them all
    pieces = union_all(*(select(rows.c.position).where(_of(batch_id, [state])) for state in sorted(set(states))))
    following = pieces.order_by("position").limit(size).offset(start)
    return connection.execute(following).scalars().all(), matching


def _preview(row: AnyRow, values_of: Callable[[Sequence[str]], tuple[str, ...]]) -> RowPreview:
    return RowPreview(
        position=row.position,
        number=row.number,
        state=RowState(row.state),
        values=tuple(value[:_SHORTENED] for value in values_of(codec.strings(row.cells))),
        suggestion=row.suggestion,
        error=row.error,
        attempts=row.attempts,
        files=tuple(file_refs(codec.inputs(row.inputs_with_files))),
    )


def _attempt(row: AnyRow) -> Attempt:
    return Attempt(
        number=row.number,
        state=RowState(row.state),
        job_id=row.job_id,
        suggestion=row.suggestion,
        error=row.error,
        sent_at=codec.moment(row.sent_at),
        ended_at=codec.moment(row.ended_at),
        assigned_at=codec.moment(row.assigned_at),
    )


def _current(row: AnyRow) -> Attempt:
    return Attempt(
        number=row.attempts,
        state=RowState(row.state),
        job_id=row.job_id,
        suggestion=row.suggestion if row.state == RowState.COMPLETED else None,
        error=row.error,
        sent_at=codec.moment(row.sent_at),
        ended_at=codec.moment(row.ended_at),
        assigned_at=codec.moment(row.assigned_at),
    )


def _detail(row: AnyRow, past: list[Attempt]) -> RowDetail:
    # a row that waits to be sent again has only past attempts
    current = [_current(row)] if row.attempts > len(past) else []
    return RowDetail(
        batch_id=row.batch_id,
        position=row.position,
        number=row.number,
        state=RowState(row.state),
        cells=codec.strings(row.cells),
        inputs=codec.inputs(row.inputs),
        suggestion=row.suggestion,
        error=row.error,
        job_id=row.job_id,
        attempts=(*past, *current),
    )
