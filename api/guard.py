"""What every request and answer passes, as plain ASGI: limits first, headers last."""

from __future__ import annotations

import asyncio
import re
import uuid
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import ErrorKind, error_response
from logs import request_id
from store.outages import watch_commits

MAX_BODY_BYTES = 1_048_576
DECODING = "/api/v1/temporal/"
MAX_DECODING_BYTES = 16 * 1_048_576
"""For the payloads that the Temporal UI wants to have decoded."""
HOOKS = "/api/v1/hooks/"
ONCE = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"origin",
        b"sec-fetch-site",
        b"transfer-encoding",
    }
)
"""Headers of which a second one would leave open which is meant, by us or by a proxy before us."""
MANY = ("/api/v1/hooks/", "/api/v1/callbacks/", "/api/v1/oauth/")
"""Where others say what a query holds; all routes beside take each name once."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What a proxy may have given; anything else is not let into the log."""

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    # Answers hold people's data: no proxy keeps them.
    "cache-control": "no-store",
}


class Guard:
    """Refuses what no route could handle, and sets the security headers of every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request, as ASGI says."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("x-request-id", "")
        own_id = asked if _REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        request_id.set(own_id)
        stopping = getattr(scope["app"].state, "stopping", False) if "app" in scope else False
        answered = False

        watch_commits()

        async def send_guarded(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers["x-request-id"] = own_id
                if stopping:
                    # The next request of this client is for another server.
                    headers["connection"] = "close"
            await send(message)

        limit = MAX_DECODING_BYTES if scope["path"].startswith(DECODING) else MAX_BODY_BYTES
        length = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        # A hook's route has a limit of its own, and counts what it refuses.
        is_hook = scope["path"].startswith(HOOKS)
        if length.isdigit() and int(length[:20]) > limit and not is_hook:
            refusal = error_response(ErrorKind.BODY_TOO_LARGE, _too_large(limit))
            await refusal(scope, receive, send_guarded)
        elif (twice := _said_twice(scope)) is not None:
            message = f"{twice} stands in the request more than once: send it once."
            refusal = error_response(ErrorKind.INVALID_PARAMETER, message)
            await refusal(scope, receive, send_guarded)
        elif "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            message = "The character NUL (%00) is not allowed in a URL."
            refusal = error_response(ErrorKind.INVALID_PARAMETER, message)
            await refusal(scope, receive, send_guarded)
        else:
            try:
                bounded = receive if is_hook else _limited(receive, limit)
                await self._app(scope, bounded, send_guarded)
            except asyncio.CancelledError:
                # The server stops, and has waited as long as it may.
                if answered:
                    raise
                await _stopped(scope)(scope, receive, send_guarded)


def _stopped(scope: Scope) -> Response:
    run_id = scope.get("state", {}).get("run_id")
    what = "Look whether what you asked for was done, and repeat it where it was not."
    if run_id is not None:
        what = "The run goes on without it: look at it by its id, or wait for its notification."
    return error_response(
        ErrorKind.UNAVAILABLE,
        f"This server is being stopped. {what}",
        None if run_id is None else {"runId": run_id},
        {"retry-after": "2"},
    )


def _said_twice(scope: Scope) -> str | None:
    """What stands in a request more than once and must not; None: nothing does."""
    seen: set[bytes] = set()
    for name, _ in scope["headers"]:
        if name in ONCE and name in seen:
            return f"The header {name.decode().title()}"
        seen.add(name)
    if not scope["path"].startswith("/api/") or scope["path"].startswith(MANY):
        return None
    query = scope["query_string"].decode("latin-1")
    names: set[str] = set()
    for name, _ in parse_qsl(query, keep_blank_values=True):
        if name in names:
            return f"`{name[:64]}` in the query"
        names.add(name)
    return None


def _too_large(limit: int) -> str:
    return f"The body is larger than {limit} bytes: send less."


def _limited(receive: Receive, limit: int) -> Receive:
    size = 0

    async def receive_limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise HTTPException(413, _too_large(limit))
        return message

    return receive_limited
