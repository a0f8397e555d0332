"""What the requests to Writer do right now."""

import math
from datetime import datetime, timedelta

from components.words import count, duration, number
from services.models import Load


def pace(load: Load, now: datetime) -> str:
    """How much of the limit is used, or why nothing is sent at this moment: one short line."""
    if load.holding_until is not None and load.holding_until > now:
        return f"Writer asked to slow down; sending goes on in {_short(load.holding_until - now)}"
    used = f"{number(load.last_minute)} of {count(load.limit, 'request')} in the last minute"
    if load.jobs_per_minute is None:
        return used
    return f"{used} · Writer takes about {count(load.jobs_per_minute, 'job')} a minute now"


def _short(length: timedelta) -> str:
    seconds = math.ceil(length.total_seconds())
    return f"{number(seconds)} s" if seconds < 100 else duration(length)
