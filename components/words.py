"""How numbers, times, and untrusted text appear on the screen."""

import re
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

_JOINER = "\u2060"
"""Invisible and without width; it splits what Streamlit would otherwise read as one symbol."""

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_TOKENS = re.compile(
    r":(?=[\w+-]+[:/])"  # :smile:, :material/home:
    r"|(?i:https?(?=://)|www(?=\.)|ftp(?=://))"  # URLs that become links
    r"|(?<=[\w.+-])(?=@[\w-])"  # as do e-mail addresses
    r"|(?<!\S)(?:<(?=->?(?!\S))|-(?=[->](?!\S))|[<>~](?==(?!\S)))",  # arrows and dashes that become one symbol
)


def plain(text: str) -> str:
    """Give Markdown that shows the text literally, for labels, titles, and sentences with untrusted text.

    Runs of white space become one space, because a label is one line.
    """
    line = " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text).split())
    split = _TOKENS.sub(lambda found: found[0] + _JOINER, line)
    return _PUNCTUATION.sub(r"\\\1", split)


def number(value: int) -> str:
    """Format a whole number with thousands separators: 1,204."""
    return f"{value:,}"


def count(value: int, noun: str, plural: str | None = None) -> str:
    """Format a number with its noun: "1 row", "1,204 rows"."""
    return f"{number(value)} {noun if value == 1 else plural or noun + 's'}"


def size(amount: int) -> str:
    """Format a number of bytes: "340 KB", "1.2 MB", "3.4 GB"."""
    if amount < 999_500:
        return f"{max(1, round(amount / 1_000))} KB"
    millions = amount / 1_000_000
    return f"{millions:.1f} MB" if millions < 999.95 else f"{millions / 1_000:.1f} GB"


def duration(length: timedelta) -> str:
    """Format a duration as a person would say it: "about 4 minutes"."""
    seconds = length.total_seconds()
    if seconds < 10:
        return "a few seconds"
    if seconds < 55:
        return f"about {round(seconds / 5) * 5} seconds"
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return f"about {count(minutes, 'minute')}"
    hours = round(minutes / 60)
    return f"about {count(hours, 'hour')}" if hours < 48 else f"about {count(round(hours / 24), 'day')}"


def zone(timezone_name: str | None) -> tzinfo:
    """Give the viewer's time zone; UTC if the browser sends none, or one that this machine doesn't know."""
    try:
        return ZoneInfo(timezone_name or "UTC")
    except (ValueError, OSError, KeyError):
        return ZoneInfo("UTC")


def local_time(moment: datetime, timezone_name: str | None, now: datetime) -> str:
    """Format a time in the viewer's zone, as short as is clear: "2:02 PM", "Nov 3, 2:02 PM", "Nov 3, 2025, 2:02 PM"."""
    there = moment.astimezone(zone(timezone_name))
    today = now.astimezone(zone(timezone_name)).date()
    if there.date() == today:
        return _time_of_day(there)
    if there.date() == today - timedelta(days=1):
        return f"yesterday, {_time_of_day(there)}"
    day = f"{there:%b} {there.day}"
    return f"{day if there.year == today.year else f'{day}, {there.year}'}, {_time_of_day(there)}"


def day_and_time(moment: datetime, timezone_name: str | None) -> str:
    """Format a time in the viewer's zone, whatever day it is now: "Nov 3, 2:02 PM"."""
    there = moment.astimezone(zone(timezone_name))
    return f"{there:%b} {there.day}, {_time_of_day(there)}"


def _time_of_day(there: datetime) -> str:
    return f"{there.hour % 12 or 12}:{there:%M} {'AM' if there.hour < 12 else 'PM'}"


def percent(share: float) -> str:
    """Format a share from 0 to 1: "12%"; one that is neither none nor all never looks as if it were."""
    exact = 100 * share
    if 0 < exact < 1:
        return "< 1%"
    return "> 99%" if 99 < exact < 100 else f"{exact:.0f}%"


def shorten(text: str, length: int) -> str:
    """Put the text on one line, cut to this length with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
