"""Sending rows again: their attempts are kept, and they wait as they did at first."""

from sqlalchemy import ColumnElement, Connection, and_, case, insert, literal, not_, null, select, update

from services.models import RowState
from services.store.tables import attempts, rows

_HAS_ATTEMPT = rows.c.state.in_(
    [
        *(RowState.SENDING, RowState.IN_PROGRESS, RowState.COMPLETED),
        *(RowState.EMPTY, RowState.FAILED, RowState.UNCONFIRMED),
    ]
)


def send_again(
    connection: Connection,
    where: ColumnElement[bool],
    *,
    retries: int | ColumnElement[int],
    retry_of: ColumnElement[str] | None = None,
) -> int:
    """Let these rows wait to be sent again; gives how many. The caller holds the batch's lock.

    `retries` is how many automatic retries they have had, with this one. A job that failed at Writer goes through its
    retry call, and so does the job `retry_of`, where that is given.
    """
    kept = ["batch_id", "position", "number", "state", "job_id", "suggestion", "error", "sent_at", "ended_at"]
    kept += ["effect_from", "effect_until"]
    # a completed attempt gave the row's suggestion; any other one gave none
    gave = case((rows.c.state == RowState.COMPLETED, rows.c.suggestion), else_=null())
    past = select(
        *(rows.c.batch_id, rows.c.position, rows.c.attempts, rows.c.state, rows.c.job_id, gave),
        *(rows.c.error, rows.c.sent_at, rows.c.ended_at, rows.c.effect_from, rows.c.effect_until),
    ).where(where, _HAS_ATTEMPT)
    connection.execute(insert(attempts).from_select(kept, past))
    again = {
        "state": RowState.WAITING,
        "retry_of": case((rows.c.job_failed, rows.c.job_id), else_=null() if retry_of is None else retry_of),
        "job_failed": literal(False),
        "awaits_files": and_(rows.c.has_files, *_gets_new_job(retry_of)),  # the retry call takes no inputs
        "retries": retries,
        **dict.fromkeys(("job_id", "error", "sent_at", "sent_at_writer", "lost_at", "loss", "ended_at", "retry_at")),
        **dict.fromkeys(("effect_from", "effect_until")),
    }
    return connection.execute(update(rows).where(where).values(**again)).rowcount


def _gets_new_job(retry_of: ColumnElement[str] | None) -> list[ColumnElement[bool]]:
    return [not_(rows.c.job_failed), *([] if retry_of is None else [retry_of.is_(None)])]
