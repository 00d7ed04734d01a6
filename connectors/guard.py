"""The guard of outgoing connections: where a connection is made, its address is checked.

A name is resolved once, each address is checked, and the connection goes to the checked address
itself, so that a second DNS answer (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from connectors.addresses import AllowedHosts, as_address, is_public

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterable


class BlockedError(Exception):
    """No address of the host may be reached."""


MAX_CONNECTIONS = 200
"""At once, of one project."""
MAX_IDLE = 20
IDLE_SECONDS = 30.0


class _Connection(httpcore.AsyncHTTPConnection):
    """A connection that serves no other request once the app has sent more than its answer."""

    def has_expired(self) -> bool:
        """Whether the pool must close it. httpcore looks for more bytes in the socket only; those
        that it has read already it would take for the answer of the next request."""
        state = getattr(self._connection, "_h11_state", None)
        left_over = self.is_idle() and state is not None and state.trailing_data[0]
        return bool(left_over) or super().has_expired()


class _Pool(httpcore.AsyncConnectionPool):
    def create_connection(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        """As httpcore does where there is no proxy."""
        return _Connection(
            origin=origin,
            ssl_context=self._ssl_context,
            keepalive_expiry=self._keepalive_expiry,
            network_backend=self._network_backend,
        )


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport on a pool whose connections pass the guard; for one project alone.

    An app, or a proxy in front of it, that errs about the end of a message answers one request with
    what belongs to another: it must be one of the same project.
    """

    def __init__(self, context: ssl.SSLContext, allowed: AllowedHosts) -> None:
        super().__init__(verify=context, trust_env=False)
        # httpx has no argument for httpcore's network backend; everything else stays as it is.
        self._pool = _Pool(
            ssl_context=context,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_IDLE,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=GuardedBackend(allowed),
        )

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way."""
        return not all(connection.is_idle() for connection in self._pool.connections)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that are public or allowed."""

    def __init__(self, allowed: AllowedHosts) -> None:
        self._allowed = allowed
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first permitted address that answers; else the last error."""
        last: Exception | None = None
        async for address in self._addresses(host, port, timeout):
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last if last else BlockedError(host)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refused: no app speaks over a socket file."""
        raise BlockedError(path)

    async def sleep(self, seconds: float) -> None:
        """Waits; httpcore asks for it."""
        await asyncio.sleep(seconds)

    async def _addresses(
        self,
        host: str,
        port: int,
        timeout: float | None,  # noqa: ASYNC109
    ) -> AsyncIterator[str]:
        """The addresses to try, in the resolver's order, without those that are refused."""
        by_name = self._allowed.has_name(host)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("the name could not be resolved in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("the name could not be resolved") from error
        for text in dict.fromkeys(str(entry[4][0]) for entry in found):
            address = as_address(text)
            if address is None:
                continue
            if by_name or is_public(address) or self._allowed.permits(address):
                yield text
