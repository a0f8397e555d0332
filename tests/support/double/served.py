"""The double over HTTP, in a thread of the test."""

import uvicorn

from tests.support.double.app import asgi_app
from tests.support.double.core import Double
from tests.support.threaded import ThreadedServer


class Served(ThreadedServer):
    """Serves a double on a free port of this machine as long as the context lasts."""

    def __init__(self, double: Double) -> None:
        super().__init__(server_config(double))
        self.double = double


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
