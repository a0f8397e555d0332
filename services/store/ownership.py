"""Who does the work: of all Copydesks on one database, only one sends rows."""

from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, text

from services.store.database import Database

_LOCK_NUMBER = 5263902
"""PostgreSQL's advisory locks go by number; any that nobody else uses will do."""


class Ownership:
    """The right to send rows. It ends with the process, however that ends."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        path = database.engine.url.database
        # the process owns, not one of its threads: the engine's takes the lock, and the one that stops it gives it back
        self._file = FileLock(Path(f"{path}.lock"), thread_local=False) if database.is_sqlite and path else None

    def acquire(self) -> bool:
        """Try to become the owner; tells whether this process is it now."""
        return self._acquire_file(self._file) if self._file else self._acquire_advisory()

    def release(self) -> None:
        """Let another process have it."""
        if self._file:
            self._file.release()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _acquire_file(self, file: FileLock) -> bool:
        if file.is_locked:
            return True
        try:
            file.acquire(blocking=False)
        except Timeout:
            return False
        return True

    def _acquire_advisory(self) -> bool:
        if self._connection is not None:
            return True
        # the lock belongs to the database session, so the connection stays open, apart from the pool
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        query = text("SELECT pg_try_advisory_lock(:number)")
        if not connection.execute(query, {"number": _LOCK_NUMBER}).scalar_one():
            connection.close()
            return False
        connection.detach()
        self._connection = connection
        return True
