"""Tokens that Inlay signs itself with a key of the connection (RFC 7519)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connectors.auth.base import AuthBase
from connectors.auth.fields import CredentialField
from connectors.request import Part
from connectors.templates import Template

JwtAlgorithm = Literal[
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"
]


class SignedJwt(Part):
    """How a token is made. Scope: `fields`, `captured`, `values`, `integration`, `now`, `nonce`.

    `iat` and `exp` are set from the clock and `lifetime`; claims of the same names win.
    """

    algorithm: JwtAlgorithm
    key: Template
    """PEM for RS, PS, ES and EdDSA; the secret itself for HS."""
    key_encoding: Literal["text", "base64", "hex"] = "text"
    """How an HS secret is written."""
    header: dict[str, Template] = Field(default_factory=dict)
    claims: dict[str, Template] = Field(default_factory=dict)
    lifetime: int = Field(300, gt=0, le=86_400, description="seconds")


class JwtAuth(AuthBase):
    """Each request carries a token signed for it: `credential.access_token` in `apply`."""

    type: Literal["jwt"]
    fields: list[CredentialField] = Field(min_length=1)
    jwt: SignedJwt
