"""Credentials that a person copies from the app into a form."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connectors.auth.base import Apply, AuthBase
from connectors.auth.fields import CredentialField
from connectors.templates import Template


class NoAuth(AuthBase):
    """The app needs no connection."""

    type: Literal["none"] = "none"


class ApiKeyAuth(AuthBase):
    """The end user enters values; `apply` says where they go.

    `apply` may be empty where a value stands in the URL.
    """

    type: Literal["api_key"]
    fields: list[CredentialField] = Field(min_length=1)
    apply: list[Apply] = Field(default_factory=list)


class BasicAuth(AuthBase):
    """HTTP Basic (RFC 7617) made of two of the form's fields."""

    type: Literal["basic"]
    fields: list[CredentialField] = Field(min_length=1)
    username: Template
    """Scope: `fields`, `values`, `integration`."""
    password: Template = Field(default_factory=lambda: Template(""))


class AwsSigV4Auth(AuthBase):
    """AWS Signature Version 4 of each request, by an access key of the form."""

    type: Literal["aws_sigv4"]
    fields: list[CredentialField] = Field(min_length=1)
    access_key_id: Template
    """Scope: `fields`, `values`, `integration`."""
    secret_access_key: Template
    session_token: Template = Field(default_factory=lambda: Template(None))
    region: Template
    service: Template
