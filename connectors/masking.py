"""Hiding of secret values before inputs or outputs are shown or recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MASK = "••••••"


def is_secret(schema: Any) -> bool:
    """Whether a JSON Schema marks its value as secret: `secret: true` or `format: password`."""
    return isinstance(schema, Mapping) and (
        schema.get("secret") is True or schema.get("format") == "password"
    )


def mask(schema: Any, value: Any) -> Any:
    """A copy of `value` in which all that `schema` marks as secret is shown as `MASK`.

    Follows `properties`, `additionalProperties`, `items`, `allOf`, `anyOf` and `oneOf`. Null stays
    null, so that one still sees that nothing was given.
    """
    if value is None or not isinstance(schema, Mapping):
        return value
    if is_secret(schema):
        return MASK
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword, ()):
            value = mask(part, value)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        rest = schema.get("additionalProperties")
        return {name: mask(properties.get(name, rest), item) for name, item in value.items()}
    if isinstance(value, list):
        return [mask(schema.get("items"), item) for item in value]
    return value
