"""The double in process, as a transport for httpx that breaks connections as a network does."""

import asyncio

import httpx

from tests.support.double.answers import Drop, Outcome, Request
from tests.support.double.core import Double


class FaultyTransport(httpx.AsyncBaseTransport):
    """Takes requests to a double. The double goes on with them whatever becomes of the client."""

    def __init__(self, double: Double) -> None:
        self._double = double
        self._under_way: set[asyncio.Task[Outcome]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Give the answer, or raise what httpx raises when the connection breaks or nothing comes back in time."""
        patience = request.extensions.get("timeout", {}).get("read")
        task = asyncio.create_task(self._double.answer(await _plain(request)))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        done, _ = await asyncio.wait({task}, timeout=patience)
        outcome = task.result() if done else Drop.SILENT
        if isinstance(outcome, Drop):
            if outcome is Drop.SILENT and done:
                await asyncio.sleep(patience or 3600)
            raise broken(outcome, request)
        return httpx.Response(outcome.status, headers=outcome.all_headers, content=outcome.content)


def broken(drop: Drop, request: httpx.Request | None = None) -> httpx.TransportError:
    """What httpx says of a connection that broke so."""
    if drop is Drop.REFUSED:
        return httpx.ConnectError("Connection refused", request=request)
    if drop is Drop.RESET:
        return httpx.ReadError("Connection reset by peer", request=request)
    return httpx.ReadTimeout("Nothing came back", request=request)


async def _plain(request: httpx.Request) -> Request:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    content = await request.aread()
    return Request(request.method, request.url.path, dict(request.url.params), token, content)
