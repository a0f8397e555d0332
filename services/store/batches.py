"""Batches: their state, and what a person may do to them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from services import models
from services.errors import MissingError, RefusedError
from services.models import Batch, BatchPage, BatchState, BatchSummary, GraphName, PauseKind, RowState
from services.store import codec
from services.store.counting import UNFINISHED, any_in, any_to_retry, counts_by_batch, counts_of, to_retry
from services.store.database import AnyRow, Database
from services.store.launch import NewBatch, NewRow, launch
from services.store.tables import batches, rows

# Runners read their batches all the time, and building a statement costs as much as executing it.
_ONE = select(batches).where(batches.c.id == bindparam("this"))
_STATE_TO_CHANGE = select(batches.c.state).where(batches.c.id == bindparam("this")).with_for_update()


class Batches:
    """The batches in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def launch(self, new: NewBatch, new_rows: Iterable[NewRow], now: float, on_progress: Callable[[int], None]) -> str:
        """Store the batch and all its rows in one transaction; gives the id of the batch the draft has become.

        Raises MissingError: there is no such draft (any more).
        """
        with self._database.write() as connection:
            return launch(connection, new, new_rows, now, on_progress)

    def get(self, batch_id: str) -> BatchSummary:
        """One batch with its counts. Raises MissingError."""
        with self._database.read() as connection:
            return BatchSummary(_get(connection, batch_id), counts_of(connection, batch_id))

    def only(self, batch_id: str) -> Batch:
        """One batch without its counts. Raises MissingError."""
        with self._database.read() as connection:
            return _get(connection, batch_id)

    def page(self, page: int, size: int) -> BatchPage:
        """One page of all batches, newest first; pages count from 1."""
        order = select(batches).order_by(batches.c.created_at.desc(), batches.c.id)
        with self._database.read() as connection:
            total = connection.execute(select(func.count()).select_from(batches)).scalar_one()
            found = connection.execute(order.limit(size).offset((page - 1) * size)).all()
            counts = counts_by_batch(connection, [row.id for row in found])
        return BatchPage(tuple(BatchSummary(_batch(row), counts[row.id]) for row in found), total)

    def working(self, connection_id: str) -> list[str]:
        """The batches of that connection that have something to send or to collect, oldest first."""
        busy = select(rows.c.batch_id).where(
            rows.c.batch_id == batches.c.id,
            rows.c.state.in_([RowState.SENDING, RowState.IN_PROGRESS]),
        )
        where = (batches.c.connection == connection_id) & ((batches.c.state == BatchState.RUNNING) | busy.exists())
        with self._database.read() as connection:
            return list(connection.execute(select(batches.c.id).where(where).order_by(batches.c.created_at)).scalars())

    def pause(self, batch_id: str, kind: PauseKind, reason: str = "") -> None:
        """Pause a running batch. Raises RefusedError, MissingError."""
        with self._database.write() as connection:
            if not models.pausable(_get_to_change(connection, batch_id)):
                raise RefusedError("Only a running batch can be paused.")
            _set(connection, batch_id, state=BatchState.PAUSED, pause_kind=kind, reason=reason)

    def halt(self, connection_id: str, kind: PauseKind, reason: str, batch_id: str | None = None) -> None:
        """Pause every running batch of a connection, or that one if it runs, for a reason other than a person's."""
        where = (batches.c.connection == connection_id) & (batches.c.state == BatchState.RUNNING)
        if batch_id is not None:
            where &= batches.c.id == batch_id
        with self._database.write() as connection:
            connection.execute(
                update(batches).where(where).values(state=BatchState.PAUSED, pause_kind=kind, reason=reason)
            )

    def settle_connections(self, connection_id: str, reason_for: Callable[[str], str]) -> None:
        """Pause what runs on another connection than this one, and resume what was paused only for that."""
        elsewhere = (batches.c.connection != connection_id) & (batches.c.state == BatchState.RUNNING)
        back = (batches.c.connection == connection_id) & (batches.c.pause_kind == PauseKind.OTHER_CONNECTION)
        with self._database.write() as connection:
            running = select(batches.c.id, batches.c.connection).where(elsewhere).with_for_update()
            for row in connection.execute(running).all():
                paused = {"state": BatchState.PAUSED, "pause_kind": PauseKind.OTHER_CONNECTION}
                _set(connection, row.id, **paused, reason=reason_for(row.connection))
            going_on = {"state": BatchState.RUNNING, "pause_kind": None, "reason": ""}
            connection.execute(update(batches).where(back).values(**going_on))

    def resume(self, batch_id: str, connection_id: str) -> None:
        """Resume a paused batch. Raises RefusedError, MissingError."""
        with self._database.write() as connection:
            if not models.resumable(_get_to_change(connection, batch_id), connection_id):
                raise RefusedError("Only a paused batch can be resumed, and only on the connection it was launched on.")
            _set(connection, batch_id, state=BatchState.RUNNING, pause_kind=None, reason="")

    def resume_anyway(self, batch_id: str, connection_id: str) -> None:
        """Resume a batch although nearly all of its rows fail, and turn the breaker off. Raises as `resume`."""
        with self._database.write() as connection:
            if not models.resumable_anyway(_get_to_change(connection, batch_id), connection_id):
                raise RefusedError("This batch isn't paused because its rows fail.")
            _set(connection, batch_id, state=BatchState.RUNNING, pause_kind=None, reason="", unguarded=True)

    def run_remaining(self, batch_id: str, connection_id: str) -> None:
        """Release the rows that wait behind the sample. Raises as `resume`."""
        with self._database.write() as connection:
            if not models.sampled(_get_to_change(connection, batch_id), connection_id):
                raise RefusedError("This batch isn't waiting behind a sample.")
            _set(connection, batch_id, state=BatchState.RUNNING, pause_kind=None, reason="", sample_end=None)

    def cancel(self, batch_id: str, now: float) -> None:
        """Cancel the waiting rows, and the automatic retries of failed ones. Raises RefusedError, MissingError."""
        with self._database.write() as connection:
            batch = _get_to_change(connection, batch_id)
            if not models.cancelable(batch):
                raise RefusedError("This batch has already ended.")
            waiting = (rows.c.batch_id == batch_id) & (rows.c.state == RowState.WAITING)
            # a collected row can be sent later only as a retry of its job
            retry_of = rows.c.retry_of if batch.is_collected else None
            connection.execute(update(rows).where(waiting).values(state=RowState.CANCELED, retry_of=retry_of))
            connection.execute(update(rows).where(to_retry(batch_id)).values(retry_at=None))
            _set(connection, batch_id, state=BatchState.CANCELED, pause_kind=None, reason="", finished_at=now)

    def finish(self, batch_id: str, now: float) -> bool:
        """Close the batch if every row is in a final state for good; tells whether nothing is left to do."""
        with self._database.write() as connection:
            lock(connection, batch_id)
            if any_in(connection, batch_id, *UNFINISHED) or any_to_retry(connection, batch_id):
                return False
            open_ones = batches.c.state.in_([BatchState.RUNNING, BatchState.PAUSED])
            over = {"state": BatchState.FINISHED, "pause_kind": None, "reason": "", "finished_at": now}
            connection.execute(update(batches).where((batches.c.id == batch_id) & open_ones).values(**over))
            return True

    def record_graphs(self, batch_id: str, graphs: Sequence[GraphName]) -> None:
        """Note which Knowledge Graphs the agent used at launch."""
        with self._database.write() as connection:
            _set(connection, batch_id, graphs=codec.graphs_to_json(graphs))

    def delete(self, batch_id: str) -> None:
        """Delete a batch that is over, with its rows. Raises RefusedError, MissingError."""
        with self._database.write() as connection:
            if not models.deletable(_get_to_change(connection, batch_id), counts_of(connection, batch_id)):
                raise RefusedError("A batch can be deleted once it has ended and none of its jobs are running.")
            connection.execute(delete(batches).where(batches.c.id == batch_id))


