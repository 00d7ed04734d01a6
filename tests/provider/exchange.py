"""Credentials for a token, in one step and in three, as vendors invented it.

One step: /exchange/token. Three: /exchange/login gives a challenge, /exchange/session wants it in a
header and gives a session, /exchange/grant wants both and gives the token.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from tests.provider.answers import expiry
from tests.provider.checks import form_body, json_body, only, same
from tests.provider.state import Provider, Refused, planted

if TYPE_CHECKING:
    from starlette.requests import Request


async def token(provider: Provider, request: Request) -> Response:
    """One step: user name and password, in JSON or in a form."""
    values = await _values(provider, request, {"username", "password"})
    return _tokens(provider, _user(provider, values))


async def login(provider: Provider, request: Request) -> Response:
    """The first of three steps."""
    values = await _values(provider, request, {"username", "password"})
    challenge = planted("challenge")
    provider.steps[challenge] = _user(provider, values)
    return JSONResponse({"data": {"challenge": challenge}})


async def session(provider: Provider, request: Request) -> Response:
    """The second: a form with `company`; the first one's result in X-Challenge."""
    values = await form_body(request)
    only("parameter", values, {"company"})
    if not values.get("company"):
        raise Refused("company is missing")
    challenge = request.headers.get("x-challenge", "")
    if challenge not in provider.steps:
        raise Refused("the challenge is not known", "unauthorized", 401)
    session_id = planted("session")
    provider.steps[session_id] = challenge
    return JSONResponse({"session": {"id": session_id}})


async def grant(provider: Provider, request: Request) -> Response:
    """The third: JSON with the results of both; each works once."""
    values = await json_body(request)
    only("parameter", values, {"session", "challenge"})
    challenge = provider.steps.pop(str(values.get("session")), None)
    if challenge is None or challenge != values.get("challenge"):
        raise Refused("session and challenge do not belong together", "unauthorized", 401)
    return _tokens(provider, provider.steps.pop(challenge))


async def renew(provider: Provider, request: Request) -> Response:
    """/exchange/refresh: the refresh token works once."""
    values = await _values(provider, request, {"refreshToken"})
    provider.refreshes += 1
    found = provider.refresh_tokens.get(values.get("refreshToken", ""))
    if found is None or found.revoked:
        raise Refused("the refresh token is not known", "unauthorized", 401)
    found.revoked = True
    return _tokens(provider, found.user)


async def _values(provider: Provider, request: Request, names: set[str]) -> dict[str, Any]:
    as_json = provider.switches.exchange_encoding == "json"
    values: dict[str, Any] = await (json_body(request) if as_json else form_body(request))
    only("parameter", values, names)
    return values


def _user(provider: Provider, values: dict[str, Any]) -> str:
    switches = provider.switches
    right = same(str(values.get("username")), switches.username)
    if not (right and same(str(values.get("password")), switches.password)):
        raise Refused("the user name or the password is wrong", "unauthorized", 401)
    return switches.username


def _tokens(provider: Provider, user: str) -> Response:
    switches = provider.switches
    family = secrets.token_hex(6)
    issued = provider.issue(user, [], "exchange", family, renewable=switches.refresh != "none")
    values: dict[str, Any] = {"token": issued.access.value, **expiry(switches)}
    headers = {}
    if issued.refresh:
        values["refreshToken"] = issued.refresh.value
    if switches.exchange_token_in == "header":
        headers[switches.token_header] = values.pop("token")
    return JSONResponse({"result": values, **switches.extra}, headers=headers)
