"""What token endpoints are sent, and how their answers are read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connectors.request import Part
from connectors.templates import Expression, Template


def _at(path: str) -> Expression:
    return Expression(path)


class Issued(Part):
    """Where an answer holds the token (RFC 6749, 5.1).

    Expressions over `body` (JSON, or a form as a map) and `headers`; one that does not apply gives
    nothing.
    """

    access_token: Expression = Field(default_factory=lambda: _at("body.access_token"))
    refresh_token: Expression = Field(default_factory=lambda: _at("body.refresh_token"))
    expires: Expression = Field(default_factory=lambda: _at("body.expires_in"))
    expires_unit: Literal["seconds", "milliseconds", "at_seconds", "at_milliseconds", "at_iso"] = (
        "seconds"
    )
    """How long the token lives, or (`at_…`) until when."""
    scope: Expression = Field(default_factory=lambda: _at("body.scope"))
    error: Expression = Field(default_factory=lambda: _at("body.error"))
    """Some vendors answer 200 and tell the error here."""
    lifetime: int | None = Field(None, gt=0, description="seconds, when the answer does not say")


class Token(Part):
    """The token endpoint (RFC 6749, 3.2). `{name}` in the URL is a place.

    Templates see `fields`, `captured`, `values`, `integration`, `now` and `nonce`.
    """

    url: str
    method: Literal["POST", "GET"] = "POST"
    client_auth: Literal["body", "basic", "none", "private_key_jwt"] = "body"
    """`private_key_jwt` (RFC 7523, 2.2): the client secret is the private key in PEM."""
    encoding: Literal["form", "json", "query"] = "form"
    headers: dict[str, Template] = Field(default_factory=dict)
    params: dict[str, Template] = Field(default_factory=dict)
    """Beside those of the grant; null removes one of the grant's."""
    response: Issued = Issued()


class Refresh(Part):
    """How a token is renewed (RFC 6749, 6), where it differs from the token request."""

    url: str | None = None
    params: dict[str, Template] = Field(default_factory=dict)
    headers: dict[str, Template] = Field(default_factory=dict)
    ahead: int | None = Field(None, ge=0, le=86_400)
    """Seconds before its end at which a token is renewed; left out: 60, or a tenth of its life."""


class Revoke(Part):
    """Revocation (RFC 7009)."""

    url: str
    token: Literal["access", "refresh"] = "refresh"  # noqa: S105 - which one, not a secret
