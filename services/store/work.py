"""Rows as the runner sees them: claimed, sent, lost, settled, finished. Every change is made for a group of rows."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Double, Text, and_, bindparam, case, cast, func, null, or_, select, update

from services.models import MOST_RETRIES, BatchState, RowState
from services.store import codec
from services.store.again import send_again
from services.store.batches import lock
from services.store.counting import any_in, to_retry
from services.store.database import Database
from services.store.records import Claim, Ended, Lost, Outstanding, Sent
from services.store.tables import attempts, batches, rows

LONGEST_PAUSE = 300.0
"""Seconds that no automatic retry is put off for longer."""
_EVERYTHING = 2**31 - 1
"""A position behind all rows."""
_IDS = 500
"""Job ids named in one statement; SQLite takes a limited number of parameters."""


class Work:
    """The runner's view of the rows in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, batch_id: str, most: int) -> int:
        """How many rows of the batch wait to be sent and may be, counted up to `most`."""
        with self._database.read() as connection:
            return len(connection.execute(select(rows.c.position).where(_to_send(batch_id)).limit(most)).all())

    def any_at_writer(self, batch_id: str) -> bool:
        """Whether a row of the batch has a job, or may have one."""
        with self._database.read() as connection:
            return any_in(connection, batch_id, RowState.SENDING, RowState.IN_PROGRESS)

    def retry_due(self, batch_id: str, now: float) -> int:
        """Let the failed rows of a running batch wait to be sent whose pause is over; gives how many."""
        # a time that is too far off was noted by a process whose clock was ahead of this one's
        due = or_(rows.c.retry_at <= now, rows.c.retry_at > now + LONGEST_PAUSE)
        with self._database.write() as connection:
            if lock(connection, batch_id) is not BatchState.RUNNING:
                return 0
            return send_again(connection, to_retry(batch_id) & due, retries=rows.c.retries + 1)

    def claim(self, batch_id: str, most: int, now: float, now_at_writer: float | None = None) -> list[Claim]:
        """Mark the next waiting rows of a running batch as sending, and give them.

        `now_at_writer` is a time that Writer's clock has passed already, where that is known.
        """
        following = (
            select(rows.c.position, rows.c.inputs, rows.c.retry_of)
            .where(_to_send(batch_id))
            .order_by(rows.c.position)
            .limit(most)
        )
        with self._database.write() as connection:
            if lock(connection, batch_id) is not BatchState.RUNNING:
                return []
            found = connection.execute(following).all()
            for where in _named(batch_id, [row.position for row in found]):
                sending = {
                    "state": RowState.SENDING,
                    "sent_at": now,
                    "sent_at_writer": now_at_writer,
                    "attempts": rows.c.attempts + 1,
                }
                connection.execute(update(rows).where(where).values(**sending))
            begins = (batches.c.id == batch_id) & batches.c.started_at.is_(None)
            connection.execute(update(batches).where(begins).values(started_at=now))
        return [Claim(row.position, codec.inputs(row.inputs), row.retry_of) for row in found]

    def sent(self, batch_id: str, group: Sequence[Sent]) -> None:
        """Store the jobs that Writer has taken."""
        changes = [{"at_position": item.position, "new_job": item.job_id} for item in group]
        values: dict[str, Any] = {
            "state": RowState.IN_PROGRESS,
            "job_id": bindparam("new_job"),
            "retry_of": None,
            "lost_at": None,
        }
        self._change_each(batch_id, rows.c.state == RowState.SENDING, values, changes)

    def ended(self, batch_id: str, group: Sequence[Ended], now: float) -> None:
        """Store how rows came to an end; a suggestion that is there stays where there is no better one.

        Failed rows of a batch that is not canceled are tried again by themselves where `retry_after` says so.
        """
        changes = [
            {
                "at_position": item.position,
                "of_job": item.job_id,
                "new_state": RowState.FAILED if item.suggestion is None else RowState.COMPLETED,
                "new_suggestion": item.suggestion,
                "new_error": item.error,
                "new_job_failed": item.job_failed,
                **_retry_times(item, now),
            }
            for item in group
        ]
        new_suggestion = bindparam("new_suggestion", type_=Text)
        values: dict[str, Any] = {
            "state": bindparam("new_state"),
            "suggestion": func.coalesce(func.nullif(new_suggestion, ""), rows.c.suggestion, new_suggestion),
            "error": bindparam("new_error"),
            "job_failed": bindparam("new_job_failed"),
            "retry_of": None,
            "lost_at": None,
            "ended_at": now,
            "retry_at": _retry_at(batch_id),
        }
        of_job = bindparam("of_job", type_=Text)
        same_job = or_(of_job.is_(None), rows.c.job_id == of_job)
        at_writer = or_(rows.c.state == RowState.SENDING, rows.c.state == RowState.IN_PROGRESS)
        self._change_each(batch_id, and_(at_writer, same_job), values, changes)

    def unsend(self, batch_id: str, positions: Collection[int], *, new_job: bool = False) -> None:
        """Take back rows whose request surely had no effect; `new_job` gives up retrying their old job.

        They wait again, or are canceled with their batch.
        """
        with self._database.write() as connection:
            canceled = lock(connection, batch_id) is BatchState.CANCELED
            values: dict[str, Any] = {
                "state": RowState.CANCELED if canceled else RowState.WAITING,
                "attempts": rows.c.attempts - 1,
                "sent_at": None,
                "lost_at": None,
            }
            if new_job or canceled:
                values["retry_of"] = None
            for where in _named(batch_id, positions):
                connection.execute(update(rows).where(where, rows.c.state == RowState.SENDING).values(**values))

    def lose(self, batch_id: str, positions: Collection[int], now: float) -> None:
        """Note that the answers for these rows were lost."""
        with self._database.write() as connection:
            for where in _named(batch_id, positions):
                connection.execute(update(rows).where(where, rows.c.state == RowState.SENDING).values(lost_at=now))

    def take_over(self, batch_id: str, now: float) -> None:
        """Go on where another process ended, however it did: what it was sending is lost.

        The clock may have been set meanwhile. So what was noted as lost before counts as lost now, lest it should be
        settled too early or not for long; and nothing was sent later than now.
        """
        of_batch = rows.c.batch_id == batch_id
        at_writer = rows.c.state.in_([RowState.SENDING, RowState.IN_PROGRESS])
        with self._database.write() as connection:
            connection.execute(update(rows).where(of_batch, at_writer, rows.c.sent_at > now).values(sent_at=now))
            connection.execute(update(rows).where(of_batch, rows.c.state == RowState.SENDING).values(lost_at=now))

    def unconfirm(self, batch_id: str, positions: Collection[int], error: str, now: float) -> None:
        """Give up proving that these rows have no job."""
        with self._database.write() as connection:
            for where in _named(batch_id, positions):
                values = {"state": RowState.UNCONFIRMED, "error": error, "lost_at": None, "ended_at": now}
                connection.execute(update(rows).where(where, rows.c.state == RowState.SENDING).values(**values))

    def resend(self, batch_id: str, positions: Collection[int], error: str, now: float) -> set[int]:
        """Let these rows wait to be sent again although they may have a job, and gives which of them do.

        Their attempts stay as unconfirmed ones. Each row is sent again so once only, for it is said that it may be
        charged twice; and none of a canceled batch.
        """
        before = select(attempts.c.position).where(
            *(attempts.c.batch_id == rows.c.batch_id, attempts.c.position == rows.c.position),
            attempts.c.state == RowState.UNCONFIRMED,
        )
        resent: set[int] = set()
        with self._database.write() as connection:
            if lock(connection, batch_id) is BatchState.CANCELED:
                return resent
            for named in _named(batch_id, positions):
                once = and_(named, rows.c.state == RowState.SENDING, ~before.exists())
                resent |= set(connection.execute(select(rows.c.position).where(once)).scalars())
            for where in _named(batch_id, resent):
                values = {"state": RowState.UNCONFIRMED, "error": error, "ended_at": now}
                connection.execute(update(rows).where(where).values(**values))
                send_again(connection, where, retries=rows.c.retries, retry_of=rows.c.retry_of)
        return resent

    def lost(self, batch_id: str) -> list[Lost]:
        """The rows whose answers were lost, oldest first."""
        columns = (rows.c.position, rows.c.sent_at_writer, rows.c.lost_at, rows.c.retry_of)
        where = (rows.c.batch_id == batch_id) & (rows.c.state == RowState.SENDING) & rows.c.lost_at.is_not(None)
        with self._database.read() as connection:
            found = connection.execute(select(*columns).where(where).order_by(rows.c.sent_at)).all()
        return [Lost(row.position, row.sent_at_writer, row.lost_at, row.retry_of) for row in found]

    def outstanding(self, batch_id: str) -> dict[str, Outstanding]:
        """The rows at Writer, by their job's id."""
        columns = (rows.c.job_id, rows.c.position, rows.c.sent_at, rows.c.sent_at_writer)
        where = (rows.c.batch_id == batch_id) & (rows.c.state == RowState.IN_PROGRESS)
        with self._database.read() as connection:
            found = connection.execute(select(*columns).where(where)).all()
        return {row.job_id: Outstanding(row.position, row.sent_at, row.sent_at_writer) for row in found}

    def on_the_wire(self, agent_id: str, connection_id: str, before: float) -> bool:
        """Whether a request for that agent that left before then is still without its answer, in any batch."""
        same = select(batches.c.id).where(batches.c.agent_id == agent_id, batches.c.connection == connection_id)
        waiting = rows.c.batch_id.in_(same) & (rows.c.state == RowState.SENDING) & rows.c.lost_at.is_(None)
        with self._database.read() as connection:
            query = select(rows.c.position).where(waiting, rows.c.sent_at <= before).limit(1)
            return connection.execute(query).first() is not None

    def unknown(self, job_ids: Iterable[str]) -> set[str]:
        """Which of these jobs no attempt at any row is known to have."""
        left = list(job_ids)
        unknown = set(left)
        with self._database.read() as connection:
            for start in range(0, len(left), _IDS):
                some = left[start : start + _IDS]
                for table in (rows, attempts):
                    unknown -= set(connection.execute(select(table.c.job_id).where(table.c.job_id.in_(some))).scalars())
        return unknown

    def _change_each(
        self,
        batch_id: str,
        allowed: ColumnElement[bool],
        values: dict[str, Any],
        changes: list[dict[str, Any]],
    ) -> None:
        if not changes:
            return
        this = (rows.c.batch_id == batch_id) & (rows.c.position == bindparam("at_position"))
        statement = update(rows).where(this, allowed).values(**values)
        with self._database.write() as connection:
            lock(connection, batch_id)
            connection.execute(statement, changes)


