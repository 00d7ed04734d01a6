"""The OAuth 2.0 protocol as a client: what is sent to an app's endpoints.

RFC 6749 (authorization code, refresh, client credentials), RFC 7636 (PKCE), RFC 7523 (JWT bearer),
RFC 7591 (dynamic registration), RFC 7009 (revocation), with the deviations that a manifest
declares. Knows no database.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import orjson
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from automations.expressions import ExpressionError
from connections.grants import EndpointFailed, Grant, GrantRefused, decode, read_grant
from connections.integrations import Client
from connectors.http import OutgoingError
from connectors.scope import moment, url_values
from connectors.signing import SigningError, signed_jwt
from connectors.urls import UrlError, expand_url
from store.models import now_ms

if TYPE_CHECKING:
    import httpx

    from connectors.auth import OAuth2Auth, OAuth2GrantAuth, Token
    from connectors.auth.oauth2 import Registration
    from connectors.http import OutgoingHttp
    from connectors.templates import Template

TIMEOUT = 20.0
"""Seconds for one answer of a token endpoint."""
ASSERTION_LIFE = 240
"""Seconds that a client's assertion may be used."""
FORM = "application/x-www-form-urlencoded"

Scope = Mapping[str, Any]
"""What templates see (connectors/scope.py)."""


def authorization_url(
    auth: OAuth2Auth,
    client: Client,
    *,
    scope: Scope,
    scopes: list[str],
    state: str,
    verifier: str | None,
) -> str:
    """Where the end user's browser goes to grant access (RFC 6749, 4.1.1; RFC 7636, 4.3).

    Raises `UrlError` when a field does not fit into the URL, and `ExpressionError`.
    """
    authorize = auth.authorize
    params: dict[str, Any] = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": authorize.scope_separator.join(scopes) or None,
        "state": state,
    }
    if verifier and authorize.pkce == "S256":
        params["code_challenge"] = create_s256_code_challenge(verifier)
        params["code_challenge_method"] = "S256"
    elif verifier and authorize.pkce == "plain":
        params["code_challenge"] = verifier
        params["code_challenge_method"] = "plain"
    params |= _resolved(authorize.params, scope)
    # Whatever a manifest says: without the state the way back is lost.
    params["state"] = state
    pairs = [
        (authorize.rename.get(name, name), str(value))
        for name, value in params.items()
        if value is not None
    ]
    url: str = add_params_to_uri(expand_url(authorize.url, url_values(scope)), pairs)
    return url


async def exchange_code(
    http: OutgoingHttp,
    auth: OAuth2Auth,
    client: Client,
    *,
    scope: Scope,
    code: str,
    verifier: str | None,
) -> Grant:
    """The grant for an authorization code (RFC 6749, 4.1.3).

    Raises:
        GrantRefused: the app does not accept the code.
        EndpointFailed: anything else.
    """
    params = {
        "grant_type": "authorization_code",
        "redirect_uri": client.redirect_uri,
        "code": code,
        "code_verifier": verifier,
    }
    response, sent_at = await _ask(http, auth.token, auth.token.url, client, params, scope)
    return read_grant(auth.token.response, auth.captured, response, sent_at)


async def refresh_grant(
    http: OutgoingHttp, auth: OAuth2Auth, client: Client, *, scope: Scope, refresh_token: str
) -> Grant:
    """A new grant for a refresh token (RFC 6749, 6); raises as `exchange_code` does.

    A `refresh_token` of None in the answer means that the old one stays good.
    """
    if auth.refresh is None:
        raise GrantRefused("the app gives tokens that cannot be renewed")
    refresh = auth.refresh
    token = auth.token.model_copy(
        update={"params": refresh.params, "headers": {**auth.token.headers, **refresh.headers}}
    )
    params = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    url = refresh.url or auth.token.url
    response, sent_at = await _ask(http, token, url, client, params, scope)
    return read_grant(auth.token.response, auth.captured, response, sent_at)


async def direct_grant(http: OutgoingHttp, auth: OAuth2GrantAuth, *, scope: Scope) -> Grant:
    """A grant that needs no browser; raises as `exchange_code` does."""
    try:
        client_id, client_secret = (
            part.resolve(scope) for part in (auth.client_id, auth.client_secret)
        )
        assertion = signed_jwt(auth.assertion, {**scope, **moment()}) if auth.assertion else None
    except (ExpressionError, SigningError) as error:
        raise GrantRefused(str(error)) from None
    client = Client(str(client_id), str(client_secret or ""), "") if client_id else None
    params = {
        "grant_type": auth.grant_type,
        "assertion": assertion,
        "scope": auth.scope_separator.join(auth.scopes) or None,
    }
    response, sent_at = await _ask(http, auth.token, auth.token.url, client, params, scope)
    return read_grant(
        auth.token.response,
        auth.captured,
        response,
        sent_at,
        is_users_client=not auth.uses_developer_client,
    )


