"""Dates, times and durations as text."""

from datetime import date, datetime, time, timedelta

from services.drafts.sheets.formats import NumberFormat
from services.drafts.sheets.numbers import plain

DATE_NOTE = "Dates are written as 2026-03-01, times as 14:30:00."
"""What to tell the person where `iso` or `serial_text` wrote a date or time."""

Moment = date | datetime | time | timedelta

_EPOCH_1900 = datetime(1899, 12, 30)
_EPOCH_1904 = datetime(1904, 1, 1)
_FAKE_LEAP_DAY = 60  # Excel counts February 29, 1900
_MAX_SERIAL = 2_958_466  # days: the year 10000
_DAY_S = 86_400


def iso(value: Moment) -> str:
    """Write a date or time to the nearest second, and a duration as hours, minutes and seconds."""
    if isinstance(value, datetime):
        return _to_second(value).isoformat(sep=" ")
    if isinstance(value, time):
        return _to_second(datetime.combine(date(2000, 1, 1), value)).time().isoformat()
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return value.isoformat()


def serial_text(serial: float, number_format: NumberFormat, *, is_1904: bool) -> str:
    """Write a number of days that a format shows as a date, time or duration.

    Below one day it's a time, a whole number is a date; a number out of the calendar's range stays a number.
    """
    if number_format.is_elapsed and abs(serial) < _MAX_SERIAL:
        return iso(timedelta(seconds=round(serial * _DAY_S)))
    if not 0 <= serial < _MAX_SERIAL - 1 - (1462 if is_1904 else 0):
        return plain(serial)
    if serial < 1 and not is_1904:
        return iso((datetime(2000, 1, 1) + timedelta(seconds=min(round(serial * _DAY_S), _DAY_S - 1))).time())
    if not is_1904 and serial < _FAKE_LEAP_DAY:
        serial += 1
    moment = (_EPOCH_1904 if is_1904 else _EPOCH_1900) + timedelta(seconds=round(serial * _DAY_S))
    return iso(moment.date() if moment.time() == time() else moment)


def _to_second(value: datetime) -> datetime:
    if value.microsecond >= 500_000 and value < datetime.max - timedelta(seconds=1):
        value += timedelta(seconds=1)
    return value.replace(microsecond=0)
