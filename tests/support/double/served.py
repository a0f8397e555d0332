"""The double over HTTP, in a thread of the test."""

import socket
import threading
import time
from types import TracebackType
from typing import Self

import uvicorn

from tests.support.double.app import asgi_app
from tests.support.double.core import Double


class Served:
    """Serves a double on a free port of this machine as long as the context lasts."""

    def __init__(self, double: Double) -> None:
        self.double = double
        self._server = uvicorn.Server(server_config(double))
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


def server_config(double: Double, port: int = 0) -> uvicorn.Config:
    """How uvicorn serves a double: without anything of its own in the answers."""
    return uvicorn.Config(
        asgi_app(double),
        host="127.0.0.1",
        port=port,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
