"""Who does the work: of all Copydesks on one database, only one sends rows."""

from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from services.store.database import Database

_LOCK_NUMBER = 5263902
"""PostgreSQL's advisory locks go by number; any that nobody else uses will do."""


class Ownership:
    """The right to send rows. It ends with the process, however that ends, and with its session on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        path = database.engine.url.database
        # by whichever name a file is opened, it has one lock
        lock = Path(f"{Path(path).resolve()}.lock") if database.is_sqlite and path else None
        # the process owns, not one of its threads: the engine's takes the lock, and the one that stops it gives it back
        self._file = FileLock(lock, thread_local=False) if lock else None

    def acquire(self) -> bool:
        """Try to become the owner, or make sure of it; tells whether this process is it now.

        An owner that has lost its right is told so once, to stop what it does: another may have had it since. After
        that it tries again like any other.
        """
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
            return self._is_session_alive(self._connection)
        # the lock belongs to the database session, so the connection stays open, apart from the pool
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        query = text("SELECT pg_try_advisory_lock(:number)")
        if not connection.execute(query, {"number": _LOCK_NUMBER}).scalar_one():
            connection.close()
            return False
        connection.detach()
        self._connection = connection
        return True

    def _is_session_alive(self, connection: Connection) -> bool:
        """Whether the session that holds the lock goes on; the server may have ended it, and the lock with it."""
        try:
            connection.execute(text("SELECT 1"))
        except DBAPIError:
            self.release()
            return False
        return True
