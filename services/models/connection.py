"""The connection to Writer: what its requests are doing, its health, and what a test of it showed."""

from dataclasses import dataclass
from datetime import datetime

from services.models.database import DatabaseInfo


@dataclass(frozen=True)
class Load:
    """What the requests of a connection are doing right now."""

    last_minute: int
    """Requests of all batches and processes that left in the last minute."""
    limit: int
    """How many requests may leave in a minute."""
    holding_until: datetime | None = None
    """Until when nobody sends, because Writer asked us to slow down."""
    hold_reason: str = ""
    """What Writer said when it asked for that, in its own words."""
    jobs_per_minute: int | None = None
    """How many jobs may be started in a minute, while that is fewer than the limit because Writer refused some."""
    used_up: bool = False
    """Whether a batch that has much to send waits until requests of the last minute are older than that."""
    sending: int = 0
    """How many batches are sending rows, or waiting for their turn to."""


@dataclass(frozen=True)
class ConnectionHealth:
    """The health of the connection to Writer, from its last requests."""

    unreachable_since: datetime | None = None
    key_refused_at: datetime | None = None
    detail: str = ""
    """What went wrong, in a sentence."""


@dataclass(frozen=True)
class ConnectionState:
    """What Copydesk is connected to. Nothing here is secret."""

    writer: str
    """The address of Writer's API, also while the sandbox is in use."""
    key_hint: str
    """The last four characters of the key; empty on the sandbox."""
    database: DatabaseInfo
    version: str
    """Copydesk's own."""


@dataclass(frozen=True)
class ConnectionTest:
    """What came of listing the agents of a key."""

    at: datetime
    agents: tuple[str, ...] = ()
    """Their names, sorted."""
    requests: int = 0
    seconds: float = 0.0
    """How long these requests took together."""
    problem: str = ""
    """What went wrong and what to do, in sentences; empty if the test succeeded."""
