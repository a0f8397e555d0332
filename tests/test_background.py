"""Long work: followed from the thread that asked for it, and carried to its end without it."""

import threading
from collections.abc import Callable

import pytest

from services.background import run_to_completion


def test_progress_and_the_result_reach_the_caller_in_its_own_thread() -> None:
    told: list[tuple[int, threading.Thread]] = []

    def work(tell: Callable[[int], None]) -> str:
        tell(1)
        tell(2)
        return "done"

    assert run_to_completion(work, lambda number: told.append((number, threading.current_thread()))) == "done"
    assert told == [(1, threading.current_thread()), (2, threading.current_thread())]


def test_an_error_of_the_work_is_raised_to_the_caller() -> None:
    def work(tell: Callable[[int], None]) -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        run_to_completion(work, lambda _: None)


def test_the_work_goes_on_when_the_caller_leaves() -> None:
    left, finished = threading.Event(), threading.Event()

    def work(tell: Callable[[int], None]) -> None:
        tell(1)
        assert left.wait(10)
        finished.set()

    def leave(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_to_completion(work, leave)
    left.set()
    assert finished.wait(10)
