"""Long work: followed from the thread that asked for it, and carried to its end without it."""

import threading
from collections.abc import Callable

import pytest

from services.background import Repeating, run_to_completion


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


def test_repeating_work_is_done_at_once_and_again_though_it_fails(caplog: pytest.LogCaptureFixture) -> None:
    times, done = [0], threading.Event()

    def work() -> None:
        times[0] += 1
        if times[0] == 3:
            done.set()
        raise ValueError("broken")

    repeating = Repeating(work, 0.01)
    repeating.start()
    assert done.wait(10)
    repeating.stop()
    assert "Work in the background failed" in caplog.text


def test_stopping_ends_the_wait_for_the_next_time() -> None:
    begun = threading.Event()
    repeating = Repeating(begun.set, 3600)
    repeating.start()
    assert begun.wait(10)
    repeating.stop()
    assert "repeating" not in [thread.name for thread in threading.enumerate()]
