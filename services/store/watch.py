"""What the guard of a batch needs: when the sample is done, and when sending more would only fail more rows."""

from collections.abc import Callable, Collection

from sqlalchemy import ColumnElement, Connection, func, select, update

from services.models import EMPTY_SUGGESTION, BatchState, PauseKind, RowState
from services.store.again import send_again
from services.store.batches import lock
from services.store.counting import UNFINISHED, any_in, any_row, any_to_retry, to_retry
from services.store.database import AnyRow, Database
from services.store.tables import batches, rows

_POSITIONS = 500
"""Rows named in one statement; SQLite takes a limited number of parameters."""
_COMPARED_ROWS = 200
"""Rows that completed last, with whose inputs those of failed rows are compared ..."""
_FEWEST_COMPARED_ROWS = 10
"""... and how many there have to be."""


class Watch:
    """The guard's view of a batch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def end_sample(self, batch_id: str, reason_for: Callable[[int, int], str]) -> bool:
        """Pause a running batch whose sample is done while rows wait behind it; tells whether it did.

        `reason_for` makes the reason out of the number of rows sent first and the number of those that wait.
        """
        with self._database.write() as connection:
            if lock(connection, batch_id) is not BatchState.RUNNING:
                return False
            sample_end = connection.execute(select(batches.c.sample_end).where(batches.c.id == batch_id)).scalar_one()
            if sample_end is None or _is_under_way(connection, batch_id, sample_end):
                return False
            of_batch = rows.c.batch_id == batch_id
            first = _count(connection, of_batch, rows.c.position < sample_end, rows.c.state != RowState.SKIPPED)
            behind = _count(connection, of_batch, rows.c.position >= sample_end, rows.c.state == RowState.WAITING)
            if behind:
                _pause(connection, batch_id, PauseKind.SAMPLE, reason_for(first, behind))
            return behind > 0

    def last_ended(self, batch_id: str, most: int) -> list[tuple[int, str | None]]:
        """The rows that ended last, oldest first: position, and why each failed or that it is empty, if so.

        Only rows are among them that ended since the batch was launched or last set going again after it was over.
        """
        over = [RowState.COMPLETED, RowState.EMPTY, RowState.FAILED]
        ended = _since_it_began(batch_id) & rows.c.state.in_(over)
        latest = select(rows.c.position, rows.c.state, rows.c.error).where(ended).order_by(rows.c.ended_at.desc())
        with self._database.read() as connection:
            found = connection.execute(latest.limit(most)).all()
        return [(row.position, _reason(row)) for row in reversed(found)]

    def any_completed(self, batch_id: str) -> bool:
        """Whether a row has completed since the batch was launched or last restarted after it was over."""
        with self._database.read() as connection:
            return any_row(connection, _since_it_began(batch_id) & (rows.c.state == RowState.COMPLETED))

    def to_retry(self, batch_id: str) -> dict[int, str]:
        """The failed rows that will be retried automatically, by position, and why each failed."""
        with self._database.read() as connection:
            found = connection.execute(select(rows.c.position, rows.c.error).where(to_retry(batch_id))).all()
        return {row.position: row.error or "" for row in found}

    def in_progress(self, batch_id: str, since: float, until: float) -> int:
        """How many rows that were sent between these times have a job with no result yet."""
        sent = (rows.c.sent_at >= since) & (rows.c.sent_at <= until)
        with self._database.read() as connection:
            return _count(connection, rows.c.batch_id == batch_id, rows.c.state == RowState.IN_PROGRESS, sent)

    def outsized(self, batch_id: str, positions: Collection[int]) -> set[int] | None:
        """Those of these rows whose inputs are longer than those of all the rows that completed last.

        None while too few rows have completed to tell.
        """
        size = func.length(rows.c.inputs).label("size")
        completed = (rows.c.batch_id == batch_id) & (rows.c.state == RowState.COMPLETED)
        last = select(size).where(completed, rows.c.ended_at.is_not(None)).order_by(rows.c.ended_at.desc())
        named = (rows.c.batch_id == batch_id) & rows.c.position.in_(list(positions)[:_POSITIONS])
        with self._database.read() as connection:
            sizes = connection.execute(last.limit(_COMPARED_ROWS)).scalars().all()
            if len(sizes) < _FEWEST_COMPARED_ROWS:
                return None
            return set(connection.execute(select(rows.c.position).where(named, size > max(sizes))).scalars())

    def stop_at_limit(self, batch_id: str, reason: str, failed: Collection[int]) -> bool:
        """Pause a running batch for a limit of Writer's, and let the rows wait again that failed for it.

        Rows also wait again where the batch is paused for a limit already. Tells whether the batch is paused for one.
        """
        with self._database.write() as connection:
            state = lock(connection, batch_id)
            paused_for = select(batches.c.pause_kind).where(batches.c.id == batch_id)
            is_running = state is BatchState.RUNNING
            is_at_limit = state is BatchState.PAUSED and connection.execute(paused_for).scalar_one() == PauseKind.QUOTA
            if not (is_running or is_at_limit):
                return False
            ordered = sorted(failed)
            for start in range(0, len(ordered), _POSITIONS):
                named = (rows.c.batch_id == batch_id) & rows.c.position.in_(ordered[start : start + _POSITIONS])
                send_again(connection, named & (rows.c.state == RowState.FAILED), retries=rows.c.retries)
            if is_running:
                _pause(connection, batch_id, PauseKind.QUOTA, reason)
            return True

    def stop_failing(self, batch_id: str, reason: str, given_up: Collection[int]) -> bool:
        """Give up the automatic retries of these rows, and pause the batch; tells whether it did.

        Only a running batch is paused that still has rows to send and has not been told to go on in spite of failures.
        """
        with self._database.write() as connection:
            state = lock(connection, batch_id)
            unguarded = select(batches.c.unguarded).where(batches.c.id == batch_id)
            if state is not BatchState.RUNNING or connection.execute(unguarded).scalar_one():
                return False
            ordered = sorted(given_up)
            for start in range(0, len(ordered), _POSITIONS):
                named = rows.c.position.in_(ordered[start : start + _POSITIONS])
                connection.execute(update(rows).where(to_retry(batch_id), named).values(retry_at=None))
            stops = any_in(connection, batch_id, RowState.WAITING) or any_to_retry(connection, batch_id)
            if stops:
                _pause(connection, batch_id, PauseKind.MOST_FAIL, reason)
            return stops


def _reason(row: AnyRow) -> str | None:
    reasons = {RowState.FAILED: row.error or "", RowState.EMPTY: EMPTY_SUGGESTION}
    return reasons.get(RowState(row.state))


def _since_it_began(batch_id: str) -> ColumnElement[bool]:
    """The rows that ended since the batch was launched or last restarted after it was over."""
    began = select(batches.c.started_at).where(batches.c.id == batch_id).scalar_subquery()
    return (rows.c.batch_id == batch_id) & (rows.c.ended_at >= began)


def _is_under_way(connection: Connection, batch_id: str, sample_end: int) -> bool:
    """Whether a row before that position isn't in a final state, or will be retried."""
    first = (rows.c.batch_id == batch_id) & (rows.c.position < sample_end)
    where = [first & (rows.c.state == state) for state in UNFINISHED] + [to_retry(batch_id) & first]
    return any(any_row(connection, each) for each in where)


def _count(connection: Connection, *where: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(rows).where(*where)).scalar_one()


def _pause(connection: Connection, batch_id: str, kind: PauseKind, reason: str) -> None:
    paused = {"state": BatchState.PAUSED, "pause_kind": kind, "reason": reason}
    connection.execute(update(batches).where(batches.c.id == batch_id).values(**paused))
