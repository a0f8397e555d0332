"""How one request is sent to Writer, and what may come of it.

Writer has no idempotency key, so a request that is sent twice may be charged twice. Nothing here ever repeats a request
or follows a redirect; every failure is raised as what the caller can do about it (see `services.errors`):

    UnreachableError      no connection could be made: nothing was sent
    SlowDownError         429, with the seconds to wait where Writer says so
    PaymentRequiredError  402
    AnswerLostError       time-out, broken connection, 3xx, 408, 5xx, or an answer that cannot be read
    KeyRefusedError       401, 403
    UnknownToWriterError  404
    RequestRefusedError   400 and every other 4xx
"""

import asyncio
import itertools
import math
import ssl
from collections.abc import AsyncIterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import NamedTuple

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
from services.version import VERSION
from services.writer.wire.errors import ErrorWords, error_words
from services.writer.wire.values import decode, shortened

USER_AGENT = f"Copydesk/{VERSION}"

TIMEOUTS = httpx.Timeout(
    connect=10,  # far more than a handshake takes, so that a dead network is noticed soon
    read=60,  # a busy server may think for long, and giving up on a POST costs a proof
    write=30,  # for one piece: a job's inputs, or a part of a file, are a few hundred kilobytes at the most
    pool=10,  # to wait for a free connection
)
"""Seconds without progress after which a request is given up."""

DEADLINE_S = 120.0
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

MAX_RETRY_AFTER_S = 3600.0
"""Seconds; a longer wait asked for is a mistake of a gateway."""

_FROM_THE_SERVER = (500, 501, 503)
"""Statuses of a server that has finished with the request; with others, a gateway speaks for one that may not have."""
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Answer(NamedTuple):
    """What Writer answered to a request that it accepted."""

    body: object
    """Its JSON; None for an answer that has no content by its status."""
    server_time: datetime | None
    """What Writer's clock said when it answered (the HTTP `Date` header)."""


class Transport:
    """Connections to Writer for one key. Close them with `aclose` when done."""

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

    async def call(
        self,
        method: str,
        path: str,
        subject: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        content: AsyncIterable[bytes] | None = None,
        extra_seconds: float = 0.0,
    ) -> Answer:
        """Send one request and return what came; `subject` is what a 404 is about.

        The body is `json` or `content`. `extra_seconds` are added to the time that it all may take.
        """
        client = next(self._turns)
        request = client.build_request(method, path, params=params, json=json, headers=headers, content=content)
        response, received = await self._exchange(client, request, DEADLINE_S + extra_seconds)
        if not response.is_success:
            raise _failure(response, self._error_words(received), subject)
        body = None if response.status_code == httpx.codes.NO_CONTENT else decode(received, self._key)
        return Answer(body, http_time(response.headers.get("Date", "")))

    async def _exchange(
        self, client: httpx.AsyncClient, request: httpx.Request, deadline: float
    ) -> tuple[httpx.Response, bytes]:
        try:
            async with asyncio.timeout(deadline):
                response = await client.send(request, stream=True)
                try:
                    return response, await _content(response)
                finally:
                    await response.aclose()
        except _NOTHING_SENT as exc:
            reason = shortened(str(exc)) or type(exc).__name__
            raise UnreachableError(f"Can't reach Writer ({reason}). Check the network; Copydesk keeps trying.") from exc
        except (httpx.RequestError, TimeoutError) as exc:
            # Without its cause: the texts of protocol errors quote what was received.
            raise AnswerLostError(
                f"Writer's answer was lost ({type(exc).__name__}), so it's unknown whether the request took effect."
            ) from None

    def _error_words(self, content: bytes) -> ErrorWords:
        try:
            return error_words(decode(content, self._key))
        except AnswerLostError:
            return ErrorWords("", "")


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


async def _content(response: httpx.Response) -> bytes:
    content = bytearray()
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > MAX_ANSWER_BYTES:
            raise AnswerLostError("Writer's answer can't be read: it's too long.")
    return bytes(content)


def _failure(response: httpx.Response, words: ErrorWords, subject: str) -> WriterError:
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
        why = " because it's too large" if status == 413 else f" with HTTP status {status} and gave no reason"
        return RequestRefusedError(f"Writer refused the request{f': {reasons}' if reasons else f'{why}.'}")
    advice = " Check WRITER_BASE_URL: its server answers with a redirect." if response.is_redirect else ""
    return AnswerLostError(
        f"Writer answered with HTTP status {status}, so it's unknown whether the request took effect.{advice}{says}",
        loss=Loss.ANSWER if status in _FROM_THE_SERVER else Loss.GATEWAY,
        status=status,
        says=reasons,
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
    return None if math.isnan(seconds) else min(max(seconds, 0.0), MAX_RETRY_AFTER_S)
