"""The provider as a web application, its records, and the route that changes its switches."""

from __future__ import annotations

import dataclasses
import gzip
import time
import zlib
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.provider import api, clients, exchange, keys, oauth1, oauth2, pages, signed, tokens
from tests.provider.checks import demand_headers, json_body
from tests.provider.state import Provider, Received, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    Handler = Callable[[Provider, Request], Awaitable[Response]]

ROUTES: list[tuple[str, Handler, list[str]]] = [
    ("/.well-known/oauth-authorization-server", clients.metadata, ["GET"]),
    ("/oauth2/authorize", oauth2.authorize, ["GET", "POST"]),
    ("/oauth2/token", tokens.token, ["GET", "POST"]),
    ("/oauth2/refresh", tokens.refresh, ["GET", "POST"]),
    ("/oauth2/revoke", tokens.revoke, ["POST"]),
    ("/oauth2/register", clients.register, ["POST"]),
    ("/oauth2/register/{client_id}", clients.unregister, ["DELETE"]),
    ("/oauth1/request_token", oauth1.request_token, ["GET", "POST"]),
    ("/oauth1/authorize", oauth1.authorize, ["GET", "POST"]),
    ("/oauth1/access_token", oauth1.access_token, ["GET", "POST"]),
    ("/oauth1/resource", oauth1.resource, ["GET", "POST", "PUT", "DELETE"]),
    ("/exchange/token", exchange.token, ["POST"]),
    ("/exchange/login", exchange.login, ["POST"]),
    ("/exchange/session", exchange.session, ["POST"]),
    ("/exchange/grant", exchange.grant, ["POST"]),
    ("/exchange/refresh", exchange.renew, ["POST"]),
]
API_ROUTES: list[tuple[str, Handler, list[str]]] = [
    ("/keys/bot{key}/{method}", keys.in_path, ["GET", "POST"]),
    ("/keys/{place}", keys.check, ["GET", "POST"]),
    ("/signed/jwt", signed.jwt, ["GET", "POST"]),
    ("/signed/hmac-sha256", signed.sha256, ["GET", "POST", "PUT", "DELETE"]),
    ("/signed/hmac-sha1", signed.sha1, ["GET", "POST", "PUT", "DELETE"]),
    ("/api/me", api.me, ["GET"]),
    ("/api/sites", api.sites, ["GET"]),
    ("/api/echo", api.echo, ["GET", "POST", "PUT", "PATCH", "DELETE"]),
]
ACTS = {
    "expire_tokens": Provider.expire_tokens,
    "revoke_all": Provider.revoke_all,
}
"""What POST /_control/{act} does."""


@dataclass
class Place:
    """Where the provider of the running test is served; `provider` is another for each test."""

    provider: Provider = field(default_factory=Provider)


def application(place: Place) -> ASGIApp:
    """The provider as ASGI, with tenants under /t/{tenant}."""
    routes = [
        Route("/_control", partial(_control, place), methods=["GET", "PATCH", "DELETE"]),
        Route("/_control/{act}", partial(_act, place), methods=["POST"]),
    ]
    routes += [Route(path, partial(_serve, place, h), methods=m) for path, h, m in ROUTES]
    routes += [Route(path, partial(_serve_api, place, h), methods=m) for path, h, m in API_ROUTES]
    return _Recorder(place, Starlette(routes=routes))


async def _serve(place: Place, handler: Handler, request: Request) -> Response:
    provider = place.provider
    try:
        _check_tenant(provider, request)
        return await handler(provider, request)
    except Refused as refused:
        provider.refusals.append(f"{request.url.path}: {refused.why}")
        if refused.page:
            return pages.refusal(refused.why, refused.status)
        body = {"error": refused.error, "error_description": refused.why}
        return JSONResponse(body, refused.status)


