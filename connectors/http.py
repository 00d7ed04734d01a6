"""Outgoing HTTP, guarded: no address inside the operator's network, no endless or huge answer.

Redirects pass the same door as first requests (connectors/guard.py). Nothing is taken from the
environment (no proxy, no netrc), no cookie is kept, and no connection serves two projects.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import OrderedDict
from importlib.metadata import PackageNotFoundError, version
from json import dumps
from typing import TYPE_CHECKING, Any

import certifi
import httpx
import orjson

from connectors.addresses import AllowedHosts, as_address
from connectors.codings import CodingError, UnpackedTooLargeError, Unpacker, coding_of
from connectors.guard import BlockedError, GuardedTransport
from connectors.headers import HeaderError, check_name, check_value
from connectors.urls import UrlError, check_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from settings import Settings

MAX_RESPONSE_BYTES = 10 * 1024 * 1024
MAX_REDIRECTS = 5
CONNECT_TIMEOUT = 10.0
MAX_PROJECTS = 500
"""So many projects have connections that stay open; those unused for the longest time close."""
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""What goes wrong before a request is on its way."""

# At DEBUG it writes the headers of answers, in which some apps give their tokens.
logging.getLogger("httpcore").setLevel(logging.WARNING)

try:
    _VERSION = version("inlay")
except PackageNotFoundError:  # run from a source tree that is not installed
    _VERSION = "dev"
USER_AGENT = f"Inlay/{_VERSION}"
DEFAULT_HEADERS = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip"}


class OutgoingError(Exception):
    """An outgoing call gave no answer; the message is safe to show.

    `may_have_arrived`: the request was sent, or a part of it, so that it may have had its effect.
    """

    def __init__(self, message: str, *, may_have_arrived: bool = False) -> None:
        super().__init__(message)
        self.may_have_arrived = may_have_arrived


class RefusedError(OutgoingError):
    """The guard refuses the address, the scheme or the URL. Trying again changes nothing."""


class TooLargeError(OutgoingError):
    """The answer is larger than allowed."""


class UnreadableError(OutgoingError):
    """There is an answer, and it is packed in a way that cannot be undone."""


class TimedOutError(OutgoingError):
    """No full answer in time."""


class UnreachableError(OutgoingError):
    """No connection, or it broke."""


