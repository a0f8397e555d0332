"""The SQLite file that outlives the sandbox's process, and may be open in several."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue
from time import monotonic, sleep
from weakref import finalize

from services.sandbox.store.schema import SCHEMA

BUSY_SECONDS = 10.0
"""How long to wait for another process that is writing."""


class Database:
    """Connections to the file; its methods block, and are safe to call from several threads at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue()
        # an application in process has no end of its own at which to close them
        finalize(self, _close, self._idle)
        path.parent.mkdir(parents=True, exist_ok=True)
        with self.connection() as connection:
            _use_wal(connection)
            connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Give a connection, on which each statement is a transaction of its own."""
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._idle.put(connection)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give a connection whose statements all count, or none: the file is locked for other writers until then."""
        with self.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        # In WAL mode this survives the end of the process at any moment; only a power cut may lose the last jobs.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection


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


def _close(idle: LifoQueue[sqlite3.Connection]) -> None:
    while not idle.empty():
        idle.get_nowait().close()
