"""Finds every fault of a definition at once, each with its place and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jsonschema

from automations.bounds import OutOfBoundsError
from automations.checking import Checking
from automations.components import ComponentCatalogue, Components, titles_in
from automations.constants import moment_fault, seconds_fault
from automations.definition import (
    MAX_CALL_DEPTH,
    AppStep,
    AppTrigger,
    CallStep,
    ConditionStep,
    Definition,
    DelayStep,
    ForEachStep,
    Loop,
    ManualTrigger,
    RepeatStep,
    SetStep,
    Step,
    StopStep,
    SwitchStep,
    WaitUntilStep,
    walk,
)
from automations.excerpt import Excerpt
from automations.faults import Fault, located
from automations.foreign import reserved_name
from automations.interpreter import MAX_WAIT_SECONDS
from automations.messages import Message, listed
from automations.parsing import InvalidDefinition, parse, parse_what_can_be
from automations.reading import facts
from automations.rules import is_null, never_equal
from automations.schema_bounds import bound_schema
from automations.scopes import RUN, Flow, Whereabouts, joined, names_at_start, sight_of
from automations.shapes import UNKNOWN, Shape, kind, list_of, of_schema, of_value, record

__all__ = [
    "ComponentCatalogue",
    "InvalidDefinition",
    "parse",
    "review",
    "validate",
    "validate_excerpt",
]

MAX_STEPS = 500
MAX_NESTING = 12
RESERVED = frozenset({"data", "event", "run", "steps", "vars", "callbacks"})
_TYPES = frozenset(
    {"bool", "bytes", "double", "duration", "dyn", "int", "list", "map", "null_type", "string"}
    | {"timestamp", "type", "uint", "google"}
)
"""Names that CEL gives its types, so that a loop's names cannot be read under them."""
_TEXT, _TRUTH, _NUMBER = kind("string"), kind("boolean"), kind("number")
_WAITED: dict[str, Shape] = {
    "delay": record(until=_TEXT),
    "wait-until": record(until=_TEXT),
    "approval": record(
        approved=_TRUTH,
        expired=_TRUTH,
        by=kind("string", "null"),
        comment=kind("string", "null"),
    ),
    "callback": record(body=UNKNOWN, query=kind("object"), expired=_TRUTH),
}
"""What steps that wait give."""


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
    parsed, found, unreadable = parse_what_can_be(definition)
    if parsed is not None:
        validation = _Validation(parsed, catalogue, called, unreadable)
        validation.check()
        found = [*found, *validation.found]
    return located(found, definition, titles_in(catalogue))


def validate_excerpt(
    excerpt: Excerpt, catalogue: ComponentCatalogue, called: Mapping[str, Definition]
) -> list[Fault]:
    """The faults of one step and of those inside it, at their places in the draft. Never raises."""
    parsed, found, unreadable = parse_what_can_be(excerpt.definition)
    if parsed is not None:
        validation = _Validation(parsed, catalogue, called, unreadable, excerpt.ids)
        validation.check_excerpt(excerpt)
        found = [*found, *validation.found]
    return [
        replace(fault, path=f"{excerpt.path}{fault.path.removeprefix('steps').removeprefix('[0]')}")
        for fault in located(found, excerpt.definition, titles_in(catalogue))
        if not fault.is_warning
    ]


