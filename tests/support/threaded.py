"""A server of uvicorn in a thread of the test."""

import socket
import threading
import time
from types import TracebackType
from typing import Self

import uvicorn


class ThreadedServer:
    """Serves on a free port of this machine as long as the context lasts."""

    def __init__(self, config: uvicorn.Config) -> None:
        self._server = uvicorn.Server(config)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.force_exit = True
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
