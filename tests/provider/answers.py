"""The shape of token answers, the right ones and the wrong ones."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, JSONResponse, Response

from tests.provider.state import planted

if TYPE_CHECKING:
    from starlette.requests import Request

    from tests.provider.state import Issued, Provider
    from tests.provider.switches import Switches

OVERSIZED = 200_000
"""Characters of an oversized token."""


def expiry(switches: Switches) -> dict[str, Any]:
    """When the token ends, as this provider tells it."""
    lifetime, end = switches.lifetime, time.time() + switches.skew + switches.lifetime
    told: dict[str, dict[str, Any]] = {
        "seconds": {"expires_in": int(lifetime)},
        "milliseconds": {"expires_in": int(lifetime * 1000)},
        "string": {"expires_in": str(int(lifetime))},
        "epoch_seconds": {"expires_at": int(end)},
        "epoch_milliseconds": {"expires_at": int(end * 1000)},
        "iso8601": {"expires_at": datetime.fromtimestamp(end, UTC).isoformat()},
        "missing": {},
        "zero": {"expires_in": 0},
    }
    return told[switches.expires]


def token_answer(switches: Switches, issued: Issued) -> Response:
    """A token response (RFC 6749, 5.1) in the shape that the switches ask for."""
    access: Any = issued.access.value
    if switches.fault == "oversized":
        access += "x" * OVERSIZED
    elif switches.fault == "not_string":
        access = {"value": access}
    values = {"access_token": access, "token_type": "Bearer", **expiry(switches)}
    if issued.refresh:
        values["refresh_token"] = issued.refresh.value
    if switches.granted is not None:
        values["scope"] = switches.scope_separator.join(switches.granted)
    headers = {}
    if switches.answer == "header":
        headers[switches.token_header] = values.pop("access_token")
    values = {switches.answer_names.get(name, name): value for name, value in values.items()}
    if switches.answer == "form":
        text = urlencode({**values, **switches.extra})
        return Response(text, media_type="application/x-www-form-urlencoded")
    if switches.answer == "nested":
        for part in reversed(switches.answer_path.split(".")):
            values = {part: values}
    return JSONResponse(_merged(switches.extra, values), headers=headers)


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    merged = {**one}
    for name, value in other.items():
        inner = merged.get(name)
        both = isinstance(inner, dict) and isinstance(value, dict)
        merged[name] = _merged(inner, value) if isinstance(inner, dict) and both else value
    return merged


async def fault_answer(provider: Provider, request: Request) -> Response | None:
    """The answer of a provider that does not even look; None: the fault comes later or not."""
    switches = provider.switches
    secret = planted("echo")
    match switches.fault:
        case "html":
            return HTMLResponse(f"<h1>Welcome {secret}</h1>")
        case "html_500":
            return HTMLResponse(f"<h1>Trouble with {secret}</h1>", 500)
        case "empty":
            return Response()
        case "hang":
            await gone(request)
            return Response()
        case "ok_false":
            return JSONResponse({"ok": False, "error": switches.fault_error, "echo": secret})
        case "invalid_grant":
            return _error("invalid_grant", 400, secret)
        case "invalid_client":
            return _error("invalid_client", 401, secret)
        case "rate_limited":
            answer = _error("rate_limited", 429, secret)
            answer.headers["Retry-After"] = "1"
            return answer
        case "unavailable":
            return _error("temporarily_unavailable", 503, secret)
    return None


def _error(code: str, status: int, secret: str) -> JSONResponse:
    # Some vendors repeat what they got: a client must not pass the description on.
    return JSONResponse({"error": code, "error_description": f"what is {secret}?"}, status)


async def gone(request: Request) -> None:
    """Waits until the client has closed the connection."""
    while not await request.is_disconnected():
        await asyncio.sleep(0.05)
