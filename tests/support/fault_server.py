"""A real HTTP server that answers exactly what a test tells it to, well or badly."""

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from enum import Enum, auto
from types import TracebackType
from typing import NamedTuple, Self


class Fault(Enum):
    """What can happen to a request instead of an answer."""

    RESET_UNREAD = auto()
    """The connection is reset before the request has been read."""
    RESET_READ = auto()
    """The connection is reset once the whole request has been read."""
    SILENCE = auto()
    """The request is read, and nothing ever comes back."""
    DRIP = auto()
    """The answer begins, and goes on a byte at a time without an end."""


Reply = bytes | Fault
"""The bytes that are sent as they are, before the connection is closed; or a fault."""


class Received(NamedTuple):
    """One request as it arrived; the names of headers are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def reply(status: int, body: object = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """Return an HTTP answer; a body that is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Content-Length": str(len(content)), "Connection": "close", **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Status\r\n{head}\r\n".encode() + content


class FaultServer:
    """Gives one reply after the other, and the last one again and again; an async context manager."""

    def __init__(self, *replies: Reply) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self.arrived = asyncio.Event()
        """Set once a request has been read."""
        self._replies = list(replies)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._answer(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            chosen = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
            if chosen is not Fault.RESET_UNREAD:
                self.received.append(await _read(reader))
                self.arrived.set()
            if isinstance(chosen, bytes):
                writer.write(chosen)
                await writer.drain()
            else:
                await _misbehave(chosen, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone, as tests of time-outs make it do
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body)


async def _misbehave(fault: Fault, writer: asyncio.StreamWriter) -> None:
    if fault in (Fault.RESET_UNREAD, Fault.RESET_READ):
        # closing with a linger time of zero sends RST instead of FIN
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
        return
    if fault is Fault.DRIP:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        await asyncio.sleep(0.02)
        if fault is Fault.DRIP:
            writer.write(b" ")
            await writer.drain()
