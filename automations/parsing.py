"""Reads the JSON of a definition: its size, its shape, and as much of it as can be read."""

from __future__ import annotations

import copy
import re
import typing
from collections.abc import Iterator
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from automations.definition import (
    STEP_ID_PATTERN,
    AppTrigger,
    Branch,
    Carry,
    Case,
    Definition,
    ManualTrigger,
    OnError,
    Retry,
    Step,
)
from automations.faults import Fault
from automations.messages import Message
from automations.sentences import message_of_error

if typing.TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MAX_BYTES = 256 * 1024
MAX_FAULTS = 1000
"""Of what cannot be read; with more, no more is looked at."""
_STEPS: dict[str, type[BaseModel]] = {
    model.model_fields["type"].default: model for model in typing.get_args(typing.get_args(Step)[0])
}
_TRIGGERS: dict[str, type[BaseModel]] = {"manual": ManualTrigger, "app": AppTrigger}
_PARTS: dict[str, type[BaseModel]] = {
    "branches": Branch,
    "cases": Case,
    "carry": Carry,
    "onError": OnError,
    "retry": Retry,
}
_STAND_INS = dict.fromkeys(("when", "until", "items", "value"), "dyn(null)")
"""What is looked at instead of an expression that is missing or no text."""
_PLAIN = ("int_", "float_", "bool_")
"""How the kinds of faults begin of what is no text."""
_ROUNDS = 4
"""How often a definition is repaired: what lay behind a fault may be faulty itself."""


