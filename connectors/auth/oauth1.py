"""OAuth 1.0a (RFC 5849): the client key and secret are those of the integration."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from connectors.auth.base import ClientAuth
from connectors.auth.places import check_places
from connectors.request import Part
from connectors.templates import Expression, Template


class OAuth1Endpoints(Part):
    """The three endpoints of RFC 5849, 2. `{name}` in a URL is a place."""

    request_token: str
    authorize: str
    access_token: str


class OAuth1Auth(ClientAuth):
    """OAuth 1.0a with a callback and a verifier."""

    type: Literal["oauth1"]
    endpoints: OAuth1Endpoints
    signature: Literal["HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT"] = "HMAC-SHA1"
    """With RSA-SHA1 the integration's client secret is the private key in PEM."""
    method: Literal["POST", "GET"] = "POST"
    """Of the requests for tokens."""
    realm: str | None = None
    request_params: dict[str, Template] = Field(default_factory=dict)
    """Sent along when the request token is asked for."""
    authorize_params: dict[str, Template] = Field(default_factory=dict)
    captured: dict[str, Expression] = Field(default_factory=dict)
    """Kept of the access token's answer, whose fields are in `body`."""

    @property
    def known_places(self) -> set[str]:
        """The names that a place of a URL may have."""
        return super().known_places | set(self.captured)

    @model_validator(mode="after")
    def _urls_fit(self) -> OAuth1Auth:
        urls = self.endpoints
        check_places(self, [urls.authorize])
        check_places(self, [urls.request_token, urls.access_token], with_secret=True)
        return self
