"""What all kinds of authentication share."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from connectors.auth.fields import CredentialField, check_form
from connectors.headers import check_name
from connectors.request import Part, Request
from connectors.templates import Expression, Template


class Apply(Part):
    """Where a value goes in each request.

    Scope: `fields`, `captured`, `values`, `integration`, `credential`, and of the request that is
    about to be sent `request` (`method`, `url`, `host`, `path`, `query`, `body`), `now` (ms since
    the epoch) and `nonce` (32 random hexadecimal digits), so that a request can be signed.
    """

    place: Literal["header", "query", "body"] = Field("header", alias="in")
    name: str
    template: Template

    @model_validator(mode="after")
    def _header_can_be_set(self) -> Self:
        if self.place == "header":
            check_name(self.name)
        return self


class AccountPaths(Part):
    """Where a response tells whose account it is."""

    id: Expression | None = None
    name: Expression | None = None
    email: Expression | None = None


class Verification(Request):
    """A request sent once when an account is connected, with the new credential.

    It proves that the credential works, and may tell whose it is and what later requests need.
    Scope of expressions: `status`, `headers`, `body`.
    """

    ok_when: Expression | None = None
    """Must be true, beside a response that is no error by the app's rules."""
    account: AccountPaths = AccountPaths()
    captured: dict[str, Expression] = Field(default_factory=dict)
    """Kept as `captured.<name>`; seen by the verifications that follow, and by all requests."""


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class AuthBase(Part):
    """What the kinds of authentication share."""

    fields: list[CredentialField] = Field(default_factory=list)
    """The form; with OAuth it is filled before the redirect."""
    desc: str = ""
    """Told above the form: where the end user finds these values."""
    integration_fields: list[CredentialField] = Field(default_factory=list)
    """What the developer enters once when adding the app to a project; `integration.<name>`."""
    values: dict[str, Template] = Field(default_factory=dict)
    """Named values computed of `fields`, `captured` and `integration`, for templates
    (`values.<name>`) and for places of URLs (`{name}`): fallbacks, regions, parts of keys."""
    apply: list[Apply] = Field(default_factory=list)
    verify: Annotated[
        list[Verification],
        BeforeValidator(_listed, json_schema_input_type=Verification | list[Verification]),
    ] = Field(default_factory=list)
    """Sent in order when an account is connected."""
    on_delete: Request | None = None
    """Sent when the connection is deleted, so that the app forgets it, too."""

    @field_validator("fields", "integration_fields")
    @classmethod
    def _forms_fit(cls, fields: list[CredentialField]) -> list[CredentialField]:
        return check_form(fields)

    @field_validator("integration_fields")
    @classmethod
    def _names_are_free(cls, fields: list[CredentialField]) -> list[CredentialField]:
        if taken := {field.name for field in fields} & {"client_id", "client_secret"}:
            raise ValueError(f"{taken.pop()} is the integration's own")
        return fields

    @property
    def known_places(self) -> set[str]:
        """The names that a place of a URL may have."""
        names = {field.name for field in (*self.fields, *self.integration_fields)}
        names |= set(self.values)
        return names.union(*(step.captured for step in self.verify))


class ClientAuth(AuthBase):
    """What the kinds share in which the developer may need a client at the app (RFC 6749, 2)."""

    register_url: Annotated[str, Field(pattern=r"^https://[^\s/]+(/\S*)?$")] | None = None
    """The page of the app on which developers register a client."""
