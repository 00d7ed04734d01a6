"""The inputs of a component call: defaults, harmless conversions, and validation by its schema."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from automations.constants import sentence
from automations.values import number_text
from connectors.failures import failure

if TYPE_CHECKING:
    from connectors.manifest import Component

_NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?", re.ASCII)


def prepare(component: Component, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs as the request's templates see them: each declared input is there, maybe null.

    Null counts as absent; text that is a number becomes one where the schema wants it, and a number
    becomes text; unknown inputs are refused unless the schema has `additionalProperties`. Raises
    `ComponentError` of kind `invalid_input`.
    """
    schema = component.input_schema
    properties: dict[str, Any] = schema.get("properties", {})
    given = {
        name: convert(properties.get(name), value)
        for name, value in inputs.items()
        if value is not None
    }
    for name, part in properties.items():
        if name not in given and isinstance(part, dict) and part.get("default") is not None:
            given[name] = part["default"]
    unknown = [] if "additionalProperties" in schema else [n for n in given if n not in properties]
    if unknown:
        known = ", ".join(sorted(properties)) or "none"
        raise failure(
            component, "invalid_input", f"there is no input {unknown[0]!r}; its inputs: {known}"
        )
    fault = best_match(_validator(orjson.dumps(schema)).iter_errors(given))
    if fault is not None:
        raise failure(component, "invalid_input", _explain(fault))
    return {**dict.fromkeys(properties), **given}


@lru_cache(maxsize=1024)
def _validator(schema: bytes) -> Draft202012Validator:
    return Draft202012Validator(
        orjson.loads(schema), format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def _explain(fault: ValidationError) -> str:
    # What is refused may be secret: it is not repeated.
    place = ".".join(str(part) for part in fault.absolute_path)
    return f"input {place!r}: {sentence(fault)}" if place else sentence(fault)


def convert(schema: Any, value: Any) -> Any:
    """`value` as the schema's type where nothing is lost by it; else unchanged."""
    if not isinstance(schema, dict):
        return value
    kind = schema.get("type")
    if isinstance(value, str) and kind in {"integer", "number", "boolean"}:
        return _from_text(kind, value.strip(), value)
    if kind == "string" and isinstance(value, int | float) and not isinstance(value, bool):
        is_whole = isinstance(value, float) and value.is_integer()
        return str(int(value)) if is_whole else number_text(value)
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind == "array" and isinstance(value, list):
        return [convert(schema.get("items"), item) for item in value]
    if kind == "object" and isinstance(value, dict):
        parts = schema.get("properties", {})
        return {name: convert(parts.get(name), item) for name, item in value.items()}
    return value


def _from_text(kind: str, text: str, value: str) -> Any:
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower(), value)
    if not _NUMBER.fullmatch(text):
        return value
    if kind == "integer" or text.lstrip("-").isdigit():
        return int(text) if text.lstrip("-").isdigit() else value
    number = float(text)
    # What a float would change stays text, which the schema refuses.
    return number if Decimal(text) == Decimal(repr(number)) else value
