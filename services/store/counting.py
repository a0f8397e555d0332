"""How many rows there are, by batch and state; and whether there are any, which needs no counting."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from services.models import Counts, RowState
from services.store.tables import rows

UNFINISHED = (RowState.WAITING, RowState.SENDING, RowState.IN_PROGRESS)
"""States that a row leaves without anybody's doing."""

# Runners look for such rows all the time, and building the statement costs more than executing it.
_OF_THE_BATCH = rows.c.batch_id == bindparam("this")
_IN_STATE = select(rows.c.position).where(_OF_THE_BATCH, rows.c.state == bindparam("in_state")).limit(1)
_TO_RETRY = select(rows.c.position).where(_OF_THE_BATCH, rows.c.retry_at.is_not(None)).limit(1)


def counts_of(connection: Connection, batch_id: str) -> Counts:
    """How many rows of a batch are in each state."""
    return counts_by_batch(connection, [batch_id])[batch_id]


def counts_by_batch(connection: Connection, ids: Collection[str]) -> dict[str, Counts]:
    """The same for several batches."""
    grouped = (
        select(rows.c.batch_id, rows.c.state, func.count())
        .where(rows.c.batch_id.in_(ids))
        .group_by(rows.c.batch_id, rows.c.state)
    )
    states: dict[str, dict[RowState, int]] = {batch_id: {} for batch_id in ids}
    for batch_id, state, number in connection.execute(grouped):
        states[batch_id][RowState(state)] = number
    retrying = _retrying(connection, ids)
    return {batch_id: Counts(by_state, retrying.get(batch_id, 0)) for batch_id, by_state in states.items()}


def to_retry(batch_id: str) -> ColumnElement[bool]:
    """The rows that will be retried automatically; a small index holds only these."""
    return (rows.c.batch_id == batch_id) & rows.c.retry_at.is_not(None)


def any_in(connection: Connection, batch_id: str, *states: RowState) -> bool:
    """Whether a row of the batch is in one of those states."""
    # one index lookup per state: for several at once a planner might read them all
    found = (connection.execute(_IN_STATE, {"this": batch_id, "in_state": state}).first() for state in states)
    return any(row is not None for row in found)


def any_to_retry(connection: Connection, batch_id: str) -> bool:
    """Whether a row of the batch will be retried automatically."""
    return connection.execute(_TO_RETRY, {"this": batch_id}).first() is not None


def any_row(connection: Connection, where: ColumnElement[bool]) -> bool:
    """Whether there is such a row."""
    return connection.execute(select(rows.c.position).where(where).limit(1)).first() is not None


def _retrying(connection: Connection, ids: Collection[str]) -> dict[str, int]:
    where = rows.c.batch_id.in_(ids) & rows.c.retry_at.is_not(None)
    grouped = select(rows.c.batch_id, func.count().label("number")).where(where).group_by(rows.c.batch_id)
    return {row.batch_id: row.number for row in connection.execute(grouped)}
