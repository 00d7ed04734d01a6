"""What every request and answer passes, as plain ASGI: limits first, headers last."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import ErrorKind, error_response

MAX_BODY_BYTES = 1_048_576
DECODING = "/api/v1/temporal/"
MAX_DECODING_BYTES = 16 * 1_048_576
"""For the payloads that the Temporal UI wants to have decoded."""
HOOKS = "/api/v1/hooks/"

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

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        limit = MAX_DECODING_BYTES if scope["path"].startswith(DECODING) else MAX_BODY_BYTES
        length = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        # A hook's route counts what it refuses, so it looks at the length itself.
        is_hook = scope["path"].startswith(HOOKS)
        if length.isdigit() and int(length[:20]) > limit and not is_hook:
            refusal = error_response(ErrorKind.BODY_TOO_LARGE, _too_large(limit))
            await refusal(scope, receive, send_guarded)
        elif "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            message = "The character NUL (%00) is not allowed in a URL."
            refusal = error_response(ErrorKind.INVALID_PARAMETER, message)
            await refusal(scope, receive, send_guarded)
        else:
            await self._app(scope, _limited(receive, limit), send_guarded)


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
