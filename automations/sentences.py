"""What Pydantic has against data, in messages of our own; the data itself is never repeated.

Used wherever data of others is read by a model: definitions, bodies and queries of requests,
settings, manifests.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automations.messages import Message, listed, message_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_KINDS = {
    "string": "string",
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "decimal": "number",
    "dict": "json-object",
    "mapping": "json-object",
    "model": "json-object",
    "model_attributes": "json-object",
    "dataclass": "json-object",
    "list": "array",
    "tuple": "array",
    "set": "array",
    "frozen_set": "array",
    "iterable": "array",
    "bytes": "string",
    "date": "date",
    "datetime": "moment",
    "time": "time",
    "time_delta": "seconds",
    "url": "url",
    "uuid": "uuid",
    "json": "json-text",
}
_KIND = re.compile(
    r"(model_attributes|frozen_set|time_delta|[a-z]+?)(?:_from_datetime|_from_date)?"
    r"_(?:type|parsing|parsing_size|exact_type|inexact|object_invalid)"
)
_CODES = {
    "missing": "needed",
    "json_invalid": "no-json",
    "none_required": "must-be-null",
    "finite_number": "must-be-finite",
    "int_from_float": "no-fraction",
    "int_parsing_size": "too-many-digits",
    "string_unicode": "no-unicode",
    "string_not_ascii": "not-ascii",
    "bytes_invalid_encoding": "wrong-encoding",
    "invalid_key": "keys-not-text",
    "recursion_loop": "refers-to-itself",
    "recursion_depth_exceeded": "too-deep",
    "url_parsing": "must-be-url",
    "url_syntax_violation": "must-be-url",
    "timezone_naive": "no-offset",
    "timezone_aware": "needs-offset",
    "date_past": "date-not-past",
    "date_future": "date-not-future",
    "datetime_past": "moment-not-past",
    "datetime_future": "moment-not-future",
    "set_item_not_hashable": "plain-items-only",
    "uuid_version": "must-be-uuid-of-version",
}
_PATTERNS = {
    r"\S": "blank",
    r"^[a-z][a-z0-9_]{0,63}$": "identifier",
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "slug",
}
_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("minimum", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("maximum", "le"),
    "multiple_of": ("multiple-of", "multiple_of"),
}


def message_of_error(
    error: ErrorDetails | Mapping[str, Any], known: tuple[str, ...] = ()
) -> Message:
    """What is wrong, and what to do; `known` are the fields there are where one is unknown."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("value_error", "assertion_error"):
        return _own(error["msg"], context.get("error"))
    if kind in _CODES:
        return Message(_CODES[kind])
    if kind == "extra_forbidden":
        name = str(error["loc"][-1]) if error["loc"] else ""
        near = difflib.get_close_matches(name, known, 1)
        hint = Message("near", near=near[0]) if near else None
        return Message("unknown-field", names=f"`{name[:100]}`", hint=hint)
    if found := _of_size(kind, context) or _of_choice(kind, context):
        return found
    match = _KIND.fullmatch(kind)
    if match and match[1] in _KINDS:
        return Message("must-be", wanted=_KINDS[match[1]])
    return Message("not-expected")


def _of_size(kind: str, context: Mapping[str, Any]) -> Message | None:
    if kind in _BOUNDS:
        code, name = _BOUNDS[kind]
        return Message(code, limit=_number(context.get(name)))
    if context.get("field_type") == "Value" and kind in ("too_short", "too_long"):
        # So it is told of a secret, which is text; of lists and maps it says what they are.
        kind = f"string_{kind}"
    if kind in ("string_too_short", "bytes_too_short", "too_short"):
        least = _number(context.get("min_length", 1))
        if kind == "too_short":
            return Message("needs-items" if least == 1 else "min-items", limit=least)
        return Message("empty") if least == 1 else Message("min-length", limit=least)
    if kind in ("string_too_long", "bytes_too_long", "too_long", "url_too_long"):
        code = "max-items" if kind == "too_long" else "max-length"
        return Message(code, limit=_number(context.get("max_length")))
    if (kind.startswith("decimal_") and "digits" in kind) or kind == "decimal_max_places":
        return Message("too-many-digits")
    return None


def _of_choice(kind: str, context: Mapping[str, Any]) -> Message | None:
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        if choice := re.fullmatch(r"\^\(?([\w|-]+)\)?\$", pattern):
            return Message("one-of", options=listed(choice[1].split("|")))
        if pattern in _PATTERNS:
            return Message(_PATTERNS[pattern])
        return Message("pattern", pattern=pattern)
    if kind in ("literal_error", "enum"):
        options = _options(context.get("expected"))
        code = "one-of" if len(options) > 1 else "must-be-value"
        return Message(code, options=listed(options))
    field = str(context.get("discriminator", "")).strip("'")
    if kind == "union_tag_not_found":
        return Message("kind-needed", field=field)
    if kind == "union_tag_invalid":
        options = _options(context.get("expected_tags"))
        near = difflib.get_close_matches(str(context.get("tag")), options, 1, 0.5)
        hint = Message("near", near=near[0]) if near else None
        return Message("kind-unknown", field=field, options=listed(options), hint=hint)
    if kind == "url_scheme":
        return Message("must-be-url-of", options=listed(_options(context.get("expected_schemes"))))
    return None


def _own(text: str, error: Any) -> Message:
    """What a validator of ours says, or of a library that we use in one."""
    if isinstance(error, ValueError) and error.args and isinstance(error.args[0], Message):
        return error.args[0]
    if text.startswith("value is not a valid email address"):
        return Message("must-be-email")
    return message_of(text.removeprefix("Value error, ").removeprefix("Assertion failed, "))


def _options(expected: Any) -> list[str]:
    return re.findall(r"'([^']*)'", str(expected)) or [str(expected)]


def _number(value: Any) -> int | float | str:
    return value if isinstance(value, int | float) else str(value)
