"""What every request meets before it is looked at: the key, the limit of requests, the latency."""

from collections.abc import Callable
from email.utils import formatdate

import anyio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.sandbox.errors import ApiError
from services.sandbox.limits import Window, too_many
from services.sandbox.options import SandboxOptions


class Gate:
    """ASGI middleware that lets a request through, or answers 401 or 429; any bearer token is a key."""

    def __init__(self, app: ASGIApp, options: SandboxOptions, clock: Callable[[], float]) -> None:
        self._app = app
        self._options = options
        self._clock = clock
        self._requests = Window(options.requests_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI, as the application behind does."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        send = self._dated(send)
        if self._options.latency:
            send = self._late(send)
        refusal = self._refusal(scope)
        if refusal is not None:
            # a sender who is refused in the middle of a file might never see the answer
            await _read_to_end(receive)
        await (refusal.response() if refusal else self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> ApiError | None:
        scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            words = 'An API key is needed, in a header "Authorization: Bearer <key>"; here any key will do.'
            return ApiError(401, words, "fail.unauthorized", {"WWW-Authenticate": "Bearer"})
        wait = self._requests.take(1, self._clock())
        return too_many("requests", self._options.requests_per_minute, wait) if wait else None

    def _dated(self, send: Send) -> Send:
        """Say what time it is here, as HTTP servers do, in process too."""

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._clock(), usegmt=True).encode()
                message["headers"] = [*message["headers"], (b"date", date)]
            await send(message)

        return send_dated

    def _late(self, send: Send) -> Send:
        async def send_late(message: Message) -> None:
            # The work is done by now: who gives up waiting has a job all the same, as with the real thing.
            if message["type"] == "http.response.start":
                await anyio.sleep(self._options.latency)
            await send(message)

        return send_late


async def _read_to_end(receive: Receive) -> None:
    message = await receive()
    while message["type"] == "http.request" and message.get("more_body", False):
        message = await receive()
