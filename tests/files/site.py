"""A web site on this machine whose pages do whatever a test needs, and a stand-in for the sockets of the internet."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self

import httpcore

from tests.support.fault_server import reply

Page = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]
"""An answer as it is sent, or what writes one."""


class Site:
    """Serves pages by their path; an async context manager."""

    def __init__(self, pages: Mapping[str, Page | list[Page]], context: ssl.SSLContext | None = None) -> None:
        """Take the answers by path, the last of several again and again; and what makes connections secure."""
        self._pages = {path: list(page) if isinstance(page, list) else [page] for path, page in pages.items()}
        self.requests: list[str] = []
        """The paths that were asked for."""
        self.arrived = asyncio.Event()
        """Set once a request has arrived."""
        self.heads: list[str] = []
        self.now = self.most = 0
        """How many requests are being answered, and the most there were at once."""
        self._context = context
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._answer(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ")[1]
            self.requests.append(path)
            self.heads.append(head)
            self.arrived.set()
            answers = self._pages.get(path, [reply(404)])
            page = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(page, bytes):
                writer.write(page)
            else:
                await page(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.now -= 1
            writer.close()


class _Abroad(httpcore.AsyncNetworkStream):
    """A connection that seems to lead to a public address."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, address: str) -> None:
        self._stream = stream
        self._address = address

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        return _Abroad(await self._stream.start_tls(ssl_context, server_hostname, timeout), self._address)

    def get_extra_info(self, info: str) -> Any:
        return (self._address, 443) if info == "server_addr" else self._stream.get_extra_info(info)


class Internet:
    """Stands in for the sockets of the internet: every address leads to one site on this machine."""

    def __init__(self, site: Site) -> None:
        self.connected: list[tuple[str, int]] = []
        """The addresses and ports that were connected to."""
        self.unreachable: set[str] = set()
        """Addresses where nobody answers."""
        self.own_address = ""
        """The address that this machine seems to have itself."""
        self._site = site
        self._connect = httpcore.AnyIOBackend().connect_tcp

    async def connect_tcp(self, host: str, port: int, *rest: Any) -> httpcore.AsyncNetworkStream:
        self.connected.append((host, port))
        if host in self.unreachable:
            raise httpcore.ConnectError
        stream = await self._connect("127.0.0.1", self._site.port)
        return stream if host == self.own_address else _Abroad(stream, host)
