"""The database, as whoever runs Copydesk wants to know it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DatabaseInfo:
    """What everything is stored in. Nothing here is secret."""

    product: str
    """`SQLite` or `PostgreSQL`."""
    version: str
    """That of the server, or of the SQLite library."""
    place: str
    """The file, or the server's host and the database's name."""
    size: int
    """Bytes."""
    revision: str
    """The revision of the schema."""
