"""Downloads of public files, for agents that don't accept URLs."""

import asyncio
import re
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpcore
import httpx

from services.clock import Clock
from services.errors import FetchError
from services.files import answers
from services.files.kinds import accepted, label, listed, proper_name
from services.files.network import PrivateAddressError, PublicNetwork, Resolver, UnknownHostError, resolve
from services.files.paths import shown
from services.files.vault import Vault
from services.models import NamedFile

_MB = 1024 * 1024
_MAX_REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}
_INSTEAD = "Attach the file instead."
_CHECK = "Check the address, or attach the file instead."
_LATER = "Try again later, or attach the file instead."


_PASSWORD = re.compile(r"^[^/@]*@")
_MAX_FAILURES = 8
"""After how many failed requests in a row a host isn't asked anymore: 1,000 timeouts would take hours."""
_CONNECTION_ERRORS = (
    PrivateAddressError,
    UnknownHostError,
    TimeoutError,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
)


@dataclass(frozen=True)
class Limits:
    """What downloads may take; times are in seconds."""

    max_bytes: int
    """Of one file, unpacked."""
    total_s: float = 120.0
    """How long one request may take."""
    idle_s: float = 20.0
    """How long a server may stay silent."""
    connect_s: float = 10.0
    max_wait_s: float = 60.0
    """How long to wait where a server asks for it."""
    per_host: int = 4
    """Requests to one host at the same time."""
    in_total: int = 16
    """Requests at the same time."""


class _Host:
    """What is going on with one host."""

    def __init__(self, parallel: int) -> None:
        self.slots = asyncio.Semaphore(parallel)
        self.free_at = 0.0
        """When it wants to be asked again, on the clock's steady time."""
        self.failures = 0
        """How many requests in a row failed for a reason that others will meet as well."""
        self.problem = ("", "")
        """What the last of them failed for, and what to do."""


@dataclass(frozen=True)
class _Wait:
    seconds: float


