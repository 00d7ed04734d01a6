"""The bounds of a request before any route sees it: uvicorn's httptools protocol has none.

What is too large or too slow gets one answer in the API's shape of errors, and the connection ends.
"""

from __future__ import annotations

import asyncio

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.errors import ErrorKind

MAX_URL_BYTES = 16_384
MAX_HEAD_BYTES = 65_536
"""Of the URL and all headers together; a proxy in front usually takes less."""
MAX_HEADERS = 100
HEAD_SECONDS = 15.0
"""From the connection, or a request's first byte, to the end of its headers."""
BODY_SECONDS = 120.0
"""From there to the last byte of the body."""
LINGER_SECONDS = 2.0
"""For which a client that is refused may go on sending; else it would not read why."""

_PHRASES = {
    400: "Bad Request",
    408: "Request Timeout",
    414: "URI Too Long",
    431: "Request Header Fields Too Large",
}


class BoundedProtocol(HttpToolsProtocol):
    """One connection of a client."""

    _head_bytes = 0
    _in_head = True
    _is_refused = False
    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there."""
        super().connection_made(transport)
        self._expect("headers", HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request, or of several."""
        if self._is_refused:
            return
        went_on = self._in_head
        super().data_received(data)
        # The parser tells of a header when it is whole: what it holds until then is counted here.
        if went_on and self._in_head:
            self._head_bytes += len(data)
            self._check_head()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head, self._head_bytes = True, 0
        self._expect("headers", HEAD_SECONDS)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of its URL."""
        super().on_url(url)
        if len(self.url) > MAX_URL_BYTES:
            self._refuse(414, f"The URL is longer than {MAX_URL_BYTES} bytes: send less in it.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        if self._is_refused:
            return
        super().on_header(name, value)
        self._head_bytes = max(
            self._head_bytes, len(self.url) + sum(len(n) + len(v) + 4 for n, v in self.headers)
        )
        self._check_head()

    def on_headers_complete(self) -> None:
        """The headers have ended."""
        self._in_head = False
        if not self._is_refused:
            self._expect("body", BODY_SECONDS)
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has ended."""
        if not self._is_refused:
            self._stop_clock()
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP, or leaves open where the request ends."""
        self._refuse(
            400,
            "This is no HTTP/1.1 request, or it does not say clearly where it ends (one "
            "Content-Length, or Transfer-Encoding: chunked): send it otherwise.",
        )

    def _check_head(self) -> None:
        if self._head_bytes > MAX_HEAD_BYTES or len(self.headers or ()) > MAX_HEADERS:
            self._refuse(
                431,
                f"URL and headers are larger than {MAX_HEAD_BYTES} bytes, or more than"
                f" {MAX_HEADERS} headers: send less in them.",
            )

    def _expect(self, what: str, seconds: float) -> None:
        self._stop_clock()
        message = f"The {what} did not come within {seconds:g} seconds: send the request again."
        self._clock = self.loop.call_later(seconds, self._refuse, 408, message)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _refuse(self, status: int, message: str) -> None:
        if self._is_refused:
            return
        self._is_refused = True
        self._stop_clock()
        if self.cycle is not None and not self.cycle.response_complete:
            # An answer is under way, or somebody waits for the body: nothing may come between.
            self.transport.close()
            return
        kind = ErrorKind.INVALID_PARAMETER
        body = orjson.dumps({"code": kind.code, "name": kind.title, "message": message})
        head = (
            f"HTTP/1.1 {status} {_PHRASES[status]}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)
