"""What files on their way to Writer cost: requests, memory, and time, before the sandbox.

The fewest requests are one for each job, one for each page of results, and three for each file: its upload, and two
looks whether it's processed. The plain upload sends the same files with httpx, one after the other.

Run: python -m tests.benchmarks uploads
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from services.files.vault import Vault
from services.models import Choice, ChoiceKind, FileRef, NamedFile
from services.store import DraftSource, NewBatch, NewRow, Store
from services.writer.wire.agents import read_agent
from tests.benchmarks.figures import Baseline, Goal, report
from tests.benchmarks.processes import copydesk, memory_megabytes
from tests.engine.uploading import Bench
from tests.store.making import draft, wait_until
from tests.support.server import ROOT

ROWS = 400
FILES = 40
LARGE = 10
LARGE_MB = 50
WITHIN_S = 300.0
RPM = 99_999
KEY = {"Authorization": "Bearer a-key"}


def requests() -> None:
    """Rows that share files, at a tenth as many files as rows."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.line.requests.clear()
        bench.ended(bench.launch([f"photo {n % FILES}.png" for n in range(ROWS)]))
        made = bench.line.requests
        bench.close()
    what = f"{ROWS} rows with {FILES} files, requests ({made['uploads']} uploads, {made['files']} looks at them)"
    floor = Baseline(f"floor of 1.1 × {ROWS} + 3 × {FILES}", round(1.1 * ROWS + 3 * FILES))
    report(what, made.total(), Goal("<=", 1.0, of_ratio=True), [floor])


def large_files() -> None:
    """Half a gigabyte, with the memory of the process that uploads it."""
    with tempfile.TemporaryDirectory() as name, sandbox(Path(name)) as url, copydesk(Path(name), url, RPM) as ours:
        vault = Vault(Path(name) / "files")
        batch_id, files = launch(ours.store, vault, url)
        idle = memory_megabytes(ours.process.pid)
        assert ours.process.stdin is not None
        with Peak(ours.process.pid) as peak:
            began = time.monotonic()
            print(batch_id, file=ours.process.stdin, flush=True)
            wait_until(lambda: ours.store.uploads.progress(batch_id).uploaded == LARGE, WITHIN_S)
            seconds = time.monotonic() - began
        plain = upload_plainly(url, vault, files)
        vault.close()
    what = f"{LARGE} files of {LARGE_MB} MB"
    report(f"{what}, memory", peak.megabytes - idle, Goal("<", 60), [Baseline("idle process", idle)], " MB over idle")
    report(f"{what}, time until they're processed", seconds, None, [Baseline("plain httpx", plain)], " s")


@contextmanager
def sandbox(folder: Path) -> Iterator[str]:
    """Serve a sandbox; gives its address."""
    options = ["--port", "0", "--database", str(folder / "sandbox.db"), "--rpm", str(RPM), "--file-seconds", "0"]
    command = [sys.executable, "-m", "services.sandbox", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[3].rstrip(",")
        finally:
            process.kill()


def launch(store: Store, vault: Vault, url: str) -> tuple[str, list[NamedFile]]:
    """Launch a batch with a file a row; gives its id and the files. Their jobs don't matter: they're too large."""
    draft_id = draft(store)
    found = httpx.get(f"{url}/v1/applications", headers=KEY).json()["data"]
    agent = next(agent for agent in map(read_agent, found) if agent.name == "Brief summary")
    size = LARGE_MB * 1024 * 1024
    names = [f"brief {n}.pdf" for n in range(LARGE)]
    files = [NamedFile(name, vault.add(_random(size), name, size)) for name in names]
    store.files.add(draft_id, [DraftSource(file.name, file) for file in files])
    rows = [
        NewRow(n, (file.name,), {"Brief": [str(FileRef(file.file.hash, file.name))]}, None)
        for n, file in enumerate(files, 2)
    ]
    choices = {"Brief": Choice(ChoiceKind.COLUMN, ("Brief",))}
    new = NewBatch(draft_id, "Briefs", url, agent, "briefs.csv", ("Brief",), choices)
    return store.batches.launch(new, rows, time.time(), lambda _: None), files


def upload_plainly(url: str, vault: Vault, files: list[NamedFile]) -> float:
    """Seconds that httpx takes for the same files."""
    began = time.monotonic()
    with httpx.Client(base_url=url, headers=KEY, timeout=60) as client:
        for file in files:
            headers = {
                "Content-Type": "application/pdf",
                "Content-Length": str(file.file.size),
                "Content-Disposition": f'attachment; filename="{file.name}"',
            }
            with vault.open(file.file.hash) as opened:
                client.post("/v1/files", content=opened, headers=headers).raise_for_status()
    return time.monotonic() - began


class Peak:
    """The most memory that a process has while this lasts."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.megabytes = 0.0

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            self.megabytes = max(self.megabytes, memory_megabytes(self._pid))


def _random(size: int) -> Iterator[bytes]:
    piece = 1024 * 1024
    return (os.urandom(piece) for _ in range(size // piece))


def main() -> None:
    """Measure both."""
    requests()
    large_files()


if __name__ == "__main__":
    main()