class Fetcher:
    """Downloads files into the vault, each URL once; use it as an async context manager, one for each batch.

    It opens public addresses only, whatever names, redirects, or name servers say. It ignores proxies, and sends and
    keeps no cookies.
    """

    def __init__(
        self,
        vault: Vault,
        limits: Limits,
        *,
        resolver: Resolver = resolve,
        allowed_private: frozenset[str] = frozenset(),
        clock: Clock | None = None,
    ) -> None:
        """Set up downloads; nothing is opened yet.

        Args:
            vault: where files go.
            limits: what downloads may take.
            resolver: how names are resolved.
            allowed_private: "host:port" of servers that may be opened although they're private; for tests.
            clock: the time that waiting goes by.
        """
        self._vault = vault
        self._limits = limits
        self._allowed_private = allowed_private
        self._clock = clock or Clock()
        self._downloads: dict[str, asyncio.Task[NamedFile]] = {}
        self._hosts: dict[str, _Host] = defaultdict(lambda: _Host(limits.per_host))
        self._slots = asyncio.Semaphore(limits.in_total)
        self._pool = httpcore.AsyncConnectionPool(
            httpx.create_ssl_context(),
            max_connections=limits.in_total,
            network_backend=PublicNetwork(resolver, allowed_private),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        for download in self._downloads.values():
            download.cancel()
        await asyncio.gather(*self._downloads.values(), return_exceptions=True)
        await self._pool.aclose()

    async def fetch(self, url: str, file_types: Iterable[str] = ()) -> NamedFile:
        """Download a file, or give it again if it was downloaded before.

        Args:
            url: its address.
            file_types: what the input takes; nothing stands for everything.

        Returns:
            The file, named as its server says, with the extension of what it is.

        Raises:
            FetchError: the address isn't public, can't be opened, or leads to something else.
            FileError: the disk is full.
        """
        download = self._downloads.get(url)
        if download is None:
            download = self._downloads[url] = asyncio.create_task(self._download(url))
        named = await asyncio.shield(download)
        media_type = named.file.media_type
        if not accepted(named.name, media_type, file_types):
            raise _error(url, f"leads to {label(media_type)}, not to a {listed(file_types)} file", _CHECK)
        return NamedFile(proper_name(named.name, media_type, file_types), named.file)

    async def _download(self, url: str) -> NamedFile:
        location = self._parsed(url, url)
        for _ in range(_MAX_REDIRECTS + 1):
            found = await self._visit(url, location)
            if isinstance(found, NamedFile):
                return found
            if location.scheme == "https" and found.scheme == "http":
                raise _error(url, "redirects to a connection that isn't secure", _INSTEAD)
            location = found
        raise _error(url, f"redirects more than {_MAX_REDIRECTS} times", _CHECK)

    def _parsed(self, url: str, text: str) -> httpx.URL:
        """Take an address apart, and refuse those that don't lead to a public file."""
        try:
            location = httpx.URL(text.strip()).copy_with(fragment=None)
        except (httpx.InvalidURL, ValueError, TypeError) as exc:
            raise _error(url, "isn't a valid web address", _CHECK) from exc
        if location.scheme not in _PORTS or not location.host:
            raise _error(url, "isn't a web address", "Use one that starts with https://, or attach the file instead.")
        if location.userinfo:
            raise _error(url, "has a user name or password in it", "Remove it, or attach the file instead.")
        port = location.port or _PORTS[location.scheme]
        if port not in _PORTS.values() and f"{location.host}:{port}" not in self._allowed_private:
            raise _error(url, f"uses port {port}, but only the usual ports of the web are opened", _INSTEAD)
        return location

    async def _visit(self, url: str, location: httpx.URL) -> NamedFile | httpx.URL:
        """Ask for a location, and once more if the server says when to come back."""
        for _ in range(2):
            found = await self._in_turn(url, location)
            if not isinstance(found, _Wait):
                return found
            host = self._hosts[location.host]
            host.failures += 1
            host.problem = ("gets too many requests at the moment", _LATER)
            if found.seconds > self._limits.max_wait_s:
                break
            host.free_at = max(host.free_at, self._clock.steady() + found.seconds)
        raise _error(url, *self._hosts[location.host].problem)

    async def _in_turn(self, url: str, location: httpx.URL) -> NamedFile | httpx.URL | _Wait:
        host = self._hosts[location.host]
        async with host.slots:
            while (seconds := host.free_at - self._clock.steady()) > 0:
                await self._clock.sleep(seconds)
            async with self._slots:
                return await self._ask(url, location)

    async def _ask(self, url: str, location: httpx.URL) -> NamedFile | httpx.URL | _Wait:
        """Send one request, and turn all that can go wrong with it into a sentence."""
        host = self._hosts[location.host]
        if host.failures >= _MAX_FAILURES:
            raise _error(url, *host.problem)
        try:
            async with asyncio.timeout(self._limits.total_s):
                found = await self._request(url, location)
        except answers.UnreadableError as exc:
            raise _error(url, "sends a file that can't be unpacked", _INSTEAD) from exc
        except _CONNECTION_ERRORS as exc:
            host.failures += 1
            host.problem = _problem(exc, location.host)
            raise _error(url, *host.problem) from exc
        if not isinstance(found, _Wait):
            host.failures = 0
        return found

    async def _request(self, url: str, location: httpx.URL) -> NamedFile | httpx.URL | _Wait:
        target = httpcore.URL(
            scheme=location.raw_scheme, host=location.raw_host, port=location.port, target=location.raw_path
        )
        limits = self._limits
        timeouts = {"connect": limits.connect_s, "read": limits.idle_s, "write": limits.idle_s, "pool": limits.total_s}
        headers = [
            (b"Host", location.netloc),
            (b"User-Agent", b"Copydesk"),
            (b"Accept", b"*/*"),
            (b"Accept-Encoding", b"identity"),
        ]
        async with self._pool.stream("GET", target, headers=headers, extensions={"timeout": timeouts}) as response:
            received = httpx.Headers(response.headers)
            if where := answers.redirect(response.status, received):
                return self._parsed(url, _joined(location, where))
            seconds = answers.wait(response.status, received, self._clock.now())
            if seconds is not None:
                return _Wait(seconds)
            if response.status != httpx.codes.OK:
                raise _error(url, *_refusal(response.status))
            chunks = answers.decoded(response.aiter_stream(), received.get("content-encoding", ""))
            return await self._keep(url, answers.file_name(received, location), chunks)

    async def _keep(self, url: str, name: str, chunks: AsyncIterator[bytes]) -> NamedFile:
        size = 0
        with self._vault.incoming(name, self._limits.max_bytes) as incoming:
            async for chunk in chunks:
                size += len(chunk)
                if size > self._limits.max_bytes:
                    raise _error(url, f"leads to a file of more than {self._limits.max_bytes / _MB:,g} MB", _INSTEAD)
                incoming.write(chunk)
            if not size:
                raise _error(url, "leads to an empty file", _CHECK)
            stored = await asyncio.to_thread(incoming.store)
        return NamedFile(name, stored)


def _joined(location: httpx.URL, where: str) -> str:
    try:
        return str(location.join(where))
    except (httpx.InvalidURL, ValueError):
        return where  # which is refused, with a sentence


def _refusal(status: int) -> tuple[str, str]:
    """Say what an error status means, and what to do."""
    if status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        return f"leads to nothing ({status})", _CHECK
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return f"isn't public ({status})", _INSTEAD
    return f"can't be opened: its server answered with status {status}", _LATER


def _problem(error: Exception, host: str) -> tuple[str, str]:
    """Say why a connection failed, and what to do."""
    if isinstance(error, PrivateAddressError):
        return f"leads to a private network ({error.address}), so it wasn't opened", _INSTEAD
    if isinstance(error, UnknownHostError):
        return f"can't be opened: there's no server named {shown(host)}", _CHECK
    if isinstance(error, TimeoutError | httpcore.TimeoutException):
        return "takes too long to download", _LATER
    if _is_about_certificate(error):
        return "can't be opened safely: its server has no valid certificate", _INSTEAD
    return "can't be opened: the connection failed", _LATER


def _is_about_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _error(url: str, what: str, remedy: str) -> FetchError:
    address = url.strip().partition("://")[2] or url.strip()
    return FetchError(f"The address {shown(_PASSWORD.sub('', address))} {what}. {remedy}")
