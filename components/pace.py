"""What the requests to Writer are doing right now."""

import math
from datetime import datetime, timedelta

from components.words import count, duration, number, plain, shorten
from services.models import Load, UploadProgress

RESTING = "No jobs running"
"""Takes the place of the pace, so that nothing moves when a batch comes to rest."""
_QUOTED_LENGTH = 160
"""Characters of Writer's own words that are shown while sending holds."""


def pace(load: Load, now: datetime, *, waiting: bool, lost: int = 0) -> list[str]:
    """How much of the rate limit is used, or why nothing is being sent, and the pace of jobs where it is lower.

    `waiting` says whether any rows could be sent, `lost` how many rows are being checked because the response was
    lost. One sentence takes the place of the other, each short enough for one line on a phone, and the pace is
    separate, so that nothing moves when sending holds.
    """
    parts = [what_holds(load, now, waiting=waiting, lost=lost) or _used(load)]
    if words := writers_words(load, now):
        parts.append(f"Writer says: {words}")
    if load.jobs_per_minute is not None:
        parts.append(f"Writer accepts {jobs_per_minute(load.jobs_per_minute)}")
    return parts


def what_holds(load: Load, now: datetime, *, waiting: bool, lost: int = 0) -> str:
    """What holds requests back right now; empty if nothing does."""
    return _holding(load, now) or _lost(lost) or _limit_reached(load, waiting)


def writers_words(load: Load, now: datetime) -> str:
    """What Writer said when it asked for the hold that lasts now, quoted; empty if it said nothing, or none lasts."""
    if not (_is_holding(load, now) and load.hold_reason):
        return ""
    return f"“{plain(shorten(load.hold_reason, _QUOTED_LENGTH))}”"


def jobs_per_minute(jobs: int) -> str:
    """A pace of jobs."""
    return f"about {count(jobs, 'job')} a minute"


def retrying(rows: int, failed: int) -> str:
    """How many of the failed rows will be retried automatically."""
    if rows == 0:
        return "No automatic retries left" if failed else "Failed rows are retried automatically"
    return f"{count(rows, 'failed row')} will be retried automatically"


def uploading(progress: UploadProgress) -> str:
    """How many of the batch's files Writer has, while some are missing; nothing where it has no files."""
    if progress.uploaded >= progress.total:
        return ""
    return f"{number(progress.uploaded)} of {count(progress.total, 'file')} uploaded"


def _used(load: Load) -> str:
    return f"{number(load.last_minute)} of {count(load.limit, 'request')} in the last minute"


def _limit_reached(load: Load, waiting: bool) -> str:
    return "Rate limit reached. Sending resumes automatically." if waiting and load.used_up else ""


def _lost(rows: int) -> str:
    if rows == 0:
        return ""
    were, their = ("was", "its row") if rows == 1 else ("were", "their rows")
    return f"{count(rows, 'response')} {were} lost. Checking {their}."


def _is_holding(load: Load, now: datetime) -> bool:
    return load.holding_until is not None and load.holding_until > now


def _holding(load: Load, now: datetime) -> str:
    if load.holding_until is None or not _is_holding(load, now):
        return ""
    return f"Writer asked us to slow down. Sending resumes in {_short(load.holding_until - now)}."


def _short(length: timedelta) -> str:
    seconds = math.ceil(length.total_seconds())
    return f"{number(seconds)} s" if seconds < 100 else duration(length)
