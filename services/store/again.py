"""Sending rows again: their attempts are kept, and they wait as they did at first."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, and_, case, insert, literal, not_, null, or_, select, update

from services.errors import RefusedError
from services.models import NO_INPUTS, BatchState, PauseKind, RowState
from services.store.counting import any_row
from services.store.tables import attempts, batches, rows

_HAS_ATTEMPT = rows.c.state.in_(
    [
        *(RowState.SENDING, RowState.IN_PROGRESS, RowState.COMPLETED),
        *(RowState.EMPTY, RowState.FAILED, RowState.UNCONFIRMED),
    ]
)
_IS_COLLECTED = rows.c.batch_id.in_(select(batches.c.id).where(batches.c.is_collected))
_HAS_JOB_TO_RETRY = or_(and_(rows.c.job_failed, rows.c.job_id.is_not(None)), rows.c.retry_of.is_not(None))
CAN_BE_SENT_AGAIN = or_(not_(_IS_COLLECTED), _HAS_JOB_TO_RETRY)
"""The inputs of collected rows are unknown: all that can be done for them is to have Writer retry their job."""


def send_again(
    connection: Connection,
    where: ColumnElement[bool],
    *,
    retries: int | ColumnElement[int],
    retry_of: ColumnElement[str] | None = None,
) -> int:
    """Let these rows wait to be sent again; gives how many. The caller holds the batch's lock.

    `retries` is how many automatic retries they have had, with this one. A job that failed at Writer goes through its
    retry call, and so does the job `retry_of`, where that is given. A collected row that has no job to retry stays as
    it is: a new job is never created for it.
    """
    where = and_(where, CAN_BE_SENT_AGAIN)
    kept = ["batch_id", "position", "number", "state", "job_id", "suggestion", "error", "sent_at", "ended_at"]
    kept += ["effect_from", "effect_until", "assigned_at"]
    # a completed attempt gave the row's suggestion; any other one gave none
    gave = case((rows.c.state == RowState.COMPLETED, rows.c.suggestion), else_=null())
    past = select(
        *(rows.c.batch_id, rows.c.position, rows.c.attempts, rows.c.state, rows.c.job_id, gave),
        *(rows.c.error, rows.c.sent_at, rows.c.ended_at, rows.c.effect_from, rows.c.effect_until, rows.c.assigned_at),
    ).where(where, _HAS_ATTEMPT)
    connection.execute(insert(attempts).from_select(kept, past))
    old_job = case((_IS_COLLECTED, rows.c.retry_of), else_=null()) if retry_of is None else retry_of
    again = {
        "state": RowState.WAITING,
        "retry_of": case((rows.c.job_failed, rows.c.job_id), else_=old_job),
        "job_failed": literal(False),
        "awaits_files": and_(rows.c.has_files, *_gets_new_job(retry_of)),  # the retry call takes no inputs
        "retries": retries,
        **dict.fromkeys(("job_id", "error", "sent_at", "sent_at_writer", "lost_at", "loss", "ended_at", "retry_at")),
        **dict.fromkeys(("effect_from", "effect_until", "assigned_at", "searched_at")),
    }
    return connection.execute(update(rows).where(where).values(**again)).rowcount


def _gets_new_job(retry_of: ColumnElement[str] | None) -> list[ColumnElement[bool]]:
    return [not_(rows.c.job_failed), *([] if retry_of is None else [retry_of.is_(None)])]


def send_chosen(connection: Connection, batch_id: str, chosen: Collection[ColumnElement[bool]]) -> int:
    """Let rows wait to be sent again by a person's order; gives how many. The caller holds the batch's lock.

    Raises RefusedError: they were collected, and there is no failed job to retry.
    """
    number = sum(send_again(connection, where, retries=0) for where in chosen)
    if number:
        _reopen(connection, batch_id)
    elif any(any_row(connection, where & not_(CAN_BE_SENT_AGAIN)) for where in chosen):
        raise RefusedError(NO_INPUTS)
    return number


def _reopen(connection: Connection, batch_id: str) -> None:
    """A batch that is over, or waits behind its sample, runs again for rows that were sent again.

    One that is paused for another reason stays paused.
    """
    this = batches.c.id == batch_id
    over = batches.c.state.in_([BatchState.FINISHED, BatchState.CANCELED])
    anew = {"started_at": None, "finished_at": None, "sample_end": None, "unguarded": False}
    connection.execute(update(batches).where(this & over).values(state=BatchState.RUNNING, **anew))
    sampled = (batches.c.state == BatchState.PAUSED) & (batches.c.pause_kind == PauseKind.SAMPLE)
    going_on = {"state": BatchState.RUNNING, "pause_kind": None, "reason": ""}
    connection.execute(update(batches).where(this & sampled).values(**going_on))
