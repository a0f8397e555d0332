"""Checks of drafts, kept while the draft stays as it was: a page asks for them each time it is drawn."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from services.models import Check, Draft, LaunchOptions

_KEPT = 16
"""Checks kept; the longest unused goes first."""


class Checks:
    """The latest checks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._checks: OrderedDict[str, Check] = OrderedDict()

    def get(self, draft: Draft, check: Callable[[], Check]) -> Check:
        """The check of a draft as it is, made now if need be."""
        # the name a person types, and how rows are sent, changes nothing for the rows
        key = repr(replace(draft, name="", batch_id=None, options=LaunchOptions()))
        with self._lock:
            if key in self._checks:
                self._checks.move_to_end(key)
                return self._checks[key]
        made = check()
        with self._lock:
            self._checks[key] = made
            while len(self._checks) > _KEPT:
                self._checks.popitem(last=False)
        return made
