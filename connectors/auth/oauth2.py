"""OAuth 2.0 with the end user's browser (RFC 6749, 4.1), with the deviations of real apps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from connectors.auth.base import ClientAuth
from connectors.auth.fields import regular
from connectors.auth.places import check_places, sends_secrets
from connectors.auth.tokens import Refresh, Revoke, Token
from connectors.request import Part
from connectors.templates import Expression, Template


class Authorize(Part):
    """The authorisation endpoint (RFC 6749, 3.1). `{name}` in the URL is a place."""

    url: str
    params: dict[str, Template] = Field(default_factory=dict)
    """Scope: `fields`, `values`, `integration`, `now`, `nonce`. Null leaves one out, also one of
    the standard's (`response_type: null`)."""
    rename: dict[str, str] = Field(default_factory=dict)
    """The app's own names of the standard's parameters (`client_id: app_id`)."""
    scope_separator: str = " "
    default_scopes: list[str] = Field(default_factory=list)
    """Asked for always, beside those of the integration."""
    pkce: Literal["S256", "plain", "off"] = "S256"

    @field_validator("rename")
    @classmethod
    def _the_state_stays(cls, rename: dict[str, str]) -> dict[str, str]:
        if "state" in rename:
            raise ValueError("`state` cannot be renamed: the redirect brings it back by its name")
        return rename


class CallbackValue(Part):
    """A value of the redirect's query that is kept as `captured.<name>`.

    The query comes by way of the end user's browser, who may change it: `pattern` says what it may
    be, as a whole.
    """

    param: str
    pattern: Annotated[str, Field(min_length=1), AfterValidator(regular)]
    is_optional: bool = False


class Callback(Part):
    """What the redirect brings back (RFC 6749, 4.1.2)."""

    code: str = "code"
    """The parameter that holds the code."""
    captured: dict[str, CallbackValue] = Field(default_factory=dict)


class Registration(Part):
    """The client is registered for each connection (RFC 7591), so the developer needs none."""

    url: str
    metadata: dict[str, Template] = Field(default_factory=dict)
    """Beside `redirect_uris`, `grant_types`, `response_types`, `client_name` and
    `token_endpoint_auth_method`."""


class OAuth2Auth(ClientAuth):
    """OAuth 2.0, authorization code (RFC 6749, 4.1) with PKCE (RFC 7636)."""

    type: Literal["oauth2"]
    authorize: Authorize
    callback: Callback = Callback()
    token: Token
    refresh: Refresh | None = Refresh()
    """Null: the app gives no refresh tokens."""
    revoke: Revoke | None = None
    registration: Registration | None = None
    captured: dict[str, Expression] = Field(default_factory=dict)
    """Kept of the token's answer (`body`, `headers`)."""
    check_scopes: bool = True
    """Whether a grant of fewer scopes than were asked is refused. Off for apps that tell scopes
    by other names than those by which they are asked."""

    @property
    def known_places(self) -> set[str]:
        """The names that a place of a URL may have."""
        return super().known_places | set(self.captured) | set(self.callback.captured)

    @model_validator(mode="after")
    def _urls_fit(self) -> OAuth2Auth:
        check_places(self, [self.authorize.url])
        urls = [
            self.token.url,
            *(part.url for part in (self.refresh, self.revoke) if part and part.url),
        ]
        # A client that was registered at the user's own host is no secret of the developer.
        with_secret = self.registration is None and self.token.client_auth != "none"
        with_secret = with_secret or sends_secrets(self, self.token, self.refresh)
        check_places(self, urls, with_secret=with_secret, told=self.callback.captured)
        if self.registration:
            check_places(self, [self.registration.url])
        return self
