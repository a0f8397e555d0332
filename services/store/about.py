"""What is known of the database itself."""

from pathlib import Path

from sqlalchemy import Connection, make_url, text

from services.models import DatabaseInfo
from services.store.database import Database


def database_info(database: Database) -> DatabaseInfo:
    """Name the database's product, version, place, size, and schema; never the user or the password."""
    with database.read() as connection:
        revision: str = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        if database.is_sqlite:
            return _sqlite(connection, database.url, revision)
        return _postgresql(connection, database.url, revision)


def _sqlite(connection: Connection, url: str, revision: str) -> DatabaseInfo:
    version: str = connection.execute(text("SELECT sqlite_version()")).scalar_one()
    place = make_url(url).database or ""
    # what was written last is in the log beside the file until a checkpoint
    files = [Path(place), Path(f"{place}-wal")]
    size = sum(file.stat().st_size for file in files if file.exists())
    return DatabaseInfo("SQLite", version, place, size, revision)


def _postgresql(connection: Connection, url: str, revision: str) -> DatabaseInfo:
    version, name, size = connection.execute(
        text(
            "SELECT current_setting('server_version'), current_database(), pg_database_size(current_database())",
        )
    ).one()
    return DatabaseInfo("PostgreSQL", version.split()[0], f"{_host(url)}/{name}", size, revision)


def _host(url: str) -> str:
    """The server's host and port; a socket's folder counts as a host."""
    given = make_url(url)
    host = given.host or given.query.get("host") or "localhost"
    named = host if isinstance(host, str) else ", ".join(host)
    return f"{named}:{given.port}" if given.port else named
