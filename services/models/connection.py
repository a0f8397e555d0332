"""The connection to Writer: what its requests are doing, and its health."""

from dataclasses import dataclass
from datetime import datetime


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


@dataclass(frozen=True)
class ConnectionHealth:
    """The health of the connection to Writer, from its last requests."""

    unreachable_since: datetime | None = None
    key_refused_at: datetime | None = None
    detail: str = ""
    """What went wrong, in a sentence."""
