"""A real process, really killed while files are on their way: what's lost is at most the uploads in flight."""

import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx
import pytest

from services.clock import Clock
from services.engine.uploads import MAX_AT_ONCE
from services.files.vault import Vault
from services.models import BatchState, Choice, ChoiceKind, FileRef, NamedFile, RowDetail, RowState
from services.store import DraftSource, NewBatch, NewRow, Store
from services.writer.wire.agents import read_agent
from tests.engine.runner import engine_process
from tests.store.making import draft, wait_until

ROOT = Path(__file__).parents[3]
ROWS = 60
KILLS = 10
LATENCY_S = 0.25
"""Seconds that the sandbox keeps each answer, so that processes die while they wait for one."""
LIFE_S = (0.05, 0.7)
PROOF_AFTER_S = 0.5
SYLLABLES = ("ba", "de", "fi", "go", "lu", "mo", "ne", "pa", "ri", "su")
FINAL = {RowState.COMPLETED, RowState.UNCONFIRMED}

Start = Callable[[], "tuple[BaseProcess, Connection]"]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[str]:
    """A sandbox in a process of its own; gives its address."""
    options = ["--port", "0", "--database", str(tmp_path / "sandbox.db"), "--latency", str(LATENCY_S)]
    options += ["--fail-rate", "0", "--slow-rate", "0", "--job-seconds", "0", "0.3", "--file-seconds", "0.2"]
    options += ["--rpm", "99999", "--tpm", "99999999"]
    command = [sys.executable, "-m", "services.sandbox", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[3].rstrip(",")
        process.kill()


@pytest.fixture
def store(empty_database: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copy(empty_database, tmp_path / "copydesk.db")
    store = Store(f"sqlite:///{tmp_path / 'copydesk.db'}")
    yield store
    store.close()


@pytest.fixture
def start(tmp_path: Path, sandbox: str) -> Iterator[Start]:
    """Fork a process that works on the batches; it has everything imported."""
    context = get_context("forkserver")
    context.set_forkserver_preload([engine_process.__name__])
    started: list[tuple[BaseProcess, Connection]] = []

    def start() -> tuple[BaseProcess, Connection]:
        here, there = context.Pipe()
        database = f"sqlite:///{tmp_path / 'copydesk.db'}"
        process = context.Process(target=engine_process.work, args=(database, sandbox, PROOF_AFTER_S, there))
        process.start()
        started.append((process, here))
        there.close()
        assert here.recv() == "started"
        return process, here

    yield start
    for process, pipe in started:
        process.kill()
        process.join()
        process.close()
        pipe.close()


def names() -> list[str]:
    """Different names of one word each, which the sandbox mentions in its texts."""
    return [f"{SYLLABLES[n // 10]}{SYLLABLES[n % 10]}ka.png" for n in range(ROWS)]


def launch(store: Store, folder: Path, url: str) -> str:
    """Launch a batch of which each row has a file of its own."""
    vault, draft_id = Vault(folder / "files"), draft(store)
    found = httpx.get(f"{url}/v1/applications", headers={"Authorization": "Bearer a-key"}).json()["data"]
    agent = next(agent for agent in map(read_agent, found) if agent.name == "Image alt text")
    files = [vault.add([b"\x89PNG\r\n\x1a\n", name.encode(), bytes(50_000)], name, 99_999) for name in names()]
    vault.close()
    named = [NamedFile(name, file) for name, file in zip(names(), files, strict=True)]
    store.files.add(draft_id, [DraftSource(file.name, file) for file in named])
    rows = [
        NewRow(n, (file.name,), {"Image": [str(FileRef(file.file.hash, file.name))]}, None)
        for n, file in enumerate(named, 2)
    ]
    choices = {"Image": Choice(ChoiceKind.COLUMN, ("Photo",))}
    new = NewBatch(draft_id, "Photos", url, agent, "photos.csv", ("Photo",), choices)
    return store.batches.launch(new, rows, Clock().now(), lambda _: None)


def asked(database: Path, query: str) -> Counter[str]:
    with closing(sqlite3.connect(database)) as connection:
        return Counter(dict(connection.execute(query).fetchall()))


def in_flight(folder: Path, since: float = 0.0) -> int:
    """Uploads that began since then and whose end isn't noted."""
    query = f"SELECT hash, 1 FROM uploads WHERE file_id IS NULL AND checked_at >= {since}"
    return asked(folder / "copydesk.db", query).total()


def rows_of(store: Store, batch_id: str) -> list[RowDetail]:
    return [store.rows.get(batch_id, position) for position in range(ROWS)]


def check(store: Store, batch_id: str, folder: Path, lost_uploads: int) -> None:
    """Each row has its own file's suggestion and one job; files are uploaded once, but for those that were lost."""
    rows, launched = rows_of(store, batch_id), store.batches.only(batch_id).created_at.timestamp()
    since_then = f"WHERE created_at >= {launched} GROUP BY 1"  # a new sandbox has some from earlier days
    jobs = asked(folder / "sandbox.db", f"SELECT fingerprint, count(*) FROM jobs {since_then}")
    uploads = asked(folder / "sandbox.db", f"SELECT sha256, count(*) FROM uploads {since_then}")
    states = Counter(row.state for row in rows)
    assert states.keys() <= FINAL
    assert max(jobs.values()) == 1
    assert states[RowState.COMPLETED] <= len(jobs) <= ROWS == states.total()
    assert all(
        row.cells[0].removesuffix(".png") in str(row.suggestion).lower()
        for row in rows
        if row.state is RowState.COMPLETED
    )
    assert len(uploads) == ROWS
    assert uploads.total() - ROWS <= lost_uploads


@pytest.mark.parametrize("seed", [1])
def test_killed_ten_times_while_sixty_files_are_on_their_way(
    store: Store, tmp_path: Path, sandbox: str, start: Start, seed: int
) -> None:
    batch_id, moments, lost = launch(store, tmp_path, sandbox), random.Random(seed), []
    unknown = 0
    for _ in range(KILLS):
        began = Clock().now()
        process, _ = start()
        time.sleep(moments.uniform(*LIFE_S))
        process.kill()
        process.join()
        lost.append(in_flight(tmp_path, began))
        unknown += store.batches.get(batch_id).counts[RowState.SENDING] - len(store.work.lost(batch_id))
    assert max(lost) <= MAX_AT_ONCE
    assert sum(lost) > 0
    start()
    wait_until(lambda: store.batches.only(batch_id).state is BatchState.FINISHED)
    check(store, batch_id, tmp_path, sum(lost))
    assert store.batches.get(batch_id).counts[RowState.UNCONFIRMED] <= unknown


def test_a_process_that_is_told_to_end_while_files_are_on_their_way_loses_none(
    store: Store, tmp_path: Path, sandbox: str, start: Start
) -> None:
    batch_id = launch(store, tmp_path, sandbox)
    process, pipe = start()
    wait_until(lambda: in_flight(tmp_path) > 0)
    pipe.send("end")
    process.join(5)
    assert process.exitcode == 0
    assert in_flight(tmp_path) == 0
    start()
    wait_until(lambda: store.batches.only(batch_id).state is BatchState.FINISHED)
    check(store, batch_id, tmp_path, 0)
