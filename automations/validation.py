"""Finds every fault of a definition at once, each with its place and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import jsonschema
import orjson
from pydantic import ValidationError

from automations.definition import (
    MAX_CALL_DEPTH,
    AppStep,
    AppTrigger,
    CallStep,
    ConditionStep,
    Definition,
    ForEachStep,
    Loop,
    ManualTrigger,
    RepeatStep,
    SetStep,
    Step,
    SwitchStep,
    child_blocks,
    loop_names,
    walk,
)
from automations.excerpt import Excerpt
from automations.expressions import ExpressionError, compile_expression, compile_template
from automations.faults import Fault, Titles, located
from automations.templates import type_of

MAX_BYTES = 256 * 1024
MAX_STEPS = 500
MAX_NESTING = 12
RESERVED = frozenset({"data", "event", "run", "steps", "vars", "callbacks"})
_FAILURES = (ExpressionError, RecursionError, ValueError, TypeError)


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


class InvalidDefinition(Exception):
    """A definition that cannot be run; `faults` says why."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass(frozen=True)
class _Scope:
    """What expressions may read at one place."""

    names: frozenset[str]
    outputs: Mapping[str, dict[str, Any]]
    """The steps that may have run before, with the schemas of their outputs."""
    data: dict[str, Any]


def parse(definition: Any) -> Definition:
    """The definition, if its size and shape are right; raises InvalidDefinition."""
    try:
        size = len(orjson.dumps(definition))
        if size > MAX_BYTES:
            told = f"The definition has {size} bytes; at most {MAX_BYTES} are allowed."
            raise InvalidDefinition([Fault("", told)])
        return Definition.model_validate(definition)
    except ValidationError as error:
        faults = [
            Fault(_path_of(item["loc"]), f"{item['msg']}.")
            for item in error.errors(include_url=False, include_input=False)
        ]
        raise InvalidDefinition(faults) from None
    except (TypeError, ValueError, RecursionError):
        told = "The definition is not JSON, or it is nested too deeply."
        raise InvalidDefinition([Fault("", told)]) from None


def validate(
    definition: Any, catalogue: ComponentCatalogue, called: Mapping[str, Definition]
) -> list[Fault]:
    """All faults of a definition, in its order; empty when it can be run. Never raises."""
    return [fault for fault in review(definition, catalogue, called) if not fault.is_warning]


def review(
    definition: Any, catalogue: ComponentCatalogue, called: Mapping[str, Definition]
) -> list[Fault]:
    """All faults and warnings of a definition, in its order, with their places. Never raises.

    `called` holds the published definitions of the automations that it calls, directly or not.
    """
    try:
        parsed = parse(definition)
    except InvalidDefinition as invalid:
        found = invalid.faults
    else:
        found = list(_Validation(parsed, catalogue, called).faults())
    return located(found, definition, titles_in(catalogue))


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


def validate_excerpt(
    excerpt: Excerpt, catalogue: ComponentCatalogue, called: Mapping[str, Definition]
) -> list[Fault]:
    """The faults of one step and of those inside it, at their places in the draft. Never raises."""
    outputs = {}
    for step_id, key in excerpt.before.items():
        component = catalogue.component(key) if isinstance(key, str) else None
        outputs[step_id] = component.output_schema if component else {}
    names = {name for loop in excerpt.loops for name in loop.names}
    scope = _Scope(RESERVED | names, outputs, excerpt.data)
    try:
        parsed = parse(excerpt.definition)
    except InvalidDefinition as invalid:
        faults = invalid.faults
    else:
        faults = list(_Validation(parsed, catalogue, called, excerpt.ids).block_faults(scope))
    titles = titles_in(catalogue)
    return [
        replace(fault, path=f"{excerpt.path}{fault.path.removeprefix('steps').removeprefix('[0]')}")
        for fault in located(faults, excerpt.definition, titles)
    ]


