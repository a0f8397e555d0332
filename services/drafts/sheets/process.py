"""Reading in a process of its own, so that a huge or hostile file harms neither the server nor those who use it."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Timer
from typing import Any

from services.drafts.sheets.table import Limits, read_chunks
from services.errors import SheetError
from services.models import Reading, Sheet

INPUT = "input"
"""The name of the uploaded file in the directory that both processes share."""
OUTPUT = "chunks"
"""The name of the file that the rows are written to."""

_MB = 1024 * 1024

TIMEOUT = 300.0
"""Seconds after which reading is given up."""

MAX_MEMORY = 1_500_000_000
"""Bytes of address space that reading may take."""

MAX_CPU = 200
"""Seconds of processor time that reading may take."""

_ROOT = Path(__file__).parents[3]
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT", "TEMP")  # the API key is none of its business
_LOGGED_BYTES = 2_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ParsedSheet:
    """A spreadsheet that was read."""

    sheet: Sheet
    _packed: Path

    def chunks(self) -> Iterator[bytes]:
        """Give the rows in order, packed by `services.store.chunks.pack`; only before the context of `read` ends."""
        with self._packed.open("rb") as packed:
            yield from read_chunks(packed)


def _ignore(_rows: int) -> None:
    """Follow no progress."""


@contextmanager
def read(
    data: bytes, filename: str, reading: Reading, limits: Limits, on_progress: Callable[[int], None] = _ignore
) -> Iterator[ParsedSheet]:
    """Read a spreadsheet in a process of its own; the rows can be had while the context lasts.

    `reading` says what a person chose; what it leaves open is found out. `on_progress` gets the number of rows
    read so far, in the caller's thread; if it raises, reading ends at once.

    Raises:
        SheetError: the spreadsheet cannot be used as it is, or reading took too much time or memory.
    """
    if len(data) > limits.max_bytes:
        raise SheetError(
            f"This file has {len(data) / _MB:,.1f} MB; at most {limits.max_bytes / _MB:,.1f} MB are taken. "
            "Split it into several files, and upload them one by one."
        )
    with TemporaryDirectory(prefix="copydesk-") as directory:
        (Path(directory) / INPUT).write_bytes(data)
        request = {"filename": filename, "reading": asdict(reading), "limits": asdict(limits), "memory": MAX_MEMORY}
        sheet = _run(Path(directory), request, on_progress)
        yield ParsedSheet(sheet, Path(directory) / OUTPUT)


def _run(directory: Path, request: dict[str, Any], on_progress: Callable[[int], None]) -> Sheet:
    """Start the child, follow it to its end, and never leave it behind."""
    late = Event()
    with (directory / "log").open("w+b") as log, _start(directory, log.fileno()) as child:

        def give_up() -> None:
            late.set()
            child.kill()

        deadline = Timer(TIMEOUT, give_up)
        deadline.start()
        try:
            answer = _follow(child, request, on_progress)
            code = child.wait()
        finally:
            deadline.cancel()
            child.kill()
        if answer is None:
            log.seek(0)
            _log.warning(
                "Reading a spreadsheet ended with %s: %s", code, log.read()[-_LOGGED_BYTES:].decode(errors="replace")
            )
            raise _no_answer(code, late=late.is_set())
    if "error" in answer:
        raise SheetError(answer["error"])
    return _sheet(answer["sheet"])


def _start(directory: Path, log: int) -> subprocess.Popen[str]:
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(  # noqa: S603 (nothing of the person's is in the command)
        [sys.executable, "-P", "-m", "services.drafts.sheets", str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        encoding="utf-8",
        env={**environment, "PYTHONPATH": os.pathsep.join(paths)},
    )


def _follow(
    child: subprocess.Popen[str], request: dict[str, Any], on_progress: Callable[[int], None]
) -> dict[str, Any] | None:
    """Hand over the request, pass progress on, and give the child's answer; None if it ended without one."""
    if child.stdin is None or child.stdout is None:
        raise TypeError("the child must be started with pipes")
    with suppress(BrokenPipeError), child.stdin as pipe:
        json.dump(request, pipe)
    for line in child.stdout:
        message: dict[str, Any] = json.loads(line) if line.endswith("\n") else {}
        if "rows" in message:
            on_progress(message["rows"])
        elif message:
            return message
    return None


def _no_answer(code: int, *, late: bool) -> SheetError:
    """Say what ended the child: the clock, the limits of the operating system, or a fault of ours."""
    if late or -code == getattr(signal, "SIGXCPU", None):
        what = "Reading this spreadsheet takes too long."
    elif code < 0:
        what = "Reading this spreadsheet takes more memory than there is for one file."
    else:
        what = "This spreadsheet cannot be read."
    return SheetError(f"{what} Copy the rows and columns that are needed into a new one, and save that as CSV.")


def _sheet(plain: dict[str, Any]) -> Sheet:
    return Sheet(
        filename=plain["filename"],
        columns=tuple(plain["columns"]),
        row_count=plain["row_count"],
        reading=Reading(**plain["reading"]),
        sheets=tuple(plain["sheets"]),
        hidden_sheets=tuple(plain["hidden_sheets"]),
        notes=tuple(plain["notes"]),
    )