async def register_client(
    http: OutgoingHttp, registration: Registration, redirect_uri: str, name: str, scope: Scope
) -> dict[str, str]:
    """A client made for one connection (RFC 7591, 3.1): `client_id` and maybe `client_secret`.

    Raises `EndpointFailed`.
    """
    metadata = {
        "client_name": name,
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }
    try:
        metadata |= _resolved(registration.metadata, scope)
        url = expand_url(registration.url, url_values(scope))
        response = await http.request(
            "POST", url, json={k: v for k, v in metadata.items() if v is not None}, timeout=TIMEOUT
        )
    except (OutgoingError, UrlError, ExpressionError) as error:
        raise EndpointFailed(f"no client could be registered: {error}") from error
    answer = decode(response) or {}
    client_id = answer.get("client_id")
    if response.status_code >= 400 or not isinstance(client_id, str):
        raise EndpointFailed(
            f"the app answered {response.status_code} when a client was registered"
        )
    secret = answer.get("client_secret")
    return {"client_id": client_id} | ({"client_secret": secret} if secret else {})


async def revoke_token(
    http: OutgoingHttp, auth: OAuth2Auth, client: Client, *, scope: Scope, token: str, hint: str
) -> bool:
    """Tells the app to forget a token (RFC 7009, 2.1); whether it did."""
    if auth.revoke is None:
        return False
    endpoint = auth.token.model_copy(update={"params": {}, "method": "POST", "encoding": "form"})
    params = {"token": token, "token_type_hint": hint}
    try:
        response, _ = await _ask(http, endpoint, auth.revoke.url, client, params, scope)
    except EndpointFailed:
        return False
    return response.is_success


async def _ask(
    http: OutgoingHttp,
    token: Token,
    url: str,
    client: Client | None,
    params: Mapping[str, Any],
    scope: Scope,
) -> tuple[httpx.Response, int]:
    """The endpoint's answer, and when it was asked (ms); raises `EndpointFailed`."""
    sent_at = now_ms()
    try:
        given = {**params, **_resolved(token.params, scope)}
        headers = {"Accept": "application/json", "Content-Type": FORM}
        extra = _resolved(token.headers, scope)
        headers |= {name: str(value) for name, value in extra.items() if value is not None}
        body = urlencode({name: value for name, value in given.items() if value is not None})
        target = expand_url(url, url_values(scope))
        if client is not None:
            target, headers, body = _authenticated(token, client, target, headers, body)
        content: str | None = body
        if token.encoding == "query" or token.method == "GET":
            target, content = add_params_to_uri(target, parse_qsl(body, True)), None
            del headers["Content-Type"]
        elif token.encoding == "json":
            headers["Content-Type"] = "application/json"
            content = orjson.dumps(dict(parse_qsl(body, True))).decode()
        response = await http.request(
            token.method, target, headers=headers, content=content, timeout=TIMEOUT
        )
    except UnicodeError:
        raise EndpointFailed(
            "the client id or secret holds characters that HTTP cannot carry", may_pass=False
        ) from None
    except ExpressionError as error:
        raise EndpointFailed(f"a value is missing: {error}", may_pass=False) from None
    except (OutgoingError, UrlError) as error:
        raise EndpointFailed(str(error)) from error
    return response, sent_at


def _authenticated(
    token: Token, client: Client, url: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    method: Any = "client_secret_basic" if token.client_auth == "basic" else "client_secret_post"
    if token.client_auth == "private_key_jwt":
        # Authlib's hour is more than some apps allow (Epic: five minutes).
        signer = PrivateKeyJWT(url, {"exp": now_ms() // 1000 + ASSERTION_LIFE})

        def method(auth: Any, _verb: str, uri: str, headers: Any, body: str) -> Any:
            return signer(auth, "POST", uri, headers, body)

    elif token.client_auth == "none" or not client.client_secret:
        method = "none"
    try:
        prepared = ClientAuth(client.client_id, client.client_secret, method).prepare(
            "POST", url, headers, body
        )
    except ValueError as error:
        if isinstance(error, UnicodeError):
            raise
        raise EndpointFailed("the client secret is no private key in PEM", may_pass=False) from None
    url, headers, body = prepared
    return url, headers, body


def _resolved(templates: Mapping[str, Template], scope: Scope) -> dict[str, Any]:
    if not templates:
        return {}
    full = {**scope, **moment()}
    return {name: template.resolve(full) for name, template in templates.items()}
