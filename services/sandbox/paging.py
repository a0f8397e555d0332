"""Reading what a list's address asks for, and cutting the page out."""

from collections.abc import Collection, Sequence
from typing import Any

from starlette.requests import Request

from services.sandbox.errors import bad_request, quoted

DEFAULT_LIMIT = 50
"""From Writer's OpenAPI description, for lists with cursors; used for jobs too, where it is not said."""

LARGEST = 2**63 - 1


def whole_number(request: Request, name: str, default: int, least: int) -> int:
    """Return the whole number at `name` in the request's query; raises ApiError for anything else there."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= LARGEST):
        raise bad_request(f'"{name}" must be a whole number from {least} up, not {quoted(text)}.', "fail.query")
    return int(text)


def one_of(request: Request, name: str, choices: Collection[str]) -> str | None:
    """Return the word at `name` in the request's query, None without one; raises ApiError if not in `choices`."""
    word = request.query_params.get(name)
    if word is not None and word not in choices:
        known = ", ".join(choices)
        raise bad_request(f'"{name}" must be one of {known}, not {quoted(word)}.', "fail.query")
    return word


def cursor_page(request: Request, newest_first: Sequence[dict[str, Any]], cap: int) -> dict[str, Any]:
    """Return the page of objects that `after`, `before`, `limit` and `order` in the request's query ask for.

    `before` answers with the objects next to its cursor, in the list's order.
    """
    by_id = {each["id"]: each for each in newest_first}
    ids, has_more = cut(request, list(by_id), cap)
    return page_of([by_id[each] for each in ids], has_more)


def page_of(data: Sequence[dict[str, Any]], has_more: bool) -> dict[str, Any]:
    """Return the page with these objects; an empty one has no ids to name."""
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {}
    return {"data": data, "has_more": has_more, **ends}


def cut(request: Request, newest_first: Sequence[str], cap: int) -> tuple[list[str], bool]:
    """Return the ids that belong on the page, and whether more follow; see `cursor_page`."""
    limit = min(whole_number(request, "limit", DEFAULT_LIMIT, 1), cap)
    ascending = one_of(request, "order", ("asc", "desc")) == "asc"
    listed = list(reversed(newest_first)) if ascending else list(newest_first)
    after, before = request.query_params.get("after"), request.query_params.get("before")
    if after is not None and before is not None:
        raise bad_request('Give "after" or "before", not both.', "fail.query")
    if before is not None:
        rest = listed[: _position(listed, "before", before)]
        return rest[-limit:], len(rest) > limit
    rest = listed if after is None else listed[_position(listed, "after", after) + 1 :]
    return rest[:limit], len(rest) > limit


def _position(listed: Sequence[str], name: str, cursor: str) -> int:
    if cursor in listed:
        return listed.index(cursor)
    raise bad_request(f'"{name}" names nothing in this list: {quoted(cursor)}.', "fail.query")