async def _serve_api(place: Place, handler: Handler, request: Request) -> Response:
    async def checked(provider: Provider, request: Request) -> Response:
        demand_headers(request, provider.switches.required_headers)
        if provider.switches.user_agent not in request.headers.get("user-agent", ""):
            raise Refused("the User-Agent is not welcome", "forbidden", 403)
        return await handler(provider, request)

    return _compressed(place.provider, await _serve(place, checked, request))


def _check_tenant(provider: Provider, request: Request) -> None:
    switches, path = provider.switches, request.scope["path"]
    prefix = request.scope.get("root_path", "")
    wanted = switches.tenant
    if path.startswith((f"{prefix}/oauth2/token", f"{prefix}/oauth2/refresh")):
        wanted = switches.token_tenant or wanted
    elif path.startswith((f"{prefix}/api/", f"{prefix}/keys/", f"{prefix}/signed/")):
        wanted = switches.api_tenant or wanted
    if wanted and prefix != f"/t/{wanted}":
        page = path.endswith("/authorize")
        raise Refused(
            f"tenant {prefix.removeprefix('/t/')!r} is not here", "not_found", 404, page=page
        )


def _compressed(provider: Provider, response: Response) -> Response:
    way, body = provider.switches.compression, bytes(response.body)
    if way:
        response.body = gzip.compress(body) if way == "gzip" else zlib.compress(body)
        response.headers["Content-Encoding"] = way
        response.headers["Content-Length"] = str(len(response.body))
    return response


class _Recorder:
    """Keeps each request, and takes /t/{tenant} off its path for the routes."""

    def __init__(self, place: Place, app: ASGIApp) -> None:
        self.place, self.app = place, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith("/_control"):
            await self.app(scope, receive, send)
            return
        parts = path.split("/")
        if parts[1] == "t" and len(parts) > 3:
            scope = {**scope, "root_path": f"/t/{parts[2]}"}
        provider = self.place.provider
        body = await Request(scope, receive).body()
        received = Received(
            scope["method"],
            path,
            scope["query_string"].decode(),
            {name.decode(): value.decode("latin-1") for name, value in scope["headers"]},
            body.decode("utf-8", "replace"),
        )
        provider.received.append(received)
        provider.news()
        replayed = False

        async def again() -> Message:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                received.status = message["status"]
                # The server writes no date: this clock may be another.
                date = formatdate(time.time() + provider.switches.skew, usegmt=True)
                message["headers"] = [*message["headers"], (b"date", date.encode())]
            await send(message)

        await self.app(scope, again, watch)
        provider.news()


async def _control(place: Place, request: Request) -> Response:
    """GET reads, PATCH changes switches, DELETE begins anew."""
    if request.method == "DELETE":
        place.provider = Provider(place.provider.url)
    elif request.method == "PATCH":
        try:
            changes = await json_body(request)
            place.provider.switches = place.provider.switches.changed(changes)
        except (Refused, ValidationError) as error:
            return JSONResponse({"error": str(error)}, 400)
    return JSONResponse(report(place.provider))


async def _act(place: Place, request: Request) -> Response:
    act = ACTS.get(request.path_params["act"])
    if act is None:
        return JSONResponse({"error": f"there are {', '.join(ACTS)}"}, 404)
    act(place.provider)
    return JSONResponse(report(place.provider))


def report(provider: Provider) -> dict[str, Any]:
    """The switches and all that happened, as JSON."""
    return {
        "switches": dataclasses.asdict(provider.switches),
        "received": [dataclasses.asdict(request) for request in provider.received],
        "refusals": provider.refusals,
        "tokens": [dataclasses.asdict(token) for token in provider.tokens.values()],
        "refresh_tokens": [dataclasses.asdict(t) for t in provider.refresh_tokens.values()],
        "oauth1_tokens": [dataclasses.asdict(token) for token in provider.oauth1.values()],
        "clients": [dataclasses.asdict(client) for client in provider.clients.values()],
        "refreshes": provider.refreshes,
        "revocations": provider.revocations,
    }
