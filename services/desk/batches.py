"""Batches on the desk: list, follow, steer and download them."""

from collections.abc import Iterator
from datetime import timedelta

from services import exports
from services.clock import Clock
from services.desk.files import Files
from services.engine import remaining
from services.engine.embedded import Engine
from services.engine.gateway import Gateway
from services.models import BatchPage, BatchState, BatchSummary, PauseKind
from services.store import Signs, Store

PAGE_BATCHES = 50
"""Batches on one page of the list."""


class Batches:
    """What can be seen of batches and done to them."""

    def __init__(
        self, connection_id: str, store: Store, files: Files, engine: Engine, gateway: Gateway, clock: Clock
    ) -> None:
        self._connection_id = connection_id
        self._store = store
        self._files = files
        self._engine = engine
        self._gateway = gateway
        self._clock = clock

    def page(self, page: int = 1) -> BatchPage:
        """One page of all batches, newest first; pages count from 1."""
        return self._store.batches.page(page, PAGE_BATCHES)

    def get(self, batch_id: str) -> BatchSummary:
        """One batch with its counts. Raises MissingError."""
        return self._store.batches.get(batch_id)

    def time_left(self, summary: BatchSummary) -> timedelta | None:
        """How long a running batch still takes; None while that's unknown, or Writer can't be reached.

        Rows that wait behind those that are tried first do not count.
        """
        health = self._store.connections.health(self._connection_id)
        if summary.batch.state is not BatchState.RUNNING or health.unreachable_since is not None:
            return None
        signs, leaves_in, now = self._prospects(summary)
        seconds = remaining.remaining(signs, remaining.to_end(summary), leaves_in, now)
        return None if seconds is None else timedelta(seconds=seconds)

    def least_minutes(self, summary: BatchSummary) -> float:
        """What it takes at the least until the last row that may be sent has been sent, retries included."""
        return remaining.at_least(*self._prospects(summary)) / 60

    def pause(self, batch_id: str) -> None:
        """Send nothing more until the batch is resumed. Raises RefusedError, MissingError (so do the next five)."""
        self._store.batches.pause(batch_id, PauseKind.PERSON)
        self._engine.wake(batch_id)

    def resume(self, batch_id: str) -> None:
        """Go on with a paused batch."""
        self._store.batches.resume(batch_id, self._connection_id)
        self._gateway.budget.relax()  # whoever presses Resume wants to see now whether it works
        self._engine.wake(batch_id)

    def resume_anyway(self, batch_id: str) -> None:
        """Go on with a batch that was paused because nearly all of its rows fail."""
        self._store.batches.resume_anyway(batch_id, self._connection_id)
        self._engine.wake(batch_id)

    def run_remaining(self, batch_id: str) -> None:
        """Send the rows that wait behind the sample."""
        self._store.batches.run_remaining(batch_id, self._connection_id)
        self._engine.wake(batch_id)

    def cancel(self, batch_id: str) -> None:
        """Never send the waiting rows. Jobs already running will finish and are collected."""
        self._store.batches.cancel(batch_id, self._clock.now())
        self._engine.wake(batch_id)

    def delete(self, batch_id: str) -> None:
        """Delete a batch that is over, with its rows, and the files that nothing else needs."""
        files = self._store.files.of_batch(batch_id)
        self._store.batches.delete(batch_id)
        self._files.remove_unneeded(files)

    def export(self, batch_id: str, suffix: str, separator: str = ",") -> tuple[str, Iterator[bytes]]:
        """The download of a batch as `csv` or `xlsx`: the Content-Disposition header and the chunks of the file.

        The separator, a comma or a semicolon, is that of the CSV. Raises MissingError.
        """
        batch = self._store.batches.only(batch_id)
        rows = self._store.rows.export(batch_id)
        if suffix == "xlsx":
            return exports.content_disposition(batch.name, ".xlsx"), exports.xlsx_stream(batch.columns, rows)
        ending = ".csv" if separator == "," else " (Excel).csv"
        return exports.content_disposition(batch.name, ending), exports.csv_stream(batch.columns, rows, separator)

    def _prospects(self, summary: BatchSummary) -> tuple[Signs, float | None, float]:
        """How the last rows went, the seconds until the last one that waits may leave, and what time it is."""
        now, rows = self._clock.now(), remaining.to_leave(summary)
        signs = self._store.rows.signs(summary.batch.id, now - remaining.LOOK_BACK_S, remaining.MAX_ROWS)
        return signs, remaining.leaves_in(self._gateway, summary.batch.id, rows), now
