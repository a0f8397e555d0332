"""Long work that is carried to its end, whether or not the one who asked for it stays to see that."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

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
