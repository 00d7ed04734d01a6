"""A manual trigger's schema and the data of a run never stop the API, whatever they are."""

from __future__ import annotations

from typing import Any

import pytest

from api.input_schema import InputSchema
from api.published import compile_definition
from automations.definition import Definition
from automations.validation import validate
from connectors.catalogue import load_catalogue
from tests.pace import assert_takes_at_most


class NoApps:
    @property
    def apps(self) -> dict[str, Any]:
        return {}

    def component(self, key: str) -> None:
        return None

    def trigger(self, key: str) -> None:
        return None


def bomb(levels: int = 18) -> dict[str, Any]:
    defs: dict[str, Any] = {"a0": {"type": "string"}}
    for level in range(1, levels + 1):
        defs[f"a{level}"] = {"oneOf": [{"$ref": f"#/$defs/a{level - 1}"}] * 2}
    return {
        "type": "object",
        "$defs": defs,
        "properties": {"x": {"$ref": f"#/$defs/a{levels}"}},
    }


def test_a_schema_that_multiplies_is_a_fault_of_the_definition() -> None:
    definition = {"trigger": {"type": "manual", "input": bomb()}, "steps": []}
    [fault] = validate(definition, NoApps(), {})
    assert fault.path == "trigger.input"
    assert "combined" in fault.message or "ways" in fault.message
    assert_takes_at_most(0.5, lambda: validate(definition, NoApps(), {}))


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        (bomb(), {"x": 1}),
        ({"properties": {"a": {"items": {"type": "string"}}}}, {"a": [1] * 400_000}),
        ({"properties": {"a": {"allOf": [{"type": "string"}] * 90}}}, {"a": [1] * 4_000}),
        ({"properties": {"a": {"items": {"enum": list(range(1, 1500))}}}}, {"a": [0] * 10_000}),
        ({"properties": {"a": {"type": "string"}}}, {"a": [1] * 400_000}),
        (
            {"properties": {"a": {"oneOf": [{"items": {"type": "string"}}] * 40}}},
            {"a": [1] * 10_000},
        ),
        (
            {"properties": {"a": {"items": {"enum": [f"{'x' * 3000}{i}" for i in range(15)]}}}},
            {"a": [f"{'x' * 3000}q"] * 300},
        ),
    ],
)
def test_data_that_does_not_fit_is_told_soon_and_shortly(
    schema: dict[str, Any], data: dict[str, Any]
) -> None:
    checked = InputSchema({"type": "object", **schema})
    assert_takes_at_most(0.25, lambda: checked.faults_of(data))
    faults = checked.faults_of(data)
    assert faults
    assert all(len(message) < 1000 for _, message in faults)


def test_a_pattern_that_takes_much_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="regex"):
        InputSchema({"type": "object", "properties": {"a": {"pattern": r"(\w{1,100}){1,10}x"}}})


def test_a_schema_has_no_more_patterns_than_are_read_soon() -> None:
    names = {f"p{number}": {"pattern": f"(?i)[à-ž]{{1,50}}{number}"} for number in range(101)}
    definition = {"trigger": {"type": "manual", "input": {"type": "object", "properties": names}}}
    [fault] = validate(definition, NoApps(), {})
    assert "more than 100 patterns" in fault.message


def test_a_published_schema_that_cannot_be_used_any_more_refuses_data_with_a_sentence() -> None:
    pattern = {"properties": {"a": {"pattern": r"(\w{1,100}){1,10}x"}}}
    for schema in ({"type": "object", **pattern}, bomb()):
        definition = {"trigger": {"type": "manual", "input": schema}, "steps": []}
        compiled = compile_definition(
            Definition.model_validate(definition), definition, load_catalogue()
        )
        _, [(path, message)] = compiled.check({"a": "x"})
        assert path == "data"
        assert message.startswith("The trigger's schema ")


def test_every_fault_of_small_data_is_told() -> None:
    schema = InputSchema(
        {"type": "object", "required": ["a"], "properties": {"b": {"type": "string"}}}
    )
    assert sorted(path for path, _ in schema.faults_of({"b": 1})) == ["data", "data.b"]
