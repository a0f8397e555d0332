"""A real process, really killed, over real HTTP: the next one goes on, and no row is lost or sent twice."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.clock import Clock
from services.models import BatchState, RowState
from services.store import Store
from tests.engine.runner.stage import Stage
from tests.support.double import Double, Fault, Kind, Options, Served
from tests.support.server import Server

ROOT = Path(__file__).parents[3]
ROWS = 100
UNSTORED = 1.0
"""Seconds in which an answer that came may not be stored yet, on a machine that has much else to do ..."""
NOT_LEFT = 15
"""... and requests that are noted together, and may not have left yet."""
STOP_WITHIN = 5.0
"""Seconds in which the server has to end when it is told to."""
PROOF_AFTER = 2.0
WITHIN = 60.0
"""Seconds that the last process may take for what is left."""

Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def served() -> Iterator[Served]:
    with Served(Double(Options(latency=(0.1, 0.6), duration=(0.5, 2.0)))) as served:
        yield served


@pytest.fixture
def stage(empty_database: Path, tmp_path: Path, served: Served) -> Iterator[Stage]:
    path = tmp_path / "copydesk.db"
    shutil.copy(empty_database, path)
    store = Store(f"sqlite:///{path}")
    yield Stage(store, served.double, Clock(), rpm=3000, connection=served.url)
    store.close()


@pytest.fixture
def start(stage: Stage, tmp_path: Path, served: Served) -> Iterator[Start]:
    """Start a process that works on the batches."""
    database = f"sqlite:///{tmp_path / 'copydesk.db'}"
    command = [sys.executable, "-m", "tests.engine.runner.engine_process", database, served.url, str(PROOF_AFTER)]
    started: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.mark.parametrize(
    ("rows", "kills"), [(ROWS, 2), pytest.param(3 * ROWS, 20, marks=pytest.mark.slow)], ids=["twice", "20 times"]
)
def test_killed_at_any_moment_and_started_again(stage: Stage, start: Start, rows: int, kills: int) -> None:
    moments = random.Random(kills)
    batch = stage.launch(rows)
    unknown = 0
    for _ in range(kills):
        process = start()
        time.sleep(moments.uniform(0.1, 1.5))
        process.kill()
        at = stage.clock.now()
        process.wait()
        sending = stage.states(batch)[RowState.SENDING] - len(stage.store.work.lost(batch))
        assert sending <= NOT_LEFT + stage.books.in_flight(since=at - UNSTORED, until=stage.clock.now())
        unknown += sending
    start()
    wait_until(lambda: stage.is_settled(batch))
    stage.check(batch)
    states = stage.states(batch)
    assert stage.batch(batch).state is BatchState.FINISHED
    assert states.keys() <= {RowState.COMPLETED, RowState.UNCONFIRMED}
    assert states.total() == rows
    assert stage.books.created.total() >= states[RowState.COMPLETED] > 0
    assert states[RowState.UNCONFIRMED] <= unknown


@pytest.mark.slow
def test_a_process_that_is_asked_to_end_leaves_nothing_unknown(stage: Stage, start: Start) -> None:
    batch = stage.launch(ROWS)
    process = start()
    wait_until(lambda: stage.books.created.total() > 5)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0
    assert stage.states(batch)[RowState.SENDING] == 0
    start()
    wait_until(lambda: stage.is_settled(batch))
    assert stage.states(batch) == {RowState.COMPLETED: ROWS}
    stage.check(batch)


def test_a_server_that_is_asked_to_end_does_so_in_time_and_records_what_is_in_flight(
    stage: Stage, start: Start, served: Served, tmp_path: Path
) -> None:
    """Writer takes long to answer, and somebody's browser has stopped reading a download."""
    served.double.options.faults = {Fault.SLOW: {Kind.CREATE: 1.0}}
    served.double.options.slow = 30.0
    batch = stage.launch(ROWS)
    large = stage.launch([f"{number} {'text ' * 4000}" for number in range(500)], skipped=range(500))
    server = Server(tmp_path, WRITER_API_KEY="sk-key-of-ours", WRITER_BASE_URL=served.url).start()
    try:
        wait_until(lambda: stage.books.created.total() >= 4)
        with socket.create_connection(("localhost", server.port)) as unread:
            unread.sendall(f"GET /export/{large}.csv HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert unread.recv(15) == b"HTTP/1.1 200 OK"
            began = time.monotonic()
            code = server.stop()
        assert time.monotonic() - began < STOP_WITHIN
        assert code in (0, -signal.SIGTERM), "uvicorn ends by the signal that it was sent, once it is done"
    finally:
        server.close()
    sending = stage.states(batch)[RowState.SENDING]
    assert len(stage.store.work.lost(batch)) == sending >= stage.books.created.total() >= 4
    served.double.options.faults = {}
    start()
    wait_until(lambda: stage.is_settled(batch))
    stage.check(batch)
    assert stage.states(batch) == {RowState.COMPLETED: ROWS - sending, RowState.UNCONFIRMED: sending}


@pytest.mark.slow
def test_a_second_process_sends_nothing_until_the_first_one_is_gone(stage: Stage, start: Start) -> None:
    batch = stage.launch(ROWS)
    first = start()
    wait_until(lambda: stage.books.created.total() > 5)
    start()
    os.kill(first.pid, signal.SIGSTOP)
    time.sleep(1.0)
    number = stage.books.created.total()
    time.sleep(1.5)
    assert stage.books.created.total() == number
    first.kill()
    wait_until(lambda: stage.is_settled(batch))
    stage.check(batch)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until it is so, a minute at the most."""
    end = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
