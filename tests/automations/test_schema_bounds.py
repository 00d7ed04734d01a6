"""A schema that multiplies is refused before anything is checked with it."""

from __future__ import annotations

from typing import Any

import pytest

from automations.bounds import OutOfBoundsError
from automations.schema_bounds import bound_checks, bound_schema
from tests.pace import assert_takes_at_most


def doubled(keyword: str, levels: int = 18) -> dict[str, Any]:
    defs: dict[str, Any] = {"a0": {"type": "string"}}
    for level in range(1, levels + 1):
        defs[f"a{level}"] = {keyword: [{"$ref": f"#/$defs/a{level - 1}"}] * 2}
    return {"type": "object", "$defs": defs, "properties": {"x": {"$ref": f"#/$defs/a{levels}"}}}


def deep(levels: int = 18) -> dict[str, Any]:
    defs: dict[str, Any] = {"a0": {"type": "string"}}
    for level in range(1, levels + 1):
        inside = {"properties": {"x": {"$ref": f"#/$defs/a{level - 1}"}}}
        defs[f"a{level}"] = {"allOf": [inside, inside]}
    return {"$defs": defs, "$ref": f"#/$defs/a{levels}"}


TWICE = {"$ref": "#"}


@pytest.mark.parametrize(
    "schema",
    [
        doubled("oneOf"),
        doubled("anyOf"),
        doubled("allOf"),
        deep(),
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"not": {"$ref": "#"}},
        {"allOf": [{"properties": {"x": TWICE}}, {"properties": {"x": TWICE}}]},
        {"items": TWICE, "contains": TWICE},
        {"patternProperties": {"a": TWICE, "b": TWICE}},
        {"properties": {"x": TWICE}, "patternProperties": {"x": TWICE}},
        {"additionalProperties": TWICE, "unevaluatedProperties": TWICE},
        {"$defs": {"a": {"$anchor": "n", "anyOf": [{"$ref": "#n"}, {"$ref": "#n"}]}}, "$ref": "#n"},
        {"enum": list(range(5000))},
        {"pattern": "a" * 600},
        {"allOf": [{"minimum": 1}] * 200},
        {"$ref": "https://example.com/other"},
        {"properties": {"x": {"$id": "y", "$ref": "#/$defs/z"}}},
        {"properties": {f"k{i}": {"type": "string"} for i in range(9000)}},
    ],
)
def test_a_schema_that_multiplies_is_refused_at_once(schema: dict[str, Any]) -> None:
    def check() -> None:
        with pytest.raises(OutOfBoundsError):
            bound_schema(schema)

    assert_takes_at_most(0.25, check)


@pytest.mark.parametrize(
    ("schema", "applied"),
    [
        (True, 1),
        ({}, 1),
        ({"type": "object", "properties": {"a": {"type": "string"}, "b": {"items": {}}}}, 1),
        # A tree, which leads back to itself one level further inside.
        (
            {
                "$defs": {
                    "node": {
                        "properties": {
                            "left": {"$ref": "#/$defs/node"},
                            "right": {"$ref": "#/$defs/node"},
                        }
                    }
                },
                "properties": {"tree": {"$ref": "#/$defs/node"}},
            },
            2,
        ),
        ({"items": {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]}}, 4),
    ],
)
def test_ordinary_schemas_are_taken(schema: Any, applied: int) -> None:
    assert bound_schema(schema) == applied


def test_a_value_has_as_many_places_as_its_schema_bears() -> None:
    bound_checks(1, list(range(100_000)))
    with pytest.raises(OutOfBoundsError, match="5,000 values"):
        bound_checks(100, list(range(100_000)))
