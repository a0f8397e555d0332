"""The double as an ASGI application; served by uvicorn it really breaks connections."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from tests.support.double.answers import Answer, Drop, Request, json_answer
from tests.support.double.core import Double
from tests.support.double.transport import broken

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

BOOKS = "/books"
"""Where a test in another process reads the books; not counted as a request."""


def asgi_app(double: Double) -> App:
    """The application of a double."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "serve it without a lifespan"
        if scope["path"] == BOOKS:
            await _send(send, json_answer(200, double.books.summary()))
            return
        outcome = await double.answer(await _request(scope, receive))
        if isinstance(outcome, Answer):
            await _send(send, outcome)
        else:
            await _drop(receive, outcome)

    return app


async def _request(scope: Message, receive: Receive) -> Request:
    content = bytearray()
    while True:
        message = await receive()
        content += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    token = headers.get(b"authorization", "").removeprefix("Bearer ")
    query = dict(parse_qsl(scope["query_string"].decode()))
    return Request(scope["method"], scope["path"], query, token, bytes(content))


async def _send(send: Send, answer: Answer) -> None:
    headers = [(name.encode(), value.encode()) for name, value in answer.all_headers.items()]
    headers.append((b"Content-Length", str(len(answer.content)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.content})


async def _drop(receive: Receive, drop: Drop) -> None:
    """Break the connection; in process, where there is none, raise what httpx would."""
    # uvicorn has no other way to the connection than through the request's own cycle
    transport: asyncio.Transport | None = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise broken(drop)
    if drop is not Drop.SILENT:
        # closing with a linger time of zero sends RST instead of FIN
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass


def books_of(content: bytes) -> dict[str, Any]:
    """What was read from `BOOKS`."""
    read: dict[str, Any] = json.loads(content)
    return read
