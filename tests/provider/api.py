"""A protected API for those who have a token."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import JSONResponse, Response

from tests.provider.state import AccessToken, Provider, Refused, account

if TYPE_CHECKING:
    from starlette.requests import Request


async def me(provider: Provider, request: Request) -> Response:
    """/api/me: whose token it is."""
    token = _token(provider, request)
    return _trouble(provider) or JSONResponse(account(token.user))


async def sites(provider: Provider, request: Request) -> Response:
    """/api/sites: what the account may enter; needed before other calls at some vendors."""
    token = _token(provider, request)
    base = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
    site = {"id": f"site-{token.user}", "name": "First", "url": base, "scopes": token.scopes}
    return _trouble(provider) or JSONResponse([site])


async def echo(provider: Provider, request: Request) -> Response:
    """/api/echo: what came, but for the credential."""
    token = _token(provider, request)
    body: Any = (await request.body()).decode()
    if request.headers.get("content-type", "").startswith("application/json"):
        body = orjson.loads(body)
    hidden = {"authorization", "cookie"}
    headers = {name: value for name, value in request.headers.items() if name not in hidden}
    answer = {
        "user": token.user,
        "method": request.method,
        "path": request.url.path,
        "query": dict(request.query_params),
        "headers": headers,
        "body": body,
    }
    return _trouble(provider) or JSONResponse(answer)


def _token(provider: Provider, request: Request) -> AccessToken:
    """The valid token of the request (RFC 6750, 2.1 and 3.1)."""
    switches = provider.switches
    given = request.headers.get("authorization", "")
    if not given.startswith(switches.api_scheme):
        raise Refused("the token is missing, or not as it should be", "invalid_token", 401)
    token = provider.tokens.get(given.removeprefix(switches.api_scheme))
    if token is None or token.revoked or token.expires_at <= time.time() or switches.api_denies:
        raise Refused("the token is not valid", "invalid_token", 401)
    return token


def _trouble(provider: Provider) -> Response | None:
    """An error in a 200, or a turn-away until enough calls were turned away."""
    switches = provider.switches
    if switches.api_ok_false:
        return JSONResponse({"ok": False, "error": switches.api_ok_false})
    if not switches.api_limit or provider.api_limited >= switches.api_limit_times:
        return None
    provider.api_limited += 1
    wait, now = switches.api_limit_wait, time.time()
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=wait), usegmt=True)
    told: dict[str, dict[str, str]] = {
        "retry_after_seconds": {"Retry-After": f"{wait:g}"},
        "retry_after_date": {"Retry-After": date},
        "reset_seconds": {"X-RateLimit-Reset": f"{wait:g}"},
        "reset_epoch_seconds": {"X-RateLimit-Reset": str(int(now + wait))},
        "reset_epoch_milliseconds": {"X-RateLimit-Reset": str(int((now + wait) * 1000))},
        "body_seconds": {},
    }
    body: dict[str, Any] = {"error": "too_many_requests"}
    if switches.api_limit == "body_seconds":
        body["retry_after"] = wait
    return JSONResponse(body, switches.api_limit_status, told[switches.api_limit])
