"""The baseline: what a user would write with Writer's SDK. Create a job, ask for it every 2 s, take the next row."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import httpx
from writerai import APIError, AsyncWriter

from tests.support.double import AGENT_ID

WORKERS = (10, 200)
_POLL_EVERY = 2.0
_KEY = "sk-key-of-ours"


@dataclass
class Outcome:
    """What became of the rows, by their texts."""

    done_at: dict[str, float] = field(default_factory=dict)
    """When it was seen that the row's job has ended."""
    given_up: list[str] = field(default_factory=list)
    """Rows that ended with an error after all the SDK's own retries."""


def texts(rows: int) -> list[str]:
    """The texts of so many rows."""
    return [f"row {number}" for number in range(rows)]


def client(url: str, http: httpx.AsyncClient) -> AsyncWriter:
    """The SDK as it comes, with its own retries, on that HTTP client."""
    return AsyncWriter(api_key=_KEY, base_url=url, http_client=http)


async def work(
    writer: AsyncWriter, texts: Iterable[str], workers: int, now: Callable[[], float], outcome: Outcome
) -> None:
    """Do the rows with these texts, so many at a time; the outcome is told row by row."""
    left = deque(texts)

    async def worker() -> None:
        while left:
            text = left.popleft()
            try:
                await _finish(writer, text)
            except APIError:
                outcome.given_up.append(text)
            else:
                outcome.done_at[text] = now()

    await asyncio.gather(*(worker() for _ in range(workers)))


async def _finish(writer: AsyncWriter, text: str) -> None:
    """Create the row's job and wait until it has ended. Raises APIError: Writer did not answer well."""
    jobs = writer.applications.jobs
    created = await jobs.create(AGENT_ID, inputs=[{"id": "Text", "value": [text]}])
    while True:
        await asyncio.sleep(_POLL_EVERY)
        if (await jobs.retrieve(created.id)).status != "in_progress":
            return
