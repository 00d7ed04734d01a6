"""The OAuth 2.0 protocol as a client: what is sent to an app's two endpoints, what comes back.

RFC 6749 (authorization code, refresh), RFC 7636 (PKCE), with the deviations that a manifest
declares. Knows no database. Messages are composed of words of ours and of short error codes: an
app's free text is not repeated, since some apps put tokens into it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl

import orjson
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from connectors.http import OutgoingError
from connectors.urls import UrlError, expand_url
from store.models import now_ms

if TYPE_CHECKING:
    import httpx

    from connectors.auth import OAuth2Auth
    from connectors.http import OutgoingHttp

TIMEOUT = 20.0
"""Seconds for one answer of a token endpoint."""
MAX_TOKEN_LENGTH = 65_536

_CODE = re.compile(r"[A-Za-z0-9_.\- ]{1,64}")
_NOT_THE_GRANT = {
    "invalid_client",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_request",
    "server_error",
    "temporarily_unavailable",
    "slow_down",
    "rate_limited",
    "ratelimited",
    "rate_limit_exceeded",
    "internal_error",
}
"""Error codes that say nothing about the code or refresh token that was sent."""


@dataclass(frozen=True)
class Client:
    """The project's registration at an app."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True)
class Grant:
    """What a token endpoint gave. Times are milliseconds since the epoch."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: int | None
    scopes: list[str] | None
    """None: the app did not say, so they are those that were asked (RFC 6749, 5.1)."""
    captured: dict[str, Any] = field(repr=False)


class GrantRefused(Exception):
    """The app refuses the code or the refresh token itself; trying again changes nothing."""


class EndpointFailed(Exception):
    """No usable answer, for a reason that says nothing about the grant."""


def authorization_url(
    auth: OAuth2Auth,
    client: Client,
    *,
    fields: Mapping[str, str],
    scopes: list[str],
    state: str,
    verifier: str | None,
) -> str:
    """Where the end user's browser goes to grant access (RFC 6749, 4.1.1; RFC 7636, 4.3).

    Raises `UrlError` when a field does not fit into the URL.
    """
    challenge = {}
    if verifier and auth.authorize.pkce == "S256":
        challenge = {
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
    elif verifier and auth.authorize.pkce == "plain":
        challenge = {"code_challenge": verifier, "code_challenge_method": "plain"}
    endpoint = add_params_to_uri(
        expand_url(auth.authorize.url, fields), list(auth.authorize.params.items())
    )
    url: str = prepare_grant_uri(
        endpoint,
        client.client_id,
        "code",
        redirect_uri=client.redirect_uri,
        scope=auth.authorize.scope_separator.join(scopes),
        state=state,
        **challenge,
    )
    return url


async def exchange_code(
    http: OutgoingHttp,
    auth: OAuth2Auth,
    client: Client,
    *,
    fields: Mapping[str, str],
    code: str,
    verifier: str | None,
) -> Grant:
    """The grant for an authorization code (RFC 6749, 4.1.3).

    Raises:
        GrantRefused: the app does not accept the code.
        EndpointFailed: anything else.
    """
    parameters = {"redirect_uri": client.redirect_uri, "code": code, "code_verifier": verifier}
    body = _body("authorization_code", {**auth.token.params, **parameters})
    return await _ask(http, auth, client, auth.token.url, fields, body, auth.token.headers)


async def refresh_grant(
    http: OutgoingHttp,
    auth: OAuth2Auth,
    client: Client,
    *,
    fields: Mapping[str, str],
    refresh_token: str,
) -> Grant:
    """A new grant for a refresh token (RFC 6749, 6); raises as `exchange_code` does.

    A `refresh_token` of None in the answer means that the old one stays good.
    """
    if auth.refresh is None:
        raise GrantRefused("the app gives tokens that cannot be renewed")
    body = _body("refresh_token", {**auth.refresh.params, "refresh_token": refresh_token})
    headers = {**auth.token.headers, **auth.refresh.headers}
    url = auth.refresh.url or auth.token.url
    return await _ask(http, auth, client, url, fields, body, headers)


def _body(grant_type: str, parameters: Mapping[str, str | None]) -> str:
    body: str = prepare_token_request(grant_type, "", **parameters)
    return body


async def _ask(
    http: OutgoingHttp,
    auth: OAuth2Auth,
    client: Client,
    url: str,
    fields: Mapping[str, str],
    body: str,
    extra_headers: Mapping[str, str],
) -> Grant:
    method = "client_secret_basic" if auth.token.client_auth == "basic" else "client_secret_post"
    if not client.client_secret:
        method = "none"
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        **extra_headers,
    }
    sent_at = now_ms()
    try:
        url, headers, body = ClientAuth(client.client_id, client.client_secret, method).prepare(
            "POST", expand_url(url, fields), headers, body
        )
        if auth.token.encoding == "json":
            headers["Content-Type"] = "application/json"
            body = orjson.dumps(dict(parse_qsl(body, keep_blank_values=True))).decode()
        response = await http.request("POST", url, headers=headers, content=body, timeout=TIMEOUT)
    except UnicodeError:
        raise EndpointFailed(
            "the project's client id or secret holds characters that HTTP cannot carry"
        ) from None
    except (OutgoingError, UrlError) as error:
        raise EndpointFailed(str(error)) from error
    return _read(auth, response, sent_at)


def _read(auth: OAuth2Auth, response: httpx.Response, sent_at: int) -> Grant:
    paths = auth.token.response
    answer = _decode(response)
    if answer is None:
        raise EndpointFailed(
            f"the app's token endpoint answered {response.status_code}, and no JSON object"
        )
    access_token = look_up(answer, paths.access_token)
    if response.status_code >= 400 or not access_token:
        _refuse(response.status_code, look_up(answer, paths.error))
    refresh_token = look_up(answer, paths.refresh_token) or None
    for token in (access_token, refresh_token):
        if token is not None and not (isinstance(token, str) and len(token) <= MAX_TOKEN_LENGTH):
            raise EndpointFailed("the app's token endpoint gave a token that is no usable text")
    return Grant(
        access_token=access_token,
        refresh_token=refresh_token,
        expires_at=_expiry(auth, answer, sent_at),
        scopes=_scopes(auth, look_up(answer, paths.scope)),
        captured={name: look_up(answer, path) for name, path in auth.captured.items()},
    )


def _refuse(status: int, error: Any) -> NoReturn:
    code = error if isinstance(error, str) and _CODE.fullmatch(error) else ""
    told = f" ({code})" if code else ""
    if code in {"invalid_client", "unauthorized_client"} or (status == 401 and not code):
        raise EndpointFailed(
            f"the app refuses the project's client id or secret{told}: correct the integration"
        )
    # A refusal of the grant is a 400 (RFC 6749, 5.2), at some apps a 401, or an error inside a 200.
    if code not in _NOT_THE_GRANT and (status in {400, 401} or (status < 300 and code)):
        raise GrantRefused(code or f"status {status}")
    raise EndpointFailed(f"the app's token endpoint answered {status}{told} without a token")


def _decode(response: httpx.Response) -> dict[str, Any] | None:
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        # Some apps answer as a form although JSON was asked for.
        kind = response.headers.get("content-type", "")
        if not kind.startswith(("application/x-www-form-urlencoded", "text/plain")):
            return None
        answer = dict(parse_qsl(response.text))
        if not answer.keys() & {"access_token", "error"}:
            return None
    return answer if isinstance(answer, dict) else None


def _expiry(auth: OAuth2Auth, answer: Mapping[str, Any], sent_at: int) -> int | None:
    told = look_up(answer, auth.token.response.expires_in)
    lifetime: float | None = None
    if isinstance(told, int | float) and not isinstance(told, bool):
        lifetime = told
    elif isinstance(told, str) and re.fullmatch(r"[0-9]{1,15}", told.strip()):
        lifetime = int(told)
    if lifetime is None or not 0 < lifetime < 1e15:
        return None if auth.token.lifetime is None else sent_at + auth.token.lifetime * 1000
    factor = 1000 if auth.token.expires_unit == "seconds" else 1
    return sent_at + int(lifetime * factor)


def _scopes(auth: OAuth2Auth, told: Any) -> list[str] | None:
    if isinstance(told, str) and told.strip():
        return [part for part in re.split(r"[\s,]+", told) if part]
    if isinstance(told, list):
        return [part for part in told if isinstance(part, str)]
    return None


def look_up(value: Any, path: str) -> Any:
    """What stands at a dotted path inside JSON; a number is an index of a list; else None."""
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value
