"""Jobs that rows didn't start: whose they are, their retries, and how they become a batch."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select, update

from services.models import (
    NO_ID,
    Agent,
    BatchState,
    CollectedJobs,
    Job,
    JobRetry,
    JobRow,
    JobState,
    LaunchOptions,
    RowState,
    is_blank,
    ran_again,
)
from services.store import codec
from services.store.database import Database
from services.store.job_rows import known_jobs, lock_jobs, rows_of_jobs, sending_since
from services.store.tables import batches, job_retries, rows, unknown_jobs

COLUMNS = ("Job", "Title", "Created")
"""The columns of a collected batch."""
_GROUP = 500
"""Rows inserted by one statement, and ids named in one."""


@dataclass(frozen=True)
class NewCollection:
    """What jobs are collected into."""

    name: str
    connection: str
    agent: Agent


class Jobs:
    """The jobs that are known in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self, job_ids: Iterable[str]) -> dict[str, JobRow]:
        """The rows that have these jobs, by the job's id; jobs that no row has are missing."""
        with self._database.read() as connection:
            return rows_of_jobs(connection, job_ids)

    def retries(self, connection_id: str, job_ids: Iterable[str]) -> dict[str, JobRetry]:
        """The last retry of each of these jobs that was retried without a row."""
        with self._database.read() as connection:
            return _retries(connection, connection_id, job_ids)

    def begin_retries(
        self, connection_id: str, jobs: Sequence[Job], now: float, now_at_writer: float | None = None
    ) -> set[str]:
        """Note that these failed jobs are about to be retried; gives those that may be.

        The others belong to a row by now, or wait for the answer to a retry already, or it was lost.
        """
        ids = [job.id for job in jobs]
        with self._database.write() as connection:
            lock_jobs(connection)
            known, before = known_jobs(connection, ids), _retries(connection, connection_id, ids)
            free = {
                job.id: job
                for job in jobs
                if job.id not in known and (job.id not in before or ran_again(job, before[job.id]))
            }
            _forget_retries(connection, connection_id, free)
            new = [_retry_values(connection_id, job, now, now_at_writer) for job in free.values()]
            if new:
                connection.execute(insert(job_retries), new)
        return set(free)

    def retried(self, connection_id: str, job_id: str, new_job_id: str) -> None:
        """Note what Writer answered to a retry."""
        with self._database.write() as connection:
            connection.execute(update(job_retries).where(*_this(connection_id, job_id)).values(new_job_id=new_job_id))

    def not_retried(self, connection_id: str, job_id: str) -> None:
        """Note that a retry surely had no effect."""
        with self._database.write() as connection:
            connection.execute(delete(job_retries).where(*_this(connection_id, job_id)))

    def collect(
        self, new: NewCollection, jobs: Sequence[Job], now: float, on_progress: Callable[[int], None]
    ) -> CollectedJobs:
        """Make a batch of those of these jobs that surely belong to no row, one row each, in one transaction.

        A job whose request may still be without its answer is left out, and so is one that may belong to an unconfirmed
        row, or of which it isn't known what its last retry did.
        """
        with self._database.write() as connection:
            lock_jobs(connection)
            # before anything else: a request that gets its answer meanwhile counts as one without
            since = sending_since(connection, new.agent.id, new.connection)
            sorted_out = _sort_out(connection, new.connection, jobs, since)
            if not sorted_out.free:
                return _collected(None, sorted_out)
            batch_id = str(uuid4())
            values = _batch_values(new, batch_id, len(sorted_out.free), now)
            connection.execute(insert(batches).values(**values))
            for start in range(0, len(sorted_out.free), _GROUP):
                group = sorted_out.free[start : start + _GROUP]
                connection.execute(insert(rows), [_row(batch_id, start + n, job, now) for n, job in enumerate(group)])
                on_progress(start + len(group))
            return _collected(batch_id, sorted_out)


@dataclass(frozen=True)
class _SortedOut:
    """Jobs by what keeps them from being collected."""

    free: list[Job]
    in_batches: int
    too_recent: int
    suspected: int
    retrying: int
    unreadable: int


def _sort_out(connection: Connection, connection_id: str, jobs: Iterable[Job], since: float | None) -> _SortedOut:
    every = {job.id: job for job in jobs}
    readable = {job_id: job for job_id, job in every.items() if not job_id.startswith(NO_ID)}
    known = known_jobs(connection, readable)
    left = [job for job_id, job in readable.items() if job_id not in known]
    suspects = _suspects(connection, [job.id for job in left])
    innocent = [job for job in left if job.id not in suspects]
    settled = [job for job in innocent if not _may_be_named(job, since)]
    retries = _retries(connection, connection_id, [job.id for job in settled])
    free = [job for job in settled if not _is_held(job, retries.get(job.id))]
    return _SortedOut(
        sorted(free, key=lambda job: (job.created_at is None, job.created_at and job.created_at.timestamp())),
        len(known),
        len(innocent) - len(settled),
        len(left) - len(innocent),
        len(settled) - len(free),
        len(every) - len(readable),
    )


