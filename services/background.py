"""Long work that is carried to its end, whether or not the one who asked for it stays to see that."""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_STOP_TIMEOUT_S = 2.0

_log = logging.getLogger(__name__)

Result = TypeVar("Result")


def run_to_completion(work: Callable[[Callable[[int], None]], Result], on_progress: Callable[[int], None]) -> Result:
    """Do the work in a thread of its own, pass its progress on in the caller's, and give its result or its error.

    If `on_progress` raises, as a page does that is drawn anew, only the following ends: the work goes on.
    """
    told: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work(told.put))
        except BaseException as error:  # noqa: BLE001 - it is raised again in the caller's thread
            future.set_exception(error)
        finally:
            told.put(None)

    threading.Thread(target=run, name="background").start()
    while (progress := told.get()) is not None:
        on_progress(progress)
    return future.result()


class Repeating:
    """Work that is done now and again, in a thread of its own, from `start` to `stop`."""

    def __init__(self, work: Callable[[], object], interval_s: float) -> None:
        """`interval_s` are the seconds between two times; the first one comes at the start."""
        self._work = work
        self._interval_s = interval_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="repeating", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; work that is being done gets some seconds."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_TIMEOUT_S)

    def _run(self) -> None:
        while True:
            try:
                self._work()
            except Exception:  # noqa: BLE001 - whatever it is, the next time may be better
                _log.exception("Work in the background failed; it's tried again later.")
            if self._stopped.wait(self._interval_s):
                return
