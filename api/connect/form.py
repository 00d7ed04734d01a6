"""The form of a connect page: what it shows of each field, and how what was sent is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException

from api.connect.languages import DEFAULT, Words, field_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import Request

    from automations.messages import Message
    from connectors.auth import CredentialField

MAX_BYTES = 65_536
MAX_FIELDS = 100
OTHER_ACCOUNT = "other_account"
"""Sent by the button with which an end user means another account than before."""

_INPUT_TYPES = {"email": "email", "url": "url", "tel": "tel"}
_INPUT_MODES = {"number": "decimal", "email": "email", "url": "url", "tel": "tel"}
_AUTOCOMPLETE = {"email": "email", "tel": "tel"}


class UnreadableForm(Exception):
    """What was sent is no form of ours; `problem` names the words that say so."""

    def __init__(self, problem: str, status: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.status = status


@dataclass(frozen=True)
class FieldView:
    """One field as the template draws it."""

    name: str
    element: str
    """`input`, `select` or `textarea`."""
    input_type: str
    input_mode: str | None
    autocomplete: str
    label: str
    help: str
    example: str | None
    prefix: str
    suffix: str
    value: str
    options: list[tuple[str, str]]
    secret: bool
    optional: bool
    on_request: bool
    """Shown only when the end user asks for more settings."""
    show_key: str | None
    show_value: str | None
    error: str | None
    error_language: str


def field_views(
    fields: Sequence[CredentialField],
    values: Mapping[str, str],
    errors: Mapping[str, Message],
    words: Words,
) -> list[FieldView]:
    """The fields with what was entered (never a secret) and what is wrong with it."""
    return [_view(field, values, errors, words) for field in fields]


def _view(
    field: CredentialField, values: Mapping[str, str], errors: Mapping[str, Message], words: Words
) -> FieldView:
    error, language = None, DEFAULT
    if field.name in errors:
        error, language = field_error(errors[field.name], words)
    default = "" if field.is_secret else field.default or ""
    return FieldView(
        name=field.name,
        element=field.type if field.type in {"select", "textarea"} else "input",
        input_type="password" if field.is_secret else _INPUT_TYPES.get(field.type, "text"),
        input_mode=_INPUT_MODES.get(field.type),
        autocomplete="off" if field.is_secret else _AUTOCOMPLETE.get(field.type, "off"),
        label=field.label or field.name,
        help=field.desc,
        example=field.example,
        prefix=field.prefix,
        suffix=field.suffix,
        # NUL has no place in HTML (13.2.3.5 of its standard).
        value="" if field.is_secret else values.get(field.name, default).replace("\x00", ""),
        options=[(option.value, option.label) for option in field.options or ()],
        secret=field.is_secret,
        # The server fills in a default where nothing is entered.
        optional=field.is_optional or field.show is False,
        on_request=field.show is False,
        show_key=field.show_when.key if field.show_when else None,
        show_value=_scalar(field.show_when.value) if field.show_when else None,
        error=error,
        error_language=language,
    )


def _scalar(value: str | int | float | bool) -> str:
    """As `connections.forms` compares: what a form sends is text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


async def read_form(request: Request) -> dict[str, str]:
    """The values of a URL-encoded form; of a name that comes twice, the last.

    Raises `UnreadableForm` for another content type, and for more than MAX_BYTES or MAX_FIELDS.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in {"application/x-www-form-urlencoded", ""}:
        raise UnreadableForm("no_form", 415)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BYTES:
                raise UnreadableForm("too_large", 413)
    except HTTPException:
        raise UnreadableForm("too_large", 413) from None
    if body and not content_type:
        raise UnreadableForm("no_form", 415)
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise UnreadableForm("too_large", 413) from None
    return dict(pairs)