class InvalidDefinition(Exception):
    """A definition that cannot be run; `faults` says why."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


def parse(definition: Any) -> Definition:
    """The definition, if its size and shape are right; raises InvalidDefinition."""
    parsed, faults, _ = parse_what_can_be(definition)
    if parsed is None or faults:
        raise InvalidDefinition(faults)
    return parsed


def parse_what_can_be(definition: Any) -> tuple[Definition | None, list[Fault], frozenset[str]]:
    """The definition without what cannot be read, the faults of that, and the ids of the steps of
    which nothing is known by it. None: nothing of it can be read."""
    try:
        size = len(orjson.dumps(definition))
        if size > MAX_BYTES:
            told = Message("definition-too-large", size=size, limit=MAX_BYTES)
            return None, [Fault("", told)], frozenset()
        return _repaired(definition)
    except (TypeError, ValueError, RecursionError):
        return None, [Fault("", Message("definition-unreadable"))], frozenset()


def _repaired(definition: Any) -> tuple[Definition | None, list[Fault], frozenset[str]]:
    faults: list[Fault] = []
    unknown: set[str] = set()
    rest = definition
    for _ in range(_ROUNDS):
        try:
            # Else a number written as text would be taken in one field and refused in another.
            parsed = Definition.model_validate(rest, strict=True)
            return parsed, faults, frozenset(unknown)
        except ValidationError as error:
            details = error.errors(include_url=False)
            if len(details) > MAX_FAULTS:
                faults += [_fault(item, rest) for item in details[:MAX_FAULTS]]
                return None, faults, frozenset()
            faults += [_fault(item, rest) for item in details]
            rest = copy.deepcopy(rest)
            # The last first, so that the places before stay where they are.
            for item in reversed(details):
                rest = _without(rest, _places(item["loc"]), item["type"], unknown)
    return None, faults, frozenset()


def _fault(error: ErrorDetails, definition: Any) -> Fault:
    places = _places(error["loc"])
    known: tuple[str, ...] = ()
    if error["type"] == "extra_forbidden":
        known = _fields_at(definition, places[:-1])
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in places)
    told = message_of_error(error, known)
    if told.code == "must-be" and (hint := _hint(error)) is not None:
        told = Message("must-be", **told.params, hint=hint)
    return Fault(path.lstrip("."), told)


def _hint(error: ErrorDetails) -> Message | None:
    """What to write instead of a text."""
    if not isinstance(error["input"], str) or not error["type"].startswith(_PLAIN):
        return None
    return Message("no-expression-here" if "{{" in error["input"] else "without-quotes")


def _places(location: tuple[int | str, ...]) -> list[int | str]:
    """A place as people write it: Pydantic also names the chosen kind, and marks keys of maps."""
    places: list[int | str] = []
    is_after_choice = False
    for part in location:
        is_kind = part in (_TRIGGERS if places == ["trigger"] else _STEPS)
        if not (is_after_choice and is_kind) and part != "[key]":
            places.append(part)
        is_after_choice = isinstance(part, int) or places == ["trigger"]
    return places


def _fields_at(definition: Any, places: list[int | str]) -> tuple[str, ...]:
    """The fields that a part of a definition may have."""
    if not places:
        return tuple(_names(Definition))
    here = _at(definition, places)
    kind = here.get("type") if isinstance(here, dict) else None
    named = next((part for part in reversed(places) if isinstance(part, str)), "")
    model = _PARTS.get(named)
    if model is None and isinstance(kind, str):
        model = (_TRIGGERS if places == ["trigger"] else _STEPS).get(kind)
    return tuple(_names(model)) if model else ()


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _without(definition: Any, places: list[int | str], kind: str, unknown: set[str]) -> Any:
    """The definition without a faulty part: the field where it can be left out, else the step."""
    if not places:
        return {}
    around = _at(definition, places[:-1])
    last = places[-1]
    if isinstance(around, dict) and kind == "extra_forbidden":
        around.pop(str(last), None)
        return definition
    if isinstance(around, dict) and last in _STAND_INS:
        around[str(last)] = _STAND_INS[str(last)]
        return definition
    if isinstance(around, dict) and last == "id" and kind != "missing":
        unknown.add(str(around["id"]))
        around["id"] = _made_id(places)
        return definition
    if isinstance(around, dict) and isinstance(last, str) and last in around:
        is_whole = places in (["steps"], ["trigger"], ["result"])
        if is_whole or not _is_needed(definition, places):
            del around[last]
            return definition
    for end in range(len(places), 0, -1):
        if isinstance(places[end - 1], int) and end > 1 and _is_block(places[: end - 1]):
            block = _at(definition, places[: end - 1])
            number = places[end - 1]
            if isinstance(block, list) and isinstance(number, int) and number < len(block):
                block[number] = _placeholder(block[number], places[:end], unknown)
            return definition
    definition.pop(places[0], None)
    return definition


def _is_needed(definition: Any, places: list[int | str]) -> bool:
    name = places[-1]
    if name == "type":
        return True
    here = _at(definition, places[:-1])
    kind = here.get("type") if isinstance(here, dict) else None
    named = next((part for part in reversed(places[:-1]) if isinstance(part, str)), "")
    model = _PARTS.get(named) or (_STEPS.get(kind) if isinstance(kind, str) else None)
    if model is None:
        return False
    field = next((f for n, f in model.model_fields.items() if name in (n, f.alias)), None)
    return field is not None and field.is_required()


def _is_block(places: list[int | str]) -> bool:
    return places[-1] in ("steps", "otherwise", "default")


def _placeholder(step: Any, places: list[int | str], unknown: set[str]) -> dict[str, Any]:
    """A step of which nothing is known but that it is there."""
    unknown.update(_ids_in(step))
    step_id = step.get("id") if isinstance(step, dict) else None
    is_id = isinstance(step_id, str) and re.fullmatch(STEP_ID_PATTERN, step_id)
    step_id = str(step_id) if is_id else _made_id(places)
    unknown.add(step_id)
    return {"type": "callback", "id": step_id}


def _made_id(places: list[int | str]) -> str:
    numbers = "_".join(str(part) for part in places if isinstance(part, int))
    return f"unreadable_{numbers}"[:64]


def _ids_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(found := value.get("id"), str):
            yield found
        value = list(value.values())
    for part in value if isinstance(value, list) else []:
        yield from _ids_in(part)


def _at(definition: Any, places: list[int | str]) -> Any:
    here = definition
    for part in places:
        if isinstance(here, dict) and isinstance(part, str):
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        else:
            return None
    return here
