"""The form of an app's credential: how it is described, and how an answer to it is checked."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, validate_email
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from automations.messages import Message
from connections.errors import FieldErrors
from connectors.urls import UrlError, check_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.auth import CredentialField
    from connectors.manifest import App

MAX_LENGTH = 16_384
"""Characters of one value; private keys and long tokens fit."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CONTROL_EXCEPT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class FieldOption(_Answer):
    """One choice of a `select` field."""

    value: str
    label: str


class FieldShowWhen(_Answer):
    """Show the field only while the field `key` has this value."""

    key: str
    value: str | int | float | bool


class CredentialInfoField(_Answer):
    """One field of the form; what is None is left out of the answer (`exclude_none`)."""

    name: str
    type: str | None = None
    desc: str | None = None
    label: str | None = None
    is_optional: bool | None = None
    options: list[FieldOption] | None = None
    show_when: FieldShowWhen | None = None
    show: bool | None = None


class CredentialInfo(_Answer):
    """What a developer needs to draw an app's form (route 1 of the contract)."""

    app_name: str
    fields: list[CredentialInfoField]
    desc: str


def credential_info(app: App) -> CredentialInfo:
    """The form of `app`; dump it with `by_alias=True, exclude_none=True`."""
    return CredentialInfo(
        app_name=app.name,
        fields=field_infos(app.auth.fields),
        desc=app.auth.desc,
    )


def field_infos(form: Sequence[CredentialField]) -> list[CredentialInfoField]:
    """The fields of a form as they are told to whoever draws it."""
    return [
        CredentialInfoField(
            name=field.name,
            type=field.type,
            desc=field.desc or None,
            label=field.label or None,
            is_optional=field.is_optional or None,
            options=field.options
            and [FieldOption(value=o.value, label=o.label) for o in field.options],
            show_when=field.show_when
            and FieldShowWhen(key=field.show_when.key, value=field.show_when.value),
            show=field.show,
        )
        for field in form
    ]


def check_fields(app: App, values: Mapping[str, Any]) -> dict[str, str]:
    """The accepted values of the end user's form; raises `FieldErrors`."""
    return check_form(app.auth.fields, values)


def check_form(form: Sequence[CredentialField], values: Mapping[str, Any]) -> dict[str, str]:
    """The accepted values of a form as text, defaults filled in, hidden fields left out.

    Raises:
        FieldErrors: with a sentence for each field that is missing, wrong or unknown. No sentence
            repeats a value.
    """
    fields = {field.name: field for field in form}
    given, errors = _texts(fields, values)
    accepted: dict[str, str] = {}
    for field in fields.values():
        if field.name in errors or not _is_shown(field, fields, given):
            continue
        value = given[field.name]
        if not value:
            # `show: false` waits for an event on the page, which may never have come.
            if not field.is_optional and field.show is not False:
                errors[field.name] = Message("credential-required")
        elif problem := _problem(field, value):
            errors[field.name] = problem
        else:
            accepted[field.name] = value
    if errors:
        raise FieldErrors(errors)
    return accepted


def check_given(app: App, values: Mapping[str, Any]) -> dict[str, str]:
    """The accepted values of a form that is not complete yet; raises `FieldErrors`."""
    fields = {field.name: field for field in app.auth.fields}
    given, errors = _texts({name: fields[name] for name in values if name in fields}, values)
    for name, value in given.items():
        if name not in errors and value and (problem := _problem(fields[name], value)):
            errors[name] = problem
    if errors:
        raise FieldErrors(errors)
    return {name: value for name, value in given.items() if value}


def _texts(
    fields: Mapping[str, CredentialField], values: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, Message]]:
    """The values of `fields` as text, and what is wrong with any of `values`."""
    unknown = [str(name)[:64] for name in values if name not in fields]
    errors = dict.fromkeys(unknown, Message("credential-unknown"))
    given: dict[str, str] = {}
    for field in fields.values():
        try:
            given[field.name] = _as_text(field, values.get(field.name))
        except _Unfit as error:
            errors[field.name] = error.message
    return given, errors


class _Unfit(Exception):
    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


def _as_text(field: CredentialField, value: Any) -> str:
    if value is None or value == "":
        return field.default or ""
    if isinstance(value, bool):
        return _scalar(value)
    if not isinstance(value, str | int | float):
        raise _Unfit(Message("credential-type"))
    text = _scalar(value)
    if len(text) > MAX_LENGTH:
        raise _Unfit(Message("credential-length", limit=MAX_LENGTH))
    # Copied values bring blanks along; only in a password they may be meant.
    if field.type == "password":
        return text
    return text.strip().removeprefix(field.prefix).removesuffix(field.suffix)


def _scalar(value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _is_shown(
    field: CredentialField, fields: Mapping[str, CredentialField], given: Mapping[str, str]
) -> bool:
    """Whether the field's condition holds, and that of the field it depends on, and so on."""
    seen = set()
    while field.show_when is not None:
        other = fields.get(field.show_when.key)
        if other is None or other.name in seen:
            return False
        if given.get(other.name) != _scalar(field.show_when.value):
            return False
        seen.add(field.name)
        field = other
    return True


def _problem(field: CredentialField, value: str) -> Message | None:
    controls = _CONTROL_EXCEPT_LINES if field.type == "textarea" else _CONTROL
    if controls.search(value):
        return Message("credential-control")
    if field.type == "select" and value not in [option.value for option in field.options or ()]:
        return Message("credential-option")
    if field.type == "number" and not _is_number(value):
        return Message("credential-number")
    if field.type == "email" and not _is_email(value):
        return Message("credential-email")
    if field.type == "url" and not _is_url(value):
        return Message("credential-url")
    if field.pattern is not None and not re.fullmatch(field.pattern, value):
        if field.example:
            return Message("credential-form-example", example=field.example)
        return Message("credential-form")
    return None


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _is_email(value: str) -> bool:
    try:
        validate_email(value)
    except PydanticCustomError:
        return False
    return "<" not in value


def _is_url(value: str) -> bool:
    try:
        check_url(value)
    except UrlError:
        return False
    return True
