"""The thin client of Writer's API: one method, one request, and no second try.

Writer has no idempotency key, so a request that is sent twice may be charged twice. Nothing here ever repeats a request
or follows a redirect; every failure is raised as what the caller can do about it (see `services.errors`). Each method
may raise:

    UnreachableError      no connection could be made: nothing was sent
    SlowDownError         429, with the seconds to wait where Writer says so
    PaymentRequiredError  402
    AnswerLostError       time-out, broken connection, 3xx, 408, 5xx, or an answer that cannot be read
    KeyRefusedError       401, 403
    UnknownToWriterError  404
    RequestRefusedError   400 and every other 4xx

The facts about the API are those of Writer's reference of the Applications API.
"""

import asyncio
import itertools
import math
import ssl
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import NamedTuple
from urllib.parse import quote

import httpx

from services.errors import (
    AnswerLostError,
    KeyRefusedError,
    Loss,
    PaymentRequiredError,
    RequestRefusedError,
    SlowDownError,
    UnknownToWriterError,
    UnreachableError,
    WriterError,
)
from services.models import Agent, Inputs, Job, JobPage, JobState
from services.writer import wire

USER_AGENT = "Copydesk/0.1.0"

TIMEOUTS = httpx.Timeout(
    connect=10,  # far more than a handshake takes, so that a dead network is noticed soon
    read=60,  # a busy server may think for long, and giving up on a POST costs a proof
    write=30,  # inputs are a few hundred kilobytes at the most
    pool=10,  # to wait for a free connection
)
"""Seconds without progress after which a request is given up."""

DEADLINE = 120.0
"""Seconds that a request may take in all; a server that sends a byte now and then never meets a read time-out."""

POOLS = 8
"""Pools of connections that take turns."""

