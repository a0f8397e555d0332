"""Lost and found on the desk: which jobs belong to unconfirmed rows, as a person says."""

import math
from collections.abc import Collection, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.clock import Clock
from services.engine.embedded import EmbeddedEngine
from services.engine.gateway import Gateway
from services.engine.lost_and_found import Search, complete_at, match, window_of
from services.errors import RefusedError, UnreachableError
from services.models import Job, JobState, LostAndFound
from services.store import Store


@dataclass(frozen=True)
class _Searched:
    """The jobs as a search found them."""

    at: float | None = None
    jobs: Mapping[str, Job] = field(default_factory=dict)


class Found:
    """What can be seen of the jobs that may belong to unconfirmed rows, and done with them."""

    def __init__(
        self, connection_id: str, store: Store, engine: EmbeddedEngine, gateway: Gateway, clock: Clock
    ) -> None:
        self._connection_id = connection_id
        self._store = store
        self._engine = engine
        self._gateway = gateway
        self._clock = clock
        self._searched: dict[str, _Searched] = {}

    def search(self, batch_id: str) -> None:
        """Read the agent's list again for jobs that may belong to the batch's unconfirmed rows.

        Raises WriterError: it couldn't be read; MissingError, RefusedError: this batch can't be searched for.
        """
        batch = self._store.batches.only(batch_id)
        self._require_here(batch.connection)
        now = self._clock.now()
        work = Search(batch, self._store, self._gateway, self._clock).run()
        try:
            jobs = self._engine.submit(work).result()
        except CancelledError as exc:
            raise UnreachableError("Copydesk is stopping. Try again when it's back.") from exc
        self._searched[batch_id] = _Searched(now, jobs)

    def view(self, batch_id: str) -> LostAndFound:
        """The jobs that are left to assign or dismiss, each with the rows it may belong to."""
        rows = self._store.found.open_rows(batch_id)
        suspects, searched = self._store.found.suspects(batch_id), self._searched.get(batch_id, _Searched())
        jobs = [searched.jobs.get(job_id) or _unread(job_id, at) for job_id, at in suspects.created_at.items()]
        jobs.sort(key=lambda job: (job.created_at or datetime.max.replace(tzinfo=UTC), job.id))
        offset = self._gateway.writer_clock.creation_offset(self._clock.now())
        at = {row.position: complete_at(window_of(row, offset), offset) for row in rows if not row.is_searched}
        open_ended = {position for position, time in at.items() if math.isinf(time)}
        unprovable = open_ended | {row.position for row in rows if row.retry_of is not None}
        awaited = [time for position, time in at.items() if position not in unprovable]
        return LostAndFound(
            jobs=tuple(match(rows, jobs, offset)),
            unconfirmed=len(rows),
            proven=self._store.found.proven(batch_id),
            dismissed=suspects.dismissed,
            unprovable=len(unprovable),
            read_at=_moment(searched.at),
            complete_at=_moment(max(awaited)) if awaited else None,
        )

    def assign(self, batch_id: str, assigned: Mapping[str, int]) -> None:
        """Say which rows these jobs belong to: positions by the jobs' ids.

        Raises RefusedError: something else has become of one of them, or two jobs were given to one row.
        """
        if len(set(assigned.values())) < len(assigned):
            raise RefusedError("Two jobs were given to the same row. Nothing was assigned.")
        self._require_here(self._store.batches.only(batch_id).connection)
        jobs = self._searched.get(batch_id, _Searched()).jobs
        unread = [job_id for job_id in assigned if job_id not in jobs]
        if unread:
            raise RefusedError(f"Job {unread[0]} hasn't been read from Writer. Press Refresh first.")
        self._store.found.assign(
            batch_id, {position: jobs[job_id] for job_id, position in assigned.items()}, self._clock.now()
        )
        self._engine.wake(batch_id)

    def dismiss(self, batch_id: str, job_ids: Collection[str]) -> None:
        """Say that these jobs belong to none of the batch's rows."""
        self._store.found.dismiss(batch_id, job_ids, self._clock.now())

    def restore(self, batch_id: str) -> None:
        """Take back which jobs were dismissed."""
        self._store.found.restore(batch_id)

    def proven(self, batch_id: str) -> int:
        """How many unconfirmed rows surely have no job, so that they can be sent without risk."""
        return self._store.found.proven(batch_id)

    def send_proven(self, batch_id: str) -> int:
        """Send those rows. Returns how many will be sent. Raises RefusedError, MissingError."""
        self._require_here(self._store.batches.only(batch_id).connection)
        number = self._store.found.send_proven(batch_id)
        self._engine.wake(batch_id)
        return number

    def _require_here(self, connection_id: str) -> None:
        if connection_id != self._connection_id:
            raise RefusedError("This batch was launched on another connection, and its jobs can be read only there.")


def _unread(job_id: str, created_at: float | None) -> Job:
    """A job of which no more is known than that it was in the list once."""
    return Job(job_id, JobState.IN_PROGRESS, _moment(created_at), unreadable="it wasn't read yet")


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
