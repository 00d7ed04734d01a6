"""Definitions made ready for starting runs; a published version is read and compiled once."""

from __future__ import annotations

import asyncio
import copy
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.input_schema import InputSchema
from automations.definition import (
    AppStep,
    AppTrigger,
    CallStep,
    Definition,
    ManualTrigger,
    walk,
)
from automations.messages import Message
from connectors.catalogue import Catalogue

MAX_CACHED = 1000


@dataclass(frozen=True, slots=True)
class Need:
    """A connection that a definition's steps, or its trigger, use."""

    app_key: str
    of_end_user: bool
    """The component's switch: active is the end user's, inactive the developer's."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What must be known of a definition before it is run."""

    definition: dict[str, Any]
    parsed: Definition
    trigger: str | None
    """`manual`, `app`, or None."""
    input_schema: dict[str, Any]
    input_validator: InputSchema
    app_keys: frozenset[str]
    """The apps that must be integrations of the project."""
    needs: frozenset[Need]
    calls: frozenset[str]
    """The ids of the automations that it calls itself."""

    def check(self, data: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[str, Message]]]:
        """`data` with the defaults of the manual trigger's schema where nothing is given, and what
        the schema has against it, as (path, message)."""
        filled: dict[str, Any] = with_defaults(self.input_schema, data)
        return filled, self.input_validator.faults_of(filled)


def compile_definition(
    definition: Definition, raw: dict[str, Any], catalogue: Catalogue
) -> Compiled:
    """Collects what starting a run needs; a trigger's unusable schema refuses all data."""
    steps = walk(definition.steps)
    app_keys, needs = set(), set()
    for step in steps:
        if not isinstance(step, AppStep):
            continue
        key = step.component.partition(".")[0]
        app = catalogue.app(key)
        if app is None or app.needs_integration:
            app_keys.add(key)
        if app is None or app.auth.type != "none":
            needs.add(Need(key, step.replace_end_user_connection))
    trigger = definition.trigger
    if isinstance(trigger, AppTrigger):
        key = trigger.component.partition(".")[0]
        app = catalogue.app(key)
        if app is None or app.needs_integration:
            app_keys.add(key)
        if app is None or app.auth.type != "none":
            needs.add(Need(key, trigger.replace_end_user_connection))
    schema = trigger.input if isinstance(trigger, ManualTrigger) else {}
    return Compiled(
        definition=raw,
        parsed=definition,
        trigger=None if trigger is None else trigger.type,
        input_schema=schema,
        input_validator=InputSchema(schema, is_published=True),
        app_keys=frozenset(app_keys),
        needs=frozenset(needs),
        calls=frozenset(step.automation_id for step in steps if isinstance(step, CallStep)),
    )


def compile_raw(raw: dict[str, Any], catalogue: Catalogue) -> Compiled:
    """The same for a definition that validation has accepted, as it is stored."""
    return compile_definition(Definition.model_validate(raw), raw, catalogue)


class PublishedVersions:
    """The compiled versions that were used last."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._versions: OrderedDict[tuple[str, int], Compiled] = OrderedDict()

    def get(self, automation_id: str, number: int) -> Compiled | None:
        """A version that is known here."""
        version = self._versions.get((automation_id, number))
        if version is not None:
            self._versions.move_to_end((automation_id, number))
        return version

    async def add(self, automation_id: str, number: int, definition: dict[str, Any]) -> Compiled:
        """Compiles and keeps a version that was read from the database."""
        compiled = await asyncio.to_thread(compile_raw, definition, self._catalogue)
        self._versions[automation_id, number] = compiled
        while len(self._versions) > MAX_CACHED:
            self._versions.popitem(last=False)
        return compiled


def union_of(parts: Sequence[Compiled]) -> tuple[frozenset[str], frozenset[Need]]:
    """The apps and connections of an automation together with those that it calls."""
    return (
        frozenset().union(*(part.app_keys for part in parts)),
        frozenset().union(*(part.needs for part in parts)),
    )


def with_defaults(schema: Any, value: Any) -> Any:
    """A value with a JSON Schema's defaults where its objects have nothing."""
    if not isinstance(schema, dict) or not isinstance(value, dict):
        return value
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return value
    filled = dict(value)
    for name, part in properties.items():
        if name in filled:
            filled[name] = with_defaults(part, filled[name])
        elif isinstance(part, dict) and "default" in part:
            filled[name] = copy.deepcopy(part["default"])
    return filled
