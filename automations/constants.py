"""Constants in a definition against what takes them, in messages that do not repeat the value."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import orjson
from jsonschema.exceptions import ValidationError
from referencing.exceptions import Unresolvable

from automations.messages import Message, Parameter, listed
from automations.messages.words import KINDS
from automations.shapes import kind_of_value, named

MAX_FAULTS = 20
"""What is told of one value."""
MAX_TOLD = 40
"""Characters of each that is allowed."""
MAX_NEAR = 200
"""Characters of a text, and texts, among which it is looked for what may have been meant."""
FORMATS = jsonschema.FormatChecker(["date", "email", "ipv4", "ipv6", "uuid"])
"""Formats of texts, no stricter than the programs that take them."""
_FORMATS = {"date-time": "moment"}
"""Names of formats that messages name otherwise."""


@FORMATS.checks("uri")
def _is_uri(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    is_whole = bool(parts.scheme) and bool(parts.netloc or parts.path)
    return is_whole and not any(character.isspace() for character in value)


@FORMATS.checks("email")
def _is_email(value: object) -> bool:
    if not isinstance(value, str):
        return True
    name, _, domain = value.rpartition("@")
    return bool(name and domain) and not any(character.isspace() for character in value)


@FORMATS.checks("date-time")
def _is_moment(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def has_expression(value: Any) -> bool:
    """Whether a text anywhere in a value is computed when the run gets there."""
    if isinstance(value, str):
        return "{{" in value
    if isinstance(value, Mapping):
        return any(map(has_expression, value.values()))
    return isinstance(value, list) and any(map(has_expression, value))


def faults_of_value(schema: Any, value: Any, path: str) -> Iterator[tuple[str, Message]]:
    """What a schema has against a value, as (path, message); what is computed counts as right."""
    if not isinstance(schema, dict | bool):
        return
    validator = jsonschema.Draft202012Validator(schema, format_checker=FORMATS)
    told: set[tuple[str, Message]] = set()
    try:
        for error in validator.iter_errors(value):
            if _depends_on_expression(error):
                continue
            found = (path + _suffix(error.absolute_path), message_of_fault(error))
            if found not in told:
                told.add(found)
                yield found
            if len(told) == MAX_FAULTS:
                return
    except (RecursionError, Unresolvable, jsonschema.SchemaError):
        return  # the schema is at fault, and what takes the value says so


def message_of_fault(error: ValidationError) -> Message:
    """What a JSON Schema has against a value, without the value."""
    known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    limit = error.validator_value
    names = error.instance if isinstance(error.instance, dict) else {}
    if error.validator in ("additionalProperties", "unevaluatedProperties"):
        limit = [str(name) for name in names if name not in known]
    elif error.validator == "required" and isinstance(limit, list):
        limit = [name for name in limit if name not in names]
    return message_for(str(error.validator), limit, error.instance, known)


def message_for(keyword: str, limit: Any, value: Any, known: Iterable[str] = ()) -> Message:
    """What a keyword of a JSON Schema has against a value, without the value.

    `limit` is what the keyword says; of `required` the fields that are missing, and of
    `additionalProperties` those that are too many, where `known` are allowed.
    """
    if keyword in _LIMITS:
        if keyword == "minLength" and limit == 1:
            return Message("empty")
        return Message(_LIMITS[keyword], limit=_parameter(limit))
    names = [limit] if isinstance(limit, str) else limit if isinstance(limit, list) else []
    match keyword:
        case "pattern":
            return Message("pattern", pattern=str(limit))
        case "type":
            return _of_type(names, value)
        case "enum":
            return _one_of(names, value)
        case "required":
            code = "field-needed" if len(names) == 1 else "fields-needed"
            return Message(code, names=listed(names[:10]))
        case "additionalProperties" | "unevaluatedProperties":
            near = difflib.get_close_matches(names[0][:MAX_NEAR], known, 1) if names else []
            hint = Message("near", near=near[0]) if near else None
            return Message("unknown-field", names=listed(names[:10]), hint=hint)
        case "format":
            name = _FORMATS.get(str(limit), str(limit))
            return (
                Message("must-be", wanted=name) if name in KINDS else Message("format", format=name)
            )
        case _:
            return Message(_OTHERS.get(keyword, "not-allowed"))


def _parameter(limit: Any) -> Parameter:
    return limit if type(limit) in (int, float, str) else str(limit)


_LIMITS = {
    "minimum": "minimum",
    "exclusiveMinimum": "above",
    "maximum": "maximum",
    "exclusiveMaximum": "below",
    "multipleOf": "multiple-of",
    "minLength": "min-length",
    "maxLength": "max-length",
    "minItems": "min-items",
    "maxItems": "max-items",
    "minProperties": "min-fields",
    "maxProperties": "max-fields",
}
_OTHERS = {
    "const": "must-be-constant",
    "uniqueItems": "equal-items",
    "dependentRequired": "field-needed-by-another",
}


def seconds_fault(value: Any, most: int) -> Message | None:
    """Why a constant is no number of seconds to wait; None: it is one."""
    if isinstance(value, str):
        return Message("seconds-as-text")
    if kind_of_value(value) != "number":
        return Message("no-seconds", given=kind_of_value(value))
    if not math.isfinite(value) or value < 0:
        return Message("negative-seconds")
    return Message("too-many-seconds", limit=most) if value > most else None


def moment_fault(value: Any) -> Message | None:
    """Why a constant is no moment to wait for; None: it is one."""
    if isinstance(value, str) and _is_moment(value):
        try:
            datetime.fromisoformat(value).astimezone(UTC)
        except OverflowError:
            return Message("moment-out-of-years")
        return None
    if isinstance(value, str):
        return Message("moment-without-offset")
    return Message("no-moment", given=kind_of_value(value))


def _depends_on_expression(error: ValidationError) -> bool:
    if isinstance(error.instance, str):
        return "{{" in error.instance
    # What is inside of a list or a map may change, but not that it is one.
    is_of_the_whole = error.validator in {
        "type", "required", "additionalProperties", "minItems", "maxItems", "minProperties",
        "maxProperties",
    }  # fmt: skip
    return not is_of_the_whole and has_expression(error.instance)


def _of_type(names: list[str], value: Any) -> Message:
    given = kind_of_value(value)
    is_number = bool({"integer", "number"} & set(names))
    wanted = named([name for name in names if name != "integer" or "number" not in names])
    if given == "string" and is_number:
        try:
            float(value)
        except ValueError:
            return Message("wrong-kind", wanted=wanted, given=given)
        return Message("wrong-kind-quoted", wanted=wanted)
    if given == "number" and is_number:
        return Message("wrong-kind-fraction", wanted=wanted)
    return Message("wrong-kind", wanted=wanted, given=given)


def _one_of(allowed: list[Any], value: Any) -> Message:
    texts = [text for text in allowed if isinstance(text, str) and len(text) <= MAX_NEAR]
    near = []
    if isinstance(value, str) and len(value) <= MAX_NEAR:
        near = difflib.get_close_matches(value, texts[:MAX_NEAR], 1)
    if not near and isinstance(value, str):
        near = [text for text in texts if text.lower() == value.strip().lower()]
    options = [
        option if isinstance(option, str) else orjson.dumps(option).decode() for option in allowed
    ]
    short = [option if len(option) <= MAX_TOLD else f"{option[:MAX_TOLD]}…" for option in options]
    more = ", …" if len(options) > 20 else ""
    return Message(
        "one-of",
        options=f"{listed(short[:20])}{more}",
        hint=Message("near", near=near[0]) if near else None,
    )


def _suffix(parts: Any) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
