"""The rows of a batch on the desk: find, read and retry them."""

from collections.abc import Callable, Collection, Sequence

from services.engine.embedded import Engine
from services.engine.runner.windows import most_with_jobs
from services.errors import RefusedError
from services.models import RowDetail, RowPage, RowState
from services.store import Store

PAGE_ROWS = 100
"""Rows on one page of a batch."""
_REASONS = 5
"""Reasons for failures that are told, the most frequent ones."""


class Rows:
    """What can be seen of a batch's rows and done to them."""

    def __init__(self, connection_id: str, store: Store, engine: Engine) -> None:
        self._connection_id = connection_id
        self._store = store
        self._engine = engine

    def page(
        self, batch_id: str, states: Collection[RowState], search: str, page: int, reason: str | None = None
    ) -> RowPage:
        """One page of the batch's rows in those states (all states if empty) that contain the search text.

        With a reason, only rows that failed for exactly that one.
        """
        return self._store.rows.page(self._store.batches.only(batch_id), states, search, page, PAGE_ROWS, reason)

    def get(self, batch_id: str, position: int) -> RowDetail:
        """One row, whole. Raises MissingError."""
        return self._store.rows.get(batch_id, position)

    def failure_reasons(self, batch_id: str) -> list[tuple[str, int]]:
        """Why rows failed: the most frequent reasons, and how many rows failed for each."""
        return self._store.rows.failure_reasons(batch_id, _REASONS)

    def lost(self, batch_id: str) -> int:
        """How many rows wait for proof of what became of them, because Writer's answer was lost."""
        return len(self._store.work.lost(batch_id))

    def retry(self, batch_id: str, positions: Sequence[int] | None = None) -> int:
        """Send rows again: those given, or all failed and empty ones. Gives how many rows will be sent.

        Raises RefusedError, MissingError.
        """
        return self._retry(batch_id, positions)

    def retry_reason(self, batch_id: str, reason: str) -> int:
        """Send all rows again that failed for that reason. Returns how many rows will be sent.

        Raises RefusedError, MissingError.
        """
        return self._retry(batch_id, None, reason)

    def resend_unconfirmed(self, batch_id: str) -> int:
        """Send all unconfirmed rows again, which may be charged twice. Returns how many rows will be sent.

        Raises RefusedError, MissingError.
        """
        return self._send(batch_id, lambda: self._store.rows.send_all(batch_id, RowState.UNCONFIRMED))

    def send_canceled(self, batch_id: str) -> int:
        """Send all canceled rows. Returns how many rows will be sent. Raises RefusedError, MissingError."""
        return self._send(batch_id, lambda: self._store.rows.send_all(batch_id, RowState.CANCELED))

    def most_with_jobs(self, batch_id: str) -> int | None:
        """How many of the unconfirmed rows may have a job at Writer; None where all of them may."""
        unconfirmed = self._store.evidence.unconfirmed_rows(batch_id)
        most = most_with_jobs(unconfirmed.windows, unconfirmed.created_at)
        return most if most < len(unconfirmed.windows) else None

    def _retry(self, batch_id: str, positions: Sequence[int] | None, reason: str | None = None) -> int:
        return self._send(batch_id, lambda: self._store.rows.retry(batch_id, positions, reason))

    def _send(self, batch_id: str, send: Callable[[], int]) -> int:
        if self._store.batches.only(batch_id).connection != self._connection_id:
            raise RefusedError("This batch was launched on another connection, and its rows can be sent only there.")
        number = send()
        self._engine.wake(batch_id)
        return number
