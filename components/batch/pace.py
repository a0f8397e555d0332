"""What the requests to Writer do right now."""

import math
from datetime import datetime, timedelta

from components.words import count, duration, number
from services.models import Load

RESTING = "Nothing is at Writer now"
"""Stands where the pace stood, so that nothing moves when a batch comes to rest."""


def pace(load: Load, now: datetime, *, waiting: bool, lost: int = 0) -> list[str]:
    """How much of the limit is used, or why nothing is sent at this moment, and the pace of jobs where it is lower.

    `waiting` says whether rows could be sent at all, `lost` how many wait for proof of what became of them. One stands
    in the place of the other, short enough for one line on a phone, and the pace on its own, so that nothing moves when
    sending holds.
    """
    told = [_holding(load, now) or _lost(lost) or _used_up(load, waiting) or _used(load)]
    if load.jobs_per_minute is not None:
        told.append(f"Writer takes about {count(load.jobs_per_minute, 'job')} a minute now")
    return told


def retrying(rows: int, failed: int) -> str:
    """How many of the failed rows nobody needs to care about."""
    if rows == 0:
        return "No failed row is left to be tried again" if failed else "Failed rows are tried again by themselves"
    which = "is tried again by itself" if rows == 1 else "are tried again by themselves"
    return f"{count(rows, 'failed row')} {which}"


def _used(load: Load) -> str:
    return f"{number(load.last_minute)} of {count(load.limit, 'request')} in the last minute"


def _used_up(load: Load, waiting: bool) -> str:
    return "Writer's limit is used up; sending goes on by itself" if waiting and load.used_up else ""


def _lost(rows: int) -> str:
    if rows == 0:
        return ""
    were, their = ("was", "its row") if rows == 1 else ("were", "their rows")
    return f"{count(rows, 'answer')} {were} lost; Copydesk checks {their}"


def _holding(load: Load, now: datetime) -> str:
    if load.holding_until is None or load.holding_until <= now:
        return ""
    return f"Writer asked to slow down; sending goes on in {_short(load.holding_until - now)}"


def _short(length: timedelta) -> str:
    seconds = math.ceil(length.total_seconds())
    return f"{number(seconds)} s" if seconds < 100 else duration(length)
