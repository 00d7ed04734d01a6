"""What the provider demands and how it answers: the quirks of real apps, one field each.

A name of the form `A4`, `T3` or `R2` in a docstring says which kind of app the switch stands for.
"""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import Any, Literal

import orjson
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

ANY = "*"
"""As a demanded value: the parameter must be there and not empty, whatever it says."""

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

Fault = Literal[
    "",
    "html",
    "html_500",
    "empty",
    "hang",
    "ok_false",
    "invalid_grant",
    "invalid_client",
    "rate_limited",
    "unavailable",
    "oversized",
    "not_string",
    "lost",
]
"""What a token endpoint does instead of answering; `lost` does all and never says so."""

Expires = Literal[
    "seconds",
    "milliseconds",
    "epoch_seconds",
    "epoch_milliseconds",
    "iso8601",
    "string",
    "missing",
    "zero",
]

Limit = Literal[
    "",
    "retry_after_seconds",
    "retry_after_date",
    "reset_seconds",
    "reset_epoch_seconds",
    "reset_epoch_milliseconds",
    "body_seconds",
]
"""Where and in which unit an answer tells when to come again."""


@dataclass(config=ConfigDict(extra="forbid", validate_assignment=True))
class Switches:
    """One provider. The defaults are an ordinary OAuth 2.0 app with PKCE and rotating tokens."""

    # Who comes.
    client_id: str = "shop"
    client_secret: str = "planted-client-secret-5Jq"
    client_auth: Literal["body", "basic", "none", "private_key_jwt"] = "body"
    """T2. How the client proves itself at the token endpoint; other ways are refused."""
    public_key: str = ""
    """PEM of the key that checks private_key_jwt, jwt-bearer, signed JWTs and RSA-SHA1."""
    key_id: str = ""
    """The `kid` that signed JWTs must name; empty: not looked at."""
    redirect_uris: list[str] = field(default_factory=list)
    """The only ones accepted; empty: any."""
    tenant: str = ""
    """A1, T1, R1. Served under /t/<tenant>/ only."""
    token_tenant: str = ""
    """The token endpoints live at this tenant instead."""
    api_tenant: str = ""
    """The APIs live at this tenant instead."""

    # The authorisation endpoint.
    auto: bool = True
    """Sends the browser back at once; else there is a page with a user name, Allow and Deny."""
    user: str = "ada"
    """Who signs in, if `auto` or unless the page is told otherwise."""
    authorize_required: dict[str, str] = field(default_factory=dict)
    """A4, A5. Further parameters and their values."""
    authorize_forbidden: list[str] = field(default_factory=list)
    """Standard parameters that must not be sent."""
    authorize_raw: dict[str, str] = field(default_factory=dict)
    """A10. Parameters that must stand in the query exactly so, as they are encoded."""
    client_id_param: str = "client_id"
    """A9. What the client's id is called."""
    response_type: Literal["required", "forbidden"] = "required"
    """A9."""
    pkce: Literal["S256", "plain", "forbidden"] = "S256"
    """A6."""
    scope_separator: str = " "
    """A7."""
    required_scopes: list[str] = field(default_factory=list)
    """A8. Must be among those asked."""
    nonce: bool = False
    """A5. Demands `nonce` of 8 characters or more that did not come before."""
    denial: str = ""
    """With `auto`: the error code that comes back instead of a code."""
    deny_code: str = "access_denied"
    """The error code behind the page's button Deny."""
    state: Literal["echo", "other", "none"] = "echo"
    """What comes back as `state`."""
    code_param: str = "code"
    """A11. What the code is called in the callback."""
    callback_extra: dict[str, str] = field(default_factory=dict)
    """A12. Told in the callback's query."""

    # The token request.
    grants: list[str] = field(
        default_factory=lambda: [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "password",
            JWT_BEARER,
        ]
    )
    client_credentials_name: str = "client_credentials"
    """T7. What the vendor calls that grant."""
    token_method: Literal["POST", "GET"] = "POST"
    """T4. With GET the parameters are in the query."""
    token_encoding: Literal["form", "json", "query"] = "form"
    """T3."""
    token_required: dict[str, str] = field(default_factory=dict)
    """T6. Further parameters of every grant but the refresh."""
    token_forbidden: list[str] = field(default_factory=list)
    """Standard parameters that must not be sent."""
    token_headers: dict[str, str] = field(default_factory=dict)
    """T5."""
    separate_refresh_url: bool = False
    """T9. Refreshes at /oauth2/refresh, and nowhere else."""
    refresh_required: dict[str, str] = field(default_factory=dict)
    """T10. Further parameters of a refresh."""
    refresh_headers: dict[str, str] = field(default_factory=dict)
    """T10. Headers of a refresh, beside `token_headers`."""
    username: str = "ada"
    """Of the grant `password` and of /exchange."""
    password: str = "planted-password-9xW"
    assertion_issuer: str = "service@shop.example"
    """T16. The `iss` of an assertion (RFC 7523, 3)."""

    # The token answer.
    answer: Literal["flat", "nested", "header", "form"] = "flat"
    """T11, T13. `header`: the access token is in the response header `token_header`."""
    answer_path: str = "data.auth"
    """Where a nested answer has its values."""
    answer_names: dict[str, str] = field(default_factory=dict)
    """T11. Standard name to the vendor's name."""
    token_header: str = "X-Access-Token"
    expires: Expires = "seconds"
    """T11, T12, T13. Relative ones are in `expires_in`, absolute ones in `expires_at`."""
    lifetime: float = 3600
    """Seconds that an access token lives, whatever the answer says."""
    skew: float = 0
    """Seconds by which the provider's clock is ahead, in absolute expiries and in Date."""
    refresh: Literal["rotate", "keep", "none"] = "rotate"
    """T8. `rotate`: a second use of a refresh token revokes its family (RFC 9700, 4.14.2)."""
    reuse_grace: float = 0
    """Seconds in which a second use is forgiven and gives another pair."""
    extra: dict[str, Any] = field(default_factory=dict)
    """T14. More of the token answer, at its root."""
    granted: list[str] | None = None
    """The scopes that the answer names; None: it names none, all asked ones are granted."""
    fault: Fault = ""
    fault_on: Literal["any", "code", "refresh"] = "any"
    """Which requests the fault befalls."""
    fault_times: int | None = None
    """How often; None: always."""
    fault_error: str = "invalid_code"
    """The error code inside `ok_false`."""
    delay: float = 0
    """Seconds between the deed and its answer."""

    # Registration of clients (RFC 7591).
    registration_required: dict[str, Any] = field(default_factory=dict)
    """A14. Client metadata that must be sent with these values."""
    registration_token: str = ""
    """The initial access token that is demanded; empty: registration is open."""

    # OAuth 1.0a.
    signature_method: Literal["HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"] = "HMAC-SHA1"
    oauth1_denial: Literal["denied", "error"] = "denied"
    """What Deny sends back: `denied=<request token>`, or `error=<deny_code>`."""

    # Static credentials.
    key: str = "planted-api-key-7Zt"
    second_key: str = "planted-second-key-3Rm"
    key_header: str = "X-Api-Key"
    """R2, R3. May be Authorization."""
    key_scheme: str = ""
    """R3. Stands before the key, with its space if it has one."""
    key_param: str = "api_key"
    """R5. The name in a query, a body or a cookie."""
    basic_username: str = "ada"
    basic_password: str = "planted-password-9xW"
    required_headers: dict[str, str] = field(default_factory=dict)
    """R6. Demanded of every API request."""
    user_agent: str = ""
    """R6. What User-Agent must contain."""
    compression: Literal["", "gzip", "deflate"] = ""
    """R9. How API answers are compressed, whatever was asked."""

    # Token exchange.
    exchange_encoding: Literal["json", "form"] = "json"
    exchange_token_in: Literal["body", "header"] = "body"
    """Where /exchange/grant puts the token."""

    # Self-signed credentials.
    jwt_algorithm: Literal["HS256", "RS256", "ES256"] = "HS256"
    jwt_audience: str = "/admin/"
    jwt_issuer: str = ""
    """Empty: not looked at."""
    jwt_longest: float = 300
    """Seconds that a signed JWT may live at most."""
    signing_secret: str = "planted-signing-secret-2Fd"
    """The HMAC key of signed requests; its bytes in hex are the key of HS256."""

    # The API for tokens.
    api_scheme: str = "Bearer "
    """R3. Stands before the token in Authorization."""
    api_denies: bool = False
    """401 for every token."""
    api_limit: Limit = ""
    api_limit_status: int = 429
    api_limit_times: int = 1
    """How many calls are turned away."""
    api_limit_wait: float = 1
    """Seconds to wait, as told."""
    api_ok_false: str = ""
    """An error code told inside a 200."""

    def changed(self, changes: dict[str, Any]) -> Switches:
        """These switches but for `changes`; a wrong name or value raises `ValueError`."""
        return _ADAPTER.validate_python({**dataclasses.asdict(self), **changes})


_ADAPTER = TypeAdapter(Switches)


def parsed(assignments: list[str]) -> dict[str, Any]:
    """Changes told as `name=value` each; a value is JSON or, where it is none, text."""
    changes: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ValueError(f"{assignment!r}: write name=value")
        try:
            changes[name] = orjson.loads(value)
        except orjson.JSONDecodeError:
            changes[name] = value
    return changes
