"""The connection on the desk: what it is, and whether Writer answers to a key."""

import asyncio
import re
from collections.abc import Coroutine
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

from httpx import URL

from services.clock import Clock
from services.engine.embedded import EmbeddedEngine
from services.engine.gateway import Gateway
from services.engine.stopwatch import Stopwatch
from services.errors import (
    AnswerLostError,
    KeyRefusedError,
    Loss,
    PaymentRequiredError,
    PersonError,
    SlowDownError,
    UnknownToWriterError,
    UnreachableError,
    WriterError,
)
from services.models import Agent, ConnectionState, ConnectionTest
from services.settings import Settings, is_possible_key
from services.store import Store
from services.version import VERSION
from services.writer.client import Writer

TEST_TIMEOUT_S = 20.0
"""Seconds that a test may take."""
_ERROR_NUMBER = re.compile(r"^\[[^\]]*\] ")
"""What an operating system or TLS puts before its words: `[Errno -2] `."""
_KEY_IN_USE = "Set WRITER_API_KEY to a valid key and restart Copydesk."
_OTHER_KEY = "Copy it again from Writer, or create a new one."


class Connections:
    """What can be seen of the connection, and how it is tested."""

    def __init__(
        self, settings: Settings, store: Store, engine: EmbeddedEngine, gateway: Gateway, clock: Clock
    ) -> None:
        self._settings = settings
        self._store = store
        self._engine = engine
        self._gateway = gateway
        self._clock = clock

    def state(self) -> ConnectionState:
        """What Copydesk is connected to."""
        connection = self._settings.connection
        key_hint = "" if connection.is_sandbox else connection.key_hint
        return ConnectionState(self._address, key_hint, self._store.database_info(), VERSION)

    def test(self) -> Future[ConnectionTest]:
        """List the agents of the key in use, within the rate limit. It ends within `TEST_TIMEOUT_S`."""
        stopwatch = Stopwatch(self._clock)
        return self._engine.submit(self._tested(self._gateway.agents(stopwatch), stopwatch, _KEY_IN_USE))

    def test_key(self, key: str) -> Future[ConnectionTest]:
        """List the agents of another key. The key is forgotten when the test ends, within `TEST_TIMEOUT_S`."""
        stopwatch = Stopwatch(self._clock)
        return self._engine.submit(self._tested(self._agents_of(key.strip(), stopwatch), stopwatch, _OTHER_KEY))

    @property
    def _address(self) -> str:
        """Where Writer's API is, without a name and password that the address may contain."""
        url = URL(self._settings.writer_base_url)
        return str(url.copy_with(username=None, password=None)).rstrip("/") if url.userinfo else str(url).rstrip("/")

    async def _agents_of(self, key: str, stopwatch: Stopwatch) -> list[Agent]:
        if not key:
            raise PersonError("Enter a key to test.")
        if not is_possible_key(key):
            raise PersonError(
                "This key contains characters that API keys don't have. Copy it again, without quotes or spaces."
            )
        writer = Writer(self._settings.writer_base_url, key)
        try:
            return await writer.agents(stopwatch.leave)
        finally:
            await writer.aclose()

    async def _tested(
        self, listing: Coroutine[Any, Any, list[Agent]], stopwatch: Stopwatch, remedy: str
    ) -> ConnectionTest:
        names: tuple[str, ...] = ()
        problem = ""
        try:
            async with asyncio.timeout(TEST_TIMEOUT_S):
                names = tuple(sorted((agent.name for agent in await listing), key=str.casefold))
        except TimeoutError:
            problem = f"{self._address} didn't answer within {TEST_TIMEOUT_S:g} seconds. Try again in a minute."
        except PersonError as error:
            problem = str(error)
        except WriterError as error:
            problem = explain(error, self._address, remedy)
        at = datetime.fromtimestamp(self._clock.now(), UTC)
        return ConnectionTest(at, names, stopwatch.requests, stopwatch.seconds, problem)


def explain(error: WriterError, address: str, remedy: str) -> str:
    """Say why a test failed and what to do; `remedy` is what helps against a refused key."""
    if isinstance(error, KeyRefusedError):
        if not error.says:
            return f"{address} refuses this key and gives no reason. {remedy}"
        return f"Writer refuses this key. {remedy}{_quoted(error.says)}"
    if isinstance(error, UnreachableError):
        reason = _ERROR_NUMBER.sub("", str(error.__cause__ or ""))
        why = f" ({reason})" if reason else ""
        return f"Can't connect to {address}{why}. Check WRITER_BASE_URL and the network."
    if isinstance(error, SlowDownError) and not isinstance(error, PaymentRequiredError):
        return f"Writer's rate limit is reached. Try again in a minute.{_quoted(error.says)}"
    if isinstance(error, UnknownToWriterError):
        return f"{address} has no list of agents, so it may not be Writer's API. Check WRITER_BASE_URL."
    return _explain_lost(error, address) if isinstance(error, AnswerLostError) else str(error)


def _explain_lost(error: AnswerLostError, address: str) -> str:
    if error.status is not None and error.status < 400:
        return f"{address} redirects to another address, so it isn't Writer's API. Check WRITER_BASE_URL."
    if error.status is not None:
        return f"{address} answered with HTTP status {error.status}. Try again in a minute.{_quoted(error.says)}"
    if error.loss is Loss.ANSWER:
        return f"{address} answers, but not as Writer's API does. Check WRITER_BASE_URL."
    return f"{address} broke the connection before it answered. Check WRITER_BASE_URL, or try again in a minute."


def _quoted(words: str) -> str:
    return f" Writer says: “{words}”" if words else ""
