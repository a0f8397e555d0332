"""A client of Writer's API that talks to a server that answers as a test tells it to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.writer.client import Writer
from tests.support.fault_server import FaultServer, Reply

KEY = "sk-a-secret/that+nobody=sees"


async def pieces(*content: bytes) -> AsyncIterator[bytes]:
    """The content of a file, as an upload sends it."""
    for piece in content:
        yield piece


@asynccontextmanager
async def talking_to(*replies: Reply) -> AsyncIterator[tuple[Writer, FaultServer]]:
    """A client, and the server that gives it these replies."""
    async with FaultServer(*replies) as server:
        writer = Writer(server.url, KEY)
        try:
            yield writer, server
        finally:
            await writer.aclose()
