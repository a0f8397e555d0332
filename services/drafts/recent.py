"""Results that are expensive to compute, kept because a page asks for them each time it is drawn."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

MAX_RESULTS = 16
"""How many are kept; the one unused for the longest goes first."""

Result = TypeVar("Result")


class Recent(Generic[Result]):
    """The latest results by what they were computed from. Its method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: OrderedDict[Hashable, Result] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        """Give the result for a key, computed now if it isn't known."""
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key]
        result = compute()
        with self._lock:
            self._results[key] = result
            while len(self._results) > MAX_RESULTS:
                self._results.popitem(last=False)
        return result
