"""What is known of a value before it is there: its kinds, and the fields and items inside it.

JSON Schemas are read lazily and within bounds; what they do not tell, or tell in too roundabout a
way, counts as unknown.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from automations.messages import Message
from automations.messages.words import KINDS

ANY = frozenset(
    {"null", "boolean", "number", "string", "array", "object"}
    | {"timestamp", "duration", "bytes", "optional", "type"}
)
MAX_CHOICES = 32
"""Alternatives of one value; beyond, nothing is said of it."""
MAX_PARTS = 200
"""Subschemas that are looked at for one value."""


@dataclass(frozen=True)
class Absent:
    """A field that a value is not known to have."""

    known: tuple[str, ...]
    certain: bool
    """It can have no other fields than the known ones."""
    message: Message | None = None
    """Says more than that, where there is more to say."""
    may_be_asked: bool = False
    """To ask with care whether it is there may be meant: `has(…)`, `.?`, `default(…)`."""


@dataclass(frozen=True)
class Shape:
    """What is known of a value."""

    kinds: frozenset[str] = ANY
    fields: Mapping[str, Shape] | None = None
    """Of a map whose fields are all known."""
    items: Shape | None = None
    """Of a list."""
    inner: Shape | None = None
    """Of an optional value: what it is when it is there."""
    values: tuple[Any, ...] | None = None
    """The only values that it can have; None: others, too."""
    choices: tuple[Shape, ...] = ()
    """It is one of these."""
    schemas: tuple[dict[str, Any], ...] = ()
    """The JSON Schemas that it fits, all of them."""
    root: Any = None
    """What their references point into."""
    sure: bool = True
    """False: an app says so of itself, and nobody enforces it."""
    maybe: Message | None = None
    """Why it may not be there; None: it is there."""
    missing: Callable[[str], Absent] | None = None
    """Says why there is no field of a name."""

    def field(self, name: str) -> Shape | Absent:
        """The field of a map."""
        if self.choices:
            return _field_of_choices(self.choices, name)
        if "object" not in self.kinds:
            return Absent((), True)
        if self.fields is not None:
            found = self.fields.get(name)
            if found is not None:
                return found
            return self.missing(name) if self.missing else Absent(tuple(self.fields), True)
        return self._field_of_schemas(name)

    def _field_of_schemas(self, name: str) -> Shape | Absent:
        found, known, is_closed = [], {}, False
        for schema in self.schemas:
            properties = schema.get("properties")
            properties = properties if isinstance(properties, dict) else {}
            more = schema.get("additionalProperties")
            if name in properties:
                found.append(properties[name])
            elif "patternProperties" in schema or more is True:
                return UNKNOWN
            elif isinstance(more, dict):
                found.append(more)
            elif more is False:
                is_closed = True
            known.update(properties)
        if found:
            return of_schema({"allOf": found}, self.root, sure=self.sure)
        return Absent(tuple(known), is_closed) if known or is_closed else UNKNOWN

    def item(self) -> Shape:
        """Any item of a list."""
        if self.choices:
            return union(choice.item() for choice in self.choices if "array" in choice.kinds)
        if self.items is not None:
            return self.items
        parts = [
            schema["items"]
            for schema in self.schemas
            if "items" in schema and "prefixItems" not in schema
        ]
        return of_schema({"allOf": parts}, self.root, sure=self.sure) if parts else UNKNOWN

    @property
    def is_unknown(self) -> bool:
        """Nothing is known of it."""
        return self.kinds == ANY and not (self.schemas or self.choices or self.maybe)

    @property
    def named(self) -> str:
        """Its kinds as messages take them: `string,number`."""
        return named(self.kinds)


UNKNOWN = Shape()


def named(kinds: Iterable[str]) -> str:
    """Kinds of values as messages take them, always in the same order."""
    kinds = frozenset(kinds)
    return ",".join(kind for kind in KINDS if kind in kinds)


def kind(*kinds: str, values: tuple[Any, ...] | None = None) -> Shape:
    """A value of one of these kinds, of which no more is known."""
    return Shape(frozenset(kinds), values=values)


def record(**fields: Shape) -> Shape:
    """A map with these fields and no others."""
    return Shape(frozenset({"object"}), fields=fields)


def list_of(item: Shape) -> Shape:
    """A list of such items."""
    return Shape(frozenset({"array"}), items=item)


def optional_of(inner: Shape) -> Shape:
    """An optional value of such a value."""
    return Shape(frozenset({"optional"}), inner=replace(inner, maybe=None))


def union(shapes: Iterable[Shape]) -> Shape:
    """What is one of these."""
    found: list[Shape] = []
    for shape in shapes:
        for choice in shape.choices or (shape,):
            if choice.is_unknown or len(found) == MAX_CHOICES:
                return UNKNOWN
            if not any(choice is known or _alike(choice, known) for known in found):
                found.append(choice)
    if not found:
        return UNKNOWN
    if len(found) == 1:
        return found[0]
    values: tuple[Any, ...] | None = ()
    for shape in found:
        values = None if values is None or shape.values is None else values + shape.values
    return Shape(
        frozenset().union(*(shape.kinds for shape in found)),
        choices=tuple(found),
        values=values,
        sure=all(shape.sure for shape in found),
    )


def _alike(left: Shape, right: Shape) -> bool:
    """Whether two shapes say the same; those with parts are taken to differ."""
    return (left.kinds, left.values, left.sure) == (right.kinds, right.values, right.sure) and all(
        shape.fields is None and shape.items is None and shape.inner is None and not shape.schemas
        for shape in (left, right)
    )


def of_value(value: Any) -> Shape:
    """A JSON value that is known."""
    if isinstance(value, dict):
        return record(**{str(name): of_value(part) for name, part in value.items()})
    if isinstance(value, list):
        return list_of(union(of_value(part) for part in value))
    return kind(kind_of_value(value), values=(value,))


def kind_of_value(value: Any) -> str:
    """The kind of a JSON value."""
    if value is None:
        return "null"
    kinds = {bool: "boolean", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "number")


def as_json(shape: Shape) -> Shape:
    """What a value of an expression is once it leaves the expression."""
    if shape.inner is not None:
        return union([shape.inner, kind("null")])
    changes = {"timestamp": "string", "duration": "number", "optional": "null"}
    if shape.choices:
        return union(as_json(choice) for choice in shape.choices)
    if shape.kinds == ANY or not shape.kinds & changes.keys():
        return shape
    return replace(shape, kinds=frozenset(changes.get(k, k) for k in shape.kinds), values=None)


def of_schema(schema: Any, root: Any = None, *, sure: bool) -> Shape:
    """What fits a JSON Schema; `root` is the document that its references point into."""
    root = schema if root is None else root
    try:
        alternatives = _Expansion(root).of(schema)
    except (_TooMuch, RecursionError):
        return replace(UNKNOWN, sure=sure)
    shapes = []
    for parts in alternatives:
        kinds, values = _kinds_of(parts)
        if kinds:
            shapes.append(Shape(kinds, schemas=tuple(parts), root=root, sure=sure, values=values))
    return replace(union(shapes), sure=sure)


def _field_of_choices(choices: tuple[Shape, ...], name: str) -> Shape | Absent:
    results = [choice.field(name) for choice in choices if "object" in choice.kinds]
    found = [result for result in results if isinstance(result, Shape)]
    if found:
        return union(found)
    absent = [result for result in results if isinstance(result, Absent)]
    known = dict.fromkeys(name for result in absent for name in result.known)
    return Absent(tuple(known), all(result.certain for result in absent))


class _TooMuch(Exception):
    """A schema is too roundabout to be read."""


class _Expansion:
    """Reads one schema as alternatives, each of which is a list of schemas that all apply."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._left = MAX_PARTS

    def of(self, schema: Any) -> list[list[dict[str, Any]]]:
        self._left -= 1
        if self._left < 0:
            raise _TooMuch
        if schema is False:
            return []
        if not isinstance(schema, dict):
            return [[]]
        found: list[list[dict[str, Any]]] = [[schema]]
        if isinstance(reference := schema.get("$ref"), str):
            found = self._both(found, self.of(_pointed(self._root, reference)))
        every = schema.get("allOf")
        for part in every if isinstance(every, list) else []:
            found = self._both(found, self.of(part))
        for name in ("anyOf", "oneOf"):
            options = schema.get(name)
            if isinstance(options, list) and options:
                either = [choice for option in options for choice in self.of(option)]
                found = self._both(found, either)
        return found

    def _both(
        self, left: list[list[dict[str, Any]]], right: list[list[dict[str, Any]]]
    ) -> list[list[dict[str, Any]]]:
        if len(left) * len(right) > MAX_CHOICES:
            raise _TooMuch
        self._left -= len(left) * len(right)
        return [[*one, *other] for one, other in itertools.product(left, right)]


def _pointed(root: Any, reference: str) -> Any:
    """What a local reference such as `#/$defs/item` points to; True: nothing is known of it."""
    if not reference.startswith("#"):
        return True
    here = root
    for part in reference[1:].split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(here, dict) or name not in here:
            return True
        here = here[name]
    return here if reference == "#" or reference.startswith("#/") else True


_OF_JSON = frozenset({"null", "boolean", "number", "string", "array", "object"})


def _kinds_of(schemas: list[dict[str, Any]]) -> tuple[frozenset[str], tuple[Any, ...] | None]:
    kinds, values = _OF_JSON, None
    for schema in schemas:
        named = schema.get("type")
        names = [named] if isinstance(named, str) else named if isinstance(named, list) else []
        allowed = {"number" if name == "integer" else name for name in names}
        if allowed and allowed <= _OF_JSON:
            kinds &= allowed
        listed = [schema["const"]] if "const" in schema else schema.get("enum")
        if isinstance(listed, list) and listed:
            kinds &= {kind_of_value(value) for value in listed}
            values = tuple(listed)
    # A schema of which nothing is known allows all that an expression can give.
    return (ANY if kinds == _OF_JSON else kinds), values
