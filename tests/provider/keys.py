"""API endpoints that know their callers by static credentials, each in a place of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from tests.provider.checks import basic, json_body, same
from tests.provider.state import Provider, Refused, account

if TYPE_CHECKING:
    from starlette.requests import Request


async def check(provider: Provider, request: Request) -> Response:
    """/keys/{place}: the account, if the credential is right and in that place alone."""
    switches = provider.switches
    place = request.path_params["place"]
    values: dict[str, list[tuple[str | None, str]]] = {
        "header": [(request.headers.get(switches.key_header), switches.key_scheme + switches.key)],
        "pair": [
            (request.headers.get("X-App-Id"), switches.key),
            (request.headers.get("X-App-Key"), switches.second_key),
        ],
        "query": [(request.query_params.get(switches.key_param), switches.key)],
        "cookie": [(request.cookies.get(switches.key_param), switches.key)],
    }
    if place == "body":
        value = (await json_body(request)).get(switches.key_param)
        values["body"] = [(value if isinstance(value, str) else None, switches.key)]
    elif place == "basic":
        user, password = basic(request) or (None, "")
        values["basic"] = [
            (user, switches.basic_username),
            (password, switches.basic_password),
        ]
    if place not in values:
        raise Refused("there is no such place", "not_found", 404)
    _accept(values[place])
    await _only_there(provider, request, place)
    return JSONResponse(account("ada"))


async def in_path(provider: Provider, request: Request) -> Response:
    """/keys/bot{key}/{method}: the key is a part of the path."""
    _accept([(request.path_params["key"], provider.switches.key)])
    return JSONResponse({"ok": True, "result": account("ada")})


def _accept(pairs: list[tuple[str | None, str]]) -> None:
    for given, right in pairs:
        if given is None:
            raise Refused("a credential is missing", "unauthorized", 401)
        if not same(given, right):
            raise Refused("a credential is wrong", "unauthorized", 401)


async def _only_there(provider: Provider, request: Request, place: str) -> None:
    """A key that is sent twice is a key that leaks: other places must not have it."""
    switches = provider.switches
    texts = {"query": request.url.query, "body": (await request.body()).decode()}
    if place in {"query", "body"}:
        del texts[place]
    if "authorization" in request.headers and place != "basic":
        allowed = place == "header" and switches.key_header.lower() == "authorization"
        if not allowed:
            raise Refused("the header Authorization was not asked for")
    for kind, text in texts.items():
        if switches.key in text or switches.second_key in text:
            raise Refused(f"the key is in the {kind}, too")
