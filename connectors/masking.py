"""Hiding of secret values before inputs or outputs are shown or recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

MASK = "••••••"

Path = tuple[str, ...]
"""The names of the fields that lead to a value; items of a list have the list's path."""


def is_secret(schema: Any) -> bool:
    """Whether a JSON Schema marks its value as secret: `secret: true` or `format: password`."""
    return isinstance(schema, Mapping) and (
        schema.get("secret") is True or schema.get("format") == "password"
    )


def mask(schema: Any, value: Any) -> Any:
    """A copy of `value` in which all that `schema` marks as secret is shown as `MASK`."""
    return replace_secrets(schema, value, lambda _path, _secret: MASK)


def mask_same(schema: Any, value: Any, other: Any) -> Any:
    """A copy of `other` in which what `schema` marks as secret in `value` is shown as `MASK`, too.

    For what a value was made of, which no schema describes.
    """
    found: list[Any] = []
    replace_secrets(schema, value, lambda _path, secret: found.append(secret))

    def masked(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: masked(item) for name, item in part.items()}
        if part in ("", None) or isinstance(part, bool) or part not in found:
            return [masked(item) for item in part] if isinstance(part, list) else part
        return MASK

    return masked(other) if found else other


def secrets_in(schema: Any, value: Any) -> list[str]:
    """All texts and numbers in what `schema` marks as secret, as a message could repeat them."""
    found: list[Any] = []
    replace_secrets(schema, value, lambda _path, secret: found.append(secret))
    texts = []
    while found:
        match found.pop():
            case bool() | None:
                continue
            case dict() as parts:
                found += parts.values()
            case list() as items:
                found += items
            case one:
                texts.append(str(one))
    return texts


def replace_secrets(schema: Any, value: Any, replace: Callable[[Path, Any], Any]) -> Any:
    """A copy of `value` with `replace(path, secret)` in place of all that `schema` marks as secret.

    Follows `properties`, `patternProperties`, `additionalProperties`, `items`, `prefixItems`,
    `allOf`, `anyOf`, `oneOf`, `then`, `else` and references into the schema itself. Null stays
    null, so that one still sees that nothing was given.
    """
    return _Replacing(schema, replace).at((), [schema], value)


class _Replacing:
    """One value's walk along one schema."""

    def __init__(self, root: Any, replace: Callable[[Path, Any], Any]) -> None:
        self._root = root
        self._replace = replace

    def at(self, path: Path, schemas: list[Any], value: Any) -> Any:
        """A copy of the value, to which all these schemas apply."""
        applied = list(self._applied(schemas))
        if value is None or not applied:
            return value
        if any(map(is_secret, applied)):
            return self._replace(path, value)
        if isinstance(value, dict):
            return {
                name: self.at((*path, str(name)), _of_field(applied, name), item)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [
                self.at(path, _of_item(applied, index), item) for index, item in enumerate(value)
            ]
        return value

    def _applied(self, schemas: list[Any]) -> Iterator[Mapping[str, Any]]:
        """These schemas and those that they put on the same value, each once."""
        waiting, seen = list(schemas), set[int]()
        while waiting:
            schema = waiting.pop()
            if not isinstance(schema, Mapping) or id(schema) in seen:
                continue
            seen.add(id(schema))
            yield schema
            for keyword in ("allOf", "anyOf", "oneOf"):
                parts = schema.get(keyword)
                waiting += parts if isinstance(parts, list) else []
            waiting += [schema.get("then"), schema.get("else"), self._referenced(schema)]

    def _referenced(self, schema: Mapping[str, Any]) -> Any:
        """What a `$ref` of the form `#/…` names (RFC 6901); None: there is nothing."""
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        found = self._root
        for part in reference.removeprefix("#").split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) else None
        return found


def _of_field(schemas: list[Mapping[str, Any]], name: Any) -> list[Any]:
    found: list[Any] = []
    for schema in schemas:
        properties, patterns = schema.get("properties"), schema.get("patternProperties")
        if isinstance(properties, Mapping) and name in properties:
            found.append(properties[name])
        else:
            found.append(schema.get("additionalProperties"))
            # Which pattern fits is not computed: a secret of any of them is hidden.
            found += patterns.values() if isinstance(patterns, Mapping) else []
    return found


def _of_item(schemas: list[Mapping[str, Any]], index: int) -> list[Any]:
    found: list[Any] = []
    for schema in schemas:
        first = schema.get("prefixItems")
        first = first if isinstance(first, list) else []
        found.append(first[index] if index < len(first) else schema.get("items"))
    return found
