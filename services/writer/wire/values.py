"""Reading one value out of JSON."""

import json
import re
from datetime import UTC, datetime

from services.errors import AnswerLostError, Loss

MAX_ERROR_LENGTH = 1000
"""Characters of Writer's own words that are kept of an error."""

MIN_SECRET_LENGTH = 8
"""Characters; a shorter key is a placeholder, and hiding it would mangle ordinary words."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def decode(content: bytes, key: str) -> object:
    """Return the JSON of an answer, without the API key and without characters that cannot be stored.

    Raises:
        AnswerLostError: it is not JSON.
    """
    try:
        return storable(json.loads(content), key if len(key) >= MIN_SECRET_LENGTH else "")
    except (ValueError, RecursionError):
        raise AnswerLostError("Writer's answer can't be read: it isn't valid JSON.", loss=Loss.ANSWER) from None


def storable(value: object, key: str = "") -> object:
    """Return the value with U+FFFD for NUL and lone surrogates in its texts, and with `key` hidden in them."""
    if isinstance(value, str):
        text = value.replace(key, "[API key]") if key else value
        return _UNSTORABLE.sub("\ufffd", text)
    if isinstance(value, list):
        return [storable(item, key) for item in value]
    if isinstance(value, dict):
        return {name: storable(item, key) for name, item in value.items()}
    return value


def shortened(text: str, length: int = MAX_ERROR_LENGTH) -> str:
    """Return the text on one line, cut to `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def as_object(value: object) -> dict[str, object]:
    """Return the object; raises AnswerLostError where it's something else."""
    if not isinstance(value, dict):
        raise unreadable_answer("an object was expected")
    return value


def as_list(value: object, name: str) -> list[object]:
    """Return the list that the answer has at `name`; raises AnswerLostError where it's something else."""
    if not isinstance(value, list):
        raise unreadable_answer(f'"{name}" is not a list')
    return value


def as_text(value: object) -> str:
    """Return the text; what isn't one counts as absent."""
    return value if isinstance(value, str) else ""


def as_texts(value: object) -> tuple[str, ...]:
    """Return the texts of a list; what isn't a text or a list counts as absent."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def as_time(value: object) -> datetime | None:
    """Read an ISO 8601 time; without a zone it is UTC, and what cannot be read counts as absent."""
    try:
        moment = datetime.fromisoformat(as_text(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def as_whole_number(value: object) -> int | None:
    """Return the whole number; what isn't one counts as absent."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def as_positive(value: object) -> float | None:
    """Return the number above 0; what isn't one counts as absent."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None


def unreadable_answer(what: str) -> AnswerLostError:
    """Return the error for an answer of which that can't be read."""
    return AnswerLostError(f"Writer's answer can't be read: {shortened(what)}.", loss=Loss.ANSWER)
