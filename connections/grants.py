"""What token endpoints answer: read into one shape, whatever an app's own shape is.

Messages are composed of words of ours and of short error codes: an app's free text is not
repeated, since some apps put tokens into it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl

from automations.json_text import JsonError
from connectors.charsets import kind_of, legible
from connectors.content import json_value
from connectors.http import OutgoingError
from store.models import now_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from connectors.auth import Issued
    from connectors.templates import Expression

MAX_TOKEN_LENGTH = 65_536
MAX_CAPTURED = 16_384
"""Characters of one captured value."""

_CODE = re.compile(r"[A-Za-z0-9_.\- ]{1,64}")
_OF_THE_CLIENT = {"invalid_client", "unauthorized_client"}
_NOT_THE_GRANT = _OF_THE_CLIENT | {
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
class Grant:
    """What a token endpoint gave. Times are milliseconds since the epoch."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    token_secret: str | None = field(default=None, repr=False)
    expires_at: int | None = None
    scopes: list[str] | None = None
    """None: the app did not say, so they are those that were asked (RFC 6749, 5.1)."""
    captured: dict[str, Any] = field(default_factory=dict, repr=False)


class GrantRefused(Exception):
    """The app refuses the code, the refresh token or the credential itself; trying again changes
    nothing."""


class EndpointFailed(Exception):
    """No usable answer, for a reason that says nothing about the grant.

    `may_pass` is False where the developer must correct the integration first.
    """

    def __init__(self, message: str, *, may_pass: bool = True) -> None:
        super().__init__(message)
        self.may_pass = may_pass


def read_grant(
    issued: Issued,
    captured: Mapping[str, Expression],
    response: httpx.Response,
    sent_at: int,
    *,
    scope: Mapping[str, Any] | None = None,
    is_users_client: bool = False,
) -> Grant:
    """The grant in an answer. `scope` is what expressions see beside `body` and `headers`.

    `is_users_client`: the client belongs to the connection, so that its refusal is one of the
    credential. Raises `GrantRefused` and `EndpointFailed`.
    """
    body = decode(response)
    if body is None:
        raise EndpointFailed(
            f"the app's token endpoint answered {response.status_code}, and no JSON object"
        )
    seen = {**(scope or {}), "status": response.status_code, "body": body}
    seen["headers"] = {name.lower(): value for name, value in response.headers.items()}
    access_token = issued.access_token.find(seen)
    if response.status_code >= 400 or not access_token:
        _refuse(response.status_code, issued.error.find(seen), is_users_client)
    refresh_token = issued.refresh_token.find(seen) or None
    for token in (access_token, refresh_token):
        if token is not None and not _is_token(token):
            raise EndpointFailed("the app's token endpoint gave a token that is no usable text")
    return Grant(
        access_token=access_token,
        refresh_token=refresh_token,
        expires_at=_expiry(issued, seen, sent_at),
        scopes=_scopes(issued.scope.find(seen)),
        captured=capture(captured, seen),
    )


def capture(captured: Mapping[str, Expression], seen: Mapping[str, Any]) -> dict[str, Any]:
    """The values that an answer has; raises `EndpointFailed` for one that is too large."""
    found = {name: expression.find(seen) for name, expression in captured.items()}
    for name, value in found.items():
        if len(str(value)) > MAX_CAPTURED:
            raise EndpointFailed(f"the app gave a value of {name} that is too large")
    return {name: value for name, value in found.items() if value is not None}


def decode(response: httpx.Response) -> dict[str, Any] | None:
    """A JSON object, or a form as a map of text; else None."""
    header = response.headers.get("content-type", "")
    text = legible(response.content, header)
    try:
        answer = json_value(text)
    except OutgoingError:
        return None
    except JsonError:
        # Some apps answer as a form although JSON was asked for.
        if kind_of(header) not in {"application/x-www-form-urlencoded", "text/plain"}:
            return None
        answer = dict(parse_qsl(text))
        if not answer.keys() & {"access_token", "error", "oauth_token", "oauth_problem"}:
            return None
    return answer if isinstance(answer, dict) else None


def error_code(value: Any) -> str:
    """The value where it is a short error code that may be shown; else empty."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else ""


def _is_token(value: Any) -> bool:
    return (
        isinstance(value, str)
        and len(value) <= MAX_TOKEN_LENGTH
        and value.isascii()
        and value.isprintable()
    )


def _refuse(status: int, error: Any, is_users_client: bool) -> NoReturn:
    code = error_code(error)
    told = f" ({code})" if code else ""
    if code in _OF_THE_CLIENT or (status == 401 and not code):
        if is_users_client:
            raise GrantRefused(code or f"status {status}")
        raise EndpointFailed(
            f"the app refuses the project's client id or secret{told}: correct the integration",
            may_pass=False,
        )
    # A refusal of the grant is a 400 (RFC 6749, 5.2), at some apps a 401, or an error inside a 200.
    refusing = {400, 401, 403, 422} if is_users_client else {400, 401}
    if code not in _NOT_THE_GRANT and (status in refusing or (status < 300 and code)):
        raise GrantRefused(code or f"status {status}")
    raise EndpointFailed(f"the app's token endpoint answered {status}{told} without a token")


def _expiry(issued: Issued, seen: Mapping[str, Any], sent_at: int) -> int | None:
    told = issued.expires.find(seen)
    lifetime = _lifetime(issued.expires_unit, told, seen["headers"])
    if lifetime is None or not 0 < lifetime < 1e15:
        return None if issued.lifetime is None else sent_at + issued.lifetime * 1000
    return sent_at + int(lifetime)


def _lifetime(unit: str, told: Any, headers: Mapping[str, str]) -> float | None:
    """Milliseconds that the token lives from now on."""
    if unit == "at_iso":
        try:
            moment = datetime.fromisoformat(str(told))
        except ValueError:
            return None
        until = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000
        return until - _clock_of_the_app(headers)
    number: float | None = None
    if isinstance(told, int | float) and not isinstance(told, bool):
        number = told
    elif isinstance(told, str) and re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?", told.strip()):
        number = float(told)
    if number is None:
        return None
    if unit in {"seconds", "at_seconds"}:
        number *= 1000
    return number - _clock_of_the_app(headers) if unit.startswith("at_") else number


def _clock_of_the_app(headers: Mapping[str, str]) -> float:
    """What the app's own clock shows: a moment that it tells is one of its clock."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp() * 1000
    except (KeyError, ValueError):
        return now_ms()


def _scopes(told: Any) -> list[str] | None:
    if isinstance(told, str) and told.strip():
        return [part for part in re.split(r"[\s,]+", told) if part]
    if isinstance(told, list):
        return [part for part in told if isinstance(part, str)]
    return None
