"""Connections to the public internet only: the address that was checked is the one connected to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address

import anyio
import httpcore

from services.files.addresses import is_public

Resolver = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the IP addresses of a host name; raises OSError if it has none."""

_MAX_ADDRESSES = 3  # of a host that are tried


class PrivateAddressError(Exception):
    """A host leads to an address that isn't public; `address` is that one."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


class UnknownHostError(Exception):
    """A host name has no address."""


async def resolve(host: str) -> list[str]:
    """Ask the system for the addresses of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class PublicNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections for httpcore, which knows hosts by their names and so verifies certificates against these.

    Every connection resolves its host anew and connects to the very address that was checked: a name server that
    answers something else the next time gains nothing.
    """

    def __init__(self, resolver: Resolver = resolve, allowed_private: frozenset[str] = frozenset()) -> None:
        """Take how names are resolved, and "host:port" of private servers that are allowed, which is for tests."""
        self._resolve = resolver
        self._allowed_private = allowed_private
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's signature)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a public address of a host.

        Raises:
            PrivateAddressError: it has no public one.
            UnknownHostError: it has none at all.
            httpcore.ConnectError, httpcore.ConnectTimeout: none of its addresses answers.
        """
        try:
            with anyio.fail_after(timeout):
                addresses = await self._addresses(host)
        except TimeoutError as exc:
            raise httpcore.ConnectTimeout from exc
        if f"{host}:{port}" not in self._allowed_private:
            addresses = _public(addresses)
        error: Exception = httpcore.ConnectError()
        for address in addresses[:_MAX_ADDRESSES]:
            try:
                stream = await self._sockets.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                error = exc
                continue
            await self._refuse_itself(stream, f"{host}:{port}")
            return stream
        raise error

    async def _addresses(self, host: str) -> Sequence[str]:
        try:
            return [str(ip_address(host))]
        except ValueError:
            pass
        try:
            return await self._resolve(host)
        except (OSError, UnicodeError) as exc:
            raise UnknownHostError from exc

    async def _refuse_itself(self, stream: httpcore.AsyncNetworkStream, server: str) -> None:
        """Refuse this machine's own public address, where services may listen that trust it."""
        own, other = stream.get_extra_info("client_addr"), stream.get_extra_info("server_addr")
        if own[0] == other[0] and server not in self._allowed_private:
            await stream.aclose()
            raise PrivateAddressError(other[0])


def _public(addresses: Sequence[str]) -> list[str]:
    public = [address for address in addresses if is_public(address)]
    if not addresses:
        raise UnknownHostError
    if not public:
        raise PrivateAddressError(addresses[0])
    return sorted(public, key=_is_v6)


def _is_v6(address: str) -> bool:
    """Whether it's an IPv6 address; these come last, because not every network leads to them."""
    return ":" in address