class OutgoingHttp:
    """A pooled HTTP client that reaches public hosts, and private ones only if allowed.

    Call for a project by `of`: each has connections of its own. The client itself serves what
    belongs to no project.
    """

    def __init__(
        self,
        allowed: AllowedHosts | None = None,
        *,
        plain_http: bool = False,
        verify: ssl.SSLContext | None = None,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
    ) -> None:
        """`plain_http`: http:// to any host; else only to allowed ones."""
        self._allowed = allowed or AllowedHosts()
        self._plain_http = plain_http
        self._max_response_bytes = max_response_bytes
        self._context = verify or ssl.create_default_context(cafile=certifi.where())
        self._transport = GuardedTransport(self._context, self._allowed)
        self._projects: OrderedDict[str, OutgoingHttp] = OrderedDict()
        self._closing = set[asyncio.Task[None]]()

    def of(self, project_id: str) -> OutgoingHttp:
        """The same client on the project's own connections; closed with this one."""
        known = self._projects.get(project_id)
        if known is None:
            known = self._projects[project_id] = OutgoingHttp(
                self._allowed,
                plain_http=self._plain_http,
                verify=self._context,
                max_response_bytes=self._max_response_bytes,
            )
        self._projects.move_to_end(project_id)
        if len(self._projects) > MAX_PROJECTS:
            self._close_an_old_one()
        return known

    def _close_an_old_one(self) -> None:
        idle = (id_ for id_, client in self._projects.items() if not client._transport.is_busy)
        closing = asyncio.create_task(self._projects.pop(next(idle)).aclose())
        # The loop itself keeps tasks by weak references only.
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def __aenter__(self) -> OutgoingHttp:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the pooled connections."""
        while self._projects:
            await self._projects.popitem()[1].aclose()
        await self._transport.aclose()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        content: str | bytes | None = None,
        timeout: float = 30.0,  # noqa: ASYNC109 - a part of a request
        follow_redirects: bool = False,
        private_headers: Iterable[str] = (),
    ) -> httpx.Response:
        """Sends one request and reads the whole answer.

        `params` are added to the URL's query; `json`, `data` (a form) and `content` are kinds of
        body, at most one; `timeout` is in seconds for everything together. When a redirect leads to
        another origin, Authorization, Cookie and `private_headers` are not sent there. Raises
        `OutgoingError`: `RefusedError`, `TooLargeError`, `UnreadableError`, `TimedOutError`,
        `UnreachableError`.
        """
        request = self.build(
            method, url, headers=headers, params=params, json=json, data=data, content=content
        )
        return await self.send(
            request,
            timeout=timeout,
            follow_redirects=follow_redirects,
            private_headers=private_headers,
        )

    async def send(
        self,
        request: httpx.Request,
        *,
        timeout: float = 30.0,  # noqa: ASYNC109 - a part of a request
        follow_redirects: bool = False,
        private_headers: Iterable[str] = (),
    ) -> httpx.Response:
        """Sends a request that `build` made, and reads the whole answer; raises as `request`."""
        try:
            async with asyncio.timeout(timeout):
                response = await self._send(request, timeout)
                for _ in range(MAX_REDIRECTS):
                    if not follow_redirects or not response.has_redirect_location:
                        return response
                    request = _redirected(request, response, private_headers)
                    response = await self._send(request, timeout)
        except TimeoutError as error:
            raise TimedOutError(
                f"no answer from {request.url.host} within {timeout:g} s", may_have_arrived=True
            ) from error
        if response.has_redirect_location:
            raise RefusedError(f"{request.url.host} redirects more than {MAX_REDIRECTS} times")
        return response

    def build(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        content: str | bytes | None = None,
    ) -> httpx.Request:
        """A request that may still be completed or signed; raises `RefusedError`."""
        if json is not None:
            content = _json(json)
        try:
            # Names are compared without case (RFC 9110, 5.1), so that none is sent twice.
            sent = httpx.Headers(DEFAULT_HEADERS)
            own = set[str]()
            for name, value in (headers or {}).items():
                sent[check_name(name)] = check_value(name, value)
                if name.lower() in own:
                    raise HeaderError(f"the header {name!r} is given twice")
                own.add(name.lower())
            if json is not None and "content-type" not in sent:
                sent["Content-Type"] = "application/json"
            target = httpx.URL(check_url(url))
            if params:
                target = target.copy_merge_params(dict(params))
            return httpx.Request(
                method,
                target,
                headers=sent,
                content=content,
                data=dict(data) if data is not None else None,
            )
        except (httpx.InvalidURL, UrlError) as error:
            raise RefusedError(f"this URL cannot be called: {error}") from error
        except HeaderError as error:
            raise RefusedError(f"this request is not sent: {error}") from error
        except (ValueError, TypeError) as error:
            raise RefusedError(
                "the request's headers, query or body hold a value HTTP cannot carry"
            ) from error

    async def _send(self, request: httpx.Request, timeout: float) -> httpx.Response:  # noqa: ASYNC109
        host = request.url.host
        if request.url.scheme != "https" and not self._may_be_plain(host):
            raise RefusedError(
                f"{host}: only https:// is allowed (see INLAY_ALLOWED_PRIVATE_HOSTS)"
            )
        request.extensions = {
            "timeout": {
                # Less than all of it, so that it is told which of the two was slow.
                "connect": min(CONNECT_TIMEOUT, timeout * 0.9),
                "read": timeout,
                "write": timeout,
                "pool": timeout,
            }
        }
        try:
            answer = await self._transport.handle_async_request(request)
            try:
                body = await self._read(answer)
            finally:
                await answer.aclose()
        except httpx.TimeoutException as error:
            raise TimedOutError(
                f"no answer from {host} within {timeout:g} s",
                may_have_arrived=not isinstance(error, NEVER_SENT),
            ) from error
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise UnreachableError(
                f"{host} could not be reached: {reason}",
                may_have_arrived=not isinstance(error, NEVER_SENT),
            ) from error
        except BlockedError as error:
            raise RefusedError(_refusal(host)) from error
        kept = [
            (name, value)
            for name, value in answer.headers.raw
            if name.lower() not in {b"content-encoding", b"content-length", b"transfer-encoding"}
        ]
        return httpx.Response(answer.status_code, headers=kept, content=body, request=request)

    def _may_be_plain(self, host: str) -> bool:
        if self._plain_http or self._allowed.has_name(host):
            return True
        address = as_address(host)
        return address is not None and self._allowed.permits(address)

    async def _read(self, answer: httpx.Response) -> bytes:
        limit = self._max_response_bytes
        parts: list[bytes] = []
        assert isinstance(answer.stream, httpx.AsyncByteStream)  # noqa: S101 - tells the type
        try:
            # Some apps pack whatever was asked for.
            unpacker = Unpacker(coding_of(answer.headers.get("content-encoding", "")), limit)
            async for chunk in answer.stream:
                parts.append(unpacker.take(chunk))
            unpacker.end()
        except UnpackedTooLargeError:
            raise TooLargeError(f"the answer is larger than {limit} bytes") from None
        except CodingError as error:
            raise UnreadableError(
                f"the app answered {answer.status_code}, and its answer cannot be read: {error}",
                may_have_arrived=True,
            ) from None
        return b"".join(parts)


def open_http(settings: Settings) -> OutgoingHttp:
    """The process's client, as the settings say; close it with `aclose()`.

    In production plain http:// works only to hosts in `allowed_private_hosts`.
    """
    return OutgoingHttp(
        AllowedHosts.parse(settings.allowed_private_hosts),
        plain_http=settings.environment != "production",
    )


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # Whole numbers beyond 64 bits, where an app wants them as numbers.
        try:
            return dumps(value, allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            raise RefusedError("the body holds a value that JSON cannot carry") from error


def _refusal(host: str) -> str:
    return (
        f"{host} is not a public address; the operator can allow it in INLAY_ALLOWED_PRIVATE_HOSTS"
    )


def _redirected(
    request: httpx.Request, response: httpx.Response, private_headers: Iterable[str]
) -> httpx.Request:
    """The request that a redirect asks for (RFC 9110, 15.4), without secrets for a new origin."""
    try:
        target = request.url.join(response.headers["location"])
        check_url(str(target.copy_with(fragment=None)))
    except (httpx.InvalidURL, UrlError) as error:
        raise RefusedError(
            f"{request.url.host} redirects to a URL that cannot be called"
        ) from error
    headers = httpx.Headers(request.headers)
    del headers["host"]
    same_origin = _origin(target) == _origin(request.url)
    if not same_origin:
        for name in ("authorization", "cookie", "proxy-authorization", *private_headers):
            headers.pop(name, None)
    method, content = request.method, request.content
    if (response.status_code == 303 and method != "HEAD") or (
        response.status_code in {301, 302} and method == "POST"
    ):
        method, content = "GET", b""
        headers.pop("content-type", None)
    elif not same_origin and content:
        raise RefusedError(f"{request.url.host} redirects a request with a body to another host")
    headers.pop("content-length", None)
    return httpx.Request(method, target, headers=headers, content=content or None)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)
