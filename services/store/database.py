"""One way to open the database, to read from it, and to write to it, on SQLite and PostgreSQL alike."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, Row, create_engine, event, make_url

AnyRow = Row[*tuple[Any, ...]]
"""A row of any select."""

MIGRATIONS = Path(__file__).with_name("migrations")
_SNAPSHOT = "REPEATABLE READ"
_BUSY_SECONDS = 60
"""How long a writer waits for another one; storing 200,000 rows takes some seconds."""


class Database:
    """A database whose tables are there and up to date."""

    def __init__(self, url: str) -> None:
        """Open the database, creating the file and upgrading the tables where needed."""
        self.url = url
        self.engine = _open_engine(url)
        # by default PostgreSQL gives each statement a view of its own
        self._reading = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level=_SNAPSHOT)
        self._upgrade()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading: one consistent view while it is open."""
        with self._reading.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection for writing: all of it happens, or nothing."""
        with self.engine.connect() as connection:
            if self.is_sqlite:
                # taking the write lock at once avoids the deadlock of two readers that both want to write
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    @property
    def is_sqlite(self) -> bool:
        """Whether this is an SQLite file."""
        return self.engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _upgrade(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        # the migrations hold a lock, so two processes that start at once do not both create the tables
        with self.engine.connect() as connection:
            if self.is_sqlite:
                # SQLite changes a table by copying it; dropping the old one would take along what refers to it
                connection.detach()
                connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(5263901)")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()


def _open_engine(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    database = make_url(url).database
    if database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions begin where `read` and `write` say, not where the driver guesses
    _write_ahead(connection)
    # with NORMAL a power cut may take back what was committed, and rows that Writer has would be sent once more
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # SQLite's own lower() knows ASCII only; searching should find "É" by "é", as PostgreSQL does
    connection.create_function("lower", 1, _lower, deterministic=True)


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and a writer work side by side; for a new file SQLite refuses while another process does the same."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
