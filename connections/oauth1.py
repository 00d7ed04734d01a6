"""The OAuth 1.0a protocol as a client (RFC 5849, 2): request token, consent, access token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from authlib.common.urls import add_params_to_uri

from automations.expressions import ExpressionError
from connections.grants import (
    EndpointFailed,
    Grant,
    GrantRefused,
    capture,
    decode,
    error_code,
)
from connections.integrations import Client
from connectors.http import OutgoingError
from connectors.scope import moment, url_values
from connectors.signing import FORM, SigningError, oauth1_client, sign_oauth1
from connectors.urls import UrlError, expand_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authlib.oauth1.rfc5849.client_auth import ClientAuth

    from connectors.auth import OAuth1Auth
    from connectors.http import OutgoingHttp

TIMEOUT = 20.0
MAX_TOKEN_LENGTH = 65_536


async def begin(
    http: OutgoingHttp, auth: OAuth1Auth, client: Client, *, scope: Mapping[str, Any], state: str
) -> tuple[str, str, str]:
    """The request token, its secret, and where the user's browser goes (RFC 5849, 2.1 and 2.2).

    `state` is added to the callback's query, so that a denial, too, finds its way back. Raises
    `EndpointFailed`.
    """
    callback = add_params_to_uri(client.redirect_uri, [("state", state)])
    signer = oauth1_client(auth, client.client_id, client.client_secret, redirect_uri=callback)
    try:
        params = _resolved(auth.request_params, scope)
        body = await _ask(http, auth, auth.endpoints.request_token, signer, params, scope)
        token, secret = _token_of(body)
        if body.get("oauth_callback_confirmed", "true") != "true":
            raise EndpointFailed("the app does not confirm the callback (OAuth 1.0a)")
        pairs = [("oauth_token", token), *_resolved(auth.authorize_params, scope).items()]
        url = add_params_to_uri(expand_url(auth.endpoints.authorize, url_values(scope)), pairs)
    except (GrantRefused, UrlError, ExpressionError) as error:
        raise EndpointFailed(f"no request token: {error}", may_pass=False) from None
    return token, secret, url


async def finish(
    http: OutgoingHttp,
    auth: OAuth1Auth,
    client: Client,
    *,
    scope: Mapping[str, Any],
    token: str,
    token_secret: str,
    verifier: str,
) -> Grant:
    """The access token (RFC 5849, 2.3); raises `GrantRefused` and `EndpointFailed`."""
    signer = oauth1_client(
        auth,
        client.client_id,
        client.client_secret,
        token=token,
        token_secret=token_secret,
        verifier=verifier,
    )
    body = await _ask(http, auth, auth.endpoints.access_token, signer, {}, scope)
    access, secret = _token_of(body)
    return Grant(
        access_token=access,
        token_secret=secret,
        captured=capture(auth.captured, {"body": body, "headers": {}}),
    )


async def _ask(
    http: OutgoingHttp,
    auth: OAuth1Auth,
    url: str,
    signer: ClientAuth,
    params: Mapping[str, str],
    scope: Mapping[str, Any],
) -> dict[str, Any]:
    try:
        target = expand_url(url, url_values(scope))
        if auth.method == "POST":
            headers = {"Content-Type": FORM}
            request = http.build("POST", target, headers=headers, content=urlencode(params))
        else:
            request = http.build("GET", target, params=params)
        sign_oauth1(signer, request)
        response = await http.send(request, timeout=TIMEOUT)
    except SigningError as error:
        raise EndpointFailed(str(error), may_pass=False) from None
    except (OutgoingError, UrlError) as error:
        raise EndpointFailed(str(error)) from error
    body = decode(response)
    if response.status_code >= 400:
        code = error_code((body or {}).get("oauth_problem"))
        told = f" ({code})" if code else ""
        if response.status_code in {400, 401, 403}:
            raise GrantRefused(f"status {response.status_code}{told}")
        raise EndpointFailed(f"the app's token endpoint answered {response.status_code}{told}")
    if body is None:
        raise EndpointFailed(
            f"the app's token endpoint answered {response.status_code}, and no form"
        )
    return body


def _token_of(body: Mapping[str, Any]) -> tuple[str, str]:
    token, secret = body.get("oauth_token"), body.get("oauth_token_secret")
    for value in (token, secret):
        if not isinstance(value, str) or len(value) > MAX_TOKEN_LENGTH or not value.isascii():
            raise EndpointFailed("the app's token endpoint gave no usable token")
    assert isinstance(token, str)  # noqa: S101 - just looked at
    assert isinstance(secret, str)  # noqa: S101 - just looked at
    if not token:
        raise EndpointFailed("the app's token endpoint gave no usable token")
    return token, secret


def _resolved(templates: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, str]:
    full = {**scope, **moment()}
    values = {name: template.resolve(full) for name, template in templates.items()}
    return {name: str(value) for name, value in values.items() if value is not None}
