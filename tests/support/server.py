"""Copydesk as it is really run: a process of its own on a free port, which can be killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import httpx

ROOT = Path(__file__).parents[2]
_START_WITHIN = 60.0
"""Seconds that a start may take on a busy machine."""


class Server:
    """A Copydesk on a database in a directory of its own."""

    def __init__(self, directory: Path, **settings: str) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Server":
        """Start it and wait until it answers."""
        environment = {
            **os.environ,
            "WRITER_API_KEY": "",
            "WRITER_BASE_URL": "",
            "DATABASE_URL": f"sqlite:///{self.directory / 'copydesk.db'}",
            "STREAMLIT_SERVER_PORT": str(self.port),
            **self._settings,
        }
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "streamlit", "run", "app.py"]
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        self._wait()
        return self

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.directory / "server.log"

    @property
    def pid(self) -> int:
        """The process that runs."""
        assert self._process is not None
        return self._process.pid

    def set(self, **settings: str) -> None:
        """Change settings for the next start."""
        self._settings |= settings

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it as an operator would; gives the exit code."""
        return self._end(signal.SIGTERM)

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it, where it still runs."""
        if self._process is not None:
            self.kill()

    def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(how)
        code = self._process.wait(timeout=20)
        self._process = None
        return code

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_WITHIN
        while time.monotonic() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.url}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise RuntimeError(f"Copydesk did not start:\n{self.log.read_text()}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
