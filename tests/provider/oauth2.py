"""The authorisation endpoint of OAuth 2.0 (RFC 6749, 3.1)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from tests.provider import pages
from tests.provider.checks import demand, form_body, only, single
from tests.provider.clients import find
from tests.provider.state import Code, Provider, Refused, planted

if TYPE_CHECKING:
    from starlette.requests import Request


async def authorize(provider: Provider, request: Request) -> Response:
    """GET asks the user, or sends them back at once; POST is the user's answer.

    A wrong request is told to the user and not to the client (RFC 6749, 4.1.2.1 allows that for
    some, and some apps do it for all): a test sees it at once.
    """
    asked = single(request.query_params.multi_items(), page=True)
    scopes = _check(provider, request, asked)
    switches = provider.switches
    if request.method == "POST":
        answer = await form_body(request)
        decision, user = answer.get("decision"), answer.get("user", "").strip()
        if decision not in {"allow", "deny"} or not user:
            raise Refused("choose Allow or Deny, and give a user name", page=True)
        return _back(
            provider, asked, scopes, user, switches.deny_code if decision == "deny" else ""
        )
    if switches.auto:
        return _back(provider, asked, scopes, switches.user, switches.denial)
    return pages.consent(asked[switches.client_id_param], scopes, switches.user)


def _check(provider: Provider, request: Request, asked: dict[str, str]) -> list[str]:
    """The scopes that are asked for, if the request is as the switches demand it."""
    switches = provider.switches
    wanted = dict(switches.authorize_required)
    if switches.response_type == "required":
        wanted["response_type"] = "code"
    if switches.pkce != "forbidden":
        wanted |= {"code_challenge": "*", "code_challenge_method": switches.pkce}
    if "state" not in switches.authorize_forbidden:
        wanted["state"] = "*"
    if switches.nonce:
        wanted["nonce"] = "*"
    demand("parameter", asked, wanted, page=True)
    allowed = {*wanted, "redirect_uri", "scope", switches.client_id_param}
    only("parameter", asked, allowed - {*switches.authorize_forbidden}, page=True)
    if switches.pkce == "S256" and len(asked["code_challenge"]) != 43:
        raise Refused("code_challenge is no SHA-256 in base64url", page=True)
    _check_client(provider, asked)
    parts = (request.scope["query_string"] or b"").decode().split("&")
    for name, raw in switches.authorize_raw.items():
        if f"{name}={raw}" not in parts:
            raise Refused(f"the query must hold {name}={raw} exactly so", page=True)
    if switches.nonce and request.method == "GET":
        nonce = asked["nonce"]
        if len(nonce) < 8 or not provider.once("authorize", nonce):
            raise Refused("the nonce is too short or came before", page=True)
    return _scopes(provider, asked.get("scope", ""))


def _check_client(provider: Provider, asked: dict[str, str]) -> None:
    name = provider.switches.client_id_param
    client = find(provider, asked.get(name, ""))
    if client is None:
        raise Refused(f"{name} names no client", page=True)
    uri = asked.get("redirect_uri", "")
    if "redirect_uri" in provider.switches.authorize_forbidden:
        return
    if not uri.startswith(("http://", "https://")) or "#" in uri:
        raise Refused("redirect_uri is no URL to come back to", page=True)
    if client.redirect_uris and uri not in client.redirect_uris:
        raise Refused("redirect_uri is not registered", page=True)


def _scopes(provider: Provider, told: str) -> list[str]:
    switches = provider.switches
    scopes = told.split(switches.scope_separator) if told else []
    separators = {" ", ",", "+", ";"} - {switches.scope_separator}
    if odd := [scope for scope in scopes if not scope or separators & set(scope)]:
        why = f"scopes are separated by {switches.scope_separator!r}, and {odd[0]!r} is none"
        raise Refused(why, page=True)
    if missing := [scope for scope in switches.required_scopes if scope not in scopes]:
        raise Refused(f"the scope {missing[0]} was not asked for", page=True)
    return scopes


def _back(
    provider: Provider, asked: dict[str, str], scopes: list[str], user: str, error: str
) -> Response:
    switches = provider.switches
    state = {"echo": asked.get("state"), "other": planted("state"), "none": None}[switches.state]
    query = {} if state is None else {"state": state}
    uri = asked.get("redirect_uri") or next(iter(switches.redirect_uris), "")
    if error:
        # Free text that a client should not repeat: anybody can write such a link.
        query |= {"error": error, "error_description": "<b>Call +1 555 0100 now</b>"}
    else:
        code = planted("code")
        provider.codes[code] = Code(
            client_id=asked[switches.client_id_param],
            redirect_uri=asked.get("redirect_uri"),
            challenge=asked.get("code_challenge"),
            scopes=scopes,
            user=user,
            family=secrets.token_hex(6),
        )
        query |= {switches.code_param: code, **switches.callback_extra}
    mark = "&" if "?" in uri else "?"
    return RedirectResponse(f"{uri}{mark}{urlencode(query)}", 303)
