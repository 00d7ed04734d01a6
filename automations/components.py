"""Looks at what actions, triggers and called automations take and give."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from automations.checking import constant_of
from automations.constants import faults_of_value
from automations.definition import AppStep, AppTrigger, CallStep, Definition, ManualTrigger
from automations.faults import Titles
from automations.messages import Message
from automations.shapes import UNKNOWN, Shape, of_schema

if TYPE_CHECKING:
    from automations.checking import Checking, Tell
    from automations.reading import Sight


class DescribedComponent(Protocol):
    """What validation must know of a component."""

    @property
    def input_schema(self) -> dict[str, Any]:
        """JSON Schema of its inputs."""

    @property
    def output_schema(self) -> dict[str, Any]:
        """JSON Schema of its output; empty when nothing is known."""


class ComponentCatalogue(Protocol):
    """Where validation finds components and triggers."""

    @property
    def apps(self) -> Mapping[str, Any]:
        """The apps by key; each has `components` and `triggers` with a `key`."""

    def component(self, key: str) -> DescribedComponent | None:
        """The component with this key."""

    def trigger(self, key: str) -> DescribedComponent | None:
        """The trigger with this key."""


def titles_in(catalogue: ComponentCatalogue) -> Titles:
    """What people call the inputs of components and triggers."""

    def titles(key: str) -> dict[str, str]:
        found = catalogue.component(key) or catalogue.trigger(key)
        properties = found.input_schema.get("properties", {}) if found else {}
        return {
            name: str(part.get("title") or name) if isinstance(part, dict) else name
            for name, part in properties.items()
        }

    return titles


def _known(value: Any, schema: Any) -> Any:
    """An input, with what its expressions give where they are constants; but not where what takes
    it would turn the one kind into the other: text into a number, or a number into text."""
    constant = constant_of(value) if isinstance(value, str) and "{{" in value else None
    if constant is None:
        return value
    [known] = constant
    kinds = schema.get("type", "string") if isinstance(schema, dict) else "string"
    if "number" in kinds or "integer" in kinds:
        return value if isinstance(known, str) and _is_number(known) else known
    return known if isinstance(known, str) and "boolean" not in kinds else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


class Components:
    """Checks inputs against what takes them, and tells what is wrong."""

    def __init__(
        self,
        catalogue: ComponentCatalogue,
        called: Mapping[str, Definition],
        tell: Tell,
        checking: Checking,
    ) -> None:
        self._catalogue = catalogue
        self._called = called
        self._tell = tell
        self._checking = checking
        self._shapes: dict[str, Shape] = {}

    def step(self, step: AppStep, path: str, sight: Sight) -> Shape:
        """An action of an app; gives the shape of its output."""
        component = self._catalogue.component(step.component)
        if component is None:
            self._tell(f"{path}.component", self._unknown("component", step.component), False)
        schema = component.input_schema if component else {}
        if component:
            self._inputs(step.component, schema, step.inputs, f"{path}.inputs")
        takes = self._shape(step.component, schema)
        self._templates(takes, step.inputs, f"{path}.inputs", sight)
        return self.output(step.component)

    def output(self, key: str) -> Shape:
        """What a component gives, by its own description."""
        component = self._catalogue.component(key)
        return of_schema(component.output_schema, sure=False) if component else UNKNOWN

    def trigger(self, trigger: AppTrigger) -> Shape:
        """A trigger of an app; gives the shape of its events."""
        found = self._catalogue.trigger(trigger.component)
        if found is None:
            self._tell("trigger.component", self._unknown("trigger", trigger.component), False)
            return UNKNOWN
        self._inputs(trigger.component, found.input_schema, trigger.inputs, "trigger.inputs")
        return of_schema(found.output_schema, sure=False)

    def call(self, step: CallStep, path: str, sight: Sight) -> None:
        """A call of another automation, whose trigger says what it takes."""
        called = self._called.get(step.automation_id)
        schema: dict[str, Any] = {}
        if called is None:
            told = Message("no-automation", automation=step.automation_id)
            self._tell(f"{path}.automationId", told, False)
        elif isinstance(called.trigger, ManualTrigger):
            schema = called.trigger.input
            # What is called does not check its data itself.
            self._inputs(None, schema, step.data, f"{path}.data")
        takes = self._shape(step.automation_id, schema)
        self._templates(takes, step.data, f"{path}.data", sight)

    def _shape(self, key: str, schema: dict[str, Any]) -> Shape:
        if key not in self._shapes:
            self._shapes[key] = of_schema(schema, sure=True)
        return self._shapes[key]

    def _templates(self, takes: Shape, inputs: Mapping[str, Any], path: str, sight: Sight) -> None:
        for name, value in inputs.items():
            field = takes.field(name) if "object" in takes.kinds else UNKNOWN
            taken = field if isinstance(field, Shape) else UNKNOWN
            self._checking.template(value, f"{path}.{name}", sight, taken)

    def _inputs(
        self,
        key: str | None,
        schema: dict[str, Any],
        inputs: Mapping[str, Any],
        path: str,
    ) -> None:
        """What a schema has against inputs; null counts as absent. Without a `key` they are the
        data of an automation, which may hold more than it needs."""
        properties = schema.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        given = {name: value for name, value in inputs.items() if value is not None}
        required = schema.get("required")
        for name in required if isinstance(required, list) else []:
            part = properties.get(name)
            if name not in given and not (isinstance(part, dict) and "default" in part):
                told = (
                    Message("data-needed", name=name)
                    if key is None
                    else Message("input-needed", name=name, component=key)
                )
                self._tell(f"{path}.{name}", told, key is None)
        for name in given:
            if name not in properties and "additionalProperties" not in schema and key is not None:
                near = difflib.get_close_matches(name, properties, 1)
                told = (
                    Message("no-input-near", component=key, name=name, near=near[0])
                    if near
                    else Message("no-input", component=key, name=name)
                )
                self._tell(f"{path}.{name}", told, False)
        # What is needed has been told, with its place.
        rest = {keyword: value for keyword, value in schema.items() if keyword != "required"}
        known = {name: _known(value, properties.get(name)) for name, value in given.items()}
        for place, told in faults_of_value(rest, known, path):
            self._tell(place, told, key is None)

    def _unknown(self, what: str, key: str) -> Message:
        known = [
            part.key
            for app in self._catalogue.apps.values()
            for part in (app.triggers if what == "trigger" else app.components)
        ]
        near = difflib.get_close_matches(key, known, 1)
        hint = Message("near", near=near[0]) if near else None
        app_key = key.partition(".")[0]
        if app_key not in self._catalogue.apps:
            return Message("no-app", app=app_key, hint=hint)
        return Message(f"no-{what}", app=app_key, component=key, hint=hint)
