"""How much work a JSON Schema makes, so that one that multiplies is refused when it is saved.

`$ref` and the keywords that apply schemas to the same value (`allOf`, `oneOf`, …) can be nested so
that a schema of a kilobyte is applied millions of times. Counted is how many schemas at most look
at any one place of a value; checking a value then takes that, times the places that it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from automations.bounds import OutOfBoundsError, size_of
from automations.messages import Message

MAX_SCHEMA_BYTES = 64 * 1024
MAX_SCHEMA_DEPTH = 48
MAX_SCHEMA_VALUES = 10_000
MAX_APPLIED = 100
"""Schemas that look at one place of a value."""
MAX_PLACES = 2_000
"""Places of a value for which a schema says different things."""
MAX_CHECKS = 500_000
"""Places of a value, times schemas that look at each; about 50 ms."""
MAX_PATTERN = 500
"""Characters of a regular expression."""
MAX_PATTERNS = 100
"""Regular expressions of a schema: reading each takes up to half a millisecond."""

Schemas = list[dict[str, Any]]


def bound_schema(schema: Any) -> int:
    """How many schemas look at one place of a value at most; raises OutOfBoundsError with what is
    too much. Whether it is a valid schema is not told here."""
    size_of(schema, depth=MAX_SCHEMA_DEPTH, size=MAX_SCHEMA_BYTES, values=MAX_SCHEMA_VALUES)
    document = _Document(schema)
    worst, seen, places = 1, set(), [_schemas([schema])]
    while places:
        members = document.at_the_same_place(places.pop())
        worst = max(worst, sum(map(_weight, members)))
        if worst > MAX_APPLIED:
            raise OutOfBoundsError(Message("bound-ways", limit=MAX_APPLIED))
        for inside in _inside(members):
            group = _schemas(inside)
            key = tuple(sorted(map(id, group)))
            if group and key not in seen:
                seen.add(key)
                places.append(group)
        if len(seen) > MAX_PLACES:
            raise OutOfBoundsError(Message("bound-places", limit=MAX_PLACES))
    return worst


def bound_checks(applied: int, value: Any) -> None:
    """Raises OutOfBoundsError where a value is too large for a schema that is applied so often."""
    size_of(value, values=MAX_CHECKS // applied)


class _Document:
    """One schema, in which references are looked up."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._anchors: dict[str, list[Any]] = {}
        self._patterns = 0
        level = [root]
        while level:
            below: list[Any] = []
            for item in level:
                if isinstance(item, dict):
                    self._note(item)
                    below.extend(item.values())
                elif isinstance(item, list):
                    below.extend(item)
            level = below

    def _note(self, schema: dict[str, Any]) -> None:
        if schema is not self._root and isinstance(schema.get("$id"), str):
            raise OutOfBoundsError(Message("bound-inner-id"))
        pattern = schema.get("pattern")
        if isinstance(pattern, str) and len(pattern) > MAX_PATTERN:
            raise OutOfBoundsError(Message("bound-pattern", limit=MAX_PATTERN))
        self._patterns += isinstance(pattern, str) + len(_map(schema, "patternProperties"))
        if self._patterns > MAX_PATTERNS:
            raise OutOfBoundsError(Message("bound-patterns", limit=MAX_PATTERNS))
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(name := schema.get(keyword), str):
                self._anchors.setdefault(name, []).append(schema)

    def at_the_same_place(self, schemas: Schemas) -> Schemas:
        """These schemas and all that they have applied to the same value, each as often as that."""
        members: Schemas = []
        waiting = list(schemas)
        while waiting:
            schema = waiting.pop()
            members.append(schema)
            if len(members) > MAX_APPLIED:
                # Also where a schema leads back to itself.
                break
            waiting.extend(_schemas(list(self._applied(schema))))
        return members

    def _applied(self, schema: dict[str, Any]) -> Iterator[Any]:
        for keyword in ("allOf", "anyOf", "oneOf"):
            yield from _list(schema, keyword)
        for keyword in ("not", "if", "then", "else"):
            yield schema.get(keyword)
        for keyword in ("dependentSchemas", "dependencies"):
            yield from _map(schema, keyword).values()
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            if isinstance(reference := schema.get(keyword), str):
                yield from self._referenced(reference)

    def _referenced(self, reference: str) -> list[Any]:
        if not reference.startswith("#"):
            raise OutOfBoundsError(Message("bound-reference"))
        name = unquote(reference[1:])
        if name and not name.startswith("/"):
            return self._anchors.get(name, [])
        found = self._root
        for part in name.split("/")[1:]:
            part = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict):
                found = found.get(part)
            elif isinstance(found, list) and part.isdecimal() and int(part[:6]) < len(found):
                found = found[int(part[:6])]
            else:
                return []
        return [found]


def _schemas(found: list[Any]) -> Schemas:
    """Those that say anything: `true` and `false` do not count."""
    return [schema for schema in found if isinstance(schema, dict)]


def _inside(members: Schemas) -> Iterator[list[Any]]:
    """What these schemas have applied to each place directly inside a value."""
    matched = [part for m in members for part in _map(m, "patternProperties").values()]
    always = [*matched, *(m.get("unevaluatedProperties") for m in members)]
    names = {name for m in members for name in _map(m, "properties")}
    for name in names:
        own = [
            properties.get(name, m.get("additionalProperties"))
            for m in members
            for properties in (_map(m, "properties"),)
        ]
        yield [*own, *always]
    yield [*(m.get("additionalProperties") for m in members), *always]
    yield [m.get("propertyNames") for m in members]
    anywhere = [m.get(name) for m in members for name in ("contains", "unevaluatedItems")]
    first = [_list(m, "prefixItems") or _list(m, "items") for m in members]
    rest = [
        m.get("additionalItems") if isinstance(m.get("items"), list) else m.get("items")
        for m in members
    ]
    for index in range(max(map(len, first), default=0) + 1):
        own = [
            parts[index] if index < len(parts) else after
            for parts, after in zip(first, rest, strict=True)
        ]
        yield [*own, *anywhere]


def _weight(schema: dict[str, Any]) -> int:
    """How many plain checks a schema is worth, of those that it has applied apart."""
    patterns = len(_map(schema, "patternProperties"))
    return 1 + len(_list(schema, "enum")) // 16 + patterns + 8 * bool(schema.get("uniqueItems"))


def _list(schema: dict[str, Any], keyword: str) -> list[Any]:
    value = schema.get(keyword)
    return value if isinstance(value, list) else []


def _map(schema: dict[str, Any], keyword: str) -> dict[str, Any]:
    value = schema.get(keyword)
    return value if isinstance(value, dict) else {}
