"""Clients: how they prove themselves (RFC 6749, 2.3; RFC 7523, 2.2) and register (RFC 7591)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from starlette.responses import JSONResponse, Response

from tests.provider.checks import basic, demand, json_body, same
from tests.provider.jwts import checked, public_key
from tests.provider.state import Client, Provider, Refused, planted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

JWT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION = {"client_assertion", "client_assertion_type"}
_REGISTERED = {
    "body": "client_secret_post",
    "basic": "client_secret_basic",
    "none": "none",
    "private_key_jwt": "private_key_jwt",
}


def find(provider: Provider, client_id: str) -> Client | None:
    switches = provider.switches
    if client_id == switches.client_id:
        return Client(
            client_id, switches.client_secret, switches.client_auth, switches.redirect_uris
        )
    return provider.clients.get(client_id)


def auth_parameters(provider: Provider, *, forbidden: bool) -> set[str]:
    """The parameters in which a client of this provider names and proves itself.

    `forbidden`: those that it must not send.
    """
    sent: dict[str, set[str]] = {
        "body": {"client_id", "client_secret"},
        "basic": set(),
        "none": {"client_id"},
        "private_key_jwt": {"client_id"} | ASSERTION,
    }
    wanted = sent[provider.switches.client_auth]
    return ({"client_id", "client_secret"} | ASSERTION) - wanted if forbidden else wanted


def authenticated(provider: Provider, request: Request, values: Mapping[str, str]) -> Client:
    """The client that sends a token request, if it proves itself in the one way demanded."""
    way = provider.switches.client_auth
    # Some vendors want the id in the body beside the Basic header.
    asked = {*provider.switches.token_required, *provider.switches.refresh_required}
    if surplus := sorted(({*values} & auth_parameters(provider, forbidden=True)) - asked):
        raise _refused(f"with {way} the parameter {surplus[0]} must not be sent")
    if way != "basic" and basic(request):
        raise _refused(f"with {way} no Basic header must be sent")
    if way == "basic":
        found = basic(request)
        if found is None:
            raise _refused("the client must authenticate by HTTP Basic")
        # RFC 6749, 2.3.1: both are form-encoded before they become user and password.
        client_id, secret = (unquote_plus(part) for part in found)
    else:
        client_id, secret = values.get("client_id", ""), values.get("client_secret", "")
    if way == "private_key_jwt":
        client_id = _by_assertion(provider, request, values) or client_id
    client = find(provider, client_id)
    if client is None:
        raise _refused(f"the client {client_id!r} is not known")
    if way in {"body", "basic"} and not same(client.secret, secret):
        raise _refused("the client's secret is wrong")
    return client


def _by_assertion(provider: Provider, request: Request, values: Mapping[str, str]) -> str:
    if values.get("client_assertion_type") != JWT_ASSERTION:
        raise _refused(f"client_assertion_type must be {JWT_ASSERTION}")
    endpoint = str(request.url.replace(query=None))
    claims = checked(
        provider,
        values.get("client_assertion", ""),
        public_key(provider),
        {"RS256", "ES256"},
        audience=endpoint,
        longest=600,
        error="invalid_client",
    )
    if not claims.get("jti"):
        raise _refused("the client assertion has no jti")
    if claims.get("iss") != claims.get("sub"):
        raise _refused("the client assertion's iss and sub must be the client's id")
    if values.get("client_id", claims["iss"]) != claims["iss"]:
        raise _refused("client_id and the client assertion name different clients")
    return str(claims["iss"])


def _refused(why: str) -> Refused:
    return Refused(why, "invalid_client", 401)


async def register(provider: Provider, request: Request) -> Response:
    """A new client (RFC 7591, 3.1); only what this provider's switches allow."""
    switches = provider.switches
    _check_token(request, switches.registration_token)
    metadata = await json_body(request)
    uris = metadata.get("redirect_uris")
    if not (isinstance(uris, list) and uris and all(isinstance(uri, str) for uri in uris)):
        raise Refused("redirect_uris must be a list of URLs", "invalid_redirect_uri")
    way = _REGISTERED[switches.client_auth]
    if metadata.get("token_endpoint_auth_method", "client_secret_basic") != way:
        raise Refused(f"token_endpoint_auth_method must be {way}", "invalid_client_metadata")
    demand("client metadata", metadata, switches.registration_required)
    client = Client(
        client_id=f"registered-{secrets.token_hex(6)}",
        secret=planted("client-secret") if switches.client_auth in {"body", "basic"} else "",
        auth=switches.client_auth,
        redirect_uris=uris,
        registration_token=planted("registration"),
    )
    provider.clients[client.client_id] = client
    answer = {
        **metadata,
        "client_id": client.client_id,
        "client_id_issued_at": 1,
        "registration_access_token": client.registration_token,
        "registration_client_uri": f"{request.url}/{client.client_id}",
    }
    if client.secret:
        answer |= {"client_secret": client.secret, "client_secret_expires_at": 0}
    return JSONResponse(answer, 201)


async def unregister(provider: Provider, request: Request) -> Response:
    """Forgets a client (RFC 7592, 2.3)."""
    client = provider.clients.get(request.path_params["client_id"])
    if client is None:
        raise Refused("the client is not known", "invalid_token", 401)
    _check_token(request, client.registration_token)
    del provider.clients[client.client_id]
    return Response(status_code=204)


def _check_token(request: Request, token: str) -> None:
    given = request.headers.get("authorization", "")
    if given != (f"Bearer {token}" if token else ""):
        raise Refused("the registration's access token is wrong", "invalid_token", 401)


async def metadata(provider: Provider, request: Request) -> Response:
    """What a client can find out by itself (RFC 8414, 2)."""
    switches = provider.switches
    base = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
    challenge = [] if switches.pkce == "forbidden" else [switches.pkce]
    return JSONResponse(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/oauth2/authorize",
            "token_endpoint": f"{base}/oauth2/token",
            "revocation_endpoint": f"{base}/oauth2/revoke",
            "registration_endpoint": f"{base}/oauth2/register",
            "response_types_supported": ["code"],
            "grant_types_supported": switches.grants,
            "code_challenge_methods_supported": challenge,
            "token_endpoint_auth_methods_supported": [_REGISTERED[switches.client_auth]],
        }
    )
