"""Rows as the runner sees them: claimed, sent, lost, settled, finished. Every change is made for a group of rows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Text,
    Update,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    update,
)

from services.errors import Loss
from services.models import MOST_RETRIES, NO_INPUTS, BatchState, RowState, is_blank
from services.store import codec
from services.store.again import send_again
from services.store.batches import lock
from services.store.counting import any_in, to_retry
from services.store.database import Database
from services.store.evidence import IS_LOST, LOST_COLUMNS, lost_record
from services.store.records import Claim, EffectWindow, Ended, Lost, Outstanding, Sent
from services.store.tables import IS_WAITING, attempts, batches, rows
from services.store.uploads import with_file_ids

MAX_RETRY_PAUSE_S = 300.0
"""Seconds that no automatic retry is put off for longer."""
_BEYOND_ALL_ROWS = 2**31 - 1
"""A position behind all rows."""
_POSITIONS_AT_ONCE = 500
"""Job ids or rows named in one statement; SQLite takes a limited number of parameters."""

# The runner executes these all the time, and to make a statement costs more than to execute it.
_THIS = bindparam("this", type_=Text)
_OF_BATCH = rows.c.batch_id == _THIS
_SAMPLE_END = select(batches.c.sample_end).where(batches.c.id == _THIS).scalar_subquery()
_MAY_BE_SENT = rows.c.position < func.coalesce(_SAMPLE_END, _BEYOND_ALL_ROWS)
"""Rows behind the sample may not."""
_TO_SEND = and_(_OF_BATCH, IS_WAITING, not_(rows.c.awaits_files), _MAY_BE_SENT)
_IN_ORDER = (rows.c.awaits_files, rows.c.position)
_WAITING = select(rows.c.position).where(_TO_SEND).order_by(*_IN_ORDER).limit(bindparam("most"))
_NEXT = (
    select(rows.c.position, rows.c.inputs, rows.c.retry_of, rows.c.has_files)
    .where(_TO_SEND)
    .order_by(*_IN_ORDER)
    .limit(bindparam("most"))
)
_CLAIM = (
    update(rows)
    .where(_OF_BATCH, rows.c.position.in_(bindparam("positions", expanding=True)))
    .values(
        state=RowState.SENDING,
        sent_at=bindparam("now"),
        sent_at_writer=bindparam("now_at_writer"),
        effect_from=None,
        effect_until=None,
        attempts=rows.c.attempts + 1,
    )
)
_BEGIN = (
    update(batches).where(batches.c.id == _THIS, batches.c.started_at.is_(None)).values(started_at=bindparam("now"))
)
_THE_ROW = and_(_OF_BATCH, rows.c.position == bindparam("at_position"))
_SENT = (
    update(rows)
    .where(_THE_ROW, rows.c.state == RowState.SENDING)
    .values(state=RowState.IN_PROGRESS, job_id=bindparam("new_job"), retry_of=None, lost_at=None, loss=None)
)
_WINDOW = (
    update(rows)
    .where(_THE_ROW, rows.c.state == RowState.SENDING)
    .values(effect_from=bindparam("start"), effect_until=bindparam("end"))
)
_BATCH_STATE = select(batches.c.state).where(batches.c.id == _THIS).scalar_subquery()
_RETRY_AT = case(
    (_BATCH_STATE == BatchState.CANCELED, null()),
    *((rows.c.retries == n, cast(bindparam(f"retry_at_{n}"), Double)) for n in range(MOST_RETRIES)),
    else_=null(),
)
_NEW_SUGGESTION = bindparam("new_suggestion", type_=Text)
_OF_JOB = bindparam("of_job", type_=Text)
_ENDED = (
    update(rows)
    .where(
        _THE_ROW,
        or_(rows.c.state == RowState.SENDING, rows.c.state == RowState.IN_PROGRESS),
        or_(_OF_JOB.is_(None), rows.c.job_id == _OF_JOB),
    )
    .values(
        state=bindparam("new_state"),
        # a suggestion that is there stays where there is no better one
        suggestion=func.coalesce(func.nullif(_NEW_SUGGESTION, ""), rows.c.suggestion, _NEW_SUGGESTION),
        error=bindparam("new_error"),
        job_failed=bindparam("new_job_failed"),
        retry_of=None,
        lost_at=None,
        loss=None,
        ended_at=bindparam("now"),
        retry_at=_RETRY_AT,
    )
)


def _due(now: ColumnElement[float]) -> ColumnElement[bool]:
    # a time that is too far off was noted by a process whose clock was ahead of this one's
    return or_(rows.c.retry_at <= now, rows.c.retry_at > now + MAX_RETRY_PAUSE_S)


_ANY_DUE = select(rows.c.position).where(_OF_BATCH, _due(bindparam("now", type_=Double))).limit(1)
_LOST = select(*LOST_COLUMNS).where(_OF_BATCH, IS_LOST).order_by(rows.c.sent_at)
_OUTSTANDING = select(rows.c.job_id, rows.c.position, rows.c.sent_at, rows.c.sent_at_writer).where(
    _OF_BATCH, rows.c.state == RowState.IN_PROGRESS
)


class Work:
    """The runner's view of the rows in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, batch_id: str, most: int) -> int:
        """How many rows of the batch wait to be sent and may be, counted up to `most`."""
        with self._database.read() as connection:
            return len(connection.execute(_WAITING, {"this": batch_id, "most": most}).all())

    def any_at_writer(self, batch_id: str) -> bool:
        """Whether a row of the batch has a job, or may have one."""
        with self._database.read() as connection:
            return any_in(connection, batch_id, RowState.SENDING, RowState.IN_PROGRESS)

    def retry_due(self, batch_id: str, now: float) -> int:
        """Let the failed rows of a running batch wait to be sent whose pause is over; gives how many."""
        with self._database.read() as connection:
            if connection.execute(_ANY_DUE, {"this": batch_id, "now": now}).first() is None:
                return 0
        with self._database.write() as connection:
            if lock(connection, batch_id) is not BatchState.RUNNING:
                return 0
            return send_again(connection, to_retry(batch_id) & _due(literal(now)), retries=rows.c.retries + 1)

    def claim(self, batch_id: str, most: int, now: float, now_at_writer: float | None = None) -> list[Claim]:
        """Mark the next waiting rows of a running batch as sending, and give them.

        `now_at_writer` is a time that Writer's clock has passed already, where that is known.
        """
        with self._database.write() as connection:
            if lock(connection, batch_id) is not BatchState.RUNNING:
                return []
            found = connection.execute(_NEXT, {"this": batch_id, "most": most}).all()
            claims = [Claim(row.position, codec.inputs(row.inputs), row.retry_of) for row in found]
            if any(row.has_files for row in found):
                claims = with_file_ids(connection, batch_id, claims)
            times = {"this": batch_id, "now": now, "now_at_writer": now_at_writer}
            for positions in _groups(claim.position for claim in claims):
                connection.execute(_CLAIM, {**times, "positions": positions})
            connection.execute(_BEGIN, {"this": batch_id, "now": now})
        return claims

    def sent(self, batch_id: str, group: Sequence[Sent]) -> None:
        """Store the jobs that Writer has taken."""
        changes = [{"this": batch_id, "at_position": item.position, "new_job": item.job_id} for item in group]
        self._change_each(batch_id, _SENT, changes)

    def ended(self, batch_id: str, group: Sequence[Ended], now: float) -> None:
        """Store how rows came to an end; a suggestion that is there stays where there is no better one.

        Failed rows of a batch that isn't canceled are retried automatically where `retry_after` says so.
        """
        changes = [
            {
                "this": batch_id,
                "now": now,
                "at_position": item.position,
                "of_job": item.job_id,
                "new_state": _end_state(item),
                "new_suggestion": "" if _end_state(item) is RowState.EMPTY else item.suggestion,
                "new_error": item.error,
                "new_job_failed": item.job_failed,
                **_retry_times(item, now),
            }
            for item in group
        ]
        self._change_each(batch_id, _ENDED, changes)

    def unsend(self, batch_id: str, positions: Collection[int], *, new_job: bool = False) -> None:
        """Take back rows whose request surely had no effect; `new_job` gives up retrying their old job.

        They wait again, or are canceled with their batch. Collected rows never get a new job: those whose old one can't
        be retried have failed.
        """
        with self._database.write() as connection:
            canceled = lock(connection, batch_id) is BatchState.CANCELED
            is_collected = _is_collected(connection, batch_id)
            values: dict[str, Any] = {
                "state": RowState.CANCELED if canceled else RowState.WAITING,
                "attempts": rows.c.attempts - 1,
                "sent_at": None,
                "lost_at": None,
                "loss": None,
            }
            if new_job and is_collected:
                values = {"state": RowState.FAILED, "error": NO_INPUTS, "lost_at": None, "loss": None}
            if new_job or (canceled and not is_collected):
                values["retry_of"] = None
            for where in _named(batch_id, positions):
                connection.execute(update(rows).where(where, rows.c.state == RowState.SENDING).values(**values))

    def lose(self, batch_id: str, positions: Collection[int], now: float, loss: Loss | None = None) -> None:
        """Note that the answers for these rows were lost, and how, where that is known."""
        lost = {"lost_at": now, "loss": loss}
        with self._database.write() as connection:
            for where in _named(batch_id, positions):
                connection.execute(update(rows).where(where, rows.c.state == RowState.SENDING).values(**lost))

    def take_over(self, batch_id: str, now: float) -> None:
        """Continue where another process ended, however it did: the answers to what it was sending are lost.

        The clock may have been set in between. So rows noted as lost before count as lost now, and how they were lost
        is forgotten with the times that belong to it: they are neither settled too early nor kept waiting. Nothing was
        sent later than now.
        """
        of_batch = rows.c.batch_id == batch_id
        sending = rows.c.state == RowState.SENDING
        at_writer = rows.c.state.in_([RowState.SENDING, RowState.IN_PROGRESS])
        with self._database.write() as connection:
            connection.execute(update(rows).where(of_batch, at_writer, rows.c.sent_at > now).values(sent_at=now))
            connection.execute(update(rows).where(of_batch, sending).values(lost_at=now, loss=None))

    def record_windows(self, batch_id: str, windows: Mapping[int, EffectWindow]) -> None:
        """Note when the requests of lost rows may have created a job, before they become unconfirmed."""
        changes = [
            {"this": batch_id, "at_position": position, "start": window.start, "end": window.end}
            for position, window in windows.items()
        ]
        self._change_each(batch_id, _WINDOW, changes)

    def unconfirm(self, batch_id: str, positions: Collection[int], error: str, now: float) -> None:
        """Give up proving that these rows have no job."""
        values = {"state": RowState.UNCONFIRMED, "error": error, "lost_at": None, "loss": None, "ended_at": now}
        with self._database.write() as connection:
            for where in _named(batch_id, positions):
                connection.execute(update(rows).where(where, rows.c.state == RowState.SENDING).values(**values))

    def resend(self, batch_id: str, positions: Collection[int], error: str, now: float) -> set[int]:
        """Let these rows wait to be sent again although they may have a job; gives which of them do.

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
        with self._database.read() as connection:
            found = connection.execute(_LOST, {"this": batch_id}).all()
        return [lost_record(row) for row in found]

    def outstanding(self, batch_id: str) -> dict[str, Outstanding]:
        """The rows at Writer, by their job's id."""
        with self._database.read() as connection:
            found = connection.execute(_OUTSTANDING, {"this": batch_id}).all()
        return {row.job_id: Outstanding(row.position, row.sent_at, row.sent_at_writer) for row in found}

    def _change_each(self, batch_id: str, statement: Update, changes: list[dict[str, Any]]) -> None:
        if not changes:
            return
        with self._database.write() as connection:
            lock(connection, batch_id)
            connection.execute(statement, changes)


def _is_collected(connection: Connection, batch_id: str) -> bool:
    is_collected = select(batches.c.is_collected).where(batches.c.id == batch_id)
    return bool(connection.execute(is_collected).scalar_one_or_none())


def _end_state(item: Ended) -> RowState:
    if item.suggestion is None:
        return RowState.FAILED
    return RowState.EMPTY if is_blank(item.suggestion) else RowState.COMPLETED


def _retry_times(item: Ended, now: float) -> dict[str, float | None]:
    """When the row is retried automatically, by the number of times that it has been."""
    times = [now + seconds for seconds in item.retry_after]
    return {f"retry_at_{n}": times[n] if n < len(times) else None for n in range(MOST_RETRIES)}


def _groups(positions: Iterable[int]) -> list[list[int]]:
    ordered = sorted(positions)
    return [ordered[start : start + _POSITIONS_AT_ONCE] for start in range(0, len(ordered), _POSITIONS_AT_ONCE)]


def _named(batch_id: str, positions: Collection[int]) -> list[ColumnElement[bool]]:
    return [(rows.c.batch_id == batch_id) & rows.c.position.in_(group) for group in _groups(positions)]
