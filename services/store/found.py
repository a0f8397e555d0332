"""Unconfirmed rows and the jobs that may be theirs: a person assigns jobs to rows, or dismisses them."""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from services.errors import MissingError, RefusedError
from services.models import Job, RowState
from services.store import codec
from services.store.again import send_chosen
from services.store.batches import lock
from services.store.database import AnyRow, Database
from services.store.evidence import add_unknown
from services.store.job_rows import known_jobs, lock_jobs, rows_of_jobs, sending_since
from services.store.jobs import job_values
from services.store.records import EffectWindow, OpenRow, Suspects
from services.store.tables import batches, rows, unknown_jobs

_GROUP = 500
"""Ids or rows named in one statement; SQLite takes a limited number of parameters."""


class Found:
    """What the database knows of a batch's unconfirmed rows and the jobs that may be theirs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_rows(self, batch_id: str) -> list[OpenRow]:
        """The unconfirmed rows of the batch, in order."""
        query = select(rows).where(_open(batch_id)).order_by(rows.c.position)
        with self._database.read() as connection:
            return [_open_row(row) for row in connection.execute(query)]

    def suspects(self, batch_id: str) -> Suspects:
        """The jobs that may belong to these rows."""
        with self._database.read() as connection:
            return _suspects(connection, batch_id)

    def record(self, batch_id: str, jobs: Mapping[str, float | None], searched: Collection[int], now: float) -> None:
        """Keep the jobs that may belong to unconfirmed rows, and for which rows all such jobs are known by now."""
        with self._database.write() as connection:
            lock(connection, batch_id)
            add_unknown(connection, batch_id, jobs)
            for positions in _groups(searched):
                where = _open(batch_id) & rows.c.position.in_(positions)
                connection.execute(update(rows).where(where).values(searched_at=now))

    def assign(self, batch_id: str, assigned: Mapping[int, Job], now: float) -> None:
        """Give these jobs to unconfirmed rows, by position: all of them, or none.

        Raises RefusedError: one of the jobs belongs to a row by now or may soon, or was dismissed; or one of the rows
        isn't unconfirmed any more. Raises MissingError: there is no such batch.
        """
        with self._database.write() as connection:
            lock_jobs(connection)
            if lock(connection, batch_id) is None:
                raise MissingError("This batch doesn't exist. It may have been deleted.")
            sent_at = _check_rows(connection, batch_id, assigned)
            _check_jobs(connection, batch_id, list(assigned.values()))
            for position, job in assigned.items():
                values = job_values(job, sent_at[position], now)
                gave = values.pop("suggestion")
                # a suggestion that is there stays where there is no better one
                best = func.coalesce(func.nullif(gave or "", ""), rows.c.suggestion, gave)
                new = {**values, "suggestion": best, "assigned_at": now, "retry_of": None, "retry_at": None}
                connection.execute(update(rows).where(_this(batch_id, position)).values(**new))

    def dismiss(self, batch_id: str, job_ids: Collection[str], now: float) -> None:
        """Note that these jobs belong to none of the batch's rows."""
        self._set_dismissed(batch_id, unknown_jobs.c.job_id.in_(list(job_ids)), now)

    def restore(self, batch_id: str) -> None:
        """Forget which jobs were dismissed."""
        self._set_dismissed(batch_id, unknown_jobs.c.dismissed_at.is_not(None), None)

    def proven(self, batch_id: str) -> int:
        """How many unconfirmed rows surely have no job, because every job that may be theirs is somebody else's."""
        with self._database.read() as connection:
            if _suspects(connection, batch_id).created_at:
                return 0
            return connection.execute(select(func.count()).select_from(rows).where(_searched(batch_id))).scalar_one()

    def send_proven(self, batch_id: str) -> int:
        """Let those rows wait to be sent again; returns how many. Raises RefusedError: they aren't proven any more."""
        with self._database.write() as connection:
            lock_jobs(connection)
            lock(connection, batch_id)
            number = 0
            if not _suspects(connection, batch_id).created_at:
                number = send_chosen(connection, batch_id, [_searched(batch_id)])
            if number == 0:
                raise RefusedError("The rows have changed since the page was drawn, so nothing was sent.")
            return number

    def _set_dismissed(self, batch_id: str, which: ColumnElement[bool], at: float | None) -> None:
        with self._database.write() as connection:
            lock(connection, batch_id)
            where = (unknown_jobs.c.batch_id == batch_id) & which
            connection.execute(update(unknown_jobs).where(where).values(dismissed_at=at))


