"""The token endpoint (RFC 6749, 3.2), its refreshes, and revocation (RFC 7009)."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

from starlette.responses import Response

from tests.provider.answers import fault_answer, gone, token_answer
from tests.provider.checks import demand, demand_headers, form_body, json_body, only, same, single
from tests.provider.clients import auth_parameters, authenticated
from tests.provider.jwts import checked, public_key
from tests.provider.state import Client, Issued, Provider, Refused
from tests.provider.switches import JWT_BEARER

if TYPE_CHECKING:
    from starlette.requests import Request

_OF_GRANT = {
    "authorization_code": {"code", "redirect_uri", "code_verifier"},
    "refresh_token": {"refresh_token", "scope"},
    "client_credentials": {"scope"},
    "password": {"username", "password", "scope"},
    JWT_BEARER: {"assertion", "scope"},
}


async def token(provider: Provider, request: Request) -> Response:
    """All grants; refreshes only unless they have a URL of their own."""
    return await _answer(provider, request, refreshing=False)


async def refresh(provider: Provider, request: Request) -> Response:
    """The separate URL for refreshes."""
    if not provider.switches.separate_refresh_url:
        raise Refused("there is no such URL", "not_found", 404)
    return await _answer(provider, request, refreshing=True)


async def _answer(provider: Provider, request: Request, *, refreshing: bool) -> Response:
    switches = provider.switches
    values = await _parameters(provider, request)
    demand_headers(request, switches.token_headers)
    grant = values.get("grant_type", "")
    grant = "client_credentials" if grant == switches.client_credentials_name else grant
    if grant not in switches.grants:
        raise Refused(f"no grant is called {grant!r}", "unsupported_grant_type")
    if switches.separate_refresh_url and (grant == "refresh_token") != refreshing:
        raise Refused(f"{grant} is not for this URL", "unsupported_grant_type")
    faulty = _faulty(provider, grant)
    if faulty and (answer := await fault_answer(provider, request)):
        return answer
    _check_names(provider, request, grant, values)
    client = _client(provider, request, grant, values)
    issued = _issued(provider, grant, client, values, str(request.url.replace(query=None)))
    answer = token_answer(switches if faulty else switches.changed({"fault": ""}), issued)
    if faulty and switches.fault == "lost":
        await gone(request)
    await asyncio.sleep(switches.delay)
    return answer


def _client(provider: Provider, request: Request, grant: str, values: dict[str, str]) -> Client:
    if grant == JWT_BEARER and provider.switches.client_auth == "none":
        # RFC 7523, 2.1 and 3.1: the assertion may stand for the client, too.
        only("parameter", values, set(values) - {"client_id", "client_secret"})
        return Client(provider.switches.assertion_issuer, "", "none")
    return authenticated(provider, request, values)


async def _parameters(provider: Provider, request: Request) -> dict[str, str]:
    switches = provider.switches
    if request.method != switches.token_method:
        raise Refused(f"the method must be {switches.token_method}", status=405)
    query = single(request.query_params.multi_items())
    if switches.token_method == "GET" or switches.token_encoding == "query":
        if await request.body():
            raise Refused("the parameters belong into the query, and the body must be empty")
        return query
    if query:
        raise Refused("the parameters belong into the body, and not into the query")
    if switches.token_encoding == "form":
        return await form_body(request)
    body = await json_body(request)
    if wrong := [name for name, value in body.items() if not isinstance(value, str)]:
        raise Refused(f"{wrong[0]} must be text")
    return body


def _check_names(provider: Provider, request: Request, grant: str, values: dict[str, str]) -> None:
    switches = provider.switches
    if grant == "refresh_token":
        required = switches.refresh_required
        demand_headers(request, switches.refresh_headers)
    else:
        required = switches.token_required
    demand("parameter", values, required)
    if forbidden := sorted({*values} & {*switches.token_forbidden}):
        raise Refused(f"the parameter {forbidden[0]} must not be sent")
    allowed = {"grant_type", *_OF_GRANT[grant], *required}
    # What proves the client is judged with the client, and has an error of its own.
    proof = auth_parameters(provider, forbidden=False) | auth_parameters(provider, forbidden=True)
    only("parameter", values, allowed | proof)


def _faulty(provider: Provider, grant: str) -> bool:
    switches = provider.switches
    on = {"any": True, "refresh": grant == "refresh_token", "code": grant == "authorization_code"}
    if not switches.fault or not on[switches.fault_on]:
        return False
    provider.faults += 1
    return switches.fault_times is None or provider.faults <= switches.fault_times


def _issued(
    provider: Provider, grant: str, client: Client, values: dict[str, str], endpoint: str
) -> Issued:
    match grant:
        case "authorization_code":
            return _for_code(provider, client, values)
        case "refresh_token":
            return _refreshed(provider, client, values.get("refresh_token", ""))
        case "client_credentials":
            user = client.client_id
        case "password":
            user = _by_password(provider, values)
        case _:
            user = _by_assertion(provider, values, endpoint)
    renewable = grant == "password" and provider.switches.refresh != "none"
    scopes = values.get("scope", "").split(provider.switches.scope_separator)
    if missing := set(provider.switches.required_scopes) - set(scopes):
        raise Refused(f"the scope {sorted(missing)[0]} was not asked for", "invalid_scope")
    family = secrets.token_hex(6)
    return provider.issue(user, scopes, client.client_id, family, renewable=renewable)


def _for_code(provider: Provider, client: Client, values: dict[str, str]) -> Issued:
    switches = provider.switches
    code = provider.codes.get(values.get("code", ""))
    if code is None or code.client_id != client.client_id:
        raise Refused("the code is not known", "invalid_grant")
    if code.used:
        # RFC 6749, 4.1.2: what was issued for it should end.
        provider.revoke_family(code.family)
        raise Refused("the code was used before", "invalid_grant")
    code.used = True
    if "redirect_uri" not in switches.token_forbidden:
        demand("parameter", values, {"redirect_uri": code.redirect_uri})
    verifier = values.get("code_verifier")
    if (code.challenge is None) != (verifier is None):
        raise Refused("code_verifier is missing, or nobody asked for it", "invalid_grant")
    if verifier is not None and not _proves(verifier, code.challenge or "", switches.pkce):
        raise Refused("code_verifier does not fit the challenge", "invalid_grant")
    scopes = code.scopes if switches.granted is None else switches.granted
    renewable = switches.refresh != "none"
    return provider.issue(code.user, scopes, client.client_id, code.family, renewable=renewable)


def _proves(verifier: str, challenge: str, method: str) -> bool:
    """RFC 7636, 4.1 and 4.6."""
    if not 43 <= len(verifier) <= 128:
        return False
    if method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = urlsafe_b64encode(digest).decode().rstrip("=")
    return same(verifier, challenge)


def _refreshed(provider: Provider, client: Client, value: str) -> Issued:
    switches = provider.switches
    provider.refreshes += 1
    known = provider.refresh_tokens.get(value)
    if known is None or known.client_id != client.client_id:
        raise Refused("the refresh token is not known", "invalid_grant")
    if known.revoked:
        raise Refused("the refresh token was revoked", "invalid_grant")
    if switches.refresh == "rotate":
        now = time.time()
        if known.used_at is not None and now - known.used_at >= switches.reuse_grace:
            provider.revoke_family(known.family)
            raise Refused("the refresh token was used before", "invalid_grant")
        known.used_at = known.used_at or now
    return provider.issue(
        known.user,
        known.scopes,
        client.client_id,
        known.family,
        renewable=switches.refresh == "rotate",
    )


def _by_password(provider: Provider, values: dict[str, str]) -> str:
    switches = provider.switches
    right = same(values.get("username", ""), switches.username)
    if not (right and same(values.get("password", ""), switches.password)):
        raise Refused("the user name or the password is wrong", "invalid_grant")
    return switches.username


def _by_assertion(provider: Provider, values: dict[str, str], endpoint: str) -> str:
    """RFC 7523, 2.1 and 3."""
    claims = checked(
        provider,
        values.get("assertion", ""),
        public_key(provider),
        {"RS256", "ES256"},
        audience=endpoint,
        longest=3600,
        error="invalid_grant",
    )
    issuer = provider.switches.assertion_issuer
    if claims.get("iss") != issuer:
        raise Refused(f"the assertion's iss must be {issuer}", "invalid_grant")
    return str(claims.get("sub", issuer))


async def revoke(provider: Provider, request: Request) -> Response:
    """RFC 7009, 2: a refresh token takes its access tokens along; unknown ones are no error."""
    values = await form_body(request)
    authenticated(provider, request, values)
    proof = auth_parameters(provider, forbidden=False)
    only("parameter", values, {"token", "token_type_hint", *proof})
    if not values.get("token"):
        raise Refused("the parameter token is missing")
    value = values["token"]
    provider.revocations.append(value)
    if found := provider.refresh_tokens.get(value):
        provider.revoke_family(found.family)
    elif access := provider.tokens.get(value):
        access.revoked = True
    return Response()
