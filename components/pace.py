"""What the requests to Writer do right now."""

import math
from datetime import datetime, timedelta

from components.words import count, duration, number
from services.models import Load


def pace(load: Load, now: datetime) -> list[str]:
    """How much of the limit is used, or why nothing is sent at this moment, and the pace of jobs where it is lower.

    One stands in the place of the other, and the pace on its own, so that nothing moves when sending holds.
    """
    told = [_holding(load, now) or _used(load)]
    if load.jobs_per_minute is not None:
        told.append(f"Writer takes about {count(load.jobs_per_minute, 'job')} a minute now")
    return told


def retrying(rows: int) -> str:
    """How many failed rows nobody needs to care about."""
    if rows == 0:
        return "Failed rows are tried again by themselves"
    which = "is tried again by itself" if rows == 1 else "are tried again by themselves"
    return f"{count(rows, 'failed row')} {which}"


def _used(load: Load) -> str:
    return f"{number(load.last_minute)} of {count(load.limit, 'request')} in the last minute"


def _holding(load: Load, now: datetime) -> str:
    if load.holding_until is None or load.holding_until <= now:
        return ""
    return f"Writer asked to slow down; sending goes on in {_short(load.holding_until - now)}"


def _short(length: timedelta) -> str:
    seconds = math.ceil(length.total_seconds())
    return f"{number(seconds)} s" if seconds < 100 else duration(length)
