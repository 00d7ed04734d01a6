"""Forms: the one that an end user fills, and the one of a developer who adds an integration."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.request import Part

FieldType = Literal["text", "password", "number", "email", "url", "tel", "select", "textarea"]


def regular(pattern: str) -> str:
    """The pattern itself; raises ValueError when it is no regular expression."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from error
    return pattern


class Option(Part):
    """One choice of a `select` field."""

    value: str
    label: str


class ShowWhen(Part):
    """The field is shown only while another field has this value."""

    key: str
    value: str | int | float | bool


class CredentialField(Part):
    """One field of a form; CONTRACT's `CredentialInfoField` and more."""

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")
    type: FieldType = "text"
    label: str = ""
    desc: str = ""
    is_optional: bool = False
    options: list[Option] | None = None
    show_when: ShowWhen | None = None
    show: bool | None = None
    """False: shown after an event on the developer's page, so never required by the server."""
    pattern: Annotated[str, AfterValidator(regular)] | None = None
    """A regular expression that the whole value must match."""
    prefix: str = ""
    """Shown before the input, and taken off a value that was pasted with it."""
    suffix: str = ""
    """Shown behind the input, and taken off a value that was pasted with it."""
    secret: bool = False
    """Never shown again and never left in a message; a `password` is always secret."""
    default: str | None = None
    example: str | None = None

    @property
    def is_secret(self) -> bool:
        """Whether the value must stay hidden."""
        return self.secret or self.type == "password"

    @property
    def is_required(self) -> bool:
        """Whether there is always a value."""
        return not self.is_optional and self.show_when is None and self.show is not False

    @property
    def is_bounded(self) -> bool:
        """Whether the manifest's author, not only its user, says what the value may be."""
        return self.pattern is not None or self.type == "select"

    @model_validator(mode="after")
    def _options_fit(self) -> CredentialField:
        if (self.type == "select") != bool(self.options):
            raise ValueError("`options` belong to a field of type `select`, which needs them")
        return self


def check_form(fields: list[CredentialField]) -> list[CredentialField]:
    """The fields themselves; raises ValueError for names that repeat or conditions that dangle."""
    names = [field.name for field in fields]
    if len(set(names)) != len(names):
        raise ValueError("two fields have the same name")
    for field in fields:
        if field.show_when is not None and field.show_when.key not in names:
            raise ValueError(f"{field.name}: show_when: there is no field {field.show_when.key!r}")
    return fields
