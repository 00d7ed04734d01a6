"""What has happened, or may have, before each place of a definition."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from automations.definition import (
    CallbackStep,
    Definition,
    ForEachStep,
    RepeatStep,
    SetStep,
    Step,
    child_blocks,
    walk,
)
from automations.messages import Message, listed
from automations.reading import Path, Sight
from automations.shapes import UNKNOWN, Absent, Shape, kind, record, union

_TEXT = kind("string")
RUN = record(id=_TEXT, userId=kind("string", "null"), startedAt=_TEXT)


@dataclass(frozen=True)
class Flow:
    """What is known before a place: outputs of steps, variables, and conditions that held."""

    steps: Mapping[str, Shape] = field(default_factory=dict)
    vars: Mapping[str, Shape] = field(default_factory=dict)
    names: Mapping[str, Shape] = field(default_factory=dict)
    """The other names: `data`, `event`, `run`, `callbacks`, those of the loops around."""
    present: frozenset[Path] = frozenset()
    has_ended: bool = False
    """The place is never reached."""

    def after_step(self, step_id: str, output: Shape, *, can_fail: bool = True) -> Flow:
        """After a step that gave this; `can_fail`: the run goes on when it fails."""
        message = record(message=_TEXT, kind=_TEXT)
        failed = Shape(frozenset({"object", "null"}), choices=(kind("null"), message))
        done = Shape(
            frozenset({"object"}),
            fields={
                "status": kind("string", values=("completed", "error")),
                "output": output,
                # A step that stops the run when it fails has no error that could be read.
                "error": failed if can_fail else Shape(frozenset({"null"}), sure=False),
            },
            missing=lambda name: _not_of_step(step_id, name, output),
        )
        return replace(self, steps={**self.steps, step_id: done})

    def setting(self, values: Mapping[str, Shape]) -> Flow:
        """After variables were set."""
        return replace(self, vars={**self.vars, **values})

    def inside(self, names: Mapping[str, Shape]) -> Flow:
        """Inside a loop, with its own names."""
        hidden = frozenset(path for path in self.present if path[0] not in names)
        return replace(self, names={**self.names, **names}, present=hidden)

    def where(self, facts: frozenset[Path]) -> Flow:
        """Where a condition holds by which these paths are there."""
        return replace(self, present=self.present | facts)


def joined(before: Flow, flows: Iterable[tuple[Flow, Message]]) -> Flow:
    """After a step of whose branches one ran; each with what people call it.

    What only some branches did may not have happened; a branch that ends the run does not count.
    """
    flows = list(flows)
    going = [(flow, name) for flow, name in flows if not flow.has_ended]
    steps = _either(before, going, "steps", "perhaps-no-step")
    variables = _either(before, going, "vars", "perhaps-no-variable")
    return replace(before, steps=steps, vars=variables, has_ended=not going)


def _either(
    before: Flow, flows: list[tuple[Flow, Message]], part: str, code: str
) -> dict[str, Shape]:
    earlier: Mapping[str, Shape] = getattr(before, part)
    found = dict(earlier)
    scopes: list[tuple[Mapping[str, Shape], Message]] = [
        (getattr(flow, part), name) for flow, name in flows
    ]
    changed = [
        key for scope, _ in scopes for key, shape in scope.items() if earlier.get(key) is not shape
    ]
    for key in dict.fromkeys(changed):
        shapes = [scope[key] for scope, _ in scopes if key in scope]
        maybe = next((shape.maybe for shape in shapes if shape.maybe), None)
        if len(shapes) < len(scopes) and not maybe:
            where = next(name for scope, name in scopes if key in scope)
            maybe = Message(code, id=key, place=where)
        shape = (
            shapes[0]
            if all(s is shapes[0] for s in shapes)
            else union(replace(shape, maybe=None) for shape in shapes)
        )
        found[key] = replace(shape, maybe=maybe)
    return found


def _not_of_step(step_id: str, name: str, output: Shape) -> Absent:
    """Why a step has no field of a name: most often `.output` was forgotten."""
    known = ("output", "status", "error")
    near = difflib.get_close_matches(name, known, 1)
    inside = output.field(name)
    if near and not isinstance(inside, Shape):
        told = Message("no-field-of-step", id=step_id, name=name, near=near[0])
    elif isinstance(inside, Absent) and inside.known:
        names = listed(inside.known[:10])
        told = Message("no-field-of-step-but", id=step_id, name=name, names=names)
    else:
        told = Message("output-forgotten", id=step_id, name=name)
    return Absent(known, True, told)


class Whereabouts:
    """Where the steps of a definition stand to one another."""

    def __init__(self, definition: Definition, others: frozenset[str] = frozenset()) -> None:
        self._chains: dict[str, tuple[tuple[str, int, Step], ...]] = {}
        self._others = others
        self.callbacks = [s.id for s in walk(definition.steps) if isinstance(s, CallbackStep)]
        self.repeated: list[str] = []
        """Ids that more than one step has."""
        self._variables: dict[str, SetStep] = {}
        self._note(definition.steps, "", ())

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all steps."""
        return frozenset(self._chains)

    def _note(
        self, steps: list[Step], block: str, around: tuple[tuple[str, int, Step], ...]
    ) -> None:
        for index, step in enumerate(steps):
            chain = (*around, (block, index, step))
            if self._chains.setdefault(step.id, chain) is not chain:
                self.repeated.append(step.id)
            if isinstance(step, SetStep):
                for name in step.values:
                    self._variables.setdefault(name, step)
            for name, inner in child_blocks(step):
                self._note(inner, name, chain)

    def no_step(self, step_id: str, reader: str | None) -> Absent:
        """Why a step's output is not there where another step, or the result, reads it."""
        if step_id not in self._chains:
            known = [*self._chains, *self._others]
            near = difflib.get_close_matches(step_id, known, 1)
            if step_id in self._others:
                return self._absent(step_id, Message("why-not-in-excerpt"))
            hint = Message("near", near=near[0]) if near else None
            return Absent((), True, Message("no-step", id=step_id, hint=hint))
        return self._absent(step_id, self._why(step_id, reader, "why"))

    @staticmethod
    def _absent(step_id: str, why: Message) -> Absent:
        return Absent((), True, Message("step-out-of-sight", id=step_id, why=why))

    def _why(self, step_id: str, reader: str | None, code: str) -> Message:
        """Why what a step makes is not there; `code` begins the codes of what it makes."""
        there = self._chains[step_id]
        here = self._chains.get(reader, ()) if reader is not None else ()
        if reader == step_id:
            return Message("why-itself")
        for number, place in enumerate(there):
            own = here[number] if number < len(here) else None
            if own is not None and own[2] is place[2]:
                if number + 1 == len(there):
                    return Message("why-around")
                continue
            if own is not None and own[0] != place[0]:
                return Message(f"{code}-other-branch", of=_called(there[number - 1][2]))
            if own is not None and own[1] < place[1]:
                return Message(f"{code}-later")
            for _, _, around in there[number:-1]:
                if isinstance(around, ForEachStep | RepeatStep):
                    return Message(f"{code}-in-loop", of=_called(around), loop=around.id)
            break
        return Message("why-not-run")

    def no_variable(self, name: str, reader: str | None) -> Absent:
        """Why a variable is not there."""
        if name not in self._variables:
            near = difflib.get_close_matches(name, self._variables, 1)
            told = (
                Message("no-variable-near", name=name, near=near[0])
                if near
                else Message("no-variable", name=name)
            )
        else:
            why = self._why(self._variables[name].id, reader, "why-variable")
            told = Message("variable-out-of-sight", name=name, why=why)
        return Absent((), True, told, may_be_asked=True)


def _called(step: Step) -> str:
    return step.name or step.id


def sight_of(flow: Flow, places: Whereabouts, reader: str | None) -> Sight:
    """What the expressions of a step, or of the result, see."""
    if flow.has_ended:
        # It is told once that it is never reached.
        return Sight(dict.fromkeys(("steps", "vars", *flow.names), UNKNOWN))
    steps = Shape(
        frozenset({"object"}),
        fields=flow.steps,
        missing=lambda step_id: places.no_step(step_id, reader),
    )
    variables = Shape(
        frozenset({"object"}),
        fields=flow.vars,
        missing=lambda name: places.no_variable(name, reader),
    )
    return Sight({"steps": steps, "vars": variables, **flow.names}, flow.present)


def names_at_start(data: Shape, event: Shape, callbacks: Iterable[str]) -> dict[str, Shape]:
    """The names that every expression of the steps sees, beside `steps` and `vars`."""
    urls = dict.fromkeys(callbacks, _TEXT)
    return {"data": data, "event": event, "run": RUN, "callbacks": record(**urls)}