def lock(connection: Connection, batch_id: str) -> BatchState | None:
    """The state of a batch; nobody else changes it or its rows' states until the transaction ends.

    SQLite has one writer at a time anyway. On PostgreSQL every verb that looks before it changes begins with this.
    """
    state = connection.execute(_STATE_TO_CHANGE, {"this": batch_id}).scalar_one_or_none()
    return None if state is None else BatchState(state)


def _get(connection: Connection, batch_id: str) -> Batch:
    row = connection.execute(_ONE, {"this": batch_id}).one_or_none()
    if row is None:
        raise MissingError("This batch doesn't exist. It may have been deleted.")
    return _batch(row)


def _get_to_change(connection: Connection, batch_id: str) -> Batch:
    lock(connection, batch_id)
    return _get(connection, batch_id)


def _set(connection: Connection, batch_id: str, **values: Any) -> None:
    connection.execute(update(batches).where(batches.c.id == batch_id).values(**values))


def _batch(row: AnyRow) -> Batch:
    return Batch(
        id=row.id,
        name=row.name,
        state=BatchState(row.state),
        pause_kind=None if row.pause_kind is None else PauseKind(row.pause_kind),
        reason=row.reason,
        connection=row.connection,
        agent=codec.agent(row.agent),
        filename=row.filename,
        columns=codec.strings(row.columns),
        choices=codec.choices(row.choices),
        row_count=row.row_count,
        created_at=codec.moment_of(row.created_at),
        finished_at=codec.moment(row.finished_at),
        started_at=codec.moment(row.started_at),
        options=codec.options(row.options),
        sample_end=row.sample_end,
        unguarded=row.unguarded,
        graphs=codec.graphs(row.graphs),
        is_collected=row.is_collected,
    )
