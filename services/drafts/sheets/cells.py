"""What a cell's text looks like: a number, a date, the name of a column."""

import re
from decimal import Decimal

_MAX_NAME_LENGTH = 100
_MAX_DIGITS = 40
_NUMBER = re.compile(r"[-+−]?\d+(?:[.,'’]\d+)*[.,]?")
_CURRENCY = re.compile(r"[€$£¥₹₽₩₺%\s]|\b(?:EUR|USD|GBP|CHF|JPY|CAD|AUD|PLN|kr|zł)\b")
_GROUPED = re.compile(r"[-+−]?\d{1,3}(?:[.,'’]\d{3})+")
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?:[T ]\d.*)?|\d{1,2}:\d{2}(?::\d{2})?(?: ?[AaPp][Mm])?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_ADDRESS = re.compile(r"\S+@\S+\.\S+|(?:https?://|www\.)\S+")


def to_number(text: str) -> Decimal | None:
    """Read a number as a spreadsheet shows it: with a currency, a percent sign or grouped thousands.

    Where a comma or period could be either, groups of three digits are thousands. None for anything else.
    """
    bare = _CURRENCY.sub("", text)
    negative = bare.startswith("(") and bare.endswith(")")
    if negative:
        bare = bare[1:-1]
    if len(bare) > _MAX_DIGITS or not _NUMBER.fullmatch(bare):
        return None
    value = Decimal(_ungrouped(bare.replace("−", "-")))
    return -value if negative else value


def _ungrouped(number: str) -> str:
    """Write a number with a decimal point and without thousands separators."""
    number = re.sub("['’]", "", number).rstrip(".,")
    last = max(number.rfind("."), number.rfind(","))
    if last < 0:
        return number
    mark = number[last]
    whole, fraction = number[:last], number[last + 1 :]
    other = "." if mark == "," else ","
    if other not in whole and (mark in whole or (mark == "," and _GROUPED.fullmatch(number))):
        return re.sub("[.,]", "", number)
    return re.sub("[.,]", "", whole) + "." + fraction


def is_data(text: str) -> bool:
    """Tell whether a cell is surely a value and no column name: a number, a date, an address, a long text."""
    return (
        len(text) > _MAX_NAME_LENGTH
        or to_number(text) is not None
        or bool(_DATE.fullmatch(text) or _ADDRESS.fullmatch(text))
        or text.casefold() in ("true", "false")
    )


def is_year(text: str) -> bool:
    """Tell whether a cell is a year, which columns are named after now and then."""
    return bool(_YEAR.fullmatch(text))
