"""What runs beside a benchmark in processes of its own: the double, and Copydesk's engine; and what they use."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from services.models import BatchState, Choice, ChoiceKind, Reading, RowState, Sheet
from services.store import NewBatch, NewRow, Store
from tests.engine.runner.stage import AGENT
from tests.support.server import ROOT

_LOOK_EVERY = 0.1
_TICKS = os.sysconf("SC_CLK_TCK")
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Copydesk:
    """A database and the process that works on its batches."""

    store: Store
    connection: str
    process: "subprocess.Popen[str]"

    def run(self, rows: int) -> float:
        """Launch a batch of so many rows and give the seconds until all are completed in the store."""
        batch_id = launch(self.store, self.connection, rows)
        began = time.monotonic()
        assert self.process.stdin is not None
        print(batch_id, file=self.process.stdin, flush=True)
        wait_until_finished(self.store, batch_id)
        return time.monotonic() - began


@contextmanager
def double(*options: str) -> Iterator[str]:
    """Serve a double with these options of its command line; gives its address."""
    command = [sys.executable, "-m", "tests.support.double", "--port", "0", *options]
    with _running(command, "Double listening on ") as (_, said):
        yield said.removeprefix("Double listening on ")


@contextmanager
def copydesk(directory: Path, url: str, rpm: int) -> Iterator[Copydesk]:
    """Run an engine on a new database, against what is served there, at so many requests a minute."""
    database = f"sqlite:///{directory / 'copydesk.db'}"
    store = Store(database)
    command = [sys.executable, "-m", "tests.benchmarks.engine_process", database, url, str(rpm)]
    with _running(command, "started") as (process, _):
        yield Copydesk(store, url, process)
    store.close()


@contextmanager
def _running(command: list[str], first_words: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run a process that says something when it is ready."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline().strip()
            assert said.startswith(first_words), said
            yield process, said
        finally:
            process.kill()


def launch(store: Store, connection: str, rows: int) -> str:
    """Launch a batch of so many rows; gives its id."""
    now = time.time()
    draft = store.drafts.create(Sheet("texts.csv", ("Text",), rows, Reading()), b"", [], now)
    choices = {"Text": Choice(ChoiceKind.COLUMN, ("Text",))}
    new = NewBatch(draft.id, "Texts", connection, AGENT, "texts.csv", ("Text",), choices)
    texts = (f"{draft.id} row {number}" for number in range(rows))
    new_rows = (NewRow(number + 2, (text,), {"Text": [text]}, None) for number, text in enumerate(texts))
    return store.batches.launch(new, new_rows, now, lambda _: None)


def completed(store: Store, batch_id: str) -> int:
    """How many rows of the batch are completed."""
    return store.batches.get(batch_id).counts[RowState.COMPLETED]


def wait_until_finished(store: Store, batch_id: str) -> None:
    """Wait until the batch is, and all its rows completed."""
    while store.batches.only(batch_id).state is not BatchState.FINISHED:
        time.sleep(_LOOK_EVERY)
    summary = store.batches.get(batch_id)
    assert summary.counts[RowState.COMPLETED] == summary.batch.row_count, summary


def books(url: str) -> dict[str, Any]:
    """The books of the double that is served there."""
    read: dict[str, Any] = httpx.get(f"{url}/books", timeout=60).json()
    return read


def cpu_seconds(pid: int) -> float:
    """Seconds that all processors together have spent on a process, from Linux' `/proc`."""
    after_name = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    user, system = after_name[11:13]
    return (int(user) + int(system)) / _TICKS


def memory_megabytes(pid: int) -> float:
    """What a process has in memory now, from Linux' `/proc`."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MEGABYTE
