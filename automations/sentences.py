"""What Pydantic has against data, in sentences of our own; the data itself is never repeated.

Used wherever data of others is read by a model: definitions, bodies and queries of requests,
settings, manifests.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_KINDS = {
    "string": "text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "dict": "a map (an object of JSON)",
    "mapping": "a map (an object of JSON)",
    "model": "a map (an object of JSON)",
    "model_attributes": "a map (an object of JSON)",
    "dataclass": "a map (an object of JSON)",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "iterable": "a list",
    "bytes": "text",
    "date": "a date such as 2026-01-31",
    "datetime": "a moment such as 2026-01-31T09:00:00Z",
    "time": "a time such as 09:00:00",
    "time_delta": "a duration in seconds",
    "url": "a URL",
    "uuid": "a UUID",
    "json": "JSON text",
}
_KIND = re.compile(
    r"(model_attributes|frozen_set|time_delta|[a-z]+?)(?:_from_datetime|_from_date)?"
    r"_(?:type|parsing|parsing_size|exact_type|inexact|object_invalid)"
)
_SENTENCES = {
    "missing": "This is needed.",
    "json_invalid": "This is no JSON.",
    "none_required": "This must be null.",
    "finite_number": "This must be a finite number.",
    "int_from_float": "This must be a whole number, without a fraction.",
    "string_unicode": "This text is not valid Unicode.",
    "string_not_ascii": "This text may have ASCII characters only.",
    "bytes_invalid_encoding": "This text is not in the encoding that it should be in.",
    "invalid_key": "The names in this map must be text.",
    "recursion_loop": "This refers to itself.",
    "recursion_depth_exceeded": "This is nested too deeply.",
    "url_parsing": "This must be a URL, such as https://example.com.",
    "url_syntax_violation": "This must be a URL, such as https://example.com.",
    "timezone_naive": "This moment may have no offset.",
    "timezone_aware": "This moment needs its offset, such as Z or +03:00.",
    "date_past": "This date must be in the past.",
    "date_future": "This date must be in the future.",
    "datetime_past": "This moment must be in the past.",
    "datetime_future": "This moment must be in the future.",
    "set_item_not_hashable": "This list may hold texts and numbers only.",
}
_PATTERNS = {
    r"\S": "This may not be blank.",
    r"^[a-z][a-z0-9_]{0,63}$": (
        "This must begin with a small letter and go on with small letters, digits and `_`: at most "
        "64 characters."
    ),
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "This must be small letters and digits, with `-` between them.",
}


def sentence_of(error: ErrorDetails | Mapping[str, Any], known: tuple[str, ...] = ()) -> str:
    """What is wrong, and what to do; `known` are the fields there are where one is unknown."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("value_error", "assertion_error"):
        return _own(error["msg"])
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    if kind == "extra_forbidden":
        name = str(error["loc"][-1]) if error["loc"] else ""
        near = difflib.get_close_matches(name, known, 1)
        return (
            f"There is no field `{name[:100]}` here.{f' Did you mean `{near[0]}`?' if near else ''}"
        )
    if found := _of_size(kind, context):
        return found
    if found := _of_choice(kind, context):
        return found
    if match := _KIND.fullmatch(kind):
        name = match[1]
        if kind == "int_parsing_size":
            return "This number has too many digits."
        if name in _KINDS:
            return f"This must be {_KINDS[name]}."
    return "This is not what is expected here."


def _of_size(kind: str, context: Mapping[str, Any]) -> str | None:
    bounds = {
        "greater_than": ("above", "gt"),
        "greater_than_equal": ("at least", "ge"),
        "less_than": ("below", "lt"),
        "less_than_equal": ("at most", "le"),
    }
    if kind in bounds:
        words, name = bounds[kind]
        return f"This must be {words} {_number(context.get(name))}."
    if kind == "multiple_of":
        return f"This must be a multiple of {_number(context.get('multiple_of'))}."
    if kind in ("string_too_short", "bytes_too_short", "too_short"):
        least = context.get("min_length", 1)
        what = _plural(least, "item" if kind == "too_short" else "character")
        if least == 1:
            return (
                "This may not be empty." if kind != "too_short" else f"This needs at least {what}."
            )
        return f"This must have at least {what}."
    if kind in ("string_too_long", "bytes_too_long", "too_long", "url_too_long"):
        what = _plural(context.get("max_length"), "item" if kind == "too_long" else "character")
        return f"This may have at most {what}."
    if (kind.startswith("decimal_") and "digits" in kind) or kind == "decimal_max_places":
        return "This number has too many digits."
    return None


def _of_choice(kind: str, context: Mapping[str, Any]) -> str | None:
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        if choice := re.fullmatch(r"\^\(?([\w|-]+)\)?\$", pattern):
            return f"This must be one of {_listed(choice[1].split('|'))}."
        return _PATTERNS.get(pattern, f"This must match the pattern `{pattern}`.")
    if kind in ("literal_error", "enum"):
        options = _options(context.get("expected"))
        return f"This must be {'one of ' if len(options) > 1 else ''}{_listed(options)}."
    field = str(context.get("discriminator", "")).strip("'")
    if kind == "union_tag_not_found":
        return f"This needs `{field}`, which says of what kind it is."
    if kind == "union_tag_invalid":
        options = _options(context.get("expected_tags"))
        near = difflib.get_close_matches(str(context.get("tag")), options, 1, 0.5)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        return f"`{field}` must be one of {_listed(options)}.{hint}"
    if kind == "url_scheme":
        options = _options(context.get("expected_schemes"))
        return f"This must be a URL that begins with {_listed(options)}."
    if kind == "uuid_version":
        return "This must be a UUID of another version."
    return None


def _own(message: str) -> str:
    if message.startswith("value is not a valid email address"):
        return "This must be an email address, such as ada@example.com."
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")


def _options(expected: Any) -> list[str]:
    return re.findall(r"'([^']*)'", str(expected)) or [str(expected)]


def _listed(options: list[str]) -> str:
    return ", ".join(f"`{option}`" for option in options)


def _number(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _plural(count: Any, thing: str) -> str:
    return f"{_number(count)} {thing}" if count == 1 else f"{_number(count)} {thing}s"
