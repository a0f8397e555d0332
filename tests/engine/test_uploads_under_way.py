"""Files on their way to Writer while somebody pauses, cancels, deletes, or retries, and while Writer is in trouble."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO

import httpx
import pytest

from services.clock import Clock
from services.desk.batches import Batches
from services.desk.files import Files
from services.engine.uploads import MAX_AT_ONCE
from services.models import PauseKind, RowState
from services.settings import load
from tests.engine.uploading import HERE, PNG, Bench
from tests.store.making import wait_until

TEN = [f"{name}.png" for name in ("mug", "cap", "hat", "bag", "pen", "jar", "key", "map", "tin", "urn")]
COMPLETED, WAITING, CANCELED, FAILED = RowState.COMPLETED, RowState.WAITING, RowState.CANCELED, RowState.FAILED
STRAY = "stray copy"


@pytest.fixture
def desk(bench: Bench) -> Batches:
    """What the page of batches uses."""
    files = Files(load({}, Path("no-such-file")), bench.store, bench.vault)
    return Batches(HERE, bench.store, files, bench.engine, bench.gateway, Clock())


def held(bench: Bench, *batches: list[str]) -> list[str]:
    """Launch batches, and wait until as many of their uploads are in flight as may be."""
    bench.hold()
    ids = [bench.launch(names) for names in batches]
    wait_until(lambda: bench.line.in_flight == MAX_AT_ONCE)
    return ids


def each_suggestion_is_of_its_own_file(bench: Bench, batch_id: str) -> bool:
    rows = bench.ended(batch_id)
    return all(row.cells[0].partition(".")[0] in str(row.suggestion).lower() for row in rows)


def test_batches_that_share_files_upload_each_once_and_no_more_at_a_time_than_one_batch(bench: Bench) -> None:
    first, second = held(bench, TEN, TEN[::-1])
    bench.let_go()
    assert each_suggestion_is_of_its_own_file(bench, first)
    assert each_suggestion_is_of_its_own_file(bench, second)
    assert bench.line.uploads == dict.fromkeys(TEN, 1)


def test_while_a_batch_is_paused_only_what_was_in_flight_is_uploaded(bench: Bench) -> None:
    (batch,) = held(bench, TEN)
    bench.pause(batch)
    wait_until(lambda: not bench.engine._runners)
    bench.let_go()
    wait_until(lambda: bench.line.in_flight == 0)
    wait_until(lambda: all_noted(bench, MAX_AT_ONCE))
    assert bench.line.requests["uploads"] == MAX_AT_ONCE
    assert bench.line.requests["files"] == 0
    bench.resume(batch)
    assert each_suggestion_is_of_its_own_file(bench, batch)
    assert bench.line.uploads == dict.fromkeys(TEN, 1)


def test_after_a_cancel_only_what_was_in_flight_is_uploaded(bench: Bench) -> None:
    (batch,) = held(bench, TEN)
    bench.store.batches.cancel(batch, Clock().now())
    bench.engine.wake(batch)
    wait_until(lambda: not bench.engine._runners)
    bench.let_go()
    wait_until(lambda: all_noted(bench, MAX_AT_ONCE))
    assert bench.line.requests["uploads"] == MAX_AT_ONCE
    assert bench.states(batch) == {CANCELED: len(TEN)}


def test_deleting_a_batch_leaves_the_files_that_another_one_still_uploads(bench: Bench, desk: Batches) -> None:
    shared, alone = TEN[:8], TEN[8:]
    first, second = held(bench, [*alone, *shared], shared)
    desk.cancel(first)
    desk.delete(first)
    assert set(bench.vault.hashes(-1)) == {hash_of(bench, name) for name in shared}
    bench.let_go()
    assert each_suggestion_is_of_its_own_file(bench, second)
    assert max(bench.line.uploads.values()) == 1


def test_a_row_whose_file_failed_can_be_retried_while_other_files_are_uploaded(bench: Bench) -> None:
    others = TEN[: MAX_AT_ONCE - 1]
    bench.hold()
    batch = bench.launch(["corrupt.png", *others])
    wait_until(lambda: bench.states(batch)[FAILED] == 1)
    bench.retry(batch)
    wait_until(lambda: bench.line.uploads["corrupt.png"] == 2)
    bench.let_go()
    rows = bench.ended(batch)
    assert [attempt.number for attempt in rows[0].attempts] == [1, 2]
    assert [row.state for row in rows] == [FAILED, *[COMPLETED] * len(others)]
    assert bench.line.uploads == Counter(others) + Counter({"corrupt.png": 2})


def test_files_behind_the_sample_are_not_uploaded_before_somebody_lets_them(bench: Bench) -> None:
    batch = bench.launch(TEN, sample_rows=2)
    wait_until(lambda: bench.is_paused(batch, PauseKind.SAMPLE))
    assert bench.line.uploads == dict.fromkeys(TEN[:2], 1)
    bench.store.batches.run_remaining(batch, HERE)
    bench.engine.wake(batch)
    assert each_suggestion_is_of_its_own_file(bench, batch)
    assert bench.line.uploads == dict.fromkeys(TEN, 1)


def refusing(status: int, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, headers=headers, json={"errors": [{"description": "No."}]})


def unreachable(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route")


def test_a_key_that_is_refused_pauses_the_batch_which_uploads_the_files_after_resume(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.line.trouble = refusing(401)
    batch = bench.launch(TEN)
    wait_until(lambda: bench.is_paused(batch, PauseKind.KEY_REFUSED))
    wait_until(lambda: not bench.engine._runners)
    assert bench.line.requests["uploads"] <= MAX_AT_ONCE
    assert bench.states(batch) == {WAITING: len(TEN)}
    bench.line.trouble = None
    bench.resume(batch)
    assert each_suggestion_is_of_its_own_file(bench, batch)
    assert bench.line.uploads == dict.fromkeys(TEN, 1)
    assert STRAY not in caplog.text


def test_a_429_to_uploads_holds_them_all_and_they_go_on_when_it_is_over(bench: Bench) -> None:
    bench.line.trouble = refusing(429, **{"Retry-After": "2"})
    batch = bench.launch(TEN)
    wait_until(lambda: bench.line.requests["uploads"] > 0)
    time.sleep(1.5)
    assert bench.line.requests["uploads"] <= MAX_AT_ONCE
    bench.line.trouble = None
    assert bench.gateway.budget._held_poll_pause == 60.0  # what is refused together is no reason to poll less
    assert each_suggestion_is_of_its_own_file(bench, batch)
    assert bench.line.uploads == dict.fromkeys(TEN, 1)


def test_files_wait_until_writer_can_be_reached_and_nothing_is_said_to_be_lost(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.line.trouble = unreachable
    batch = bench.launch(TEN)
    wait_until(lambda: bench.line.requests["uploads"] > MAX_AT_ONCE)
    assert bench.store.connections.health(HERE).unreachable_since is not None
    assert bench.states(batch) == {WAITING: len(TEN)}
    assert bench.line.requests["uploads"] <= 2 * MAX_AT_ONCE
    bench.line.trouble = None
    bench.gateway.budget.relax()
    assert each_suggestion_is_of_its_own_file(bench, batch)
    assert bench.line.uploads == dict.fromkeys(TEN, 1)
    assert STRAY not in caplog.text


def test_a_file_that_cannot_be_read_fails_its_rows_in_words_and_the_batch_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path_of_mug, opened = bench.vault.path(hash_of(bench, "mug.png")), bench.vault.open

    def open_or_not(content_hash: str) -> IO[bytes]:
        if content_hash == path_of_mug.name:
            raise PermissionError(13, "Permission denied")
        return opened(content_hash)

    monkeypatch.setattr(bench.vault, "open", open_or_not)
    batch = bench.launch(["mug.png", "cap.png"])
    mug, cap = bench.ended(batch)
    words = "“mug.png” can't be read on the server (Permission denied). Check the folder for files there, then retry "
    words += "the row."
    assert (mug.state, mug.error, cap.state) == (FAILED, words, COMPLETED)
    monkeypatch.undo()
    bench.retry(batch)
    assert each_suggestion_is_of_its_own_file(bench, batch)


def test_a_row_that_writer_refused_because_its_file_is_gone_there_uploads_it_again_when_retried(bench: Bench) -> None:
    first = bench.launch(["mug.png"])
    bench.ended(first)
    noted = bench.store.uploads.get(HERE, hash_of(bench, "mug.png"))
    assert noted is not None
    bench.engine.call(bench.gateway._writer.delete_file(str(noted.file_id)))
    batch = bench.launch(["mug.png"])
    [row] = bench.ended(batch)
    assert (row.state, bench.line.uploads["mug.png"]) == (FAILED, 1)
    bench.retry(batch)
    assert each_suggestion_is_of_its_own_file(bench, batch)
    assert bench.line.uploads["mug.png"] == 2


def test_an_upload_that_arrives_while_the_engine_stops_is_not_repeated(bench: Bench) -> None:
    (batch,) = held(bench, TEN)
    line, stopped = bench.line, Counter(bench.line.uploads)
    loop = bench.engine._loop
    loop.call_soon_threadsafe(loop.call_later, 0.3, line.free.set)
    bench.engine.stop()
    assert all_noted(bench, MAX_AT_ONCE)
    bench.begin()
    assert each_suggestion_is_of_its_own_file(bench, batch)
    assert line.uploads == stopped
    assert stopped + bench.line.uploads == Counter(TEN)


def test_an_upload_that_hangs_while_the_engine_stops_is_noted_and_repeated_by_the_next_one(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    (batch,) = held(bench, TEN)
    began, line = time.monotonic(), bench.line
    bench.engine.stop()
    assert time.monotonic() - began < 3.0
    assert STRAY not in caplog.text
    bench.begin()
    assert each_suggestion_is_of_its_own_file(bench, batch)
    repeated = line.uploads + bench.line.uploads - Counter(TEN)
    assert repeated == line.uploads
    assert caplog.text.count(STRAY) == repeated.total() == MAX_AT_ONCE


def hash_of(bench: Bench, name: str) -> str:
    return bench.vault.add([PNG, name.encode()], name, 10_000).hash


def all_noted(bench: Bench, count: int) -> bool:
    """Whether Writer's ids of so many files are noted, and no upload is open."""
    noted = [bench.store.uploads.get(HERE, hash_of(bench, name)) for name in TEN]
    ids = [upload.file_id for upload in noted if upload is not None]
    return len(ids) == count and None not in ids
