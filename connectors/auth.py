"""How an app knows its users: the `auth` part of a manifest.

Read by `connections` (the form, the authorisation, the refresh) and by the executor (`apply`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from connectors.request import Part, Request
from connectors.templates import Template
from connectors.urls import places


class Option(Part):
    """One choice of a `select` field."""

    value: str
    label: str


class ShowWhen(Part):
    """The field is shown only while another field has this value."""

    key: str
    value: str | int | float | bool


class CredentialField(Part):
    """One field of the form that an end user fills; CONTRACT's `CredentialInfoField` and more."""

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")
    type: Literal["text", "password", "number", "email", "url", "tel", "select", "textarea"] = (
        "text"
    )
    label: str = ""
    desc: str = ""
    is_optional: bool = False
    options: list[Option] | None = None
    show_when: ShowWhen | None = None
    show: bool | None = None
    pattern: str | None = None
    """A regular expression that the whole value must match."""
    secret: bool = False
    """Never shown again and never left in a message; a `password` is always secret."""
    default: str | None = None
    example: str | None = None

    @property
    def is_secret(self) -> bool:
        """Whether the value must stay hidden."""
        return self.secret or self.type == "password"

    @model_validator(mode="after")
    def _options_fit(self) -> CredentialField:
        if (self.type == "select") != bool(self.options):
            raise ValueError("`options` belong to a field of type `select`, which needs them")
        return self


class Apply(Part):
    """Where the credential goes in a request. Scope: `fields`, `credential`, `captured`."""

    place: Literal["header", "query"] = Field("header", alias="in")
    name: str
    template: Template


class AuthBase(Part):
    """What the kinds of authentication share."""

    fields: list[CredentialField] = Field(default_factory=list)
    """The form; with OAuth 2 it is filled before the redirect."""
    desc: str = ""
    """Told above the form: where the end user finds these values."""
    apply: list[Apply] = Field(default_factory=list)
    verify: Request | None = None
    """A request that succeeds only with a good credential. Declared; not sent yet."""

    @field_validator("fields")
    @classmethod
    def _names_differ(cls, fields: list[CredentialField]) -> list[CredentialField]:
        names = [field.name for field in fields]
        if len(set(names)) != len(names):
            raise ValueError("two fields have the same name")
        return fields


class NoAuth(AuthBase):
    """The app needs no connection."""

    type: Literal["none"] = "none"


class ApiKeyAuth(AuthBase):
    """The end user enters values; `apply` says where they go."""

    type: Literal["api_key"]
    fields: list[CredentialField] = Field(min_length=1)
    apply: list[Apply] = Field(min_length=1)


class BasicAuth(AuthBase):
    """HTTP Basic (RFC 7617) made of two of the form's fields."""

    type: Literal["basic"]
    fields: list[CredentialField] = Field(min_length=1)
    username: Template
    """Scope: `fields`."""
    password: Template = Field(default_factory=lambda: Template(""))


class Authorize(Part):
    """The authorisation endpoint (RFC 6749, 3.1). `{name}` in the URL is a field's value."""

    url: str
    params: dict[str, str] = Field(default_factory=dict)
    scope_separator: str = " "
    default_scopes: list[str] = Field(default_factory=list)
    """Asked for always, beside those of the integration."""
    pkce: Literal["S256", "plain", "off"] = "S256"


class TokenPaths(Part):
    """Where the token response (RFC 6749, 5.1) holds its values: dotted paths."""

    access_token: str = "access_token"  # noqa: S105 - a path, not a secret
    refresh_token: str = "refresh_token"  # noqa: S105 - a path, not a secret
    expires_in: str = "expires_in"
    scope: str = "scope"
    error: str = "error"
    """Some vendors answer 200 and tell the error here."""


class Token(Part):
    """The token endpoint (RFC 6749, 3.2)."""

    url: str
    client_auth: Literal["body", "basic"] = "body"
    encoding: Literal["form", "json"] = "form"
    headers: dict[str, str] = Field(default_factory=dict)
    params: dict[str, str] = Field(default_factory=dict)
    response: TokenPaths = TokenPaths()
    expires_unit: Literal["seconds", "milliseconds"] = "seconds"
    lifetime: int | None = Field(None, gt=0, description="seconds, when the answer does not say")


class Refresh(Part):
    """How a token is renewed (RFC 6749, 6), where it differs from the token request."""

    url: str | None = None
    params: dict[str, str] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)


class Revoke(Part):
    """Revocation (RFC 7009)."""

    url: str
    token: Literal["access", "refresh"] = "refresh"  # noqa: S105 - which one, not a secret


class OAuth2Auth(AuthBase):
    """OAuth 2.0, authorization code (RFC 6749, 4.1) with PKCE (RFC 7636)."""

    type: Literal["oauth2"]
    authorize: Authorize
    token: Token
    refresh: Refresh | None = Refresh()
    """Null: the app gives no refresh tokens."""
    revoke: Revoke | None = None
    captured: dict[str, str] = Field(default_factory=dict)
    """Values kept from the token response: name to dotted path."""

    @model_validator(mode="after")
    def _places_are_fields(self) -> OAuth2Auth:
        known = {field.name for field in self.fields}
        urls = [self.authorize.url, self.token.url]
        urls += [part.url for part in (self.refresh, self.revoke) if part and part.url]
        for url in urls:
            if missing := [name for name in places(url) if name not in known]:
                raise ValueError(f"{url}: no field is named {missing[0]!r}")
        return self


Auth = Annotated[NoAuth | ApiKeyAuth | BasicAuth | OAuth2Auth, Field(discriminator="type")]
