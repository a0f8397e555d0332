"""How much each agent was used, from its batches."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, func, select

from services.models import AgentUsage, RowState
from services.store import codec
from services.store.database import AnyRow, Database
from services.store.tables import batches, rows

_LATEST_ROWS = 500
_LATEST_BATCHES = 20
"""What tells how an agent does at present: its latest batches until they have that many rows, and as many rows of each.

To read all rows would take seconds where there are millions.
"""
_ENDED = (RowState.COMPLETED, RowState.EMPTY, RowState.FAILED)


class _Outcomes(NamedTuple):
    """How rows ended."""

    ended: int
    failed: int
    timed: int
    """Rows whose job completed in a known time."""
    seconds: float
    """How long these jobs took together."""


_NONE = _Outcomes(0, 0, 0, 0.0)


class Usage:
    """What the batches in the database say of their agents."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_agent(self, connection_id: str) -> dict[str, AgentUsage]:
        """How much each agent was used on the connection, by the agent's id; agents without a batch are missing."""
        with self._database.read() as connection:
            latest = connection.execute(_LATEST, {"this": connection_id}).all()
            outcomes = _outcomes(connection, [row.id for row in latest])
        of_agents: defaultdict[str, list[AnyRow]] = defaultdict(list)
        for row in latest:
            of_agents[row.agent_id].append(row)
        return {
            agent_id: _usage(found[0], [outcomes.get(row.id, _NONE) for row in found])
            for agent_id, found in of_agents.items()
        }


def _usage(totals: AnyRow, outcomes: Iterable[_Outcomes]) -> AgentUsage:
    ended, failed, timed, seconds = (sum(numbers) for numbers in zip(*outcomes, strict=True))
    return AgentUsage(
        batches=totals.batches,
        rows=int(totals.rows),
        last_used_at=codec.moment_of(totals.last_used_at),
        failed_share=failed / ended if ended else None,
        job_seconds=seconds / timed if timed else None,
    )


def _latest_batches() -> Any:
    agent = batches.c.agent_id
    order = [batches.c.created_at.desc(), batches.c.id]
    rows_until = func.sum(batches.c.row_count).over(partition_by=agent, order_by=order)
    every = (
        select(
            batches.c.id,
            agent,
            func.count().over(partition_by=agent).label("batches"),
            func.sum(batches.c.row_count).over(partition_by=agent).label("rows"),
            func.max(batches.c.created_at).over(partition_by=agent).label("last_used_at"),
            func.row_number().over(partition_by=agent, order_by=order).label("place"),
            (rows_until - batches.c.row_count).label("newer_rows"),
        )
        .where(batches.c.connection == bindparam("this"))
        .subquery()
    )
    return select(every).where(every.c.newer_rows < _LATEST_ROWS, every.c.place <= _LATEST_BATCHES)


_LATEST = _latest_batches()
"""The latest batches of each agent, each with the totals of all its batches; the newest is always among them."""


def _outcomes(connection: Connection, batch_ids: Collection[str]) -> dict[str, _Outcomes]:
    """How the first rows of these batches ended."""
    # of collected rows, which have no inputs, it isn't known when their last try began
    is_timed = and_(rows.c.state == RowState.COMPLETED, rows.c.inputs != "{}")
    seconds = case((is_timed, rows.c.ended_at - rows.c.sent_at))
    grouped = (
        select(
            rows.c.batch_id,
            func.count(),
            func.sum(case((rows.c.state == RowState.FAILED, 1), else_=0)),
            func.count(seconds),
            func.coalesce(func.sum(seconds), 0.0),
        )
        .where(rows.c.batch_id.in_(batch_ids), rows.c.position < _LATEST_ROWS, rows.c.state.in_(_ENDED))
        .group_by(rows.c.batch_id)
    )
    return {batch_id: _Outcomes(*numbers) for batch_id, *numbers in connection.execute(grouped)}
