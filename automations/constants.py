"""Constants in a definition against what takes them, in sentences that do not repeat the value."""

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

from automations.shapes import WORDS, kind_of_value, words_of

MAX_FAULTS = 20
"""What is told of one value."""
MAX_TOLD = 40
"""Characters of each that is allowed."""
MAX_NEAR = 200
"""Characters of a text, and texts, among which it is looked for what may have been meant."""
FORMATS = jsonschema.FormatChecker(["date", "email", "ipv4", "ipv6", "uuid"])
"""Formats of texts, no stricter than the programs that take them."""
_FORMATS = {
    "date": "a date such as 2026-01-31",
    "date-time": "a moment such as 2026-01-31T09:00:00Z",
    "email": "an email address",
    "hostname": "a host name",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "time": "a time such as 09:00:00",
    "uri": "a URL with its scheme, such as https://example.com",
    "uuid": "a UUID",
}


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


def faults_of_value(schema: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    """What a schema has against a value, as (path, sentence); what is computed counts as right."""
    if not isinstance(schema, dict | bool):
        return
    validator = jsonschema.Draft202012Validator(schema, format_checker=FORMATS)
    told: set[tuple[str, str]] = set()
    try:
        for error in validator.iter_errors(value):
            if _depends_on_expression(error):
                continue
            found = (path + _suffix(error.absolute_path), sentence(error))
            if found not in told:
                told.add(found)
                yield found
            if len(told) == MAX_FAULTS:
                return
    except (RecursionError, Unresolvable, jsonschema.SchemaError):
        return  # the schema is at fault, and what takes the value says so


def sentence(error: ValidationError) -> str:
    """What a JSON Schema has against a value, without the value."""
    known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    limit = error.validator_value
    names = error.instance if isinstance(error.instance, dict) else {}
    if error.validator in ("additionalProperties", "unevaluatedProperties"):
        limit = [str(name) for name in names if name not in known]
    elif error.validator == "required" and isinstance(limit, list):
        limit = [name for name in limit if name not in names]
    return sentence_for(str(error.validator), limit, error.instance, known)


def sentence_for(keyword: str, limit: Any, value: Any, known: Iterable[str] = ()) -> str:
    """What a keyword of a JSON Schema has against a value, without the value.

    `limit` is what the keyword says; of `required` the fields that are missing, and of
    `additionalProperties` those that are too many, where `known` are allowed.
    """
    if keyword in _LIMITS:
        words, thing = _LIMITS[keyword]
        if keyword == "minLength" and limit == 1:
            return "This may not be empty."
        counted = f" {thing}" + "s" * (limit != 1) if thing else ""
        return f"This must {words} {f'`{limit}`' if keyword == 'pattern' else limit}{counted}."
    listed = [limit] if isinstance(limit, str) else limit if isinstance(limit, list) else []
    match keyword:
        case "type":
            return _of_type(listed, value)
        case "enum":
            return _one_of(listed, value)
        case "required":
            return f"{_names(listed)} {'is' if len(listed) == 1 else 'are'} needed."
        case "additionalProperties" | "unevaluatedProperties":
            near = difflib.get_close_matches(listed[0][:MAX_NEAR], known, 1) if listed else []
            hint = f" Did you mean `{near[0]}`?" if near else ""
            return f"There is no field {_names(listed)} here.{hint}"
        case "format":
            return f"This must be {_FORMATS.get(str(limit), f'of the format {limit}')}."
        case _:
            return _OTHERS.get(
                keyword, "This does not fit what is allowed here; see the schema of the field."
            )


_LIMITS = {
    "minimum": ("be at least", ""),
    "exclusiveMinimum": ("be above", ""),
    "maximum": ("be at most", ""),
    "exclusiveMaximum": ("be below", ""),
    "multipleOf": ("be a multiple of", ""),
    "pattern": ("match the pattern", ""),
    "minLength": ("have at least", "character"),
    "maxLength": ("have at most", "character"),
    "minItems": ("have at least", "item"),
    "maxItems": ("have at most", "item"),
    "minProperties": ("have at least", "field"),
    "maxProperties": ("have at most", "field"),
}
_OTHERS = {
    "const": "This must be the one value that the schema allows.",
    "uniqueItems": "No two items of this list may be equal.",
    "dependentRequired": "A field is needed because of another that is given.",
}


def seconds_fault(value: Any, most: int) -> str | None:
    """Why a constant is no number of seconds to wait; None: it is one."""
    if isinstance(value, str):
        return (
            "This must be a number of seconds, such as 3600, or an expression that gives one, such "
            'as `{{ duration("1h") }}`.'
        )
    if kind_of_value(value) != "number":
        return f"This must be a number of seconds, not {WORDS[kind_of_value(value)]}."
    if not math.isfinite(value) or value < 0:
        return "This must be at least 0 seconds."
    return f"This must be at most {most:,} seconds, a year." if value > most else None


def moment_fault(value: Any) -> str | None:
    """Why a constant is no moment to wait for; None: it is one."""
    if isinstance(value, str) and _is_moment(value):
        try:
            datetime.fromisoformat(value).astimezone(UTC)
        except OverflowError:
            return "This must be a moment within the years 1 to 9999."
        return None
    if isinstance(value, str):
        return (
            "This must be a moment with its offset, such as 2026-01-31T09:00:00+03:00, or an "
            'expression that gives one, such as `{{ time.add(now(), 1, "days") }}`.'
        )
    return f"This must be a moment as text, not {WORDS[kind_of_value(value)]}."


def _depends_on_expression(error: ValidationError) -> bool:
    if isinstance(error.instance, str):
        return "{{" in error.instance
    # What is inside of a list or a map may change, but not that it is one.
    is_of_the_whole = error.validator in {
        "type", "required", "additionalProperties", "minItems", "maxItems", "minProperties",
        "maxProperties",
    }  # fmt: skip
    return not is_of_the_whole and has_expression(error.instance)


def _of_type(names: list[str], value: Any) -> str:
    kinds = ["number" if name == "integer" else name for name in names]
    words = words_of(kinds)
    if "integer" in names and "number" not in names:
        words = words.replace(WORDS["number"], "a whole number")
    given = kind_of_value(value)
    if given == "string" and "number" in kinds:
        try:
            float(value)
        except ValueError:
            return f"This must be {words}, not text."
        return f"This must be {words}, not text: write it without quotes."
    if given == "number" and "number" in kinds:
        return f"This must be {words}, without a fraction."
    return f"This must be {words}, not {WORDS[given]}."


def _one_of(allowed: list[Any], value: Any) -> str:
    texts = [text for text in allowed if isinstance(text, str) and len(text) <= MAX_NEAR]
    near = []
    if isinstance(value, str) and len(value) <= MAX_NEAR:
        near = difflib.get_close_matches(value, texts[:MAX_NEAR], 1)
    if not near and isinstance(value, str):
        near = [text for text in texts if text.lower() == value.strip().lower()]
    hint = f" Did you mean `{near[0]}`?" if near else ""
    options = [
        option if isinstance(option, str) else orjson.dumps(option).decode() for option in allowed
    ]
    short = [option if len(option) <= MAX_TOLD else f"{option[:MAX_TOLD]}…" for option in options]
    told = ", ".join(f"`{option}`" for option in short[:20])
    return f"This must be one of {told}{', …' if len(options) > 20 else ''}.{hint}"


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:10])


def _suffix(parts: Any) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
