"""The inputs of a component call: defaults, harmless conversions, and validation by its schema."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from automations.bounds import OutOfBoundsError, size_of
from automations.constants import message_for, message_of_fault
from automations.schema_bounds import bound_checks, bound_schema
from automations.values import number_text
from connectors.failures import failure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.manifest import Component

MAX_EXPLAINED = 500
"""Values in the inputs up to which each is looked at by the validator that explains best; it takes
some 50 µs for each, on the event loop that all calls share."""
_NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_OF_TEXT = ("boolean", "integer", "number")
"""What text may be read as, where the schema does not take text."""


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
    if (fault := _fault(orjson.dumps(schema), given)) is not None:
        raise failure(component, "invalid_input", fault)
    return {**dict.fromkeys(properties), **given}


@lru_cache(maxsize=1024)
def _validator(schema: bytes) -> Draft202012Validator:
    return Draft202012Validator(
        orjson.loads(schema), format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def _fault(schema: bytes, given: dict[str, Any]) -> str | None:
    """What a schema has against inputs, found in bounded time."""
    try:
        size_of(given, values=MAX_EXPLAINED)
    except OutOfBoundsError:
        return _fault_of_many(schema, given)
    fault = best_match(_validator(schema).iter_errors(given))
    return None if fault is None else _placed(fault.absolute_path, message_of_fault(fault))


def _fault_of_many(schema: bytes, given: dict[str, Any]) -> str | None:
    try:
        applied, validator = _fast_validator(schema)
        bound_checks(applied, given)
        validator.validate(given)
    except OutOfBoundsError as error:
        return f"the inputs are too much for the action's schema: {error}"
    except jsonschema_rs.ValidationError as fault:
        told = fault.kind.as_dict()
        limit = next((told[name] for name in told if name not in ("value", "context")), None)
        return _placed(fault.instance_path, message_for(fault.kind.name, limit, fault.instance))
    return None


@lru_cache(maxsize=1024)
def _fast_validator(schema: bytes) -> tuple[int, Any]:
    document = orjson.loads(schema)
    return bound_schema(document), jsonschema_rs.validator_for(document, offline=True)


def _placed(path: Iterable[str | int], told: str) -> str:
    # What is refused may be secret: it is not repeated.
    place = ".".join(map(str, path))
    return f"input {place!r}: {told}" if place else told


def convert(schema: Any, value: Any) -> Any:
    """`value` as the schema's type where nothing is lost by it; else unchanged."""
    if not isinstance(schema, dict):
        return value
    named = schema.get("type")
    kinds = named if isinstance(named, list) else [named]
    match value:
        case bool():
            return value
        case str() if "string" not in kinds:
            text = value.strip()
            converted = (_from_text(kind, text, value) for kind in _OF_TEXT if kind in kinds)
            return next((one for one in converted if one is not value), value)
        case float() if "integer" in kinds and value.is_integer():
            return int(value)
        case int() | float() if "string" in kinds and not {"integer", "number"} & set(kinds):
            is_whole = isinstance(value, float) and value.is_integer()
            return str(int(value)) if is_whole else number_text(value)
        case list() if "array" in kinds:
            return [convert(schema.get("items"), item) for item in value]
        case dict() if "object" in kinds:
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