def _path_of(location: tuple[int | str, ...]) -> str:
    # Pydantic names the chosen kind of a step in the location; people do not write it.
    kinds = {"app", "condition", "switch", "for-each", "delay", "wait-until", "approval"}
    kinds |= {"repeat", "callback", "call", "set", "stop", "manual"}
    parts: list[str] = []
    after_index = False
    for part in location:
        if isinstance(part, int):
            parts.append(f"[{part}]")
        elif not ((after_index or parts == [".trigger"]) and part in kinds):
            parts.append(f".{part}")
        after_index = isinstance(part, int)
    return "".join(parts).lstrip(".")


class _Validation:
    def __init__(
        self,
        definition: Definition,
        catalogue: ComponentCatalogue,
        called: Mapping[str, Definition],
        other_ids: frozenset[str] = frozenset(),
    ) -> None:
        self._definition = definition
        self._catalogue = catalogue
        self._called = called
        self._ids = other_ids | {step.id for step in walk(definition.steps)}

    def faults(self) -> Iterator[Fault]:
        data: dict[str, Any] = {}
        match self._definition.trigger:
            case ManualTrigger(input=schema):
                try:
                    jsonschema.Draft202012Validator.check_schema(schema)
                except jsonschema.SchemaError as error:
                    yield Fault("trigger.input", f"This is no JSON Schema: {error.message}")
                if schema.get("type") != "object":
                    yield Fault("trigger.input.type", "The type of a trigger's input is `object`.")
                else:
                    data = schema
            case AppTrigger() as trigger:
                yield from self._trigger(trigger)
        yield from self.block_faults(_Scope(RESERVED, {}, data))

    def block_faults(self, scope: _Scope) -> Iterator[Fault]:
        """The faults of the steps and of the result, in the scope before the first step."""
        yield from self._sizes()
        scope = yield from self._block(self._definition.steps, "steps", scope, 1)
        yield from self._template(self._definition.result, "result", scope)
        yield from self._cycles()

    def _trigger(self, trigger: AppTrigger) -> Iterator[Fault]:
        found = self._catalogue.trigger(trigger.component)
        if found is None:
            yield Fault("trigger.component", self._unknown("trigger", trigger.component))
            return
        yield from _inputs(trigger.component, found, trigger.inputs, "trigger")
        # Registering resolves them, when nothing has run yet.
        scope = _Scope(frozenset({"data", "run"}), {}, {})
        yield from self._template(trigger.inputs, "trigger.inputs", scope)

    def _sizes(self) -> Iterator[Fault]:
        steps = walk(self._definition.steps)
        if len(steps) > MAX_STEPS:
            yield Fault("steps", f"{len(steps)} steps; at most {MAX_STEPS} are allowed.")
        seen: set[str] = set()
        for step in steps:
            if step.id in seen:
                yield Fault("steps", f"Two steps have the id `{step.id}`: give each its own.")
            seen.add(step.id)

    def _block(
        self, steps: list[Step], path: str, scope: _Scope, depth: int
    ) -> Generator[Fault, None, _Scope]:
        if depth > MAX_NESTING:
            yield Fault(path, f"Steps are nested deeper than {MAX_NESTING} levels.")
            return scope
        for index, step in enumerate(steps):
            here = f"{path}[{index}]"
            yield from self._own_faults(step, here, scope)
            for name, block in child_blocks(step):
                inner = scope
                if isinstance(step, ForEachStep | RepeatStep):
                    inner = replace(scope, names=scope.names | loop_names(step))
                inner = yield from self._block(block, f"{here}.{name}", inner, depth + 1)
                if isinstance(step, ForEachStep | RepeatStep):
                    yield from self._inside_loop(step, here, inner)
                else:
                    # What a branch did may be read after it; a skipped step has no output.
                    scope = replace(scope, outputs={**scope.outputs, **inner.outputs})
            schema: dict[str, Any] = {}
            if isinstance(step, AppStep):
                component = self._catalogue.component(step.component)
                schema = component.output_schema if component else {}
            scope = replace(scope, outputs={**scope.outputs, step.id: schema})
        return scope

    def _inside_loop(self, loop: Loop, path: str, scope: _Scope) -> Iterator[Fault]:
        """The faults of what a loop computes after the steps inside it."""
        yield from self._template(loop.output, f"{path}.output", scope)
        if loop.carry is not None:
            yield from self._template(loop.carry.next, f"{path}.carry.next", scope)
        if isinstance(loop, RepeatStep):
            yield from self._expression(loop.until, f"{path}.until", scope, "boolean")

    def _loop(self, loop: Loop, path: str, scope: _Scope) -> Iterator[Fault]:
        """The faults of a loop's names, and of what it computes before its first iteration."""
        names = [loop.index_name]
        if isinstance(loop, ForEachStep):
            names.append(loop.item_name)
            yield from self._expression(loop.items, f"{path}.items", scope, "array")
            if loop.carry is not None and loop.parallelism > 1:
                yield Fault(
                    f"{path}.parallelism",
                    "With `carry` each item waits for the one before: leave `parallelism` at 1.",
                )
        if loop.carry is not None:
            names.append(loop.carry.name)
            yield from self._template(loop.carry.start, f"{path}.carry.start", scope)
        for name in names:
            if name in RESERVED:
                yield Fault(path, f"`{name}` is a name of the language: choose another.")
        if len(set(names)) < len(names):
            yield Fault(path, "The names of a loop's item, index and carry must differ.")

    def _own_faults(self, step: Step, path: str, scope: _Scope) -> Iterator[Fault]:
        match step:
            case AppStep():
                yield from self._component_inputs(step, path)
                yield from self._template(step.inputs, f"{path}.inputs", scope)
            case ConditionStep():
                for index, branch in enumerate(step.branches):
                    yield from self._expression(
                        branch.when, f"{path}.branches[{index}].when", scope, "boolean"
                    )
            case SwitchStep():
                yield from self._expression(step.value, f"{path}.value", scope)
            case ForEachStep() | RepeatStep():
                yield from self._loop(step, path, scope)
            case CallStep():
                if step.automation_id not in self._called:
                    yield Fault(
                        f"{path}.automationId",
                        f"There is no published automation {step.automation_id} in the project.",
                    )
                yield from self._template(step.data, f"{path}.data", scope)
            case SetStep():
                yield from self._template(step.values, f"{path}.values", scope)
            case _:
                fields = step.model_dump(by_alias=True, exclude={"id", "name", "on_error", "type"})
                yield from self._template(fields, path, scope)

    def _component_inputs(self, step: AppStep, path: str) -> Iterator[Fault]:
        component = self._catalogue.component(step.component)
        if component is None:
            yield Fault(f"{path}.component", self._unknown("component", step.component))
            return
        yield from _inputs(step.component, component, step.inputs, path)

    def _unknown(self, kind: str, key: str) -> str:
        known = [
            part.key
            for app in self._catalogue.apps.values()
            for part in (app.triggers if kind == "trigger" else app.components)
        ]
        near = difflib.get_close_matches(key, known, 1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        app_key = key.partition(".")[0]
        if app_key not in self._catalogue.apps:
            return f"There is no app `{app_key}`.{hint}"
        return f"The app `{app_key}` has no {kind} `{key}`.{hint}"

    def _expression(
        self, source: str, path: str, scope: _Scope, wanted: str | None = None
    ) -> Iterator[Fault]:
        try:
            compiled = compile_expression(source)
            references = compiled.references
        except _FAILURES as error:
            yield Fault(path, str(error))
            return
        if wanted is not None and compiled.type not in (wanted, None):
            yield Fault(path, f"This gives a value of type {compiled.type}; it must be {wanted}.")
        yield from self._references(references, path, scope)

    def _template(self, value: Any, path: str, scope: _Scope) -> Iterator[Fault]:
        if isinstance(value, dict):
            for name, part in value.items():
                yield from self._template(part, f"{path}.{name}", scope)
        elif isinstance(value, list):
            for index, part in enumerate(value):
                yield from self._template(part, f"{path}[{index}]", scope)
        elif isinstance(value, str):
            try:
                references = compile_template(value).references
            except _FAILURES as error:
                yield Fault(path, str(error))
                return
            yield from self._references(references, path, scope)

    def _references(
        self, references: frozenset[tuple[str, ...]], path: str, scope: _Scope
    ) -> Iterator[Fault]:
        for reference in sorted(references):
            name, rest = reference[0], reference[1:]
            if name not in scope.names:
                names = ", ".join(sorted(scope.names))
                yield Fault(path, f"There is no `{name}` here; there are {names}.")
            elif name == "steps" and rest:
                yield from self._step_reference(rest, path, scope)
            elif name == "data" and rest:
                yield from _field(scope.data, rest, "data", path)

    def _step_reference(self, rest: tuple[str, ...], path: str, scope: _Scope) -> Iterator[Fault]:
        step_id = rest[0]
        if step_id not in self._ids:
            near = difflib.get_close_matches(step_id, self._ids, 1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            yield Fault(path, f"There is no step `{step_id}`.{hint}")
        elif step_id not in scope.outputs:
            yield Fault(
                path,
                f"The step `{step_id}` has not run yet at this place, or runs inside another "
                "block: use only steps before this one.",
            )
        elif rest[1:2] == ("output",) and len(rest) > 2:
            yield from _field(scope.outputs[step_id], rest[2:], f"steps.{step_id}.output", path)

    def _cycles(self) -> Iterator[Fault]:
        def calls(definition: Definition) -> set[str]:
            return {s.automation_id for s in walk(definition.steps) if isinstance(s, CallStep)}

        for first in sorted(calls(self._definition)):
            level, reached = {first}, {first}
            for depth in range(MAX_CALL_DEPTH + 1):
                level = {
                    inner
                    for key in level
                    if key in self._called
                    for inner in calls(self._called[key])
                }
                if first in level or (depth == MAX_CALL_DEPTH and level - reached):
                    yield Fault("steps", f"Calling automation {first} never ends: break the cycle.")
                    break
                reached |= level


def _inputs(
    key: str, component: DescribedComponent, inputs: Mapping[str, Any], path: str
) -> Iterator[Fault]:
    """What a component's or a trigger's schema has against its inputs."""
    properties: dict[str, Any] = component.input_schema.get("properties", {})
    for name in component.input_schema.get("required", []):
        if name not in inputs:
            yield Fault(f"{path}.inputs.{name}", f"`{name}` is needed by {key}.")
    for name, value in inputs.items():
        if name not in properties:
            near = difflib.get_close_matches(name, properties, 1)
            hint = f": did you mean `{near[0]}`?" if near else "."
            yield Fault(f"{path}.inputs.{name}", f"{key} has no input `{name}`{hint}")
        elif "{{" not in str(value):
            validator = jsonschema.Draft202012Validator(properties[name])
            for error in validator.iter_errors(value):
                yield Fault(f"{path}.inputs.{name}", f"{error.message}.")
        elif isinstance(value, str):
            yield from _contradiction(value, properties[name], f"{path}.inputs.{name}")


def _contradiction(text: str, schema: dict[str, Any], path: str) -> Iterator[Fault]:
    """An expression that is known to give what an input cannot take."""
    expected = schema.get("type")
    allowed = {expected} if isinstance(expected, str) else set(expected or ())
    if "integer" in allowed:
        allowed.add("number")
    # Numbers and text are turned into each other where a component wants it.
    takes_text = bool(allowed & {"number", "boolean"})
    allowed |= {"number"} if "string" in allowed else set()
    allowed |= {"string"} if takes_text else set()
    try:
        given = type_of(text)
    except _FAILURES:
        return  # told where its expression is looked at
    if allowed and given not in allowed | {None, "null"}:
        yield Fault(path, f"This gives a value of type {given}; the input takes {expected}.")


def _field(
    schema: dict[str, Any], fields: tuple[str, ...], shown: str, path: str
) -> Iterator[Fault]:
    """Fields that the schema does not know, where it says that it knows all."""
    for field in fields:
        properties = schema.get("properties")
        if not isinstance(properties, dict) or not properties:
            return
        if field not in properties:
            if schema.get("additionalProperties") is True or "patternProperties" in schema:
                return
            near = difflib.get_close_matches(field, properties, 1)
            hint = f" Did you mean `{near[0]}`?" if near else f" There are {', '.join(properties)}."
            yield Fault(path, f"`{shown}` has no `{field}`.{hint}")
            return
        schema, shown = properties[field], f"{shown}.{field}"
        if not isinstance(schema, dict):
            return
