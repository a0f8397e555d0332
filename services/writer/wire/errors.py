"""What Writer says in its error answers, and in those that only confirm."""

from typing import NamedTuple

from services.errors import RequestRefusedError
from services.writer.wire.values import as_object, as_text, shortened


class ErrorWords(NamedTuple):
    """What an error answer says."""

    reasons: str
    """In Writer's own words; "" where there are none."""
    code: str
    """The codes of its errors, such as `insufficient_quota`."""


def error_words(body: object) -> ErrorWords:
    """Return Writer's own words out of an error body `{tpe, errors: [{description, key}]}`."""
    errors = body.get("errors") if isinstance(body, dict) else None
    found = [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    reasons = "; ".join(filter(None, (as_text(each.get("description")) for each in found)))
    return ErrorWords(shortened(reasons), shortened(" ".join(as_text(each.get("key")) for each in found)))


def check_confirmed(body: object, field: str) -> None:
    """Read the answer to a request that only wants to be confirmed, such as `{"deleted": true}`; None confirms too.

    Raises:
        AnswerLostError: it isn't an object.
        RequestRefusedError: the field says false.
    """
    if body is not None and as_object(body).get(field) is False:
        raise RequestRefusedError(f"Writer refused the request: it answered that “{field}” is false.")