LIMITS = httpx.Limits(
    max_connections=100,
    max_keepalive_connections=20,
    # A request on a connection that the server is just closing is lost, and nobody can know whether it had its effect.
    # Servers keep idle connections for 5 s (uvicorn) to 75 s (nginx): leaving them before that makes it rare.
    keepalive_expiry=4,
)

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""A page of 100 jobs with long suggestions is a few megabytes; more than this is not an answer."""

MAX_AGENT_PAGES = 200
"""Writer gives 50 agents a page; the end of the list is believed after this many."""

MAX_RETRY_AFTER = 3600.0
"""Seconds; a longer wait asked for is a mistake of a gateway."""

_FROM_THE_SERVER = (500, 501, 503)
"""Statuses of a server that has finished with the request; with others, a gateway speaks for one that may not have."""
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class _Answer(NamedTuple):
    body: object
    server_time: datetime | None


class Writer:
    """Writer's API for one key. Close it with `aclose` when done."""

    def __init__(self, connection_url: str, key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Take where the API is (without `/v1`), the API key, and for an API in this process its transport."""
        self._key = key
        # the care of a pool of connections costs httpcore the square of their number: many small pools are cheap
        self._clients = [
            httpx.AsyncClient(
                base_url=connection_url,
                headers={"Authorization": f"Bearer {key}", "User-Agent": USER_AGENT},
                transport=transport,
                verify=_tls(),
                timeout=TIMEOUTS,
                limits=LIMITS,
                follow_redirects=False,
            )
            for _ in range(POOLS if transport is None else 1)
        ]
        self._turns = itertools.cycle(self._clients)

    async def aclose(self) -> None:
        """Close all connections."""
        for client in self._clients:
            await client.aclose()

    async def agents(self, before_request: Callable[[], Awaitable[object]] | None = None) -> list[Agent]:
        """Return all agents that can be used, in Writer's order.

        This takes a request for each page of 50. `before_request` is awaited before each of them leaves, the first one
        included, for the budget to have its say. A server that repeats a page ends the list.
        """
        found: dict[str, Agent] = {}
        cursors: list[str | None] = [None]
        while len(cursors) <= MAX_AGENT_PAGES:
            if before_request is not None:
                await before_request()
            page = await self._agent_page(cursors[-1])
            found |= {agent.id: agent for agent in page.agents}
            if page.next_after is None or page.next_after in cursors:
                break
            cursors.append(page.next_after)
        return list(found.values())

    async def agent(self, agent_id: str) -> Agent:
        """Return one agent with its inputs as they are now."""
        answer = await self._call("GET", f"/v1/applications/{_part(agent_id)}", "this agent")
        return wire.agent(answer.body)

    async def create_job(self, agent_id: str, inputs: Inputs) -> Job:
        """Start the agent on the inputs, and return the job, in progress."""
        path = f"/v1/applications/{_part(agent_id)}/jobs"
        answer = await self._call("POST", path, "this agent", json=wire.job_request(inputs))
        return wire.accepted_job(answer.body, answer.server_time)

    async def job(self, job_id: str) -> Job:
        """Return one job as it stands."""
        answer = await self._call("GET", f"/v1/applications/jobs/{_part(job_id)}", "this job")
        return wire.job(answer.body, answer.server_time, job_id)

    async def jobs(self, agent_id: str, *, state: JobState | None = None, offset: int = 0, limit: int = 100) -> JobPage:
        """Return a page of the agent's jobs, everybody's, in no documented order; Writer may cap `limit`.

        `state` asks for the jobs in that state only.
        """
        path = f"/v1/applications/{_part(agent_id)}/jobs"
        params: dict[str, str | int] = {"offset": offset, "limit": limit}
        if state is not None:
            params["status"] = state.value
        answer = await self._call("GET", path, "this agent", params=params)
        return wire.job_page(answer.body, answer.server_time)

    async def retry_job(self, job_id: str) -> Job:
        """Start a failed job once more, and return it, in progress; its id may be the same or a new one."""
        answer = await self._call("POST", f"/v1/applications/jobs/{_part(job_id)}/retry", "this job")
        return wire.accepted_job(answer.body, answer.server_time)

    async def _agent_page(self, after: str | None) -> wire.AgentPage:
        params = {} if after is None else {"after": after}
        answer = await self._call("GET", "/v1/applications", "the list of agents", params=params)
        return wire.agent_page(answer.body)

    async def _call(
        self,
        method: str,
        path: str,
        subject: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json: object = None,
    ) -> _Answer:
        """Send one request and return what came; `subject` is what a 404 is about."""
        client = next(self._turns)
        request = client.build_request(method, path, params=params, json=json)
        response, content = await self._exchange(client, request)
        if not response.is_success:
            raise _failure(response, self._error_words(content), subject)
        return _Answer(wire.decode(content, self._key), http_time(response.headers.get("Date", "")))

    async def _exchange(self, client: httpx.AsyncClient, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        try:
            async with asyncio.timeout(DEADLINE):
                response = await client.send(request, stream=True)
                try:
                    return response, await _content(response)
                finally:
                    await response.aclose()
        except _NOTHING_SENT as exc:
            reason = wire.shortened(str(exc)) or type(exc).__name__
            raise UnreachableError(f"Can't reach Writer ({reason}). Check the network; Copydesk keeps trying.") from exc
        except (httpx.RequestError, TimeoutError) as exc:
            # Without its cause: the texts of protocol errors quote what was received.
            raise AnswerLostError(
                f"Writer's answer was lost ({type(exc).__name__}), so it's unknown whether the request took effect."
            ) from None

    def _error_words(self, content: bytes) -> wire.ErrorWords:
        try:
            return wire.error_words(wire.decode(content, self._key))
        except AnswerLostError:
            return wire.ErrorWords("", "")


def http_time(text: str) -> datetime | None:
    """Return the moment, in UTC, that an HTTP date such as `Date` names; None where it is none."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@cache
def _tls() -> ssl.SSLContext:
    """The certificates to trust, for all pools: to load them takes longer than a handshake."""
    return httpx.create_ssl_context()


def _part(identifier: str) -> str:
    return quote(identifier, safe="")


async def _content(response: httpx.Response) -> bytes:
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > MAX_ANSWER_BYTES:
            raise AnswerLostError("Writer's answer can't be read: it's too long.")
    return bytes(content)


def _failure(response: httpx.Response, words: wire.ErrorWords, subject: str) -> WriterError:
    """Choose the error by the status."""
    status, reasons = response.status_code, words.reasons
    says = f" Writer says: {reasons}" if reasons else ""
    if status in (401, 403):
        return KeyRefusedError(reasons)
    if status == 404:
        return UnknownToWriterError(f"Writer doesn't know {subject} (any more).{says}")
    if status in (402, 429):
        kind = PaymentRequiredError if status == 402 else SlowDownError
        return kind(says=reasons, code=words.code, retry_after=_retry_after(response.headers))
    if 400 <= status < 500 and status != 408:
        return RequestRefusedError(
            f"Writer refused the request: {reasons}"
            if reasons
            else f"Writer refused the request with HTTP status {status} and gave no reason."
        )
    advice = " Check WRITER_BASE_URL: its server answers with a redirect." if response.is_redirect else ""
    return AnswerLostError(
        f"Writer answered with HTTP status {status}, so it's unknown whether the request took effect.{advice}{says}",
        loss=Loss.ANSWER if status in _FROM_THE_SERVER else Loss.GATEWAY,
    )


def _retry_after(headers: httpx.Headers) -> float | None:
    """Return the seconds that `Retry-After` asks for; a date counts from the server's own time."""
    text = headers.get("Retry-After", "")
    try:
        seconds = float(text)
    except ValueError:
        until = http_time(text)
        if until is None:
            return None
        now = http_time(headers.get("Date", "")) or datetime.now(UTC)
        seconds = (until - now).total_seconds()
    return None if math.isnan(seconds) else min(max(seconds, 0.0), MAX_RETRY_AFTER)
