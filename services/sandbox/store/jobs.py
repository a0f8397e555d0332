"""Jobs in the database."""

from services.sandbox.records import Job
from services.sandbox.store.database import Database

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


class Jobs:
    """Reads and writes jobs; its methods block, and are safe to call from several threads at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job: Job) -> None:
        """Keep a new job; it completes, whatever `job.outcome` says, unless `job.error` is due."""
        with self._database.connection() as connection:
            connection.execute(ADD_JOB, vars(job))

    def retry(self, job_id: str, now: float, finishes_at: float) -> Job | None:
        """Begin the next attempt of a job that came to fail, which completes; None if another did so already."""
        with self._database.connection() as connection:
            values = {"id": job_id, "now": now, "finishes_at": finishes_at}
            rows = connection.execute(RETRY_JOB, values).fetchall()
        return Job(*rows[0]) if rows else None

    def get(self, job_id: str) -> Job | None:
        """Return the job with this id."""
        with self._database.connection() as connection:
            row = connection.execute(f"SELECT {JOB} FROM jobs WHERE id = ?", [job_id]).fetchone()  # noqa: S608
        return Job(*row) if row else None

    def page(self, agent_id: str, status: str | None, now: float, offset: int, limit: int) -> tuple[list[Job], int]:
        """Return a page of an agent's jobs, newest first, and the number of all; with a status, of those alone."""
        values = {"agent_id": agent_id, "now": now, "limit": limit, "offset": offset}
        with self._database.connection() as connection:
            total: int = connection.execute(COUNTS[status], values).fetchone()[0]
            rows = connection.execute(_page_query(status), {**values, "newest": total - offset}).fetchall()
        return [Job(*row) for row in rows], total


def _page_query(status: str | None) -> str:
    if status is None:
        chosen = "number <= :newest ORDER BY number DESC LIMIT :limit"
    else:
        # Skipping happens in the inner query, which reads an index and no jobs.
        page = f"{OF_STATUS[status]} ORDER BY number DESC LIMIT :limit OFFSET :offset"
        chosen = f"number IN (SELECT number FROM {page}) ORDER BY number DESC"  # noqa: S608 - all from constants
    return f"SELECT {JOB} FROM jobs WHERE agent_id = :agent_id AND {chosen}"  # noqa: S608 - all from constants
