"""Tokens that are had for the form's values, in one request or in several."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from connectors.auth.base import AuthBase, ClientAuth
from connectors.auth.fields import CredentialField
from connectors.auth.jwt import SignedJwt
from connectors.auth.places import check_places, sends_secrets
from connectors.auth.tokens import Issued, Token
from connectors.request import Content
from connectors.templates import Expression, Template


class OAuth2GrantAuth(ClientAuth):
    """OAuth 2.0 without a browser: client credentials (RFC 6749, 4.4), a password (4.3), a JWT
    bearer assertion (RFC 7523, 2.1) or a vendor's own grant. A new token is asked for when the old
    one ends."""

    type: Literal["oauth2_grant"]
    grant_type: str = "client_credentials"
    client_id: Template = Field(default_factory=lambda: Template(None))
    """Scope: `fields`, `values`, `integration`. Null: the app wants none."""
    client_secret: Template = Field(default_factory=lambda: Template(None))
    scopes: list[str] = Field(default_factory=list)
    scope_separator: str = " "
    assertion: SignedJwt | None = None
    """Sent as `assertion`."""
    token: Token
    captured: dict[str, Expression] = Field(default_factory=dict)
    """Kept of the token's answer (`body`, `headers`)."""

    @property
    def known_places(self) -> set[str]:
        """The names that a place of a URL may have."""
        return super().known_places | set(self.captured)

    @property
    def uses_developer_client(self) -> bool:
        """Whether the client is the project's own, and not the end user's."""
        parts = (self.client_id, self.client_secret)
        return any(path[0] == "integration" for part in parts for path in part.references)

    @model_validator(mode="after")
    def _urls_fit(self) -> OAuth2GrantAuth:
        with_secret = self.uses_developer_client or sends_secrets(self, self.token, self.assertion)
        check_places(self, [self.token.url], with_secret=with_secret)
        return self


class ExchangeStep(Content):
    """One request on the way to a token.

    Scope: `fields`, `values`, `integration`, `steps.<name>` (`status`, `headers`, `body`) of the
    steps before, `now`, `nonce`.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    url: str
    """`{name}` is a place, which also may be named by `path_values`."""
    path_values: dict[str, Template] = Field(default_factory=dict)
    ok_when: Expression | None = None
    """Must be true; scope: `status`, `headers`, `body`. Left out: the status is 2xx."""


class TokenExchangeAuth(AuthBase):
    """A token in exchange for the form's values, in one step or in several, in order.

    The steps are taken again when the token ends. `token` reads the last step's answer (`body`,
    `headers`) and all of them (`steps.<name>.body`).
    """

    type: Literal["token_exchange"]
    fields: list[CredentialField] = Field(min_length=1)
    steps: list[ExchangeStep] = Field(min_length=1, max_length=10)
    token: Issued = Issued()
    captured: dict[str, Expression] = Field(default_factory=dict)

    @property
    def known_places(self) -> set[str]:
        """The names that a place of a URL may have."""
        return super().known_places | set(self.captured)

    @model_validator(mode="after")
    def _steps_fit(self) -> TokenExchangeAuth:
        names = [step.name for step in self.steps]
        if len(set(names)) != len(names):
            raise ValueError("two steps have the same name")
        for step in self.steps:
            with_secret = sends_secrets(self, step)
            own = step.path_values
            if with_secret:
                # What the app told in a step before may say where the next one goes.
                own = {
                    name: part
                    for name, part in own.items()
                    if {path[0] for path in part.references} <= {"steps"}
                }
            check_places(self, [step.url], with_secret=with_secret, told=own)
        return self
