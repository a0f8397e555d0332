"""The SQLite file that outlives the sandbox's process, and may be open in several."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from queue import Empty, LifoQueue
from time import monotonic, sleep
from weakref import finalize

from services.sandbox.records import File, Job

BUSY_SECONDS = 10.0
"""How long to wait for another process that is writing."""

# Jobs are never deleted, so an agent's jobs are numbered without a gap: the highest number is their count, and a page
# far down their list is found without skipping through those before it.
SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY,
    agent_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    created_at REAL NOT NULL,
    started_at REAL NOT NULL,
    finishes_at REAL NOT NULL,
    outcome TEXT NOT NULL,
    error TEXT,
    title TEXT NOT NULL,
    suggestion TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    UNIQUE (agent_id, number)
);
CREATE INDEX IF NOT EXISTS jobs_by_outcome ON jobs (agent_id, outcome, number, finishes_at);
CREATE INDEX IF NOT EXISTS jobs_by_finish ON jobs (agent_id, finishes_at, number);
CREATE INDEX IF NOT EXISTS jobs_that_fail ON jobs (fingerprint, number) WHERE error IS NOT NULL;
CREATE TABLE IF NOT EXISTS files (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at REAL NOT NULL
);
"""

JOB = "id, agent_id, fingerprint, created_at, started_at, finishes_at, outcome, error, title, suggestion, tokens"

# Whether the latest job of the same inputs stands as failed is asked inside the INSERT, so that it holds between
# processes too: such a job is followed by one that succeeds.
ADD_JOB = f"""
INSERT INTO jobs (number, {JOB})
VALUES ((SELECT coalesce(max(number), 0) + 1 FROM jobs WHERE agent_id = :agent_id),
    :id, :agent_id, :fingerprint, :created_at, :started_at, :finishes_at,
    CASE WHEN :error IS NOT NULL AND 'failed' IS NOT (
        SELECT outcome FROM jobs WHERE fingerprint = :fingerprint AND error IS NOT NULL ORDER BY number DESC LIMIT 1
    ) THEN 'failed' ELSE 'completed' END,
    :error, :title, :suggestion, :tokens)
"""  # noqa: S608 - put together from constants

RETRY_JOB = f"""
UPDATE jobs SET outcome = 'completed', started_at = :now, finishes_at = :finishes_at
WHERE id = :id AND outcome = 'failed'
RETURNING {JOB}
"""  # noqa: S608 - put together from constants

BY_OUTCOME = "jobs INDEXED BY jobs_by_outcome WHERE agent_id = :agent_id AND outcome ="

OF_STATUS = {
    "in_progress": "jobs INDEXED BY jobs_by_finish WHERE agent_id = :agent_id AND finishes_at > :now",
    "completed": f"{BY_OUTCOME} 'completed' AND finishes_at <= :now",
    "failed": f"{BY_OUTCOME} 'failed' AND finishes_at <= :now",
}
"""An agent's jobs by their wire status, as it is at `:now`."""

ALL = "SELECT coalesce(max(number), 0) FROM jobs WHERE agent_id = :agent_id"
RUNNING = f"SELECT count(*) FROM {OF_STATUS['in_progress']}"  # noqa: S608 - put together from constants
FAILED = f"SELECT count(*) FROM {OF_STATUS['failed']}"  # noqa: S608 - put together from constants
# The completed ones are nearly all: counting the others takes a tenth of the time.
COMPLETED = f"SELECT ({ALL}) - ({RUNNING}) - ({FAILED})"

COUNTS = {None: ALL, "in_progress": RUNNING, "completed": COMPLETED, "failed": FAILED}


class Database:
    """Reads and writes jobs and files; its methods block, and are safe to call from several threads at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue()
        # an application in process has no end of its own at which to close them
        finalize(self, _close, self._idle)
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._connection() as connection:
            _use_wal(connection)
            connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._idle.put(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        # In WAL mode this survives the end of the process at any moment; only a power cut may lose the last jobs.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def add_job(self, job: Job) -> None:
        """Keep a new job; it completes, whatever `job.outcome` says, unless `job.error` is due."""
        with self._connection() as connection:
            connection.execute(ADD_JOB, vars(job))

    def retry_job(self, job_id: str, now: float, finishes_at: float) -> Job | None:
        """Begin the next attempt of a job that came to fail, which completes; None if another did so already."""
        with self._connection() as connection:
            values = {"id": job_id, "now": now, "finishes_at": finishes_at}
            rows = connection.execute(RETRY_JOB, values).fetchall()
        return Job(*rows[0]) if rows else None

    def job(self, job_id: str) -> Job | None:
        """Return the job with this id."""
        with self._connection() as connection:
            row = connection.execute(f"SELECT {JOB} FROM jobs WHERE id = ?", [job_id]).fetchone()  # noqa: S608
        return Job(*row) if row else None

    def jobs(self, agent_id: str, status: str | None, now: float, offset: int, limit: int) -> tuple[list[Job], int]:
        """Return a page of an agent's jobs, newest first, and the number of all; with a status, of those alone."""
        values = {"agent_id": agent_id, "now": now, "limit": limit, "offset": offset}
        with self._connection() as connection:
            total: int = connection.execute(COUNTS[status], values).fetchone()[0]
            rows = connection.execute(_page_query(status), {**values, "newest": total - offset}).fetchall()
        return [Job(*row) for row in rows], total

    def add_file(self, file: File) -> None:
        """Keep what is known of an uploaded file."""
        with self._connection() as connection:
            connection.execute("INSERT INTO files (id, name, created_at) VALUES (?, ?, ?)", astuple(file))

    def file(self, file_id: str) -> File | None:
        """Return the file with this id."""
        with self._connection() as connection:
            row = connection.execute("SELECT id, name, created_at FROM files WHERE id = ?", [file_id]).fetchone()
        return File(*row) if row else None

    def files(self) -> list[File]:
        """Return all files, newest first."""
        with self._connection() as connection:
            rows = connection.execute("SELECT id, name, created_at FROM files ORDER BY seq DESC").fetchall()
        return [File(*row) for row in rows]


def _use_wal(connection: sqlite3.Connection) -> None:
    # The one statement for which SQLite does not wait while another process does the same to a new file.
    end = monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if monotonic() > end:
                raise
            sleep(0.01)
        else:
            return


def _page_query(status: str | None) -> str:
    if status is None:
        chosen = "number <= :newest ORDER BY number DESC LIMIT :limit"
    else:
        # Skipping happens in the inner query, which reads an index and no jobs.
        page = f"{OF_STATUS[status]} ORDER BY number DESC LIMIT :limit OFFSET :offset"
        chosen = f"number IN (SELECT number FROM {page}) ORDER BY number DESC"  # noqa: S608 - all from constants
    return f"SELECT {JOB} FROM jobs WHERE agent_id = :agent_id AND {chosen}"  # noqa: S608 - all from constants


def _close(idle: LifoQueue[sqlite3.Connection]) -> None:
    while not idle.empty():
        idle.get_nowait().close()