def _collected(batch_id: str | None, found: _SortedOut) -> CollectedJobs:
    return CollectedJobs(
        batch_id,
        len(found.free),
        found.in_batches,
        found.too_recent,
        found.suspected,
        found.retrying,
        found.unreadable,
    )


def _may_be_named(job: Job, since: float | None) -> bool:
    """Whether the answer to a request may still name this job."""
    return since is not None and (job.created_at is None or job.created_at.timestamp() >= since)


def _is_held(job: Job, retry: JobRetry | None) -> bool:
    return job.state is JobState.FAILED and retry is not None and not ran_again(job, retry)


def _suspects(connection: Connection, job_ids: Sequence[str]) -> set[str]:
    """Those of these jobs that may belong to a row that is unconfirmed."""
    open_batches = select(rows.c.batch_id).where(rows.c.state == RowState.UNCONFIRMED)
    suspects: set[str] = set()
    for start in range(0, len(job_ids), _GROUP):
        named = unknown_jobs.c.job_id.in_(job_ids[start : start + _GROUP])
        where = (named, unknown_jobs.c.dismissed_at.is_(None), unknown_jobs.c.batch_id.in_(open_batches))
        suspects |= set(connection.execute(select(unknown_jobs.c.job_id).where(*where)).scalars())
    return suspects


def _retries(connection: Connection, connection_id: str, job_ids: Iterable[str]) -> dict[str, JobRetry]:
    ordered, found = list(job_ids), dict[str, JobRetry]()
    for start in range(0, len(ordered), _GROUP):
        named = job_retries.c.job_id.in_(ordered[start : start + _GROUP])
        query = select(job_retries).where(job_retries.c.connection == connection_id, named)
        for row in connection.execute(query):
            times = codec.moment_of(row.asked_at), codec.moment(row.asked_at_writer), codec.moment(row.failed_at)
            found[row.job_id] = JobRetry(*times, row.new_job_id)
    return found


def _forget_retries(connection: Connection, connection_id: str, job_ids: Collection[str]) -> None:
    ordered = list(job_ids)
    for start in range(0, len(ordered), _GROUP):
        named = job_retries.c.job_id.in_(ordered[start : start + _GROUP])
        connection.execute(delete(job_retries).where(job_retries.c.connection == connection_id, named))


def _retry_values(connection_id: str, job: Job, now: float, now_at_writer: float | None) -> dict[str, Any]:
    return {
        "connection": connection_id,
        "job_id": job.id,
        "asked_at": now,
        "asked_at_writer": now_at_writer,
        "failed_at": None if job.updated_at is None else job.updated_at.timestamp(),
        "new_job_id": None,
    }


def _this(connection_id: str, job_id: str) -> tuple[Any, Any]:
    return job_retries.c.connection == connection_id, job_retries.c.job_id == job_id


def _batch_values(new: NewCollection, batch_id: str, row_count: int, now: float) -> dict[str, Any]:
    return {
        "id": batch_id,
        "draft_id": batch_id,  # no draft became this batch
        "name": new.name,
        "state": BatchState.RUNNING,
        "reason": "",
        "connection": new.connection,
        "agent_id": new.agent.id,
        "agent": codec.agent_to_json(new.agent),
        "filename": "",
        "columns": codec.to_json(COLUMNS),
        "choices": codec.choices_to_json({}),
        "options": codec.options_to_json(LaunchOptions()),
        "row_count": row_count,
        "created_at": now,
        "is_collected": True,
    }


def _row(batch_id: str, position: int, job: Job, now: float) -> dict[str, Any]:
    created_at = None if job.created_at is None else job.created_at.timestamp()
    sent_at = now if created_at is None else min(created_at, now)
    return {
        "batch_id": batch_id,
        "position": position,
        "number": position + 1,
        "cells": codec.to_json((job.id, job.title, _written(job))),
        "inputs": codec.to_json({}),
        "attempts": 1,
        "sent_at": sent_at,
        "sent_at_writer": created_at,
        **job_values(job, sent_at, now),
    }


def job_values(job: Job, sent_at: float, now: float) -> dict[str, Any]:
    """What a row says whose job this is: one that has ended unreadable still has to be asked for alone."""
    has_ended = job.state is not JobState.IN_PROGRESS and not job.unreadable
    failed = job.state is JobState.FAILED
    ended_at = now if job.updated_at is None else min(now, max(sent_at, job.updated_at.timestamp()))
    return {
        "job_id": job.id,
        "state": _state(job) if has_ended else RowState.IN_PROGRESS,
        "suggestion": job.suggestion if has_ended else None,
        "error": (job.error or "Writer gave no reason for the failure.") if has_ended and failed else None,
        "job_failed": has_ended and failed,
        "ended_at": ended_at if has_ended else None,
    }


def _state(job: Job) -> RowState:
    if job.state is JobState.FAILED:
        return RowState.FAILED
    return RowState.EMPTY if is_blank(job.suggestion or "") else RowState.COMPLETED


def _written(job: Job) -> str:
    return "" if job.created_at is None else f"{job.created_at:%Y-%m-%d %H:%M:%S} UTC"