def _to_send(batch_id: str) -> ColumnElement[bool]:
    """The rows that wait and may be sent; those behind the sample may not."""
    sample_end = select(batches.c.sample_end).where(batches.c.id == batch_id).scalar_subquery()
    may = rows.c.position < func.coalesce(sample_end, _EVERYTHING)
    return and_(rows.c.batch_id == batch_id, rows.c.state == RowState.WAITING, may)


def _retry_times(item: Ended, now: float) -> dict[str, float | None]:
    """When the row is tried again by itself, by the number of times that it has been."""
    times = [now + seconds for seconds in item.retry_after]
    return {f"retry_at_{n}": times[n] if n < len(times) else None for n in range(MOST_RETRIES)}


def _retry_at(batch_id: str) -> ColumnElement[float | None]:
    over = select(batches.c.state).where(batches.c.id == batch_id).scalar_subquery() == BatchState.CANCELED
    times = [(rows.c.retries == n, cast(bindparam(f"retry_at_{n}"), Double)) for n in range(MOST_RETRIES)]
    return case((over, null()), *times, else_=null())


def _named(batch_id: str, positions: Collection[int]) -> list[ColumnElement[bool]]:
    ordered = sorted(positions)
    starts = range(0, len(ordered), _IDS)
    return [(rows.c.batch_id == batch_id) & rows.c.position.in_(ordered[start : start + _IDS]) for start in starts]
