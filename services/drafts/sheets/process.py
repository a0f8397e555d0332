"""Reading in a separate process, so that a huge or hostile file harms neither the server nor its users."""

import json
import logging
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Timer
from typing import Any

from services import child
from services.drafts.sheets.table import Limits, read_chunks
from services.errors import SheetError
from services.models import Layout, Reading, Sheet

INPUT = "input"
"""The name of the uploaded file in the directory both processes share."""
OUTPUT = "chunks"
"""The name of the file the rows are written to."""

_MB = 1024 * 1024

TIMEOUT_S = 300.0
"""How long reading may take before it is stopped."""

MAX_MEMORY_BYTES = 1_500_000_000
"""The address space that reading may use."""

MAX_CPU_S = 200
"""The processor time that reading may use."""

_MAX_LOGGED_BYTES = 2_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ParsedSheet:
    """A spreadsheet that has been read."""

    sheet: Sheet
    _packed: Path

    def chunks(self) -> Iterator[bytes]:
        """Give the rows in order, packed by `services.chunks.pack`. Only works inside the context of `read`."""
        with self._packed.open("rb") as packed:
            yield from read_chunks(packed)


def _ignore(_rows: int) -> None:
    """Do nothing with the progress."""


@contextmanager
def read(
    data: bytes,
    filename: str,
    reading: Reading,
    limits: Limits,
    on_progress: Callable[[int], None] = _ignore,
    language: str = "",
) -> Iterator[ParsedSheet]:
    """Read a spreadsheet in a separate process; its rows are available until the context ends.

    `reading` says what a person chose; the rest is detected. `on_progress` gets the number of rows read so far, in
    the caller's thread; if it raises, reading stops. `language` is the reader's ("pl-PL"), a hint at the encoding.

    Raises:
        SheetError: the spreadsheet can't be used as it is, or reading took too much time or memory.
    """
    if len(data) > limits.max_bytes:
        raise SheetError(
            f"This file has {len(data) / _MB:,.1f} MB; the limit is {limits.max_bytes / _MB:,.1f} MB. "
            "Split it into several files and upload them one by one."
        )
    with TemporaryDirectory(prefix="copydesk-") as directory:
        (Path(directory) / INPUT).write_bytes(data)
        request = {
            "filename": filename,
            "reading": asdict(reading),
            "limits": asdict(limits),
            "memory": MAX_MEMORY_BYTES,
            "language": language,
        }
        sheet = _run(Path(directory), request, on_progress)
        yield ParsedSheet(sheet, Path(directory) / OUTPUT)


def _run(directory: Path, request: dict[str, Any], on_progress: Callable[[int], None]) -> Sheet:
    """Start the child process, wait for its answer, and make sure that it has ended."""
    late = Event()
    with (directory / "log").open("w+b") as log, _start(directory, log.fileno()) as process:

        def stop() -> None:
            late.set()
            process.kill()

        deadline = Timer(TIMEOUT_S, stop)
        deadline.start()
        try:
            answer = _follow(process, request, on_progress)
            code = process.wait()
        finally:
            deadline.cancel()
            process.kill()
        if answer is None:
            log.seek(0)
            _log.warning(
                "Reading a spreadsheet ended with exit code %s: %s",
                code,
                log.read()[-_MAX_LOGGED_BYTES:].decode(errors="replace"),
            )
            raise _no_answer(code, late=late.is_set())
    if "error" in answer:
        raise SheetError(answer["error"])
    return _sheet(answer["sheet"])


def _start(directory: Path, log: int) -> subprocess.Popen[str]:
    return child.start("services.drafts.sheets", str(directory), stderr=log)


def _follow(
    process: subprocess.Popen[str], request: dict[str, Any], on_progress: Callable[[int], None]
) -> dict[str, Any] | None:
    """Send the request, report progress, and give the child's answer; None if it ended without one."""
    if process.stdin is None or process.stdout is None:
        raise TypeError("the child process must be started with pipes")
    with suppress(BrokenPipeError), process.stdin as pipe:
        json.dump(request, pipe)
    for line in process.stdout:
        message: dict[str, Any] = json.loads(line) if line.endswith("\n") else {}
        if "rows" in message:
            on_progress(message["rows"])
        elif message:
            return message
    return None


def _no_answer(code: int, *, late: bool) -> SheetError:
    """Say what ended the child process: the timeout, a limit of the operating system, or a bug."""
    if late or -code == getattr(signal, "SIGXCPU", None):
        what = "This spreadsheet takes too long to read."
    elif code < 0:
        what = "This spreadsheet takes too much memory to read."
    else:
        what = "This spreadsheet can't be read."
    return SheetError(f"{what} Copy the rows and columns you need into a new one and save it as CSV.")


def _sheet(plain: dict[str, Any]) -> Sheet:
    return Sheet(
        filename=plain["filename"],
        columns=tuple(plain["columns"]),
        row_count=plain["row_count"],
        reading=Reading(**plain["reading"]),
        sheets=tuple(plain["sheets"]),
        hidden_sheets=tuple(plain["hidden_sheets"]),
        notes=tuple(plain["notes"]),
        layout=Layout.from_plain(plain["layout"]),
    )
