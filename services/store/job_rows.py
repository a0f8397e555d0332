"""Whose job it is: at most one row has a job, in any of its attempts."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Select, and_, func, literal, select, text

from services.models import JobRow, RowState
from services.store.database import AnyRow
from services.store.tables import attempts, batches, rows

_IDS = 500
"""Job ids named in one statement; SQLite takes a limited number of parameters."""
_LOCK = text("SELECT pg_advisory_xact_lock(5263902)")
_OLDEST_REQUEST_MARGIN_S = 3.0
"""Seconds by which a job's stamp may be earlier than its request is known to have left: stamps may lack fractions, and
the clock that makes them differs from that of the answers by up to two seconds."""


def lock_jobs(connection: Connection) -> None:
    """Let nobody else give a job to a row, but the runner to the row it sent, until the transaction ends."""
    if connection.dialect.name != "sqlite":  # SQLite has one writer at a time anyway
        connection.execute(_LOCK)


def known_jobs(connection: Connection, job_ids: Iterable[str]) -> set[str]:
    """Which of these jobs an attempt at any row is known to have."""
    known: set[str] = set()
    for some in _groups(job_ids):
        for table in (rows, attempts):
            known |= set(connection.execute(select(table.c.job_id).where(table.c.job_id.in_(some))).scalars())
    return known


def rows_of_jobs(connection: Connection, job_ids: Iterable[str]) -> dict[str, JobRow]:
    """The rows that have these jobs, by the job's id; jobs that no row has are missing."""
    found: dict[str, JobRow] = {}
    for some in _groups(job_ids):
        past = _rows_through(attempts, is_current=False).where(attempts.c.job_id.in_(some))
        found |= {row.job_id: _job_row(row) for row in connection.execute(past)}
        current = _rows_through(rows, is_current=True).where(rows.c.job_id.in_(some))
        found |= {row.job_id: _job_row(row) for row in connection.execute(current)}
    return found


def sending_since(connection: Connection, agent_id: str, connection_id: str) -> float | None:
    """When the first of the agent's requests without an answer may have created a job, by Writer's clock.

    None if there is no such request; minus infinity where that isn't known.
    """
    same = select(batches.c.id).where(batches.c.agent_id == agent_id, batches.c.connection == connection_id)
    sending = and_(rows.c.batch_id.in_(same), rows.c.state == RowState.SENDING)
    query = select(func.count(), func.count(rows.c.sent_at_writer), func.min(rows.c.sent_at_writer)).where(sending)
    number, timed, first = connection.execute(query).one()
    if number == 0:
        return None
    return float(first) - _OLDEST_REQUEST_MARGIN_S if timed == number else float("-inf")


def _rows_through(table: Any, *, is_current: bool) -> Select[Any]:
    """The rows joined with the table that names their jobs."""
    query = select(
        *(table.c.job_id, rows.c.batch_id, rows.c.position, rows.c.number, rows.c.state),
        *(batches.c.name, literal(is_current).label("is_current")),
    ).join(batches, batches.c.id == rows.c.batch_id)
    if table is rows:
        return query
    return query.join(table, and_(table.c.batch_id == rows.c.batch_id, table.c.position == rows.c.position))


def _job_row(row: AnyRow) -> JobRow:
    return JobRow(row.batch_id, row.name, row.position, row.number, RowState(row.state), bool(row.is_current))


def _groups(job_ids: Iterable[str]) -> Iterator[Collection[str]]:
    ordered = list(dict.fromkeys(job_ids))
    for start in range(0, len(ordered), _IDS):
        yield ordered[start : start + _IDS]
