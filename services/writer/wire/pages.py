"""Lists that come in pages, each naming the cursor of the next one."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.errors import AnswerLostError
from services.writer.wire.values import as_list, as_object, as_text

Item = TypeVar("Item")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CursorPage(Generic[Item]):
    """One page of a list."""

    items: tuple[Item, ...]
    next_after: str | None
    """The cursor that asks for the next page, where there is one."""


def read_cursor_page(body: object, read: Callable[[object], Item], kind: str) -> CursorPage[Item]:
    """Return the page of a `{data, has_more, last_id}`; an item that can't be read is left out, and the log says why.

    Raises:
        AnswerLostError: there is no list in it.
    """
    answer = as_object(body)
    items = as_list(answer.get("data"), "data")
    found = tuple(_readable(items, read, kind))
    if answer.get("has_more") is not True or not items:
        return CursorPage(found, None)
    last = items[-1].get("id") if isinstance(items[-1], dict) else None
    return CursorPage(found, as_text(answer.get("last_id")) or as_text(last) or None)


def _readable(items: list[object], read: Callable[[object], Item], kind: str) -> Iterator[Item]:
    for item in items:
        try:
            yield read(item)
        except AnswerLostError as exc:
            _log.warning("%s is left out of the list. %s", kind, exc)
