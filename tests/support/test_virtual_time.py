"""Virtual time itself: jumps, order, and work for threads."""

import asyncio
import time

import pytest

from tests.support.virtual_time import EPOCH, StuckError, VirtualClock, run_virtual


def loop_time() -> float:
    return asyncio.get_running_loop().time()


def test_an_hour_of_sleep_takes_no_time() -> None:
    async def main() -> float:
        for _ in range(3600):
            await asyncio.sleep(1)
        return loop_time()

    began = time.monotonic()
    assert run_virtual(main()) == pytest.approx(3600)
    assert time.monotonic() - began < 2


def test_timers_fire_at_their_times_and_in_their_order() -> None:
    seen: list[tuple[str, float]] = []

    async def after(seconds: float, name: str) -> None:
        await asyncio.sleep(seconds)
        seen.append((name, loop_time()))

    async def main() -> None:
        await asyncio.gather(after(3, "c"), after(1, "a"), after(2, "b"), after(0, "now"))

    run_virtual(main())
    assert seen == [("now", 0), ("a", pytest.approx(1)), ("b", pytest.approx(2)), ("c", pytest.approx(3))]


def test_time_outs_count_virtual_seconds() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 90)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await asyncio.sleep(20)
        return loop_time()

    assert run_virtual(main()) == pytest.approx(100)


def test_work_for_a_thread_takes_no_virtual_time() -> None:
    async def main() -> tuple[float, list[str]]:
        seen: list[str] = []

        async def timer() -> None:
            await asyncio.sleep(0.01)
            seen.append("timer")

        task = asyncio.create_task(timer())
        await asyncio.to_thread(time.sleep, 0.1)
        seen.append("thread")
        at = loop_time()
        await task
        return at, seen

    assert run_virtual(main()) == (0, ["thread", "timer"])


def test_work_for_threads_is_done_in_turn() -> None:
    async def main() -> list[int]:
        done: list[int] = []
        await asyncio.gather(*(asyncio.to_thread(done.append, number) for number in range(200)))
        return done

    assert run_virtual(main()) == [*range(200)]


def test_work_for_a_thread_is_done_though_nobody_wants_its_result_any_more() -> None:
    done: list[bool] = []

    async def main() -> None:
        task = asyncio.create_task(asyncio.to_thread(done.append, True))
        await asyncio.sleep(0)
        assert not done
        task.cancel()
        await asyncio.sleep(1)

    run_virtual(main())
    assert done == [True]


def test_what_a_thread_raises_arrives() -> None:
    def wrong() -> None:
        raise ValueError("from the thread")

    with pytest.raises(ValueError, match="from the thread"):
        run_virtual(asyncio.to_thread(wrong))


def test_waiting_for_what_never_happens_is_an_error_and_not_a_hang() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(StuckError):
        run_virtual(main())


def test_what_takes_longer_than_allowed_is_ended() -> None:
    with pytest.raises(TimeoutError):
        run_virtual(asyncio.sleep(11), within=10)


def test_the_clock_shows_the_loops_time_from_an_epoch_on() -> None:
    async def main() -> list[float]:
        clock, other = VirtualClock(), VirtualClock(epoch=995)
        assert clock.now() == EPOCH
        await clock.sleep(5)
        return [clock.now() - EPOCH, await asyncio.to_thread(clock.now) - EPOCH, other.now()]

    assert run_virtual(main()) == pytest.approx([5, 5, 1000])


def test_a_jump_of_the_systems_clock_moves_what_it_shows_and_no_timer() -> None:
    async def main() -> list[float]:
        clock = VirtualClock(epoch=1000)
        sleeper = asyncio.create_task(clock.sleep(10))
        clock.jump(-3600)
        await sleeper
        return [clock.now(), loop_time()]

    assert run_virtual(main()) == pytest.approx([-2590, 10])
