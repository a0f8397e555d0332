"""How numbers, times and untrusted text read on the screen."""

import re
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from services.models import RowState

_JOINER = "\u2060"
"""Takes no room and is never seen, but parts what Streamlit would otherwise read as one sign."""

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_TOKENS = re.compile(
    r":(?=[\w+-]+[:/])"  # :smile:, :material/home:
    r"|(?i:https?(?=://)|www(?=\.)|ftp(?=://))"  # addresses that become links
    r"|(?<=[\w.+-])(?=@[\w-])"  # as do those of mail
    r"|(?<!\S)(?:<(?=->?(?!\S))|-(?=[->](?!\S))|[<>~](?==(?!\S)))",  # arrows and dashes that become one sign
)


def plain(text: str) -> str:
    """The text as Markdown that shows it literally: for labels, titles and sentences that hold untrusted text.

    Runs of white space become one space, as a label is one line.
    """
    line = " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text).split())
    parted = _TOKENS.sub(lambda found: found[0] + _JOINER, line)
    return _PUNCTUATION.sub(r"\\\1", parted)


def number(value: int) -> str:
    """A whole number with its thousands set apart: 1,204."""
    return f"{value:,}"


def count(value: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: "1 row", "1,204 rows"."""
    return f"{number(value)} {noun if value == 1 else plural or noun + 's'}"


def duration(length: timedelta) -> str:
    """How long, as a person would say it: "about 4 minutes"."""
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
    """The viewer's time zone; UTC where the browser tells none, or one that is not known here."""
    try:
        return ZoneInfo(timezone_name or "UTC")
    except (ValueError, OSError, KeyError):
        return ZoneInfo("UTC")


def local_time(moment: datetime, timezone_name: str | None, now: datetime) -> str:
    """A moment in the viewer's zone, as short as it stays clear: "14:02", "3 Nov, 14:02", "3 Nov 2025, 14:02"."""
    there = moment.astimezone(zone(timezone_name))
    today = now.astimezone(zone(timezone_name)).date()
    clock = f"{there:%H:%M}"
    if there.date() == today:
        return clock
    if there.date() == today - timedelta(days=1):
        return f"yesterday, {clock}"
    day = f"{there.day} {there:%b}"
    return f"{day}, {clock}" if there.year == today.year else f"{day} {there.year}, {clock}"


def shorten(text: str, length: int) -> str:
    """The text on one line, cut to that length with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def state_word(state: RowState) -> str:
    """The word for a row's state on the screens: until it has reached Writer, a row is waiting."""
    return RowState.WAITING.label if state is RowState.SENDING else state.label
