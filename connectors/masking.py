"""Hiding of secret values before inputs or outputs are shown or recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


def secrets_in(schema: Any, value: Any) -> list[str]:
    """The texts in `value` that `mask` hides."""
    found: list[str] = []

    def collect(shown: Any, own: Any) -> None:
        if shown == MASK != own:
            found.extend(_texts(own))
        elif isinstance(own, dict):
            for name, item in own.items():
                collect(shown[name], item)
        elif isinstance(own, list):
            for one, item in zip(shown, own, strict=True):
                collect(one, item)

    collect(mask(schema, value), value)
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)