class _Validation:
    def __init__(
        self,
        definition: Definition,
        catalogue: ComponentCatalogue,
        called: Mapping[str, Definition],
        unreadable: frozenset[str],
        other_ids: frozenset[str] = frozenset(),
    ) -> None:
        self.found: list[Fault] = []
        self._definition = definition
        self._called = called
        self._unreadable = unreadable
        self._places = Whereabouts(definition, other_ids)
        self._checking = Checking(self._tell)
        self._components = Components(catalogue, called, self._tell, self._checking)

    def _tell(self, path: str, message: Message, is_warning: bool = False) -> None:
        self.found.append(Fault(path, message, is_warning))

    def check(self) -> None:
        """Looks at all of a definition."""
        data, event = UNKNOWN, kind("null")
        match self._definition.trigger:
            case ManualTrigger(input=schema):
                data = self._manual(schema)
            case AppTrigger() as trigger:
                event = self._components.trigger(trigger)
                data = kind("object")
                # Registering resolves them, when nothing has run yet.
                start = Flow(names={"data": data, "run": RUN})
                sight = replace(sight_of(start, self._places, None), names=start.names)
                self._checking.template(trigger.inputs, "trigger.inputs", sight)
            case _:
                event = UNKNOWN
        if not self._sizes():
            return
        lost = dict.fromkeys(self._unreadable - self._places.ids, UNKNOWN)
        names = names_at_start(data, event, [*self._places.callbacks, *lost])
        flow = self._block(self._definition.steps, "steps", Flow(lost, names=names), 1)
        self._template(self._definition.result, "result", replace(flow, has_ended=False), None)
        self._cycles()

    def check_excerpt(self, excerpt: Excerpt) -> None:
        """Looks at one step in the place that it has in a draft."""
        data = of_schema(excerpt.data, sure=True)
        names = names_at_start(data, UNKNOWN, excerpt.callbacks)
        for loop in excerpt.loops:
            names |= dict.fromkeys(loop.names, UNKNOWN)
        flow = Flow(names={**names, "vars": kind("object")})
        for step_id, key in excerpt.before.items():
            output = self._components.output(key) if isinstance(key, str) else UNKNOWN
            flow = flow.after_step(step_id, output)
        if self._sizes():
            self._block(self._definition.steps, "steps", flow, 1)
            self._cycles()

    def _manual(self, schema: dict[str, Any]) -> Shape:
        try:
            bound_schema(schema)
            jsonschema.Draft202012Validator.check_schema(schema)
        except OutOfBoundsError as error:
            self._tell("trigger.input", Message("schema-too-much", reason=error.message))
        except jsonschema.SchemaError as error:
            place = "".join(
                f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path
            )
            self._tell(f"trigger.input{place}", Message("schema-invalid"))
        except RecursionError:
            self._tell("trigger.input", Message("schema-too-deep"))
        if schema.get("type") != "object":
            self._tell("trigger.input.type", Message("schema-not-object"))
            return UNKNOWN
        return of_schema(schema, sure=True)

    def _sizes(self) -> bool:
        """Whether there are not too many steps to be looked at."""
        steps = walk(self._definition.steps)
        if len(steps) > MAX_STEPS:
            self._tell("steps", Message("too-many-steps", count=len(steps), limit=MAX_STEPS))
            return False
        for step_id in self._places.repeated:
            self._tell("steps", Message("same-step-id", id=step_id))
        return True

    def _block(self, steps: list[Step], path: str, flow: Flow, depth: int) -> Flow:
        """What has happened after these steps."""
        if depth > MAX_NESTING:
            self._tell(path, Message("steps-too-deep", limit=MAX_NESTING))
            return flow
        for index, step in enumerate(steps):
            here = f"{path}[{index}]"
            if flow.has_ended:
                self._tell(here, Message("never-reached"), True)
                flow = replace(flow, has_ended=False)
            self._name(step.id, f"{here}.id", "what-step")
            flow, output = self._step(step, here, flow, depth)
            can_fail = step.on_error.action == "continue"
            flow = flow.after_step(step.id, output, can_fail=can_fail)
            if isinstance(step, StopStep):
                flow = replace(flow, has_ended=True)
        return flow

    def _name(self, name: str, path: str, what: str, taken: frozenset[str] = frozenset()) -> None:
        """Tells that a name is taken; what stands bare in expressions has names in `taken`."""
        if (reason := reserved_name(name, taken, is_bare=bool(taken))) is not None:
            taken_name = Message("name-taken", what=Message(what), name=name, why=reason)
            self._tell(path, taken_name)

    def _step(self, step: Step, path: str, flow: Flow, depth: int) -> tuple[Flow, Shape]:
        """What has happened after a step, and its output."""
        if step.id in self._unreadable:
            return flow, UNKNOWN
        match step:
            case AppStep():
                return flow, self._components.step(step, path, self._sight(flow, step))
            case ConditionStep():
                return self._condition(step, path, flow, depth), record(branch=_TEXT)
            case SwitchStep():
                return self._switch(step, path, flow, depth), record(branch=_TEXT)
            case ForEachStep() | RepeatStep():
                return self._loop(step, path, flow, depth)
            case CallStep():
                self._components.call(step, path, self._sight(flow, step))
                return flow, UNKNOWN
            case SetStep():
                values = {}
                for name, value in step.values.items():
                    self._name(name, f"{path}.values.{name}", "what-variable")
                    values[name] = self._template(value, f"{path}.values.{name}", flow, step)
                return flow.setting(values), record(**values)
            case DelayStep(seconds=seconds):
                self._wait(seconds, f"{path}.seconds", flow, step)
            case WaitUntilStep(at=at):
                self._wait(at, f"{path}.at", flow, step)
            case _:
                fields = step.model_dump(by_alias=True, exclude={"id", "name", "on_error", "type"})
                for name, value in fields.items():
                    self._template(value, f"{path}.{name}", flow, step)
        return flow, _WAITED.get(step.type, UNKNOWN)

    def _condition(self, step: ConditionStep, path: str, flow: Flow, depth: int) -> Flow:
        ends: list[tuple[Flow, Message]] = []
        called = step.name or step.id
        for index, branch in enumerate(step.branches):
            here = f"{path}.branches[{index}]"
            checked = self._expression(branch.when, f"{here}.when", flow, step, _TRUTH)
            inside = flow.where(facts(checked.expr, True)) if checked else flow
            after = self._block(branch.steps, f"{here}.steps", inside, depth + 1)
            ends.append((after, _place("branch", branch.name, index, called)))
            if checked:
                flow = flow.where(facts(checked.expr, False))
        after = self._block(step.otherwise, f"{path}.otherwise", flow, depth + 1)
        return joined(flow, [*ends, (after, Message("place-otherwise", of=called))])

    def _switch(self, step: SwitchStep, path: str, flow: Flow, depth: int) -> Flow:
        value = self._expression_shape(step.value, f"{path}.value", flow, step)
        ends: list[tuple[Flow, Message]] = []
        called = step.name or step.id
        seen: list[Shape] = []
        for index, case in enumerate(step.cases):
            here = f"{path}.cases[{index}]"
            equals = of_value(case.equals)
            if never_equal(value, equals) and not (is_null(value) or is_null(equals)):
                self._tell(f"{here}.equals", _other_case(equals, value), not value.sure)
            elif equals.values and any(not never_equal(equals, other) for other in seen):
                self._tell(f"{here}.equals", Message("case-repeated"), True)
            if isinstance(case.equals, str) and "{{" in case.equals:
                self._tell(f"{here}.equals", Message("case-is-text"), True)
            seen.append(equals)
            after = self._block(case.steps, f"{here}.steps", flow, depth + 1)
            ends.append((after, _place("case", case.name, index, called)))
        after = self._block(step.default, f"{path}.default", flow, depth + 1)
        return joined(flow, [*ends, (after, Message("place-default", of=called))])

    def _loop(self, loop: Loop, path: str, flow: Flow, depth: int) -> tuple[Flow, Shape]:
        names = {loop.index_name: _NUMBER}
        told = {f"{path}.indexName": loop.index_name}
        if isinstance(loop, ForEachStep):
            items = self._expression_shape(loop.items, f"{path}.items", flow, loop, kind("array"))
            names[loop.item_name] = items.item() if items.kinds == {"array"} else UNKNOWN
            told[f"{path}.itemName"] = loop.item_name
            if loop.carry is not None and loop.parallelism > 1:
                self._tell(f"{path}.parallelism", Message("carry-in-turn"))
        if loop.carry is not None:
            self._template(loop.carry.start, f"{path}.carry.start", flow, loop)
            names[loop.carry.name] = UNKNOWN
            told[f"{path}.carry.name"] = loop.carry.name
        for place, name in told.items():
            self._name(name, place, "what-loop-name", RESERVED | _TYPES)
        if len(names) < len(told):
            self._tell(path, Message("same-loop-names"))
        inner = self._block(loop.steps, f"{path}.steps", flow.inside(names), depth + 1)
        inner = replace(inner, has_ended=False)
        carried: Shape = UNKNOWN
        if loop.carry is not None:
            carried = self._template(loop.carry.next, f"{path}.carry.next", inner, None)
        output = self._template(loop.output, f"{path}.output", inner, None)
        if isinstance(loop, RepeatStep):
            self._expression(loop.until, f"{path}.until", inner, None, _TRUTH)
            return flow, output if loop.output is not None else carried
        if loop.carry is not None:
            return flow, record(items=list_of(output), carry=UNKNOWN)
        return flow, list_of(output)

    def _wait(self, value: Any, path: str, flow: Flow, step: Step) -> None:
        is_delay = isinstance(step, DelayStep)
        if isinstance(value, str) and "{{" in value:
            shape = self._template(value, path, flow, step)
            wanted = _NUMBER if is_delay else _TEXT
            if not shape.kinds & wanted.kinds:
                code = "gives-no-seconds" if is_delay else "gives-no-moment"
                self._tell(path, Message(code, kinds=shape.named), not shape.sure)
                return
            faults = [self._wait_fault(value, is_delay) for value in shape.values or ()]
            # Of several that it may be, one may be right.
            if faults and faults[0] is not None and None not in faults:
                self._tell(path, faults[0], not shape.sure)
            return
        fault = self._wait_fault(value, is_delay)
        if fault is not None:
            self._tell(path, fault)

    def _wait_fault(self, value: Any, is_delay: bool) -> Message | None:
        return seconds_fault(value, MAX_WAIT_SECONDS) if is_delay else moment_fault(value)

    def _sight(self, flow: Flow, step: Step | None) -> Any:
        return sight_of(flow, self._places, None if step is None else step.id)

    def _template(self, value: Any, path: str, flow: Flow, step: Step | None) -> Shape:
        return self._checking.template(value, path, self._sight(flow, step))

    def _expression(
        self, source: str, path: str, flow: Flow, step: Step | None, wanted: Shape
    ) -> Any:
        """The checked tree of an expression; None: it has none."""
        return self._checking.expression(source, path, self._sight(flow, step), wanted)[0]

    def _expression_shape(
        self, source: str, path: str, flow: Flow, step: Step, wanted: Shape = UNKNOWN
    ) -> Shape:
        return self._checking.expression(source, path, self._sight(flow, step), wanted)[1]

    def _cycles(self) -> None:
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
                    self._tell("steps", Message("endless-calls", automation=first))
                    break
                reached |= level


def _place(kind_of_block: str, name: str, index: int, step: str) -> Message:
    """What people call a branch or a case of a step."""
    if name:
        return Message(f"place-{kind_of_block}", branch=name, of=step)
    return Message(f"place-{kind_of_block}-number", branch=index + 1, of=step)


def _other_case(equals: Shape, value: Shape) -> Message:
    """Says that a switch's value never equals that of a case."""
    options = [option for option in value.values or () if isinstance(option, str)]
    if len(options) > 1:
        return Message("case-never-one-of", kinds=equals.named, options=listed(options[:10]))
    return Message("case-never-equal", kinds=equals.named, value_kinds=value.named)
