"""Reading the JSON of a request."""

import json
from typing import Any

from services.sandbox.errors import bad_request


def read_json(body: bytes) -> Any:
    """Return what the body says; raises ApiError for anything but JSON that can be stored and sent."""
    try:
        parsed = json.loads(body)
        # Escaped halves of surrogate pairs are valid JSON, but no text that could be stored or sent.
        json.dumps(parsed, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise bad_request("The body of the request is not valid JSON.", "fail.json") from None
    return parsed


def read_field(body: bytes, name: str) -> Any:
    """Return what the object in the body has at `name`, None without it; raises ApiError for anything but an object."""
    parsed = read_json(body)
    if not isinstance(parsed, dict):
        raise bad_request("The body of the request must be an object.", "fail.shape")
    return parsed.get(name)


def read_text(body: bytes, name: str, longest: int) -> str:
    """Return the text at `name`, "" without it; raises ApiError for one above `longest` characters, or no text."""
    text = read_field(body, name)
    if text is not None and (not isinstance(text, str) or len(text) > longest):
        raise bad_request(f'"{name}" must be a text of at most {longest} characters.', "fail.shape")
    return text or ""


def read_ids(body: bytes, name: str) -> list[str]:
    """Return the ids at `name`, each once; raises ApiError where there is no list of strings."""
    ids = read_field(body, name)
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise bad_request(f'The body must be an object with a list of strings called "{name}".', "fail.shape")
    return list(dict.fromkeys(ids))
