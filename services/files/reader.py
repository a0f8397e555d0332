"""Looking into files in a separate process: a hostile one can end that process, but not the server."""

import json
import logging
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock, Timer

from services import child

MAX_MEMORY_BYTES = 1_000_000_000
"""The address space that looking into a file may use."""

WORDS_TIMEOUT_S = 20.0
"""How long counting the words of one file may take."""

THUMBNAIL_TIMEOUT_S = 10.0
"""How long drawing one thumbnail may take."""

_log = logging.getLogger(__name__)


class Reader:
    """Counts words and draws thumbnails, one file at a time, in a process that starts with the first one.

    A file that ends the process, or takes too long, counts as one that can't be read; the next one gets a new process.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None

    def words(self, path: Path, media_type: str) -> int | None:
        """Count the words of a file; None where they can't be counted."""
        answer = self._ask({"words": str(path), "media_type": media_type}, WORDS_TIMEOUT_S)
        return answer if isinstance(answer, int) else None

    def thumbnail(self, path: Path, into: Path, box: tuple[int, int]) -> bool:
        """Draw a WebP image that fits into the box of pixels; False where the file is no image that can be read."""
        request = {"thumbnail": str(path), "into": str(into), "box": box}
        return self._ask(request, THUMBNAIL_TIMEOUT_S) is True

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._end()

    def _ask(self, request: Mapping[str, object], timeout: float) -> object:
        with self._lock:
            process = self._started()
            deadline = Timer(timeout, process.kill)
            deadline.start()
            try:
                line = _exchange(process, json.dumps(request))
            finally:
                deadline.cancel()
            if line is None:
                _log.warning("Looking into a file ended its process with exit code %s: %s", process.wait(), request)
                self._end()
                return None
            answer: object = json.loads(line)["answer"]
            return answer

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = child.start("services.files", stderr=subprocess.DEVNULL)
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            process.kill()
            with suppress(BrokenPipeError), process:  # closes its pipes and waits
                pass


def _exchange(process: subprocess.Popen[str], request: str) -> str | None:
    """Send a line and give the line that comes back; None if the process ends instead."""
    if process.stdin is None or process.stdout is None:
        raise TypeError("the process must be started with pipes")
    with suppress(BrokenPipeError):
        process.stdin.write(f"{request}\n")
        process.stdin.flush()
    line = process.stdout.readline()
    return line if line.endswith("\n") else None
