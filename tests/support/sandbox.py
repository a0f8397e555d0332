"""The sandbox over HTTP, in a thread of the test, with faults that the test asks for."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.sandbox import SandboxOptions, create_app
from services.sandbox.store.database import Database
from services.sandbox.store.graphs import Graphs
from tests.support.threaded import ThreadedServer

QUICK = SandboxOptions(
    fail_rate=0, slow_rate=0, job_seconds=(0.0, 0.1), file_seconds=0.2, requests_per_minute=9999, examples=True
)


class ServedSandbox(ThreadedServer):
    """Serves a sandbox on a free port of this machine as long as the context lasts."""

    def __init__(self, path: Path, options: SandboxOptions = QUICK) -> None:
        self.requests: list[tuple[str, str]] = []
        """Method and path of each request so far."""
        self._faults: list[tuple[str, str, ASGIApp]] = []
        self._app = create_app(path, options)
        self.graphs = Graphs(Database(path))
        """What it keeps, for changes while it's answering a request."""
        config = uvicorn.Config(
            self._serve, interface="asgi3", lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
        super().__init__(config)

    def count(self, method: str, path: str) -> int:
        """How many requests there were with that method to a path that matches."""
        return sum(method == each and bool(re.search(path, where)) for each, where in self.requests)

    def refuse(self, method: str, path: str, status: int, words: str) -> None:
        """Answer the next matching request with an error, in Writer's form."""
        body = {"tpe": "fail", "errors": [{"description": words, "key": "fail", "extras": {}}], "extras": {}}

        async def answer(_: Scope, __: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": json.dumps(body).encode()})

        self._faults.append((method, path, answer))

    def lose(self, method: str, path: str, *, done: bool = True) -> None:
        """Do what the next matching request asks for, or don't, and break off in the middle of the answer."""

        async def breaking(scope: Scope, receive: Receive, send: Send) -> None:
            async def nowhere(_: Message) -> None:
                pass

            if done:
                await self._app(scope, receive, nowhere)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"99")]})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})

        self._faults.append((method, path, breaking))

    def before(self, method: str, path: str, act: Callable[[], object]) -> None:
        """Have something happen right before the next matching request is answered."""

        async def acting(scope: Scope, receive: Receive, send: Send) -> None:
            act()
            await self._app(scope, receive, send)

        self._faults.append((method, path, acting))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, where = scope["method"], scope["path"]
        self.requests.append((method, where))
        for fault in self._faults:
            if fault[0] == method and re.search(fault[1], where):
                self._faults.remove(fault)
                await fault[2](scope, receive, send)
                return
        await self._app(scope, receive, send)