def _suspects(connection: Connection, batch_id: str) -> Suspects:
    query = select(unknown_jobs.c.job_id, unknown_jobs.c.created_at, unknown_jobs.c.dismissed_at)
    found = connection.execute(query.where(unknown_jobs.c.batch_id == batch_id)).all()
    known = known_jobs(connection, [job.job_id for job in found])
    left = [job for job in found if job.job_id not in known]
    created_at = {job.job_id: job.created_at for job in left if job.dismissed_at is None}
    return Suspects(created_at, len(left) - len(created_at))


def _check_rows(connection: Connection, batch_id: str, positions: Iterable[int]) -> dict[int, float]:
    """When each of these rows was sent. Raises RefusedError: one isn't unconfirmed any more."""
    sent_at: dict[int, float] = {}
    for position in positions:
        query = select(rows.c.number, rows.c.state, rows.c.sent_at).where(_this(batch_id, position))
        row = connection.execute(query).one_or_none()
        if row is None:
            raise MissingError("This row isn't in the batch.")
        if row.state != RowState.UNCONFIRMED:
            raise RefusedError(
                f"Row {row.number:,} isn't unconfirmed any more: it has been assigned a job, or was sent again. "
                "Nothing was assigned."
            )
        sent_at[position] = row.sent_at
    return sent_at


def _check_jobs(connection: Connection, batch_id: str, jobs: Collection[Job]) -> None:
    """Raises RefusedError: one of these jobs can't be given to a row."""
    for job_id, row in rows_of_jobs(connection, [job.id for job in jobs]).items():
        raise RefusedError(
            f"Job {job_id} belongs to row {row.number:,} of “{row.batch_name}” already. Nothing was assigned."
        )
    open_ones = _suspects(connection, batch_id).created_at
    for job in jobs:
        if job.id not in open_ones:
            raise RefusedError(f"Job {job.id} was dismissed meanwhile. Nothing was assigned.")
    agent = connection.execute(select(batches.c.agent_id, batches.c.connection).where(batches.c.id == batch_id)).one()
    since = sending_since(connection, agent.agent_id, agent.connection)
    if since is not None and any(_created(open_ones[job.id]) >= since for job in jobs):
        raise RefusedError(
            "Copydesk is sending rows with this agent, and one of these jobs may be theirs. Nothing was assigned; try "
            "again in a minute."
        )


def _created(at: float | None) -> float:
    return float("inf") if at is None else at


def _open(batch_id: str) -> ColumnElement[bool]:
    return and_(rows.c.batch_id == batch_id, rows.c.state == RowState.UNCONFIRMED)


def _searched(batch_id: str) -> ColumnElement[bool]:
    """The rows whose job would be known. A retry may also have had its effect on the old job, which proves nothing."""
    return and_(_open(batch_id), rows.c.searched_at.is_not(None), rows.c.retry_of.is_(None))


def _this(batch_id: str, position: int) -> ColumnElement[bool]:
    return and_(rows.c.batch_id == batch_id, rows.c.position == position)


def _open_row(row: AnyRow) -> OpenRow:
    window = None if row.effect_from is None else EffectWindow(row.effect_from, row.effect_until)
    return OpenRow(
        row.position,
        row.number,
        codec.inputs(row.inputs),
        row.sent_at,
        row.sent_at_writer,
        row.ended_at,
        window,
        row.retry_of,
        row.searched_at is not None,
    )


def _groups(positions: Iterable[int]) -> list[list[int]]:
    ordered = sorted(positions)
    return [ordered[start : start + _GROUP] for start in range(0, len(ordered), _GROUP)]
