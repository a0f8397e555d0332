"""What the store knows about jobs and requests that bears on lost answers: whose job it is, and whose it may be."""

from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, Select, and_, insert, select

from services.errors import Loss
from services.models import RowState
from services.store.database import AnyRow, Database
from services.store.job_rows import known_jobs
from services.store.records import EffectWindow, Lost, UnconfirmedRows
from services.store.tables import attempts, batches, rows, unknown_jobs

IS_LOST = and_(rows.c.state == RowState.SENDING, rows.c.lost_at.is_not(None))
"""The rows whose answers were lost, as long as that is not settled."""
LOST_COLUMNS = (
    *(rows.c.position, rows.c.sent_at, rows.c.sent_at_writer, rows.c.lost_at, rows.c.loss, rows.c.retry_of),
)
"""What `lost_record` reads."""


class Evidence:
    """The jobs, the requests in flight and the lost ones of an agent on a connection, in all batches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def in_flight(self, agent_id: str, connection_id: str, before: float) -> bool:
        """Whether a request for that agent that left before then is still without its answer, in any batch."""
        waiting = _of_agent(agent_id, connection_id) & (rows.c.state == RowState.SENDING) & rows.c.lost_at.is_(None)
        with self._database.read() as connection:
            query = select(rows.c.position).where(waiting, rows.c.sent_at <= before).limit(1)
            return connection.execute(query).first() is not None

    def created_since(self, agent_id: str, connection_id: str, since: float) -> set[str]:
        """The jobs of rows that were sent for the first time after then, by Writer's clock, for that agent."""
        first = _of_agent(agent_id, connection_id) & (rows.c.attempts == 1) & rows.c.job_id.is_not(None)
        with self._database.read() as connection:
            return set(connection.execute(select(rows.c.job_id).where(first, rows.c.sent_at_writer > since)).scalars())

    def unknown(self, job_ids: Iterable[str]) -> set[str]:
        """Which of these jobs no attempt at any row is known to have."""
        ids = set(job_ids)
        with self._database.read() as connection:
            return ids - known_jobs(connection, ids)

    def lost(self, agent_id: str, connection_id: str) -> dict[tuple[str, int], Lost]:
        """The requests for that agent whose answers were lost and that are not settled yet, by batch and position."""
        query = select(rows.c.batch_id, *LOST_COLUMNS).where(_of_agent(agent_id, connection_id), IS_LOST)
        with self._database.read() as connection:
            return {(row.batch_id, row.position): lost_record(row) for row in connection.execute(query)}

    def unconfirmed(self, agent_id: str, connection_id: str, since: float) -> list[EffectWindow]:
        """When the requests for that agent may have created a job that were left unconfirmed, up to now.

        Only those are told that may have done so after `since`, by Writer's clock.
        """
        same = _batches_of(agent_id, connection_id)
        windows: list[EffectWindow] = []
        with self._database.read() as connection:
            for table in (rows, attempts):
                where = table.c.batch_id.in_(same) & (table.c.state == RowState.UNCONFIRMED)
                query = select(table.c.effect_from, table.c.effect_until).where(where, table.c.effect_until >= since)
                windows += [EffectWindow(*window) for window in connection.execute(query)]
        return windows

    def record_unknown(self, batch_id: str, jobs: Mapping[str, float | None]) -> None:
        """Keep the jobs that may belong to unconfirmed rows of the batch: when each was created, if Writer says so."""
        with self._database.write() as connection:
            add_unknown(connection, batch_id, jobs)

    def unconfirmed_rows(self, batch_id: str) -> UnconfirmedRows:
        """The windows of the batch's unconfirmed rows, and the jobs that may belong to them."""
        where = (rows.c.batch_id == batch_id) & (rows.c.state == RowState.UNCONFIRMED)
        with self._database.read() as connection:
            windows = connection.execute(select(rows.c.effect_from, rows.c.effect_until).where(where)).all()
            suspects = (unknown_jobs.c.batch_id == batch_id) & unknown_jobs.c.dismissed_at.is_(None)
            jobs = connection.execute(select(unknown_jobs.c.job_id, unknown_jobs.c.created_at).where(suspects)).all()
            known = known_jobs(connection, [job.job_id for job in jobs])
            times = tuple(job.created_at for job in jobs if job.job_id not in known)
            return UnconfirmedRows(
                tuple(None if start is None else EffectWindow(start, end) for start, end in windows), times
            )


def lost_record(row: AnyRow) -> Lost:
    """The record of a row that has `LOST_COLUMNS`."""
    loss = None if row.loss is None else Loss(row.loss)
    return Lost(row.position, row.sent_at, row.sent_at_writer, row.lost_at, loss, row.retry_of)


def _batches_of(agent_id: str, connection_id: str) -> Select[tuple[str]]:
    return select(batches.c.id).where(batches.c.agent_id == agent_id, batches.c.connection == connection_id)


def _of_agent(agent_id: str, connection_id: str) -> ColumnElement[bool]:
    """The rows of all batches of an agent on a connection."""
    return rows.c.batch_id.in_(_batches_of(agent_id, connection_id))


def add_unknown(connection: Connection, batch_id: str, jobs: Mapping[str, float | None]) -> None:
    """Keep those of the jobs that aren't kept yet: when each was created, if Writer says so."""
    of_batch = select(unknown_jobs.c.job_id).where(unknown_jobs.c.batch_id == batch_id)
    known = set(connection.execute(of_batch).scalars())
    new = [
        {"batch_id": batch_id, "job_id": job_id, "created_at": created_at}
        for job_id, created_at in jobs.items()
        if job_id not in known
    ]
    if new:
        connection.execute(insert(unknown_jobs), new)
