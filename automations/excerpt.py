"""One step of a draft, cut out so that it can be run by itself; the rest may be unfinished."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from automations.definition import ForEachStep, RepeatStep, SetStep, Step, loop_names, walk
from automations.expressions import ExpressionError, compile_expression, compile_template
from automations.host import Given, scope_of
from automations.loops import expressions_of
from automations.values import OCCASION, Budget, Occasion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from automations.expressions import Expression


@dataclass(frozen=True)
class Around:
    """A loop around a step, as far as it is written yet."""

    label: str
    items: str
    """Empty: a repeat, which has none."""
    item_name: str
    index_name: str
    carry_name: str
    """Empty: it carries nothing."""
    carry_start: Any

    @property
    def names(self) -> set[str]:
        """What expressions inside see of it."""
        return {self.item_name, self.index_name, self.carry_name} - {""}


@dataclass(frozen=True)
class Excerpt:
    """A step with what a draft says of its place."""

    path: str
    """`steps[1].branches[0].steps[2]`."""
    step: dict[str, Any]
    before: dict[str, Any]
    """The steps whose outputs it may read, by id, with their component keys where they have one."""
    loops: tuple[Around, ...]
    """The outermost first."""
    ids: frozenset[str] = frozenset()
    """Of all steps of the draft."""
    callbacks: tuple[str, ...] = ()
    """The ids of all steps that have a callback URL."""
    data: dict[str, Any] = field(default_factory=dict)
    """JSON Schema of a run's data; empty where it is not known."""

    @property
    def definition(self) -> dict[str, Any]:
        """The step as an automation whose result is its output, and that fails when it fails."""
        name = "on_error" if "on_error" in self.step else "onError"
        on_error = self.step.get(name, {})
        if isinstance(on_error, dict):
            on_error = {**on_error, "action": "stop"}
        step_id = self.step["id"]
        return {
            "steps": [{**self.step, name: on_error}],
            "result": f'{{{{ steps["{step_id}"].output }}}}',
        }


@dataclass(frozen=True)
class Missing:
    """A value that a step reads and that was not given."""

    path: str
    """`steps.list`, `data.title`, `event`, `vars.total` or `item`."""
    place: str
    """The step that reads it."""


def excerpt(draft: dict[str, Any], step_id: str) -> Excerpt | None:
    """The step with this id, wherever it is in a draft; None: it has none."""
    steps = _list(draft.get("steps"))
    found = _find(steps, "steps", {}, (), step_id)
    if found is None:
        return None
    trigger = draft.get("trigger")
    schema = trigger.get("input") if isinstance(trigger, dict) else None
    every = list(_walk(steps))
    return replace(
        found,
        ids=frozenset(step["id"] for step in every),
        callbacks=tuple(step["id"] for step in every if step.get("type") == "callback"),
        data=schema if isinstance(schema, dict) else {},
    )


def with_items(
    part: Excerpt,
    data: dict[str, Any],
    event: Any,
    given: Given,
    own: dict[str, Any],
    moment: datetime,
) -> Given:
    """`given` with an item and an index for each loop around the step, which is tested at `moment`.

    `own` may have `item` and `index` of the innermost; else each loop stands at the first item of
    its list. A loop whose list cannot be computed of what is given stays without an item.
    """
    for number, loop in enumerate(part.loops, 1):
        chosen = own if number == len(part.loops) else {}
        index = chosen.get("index") or 0
        names = {**given.names, loop.index_name: index}
        names.pop(loop.item_name, None)
        if loop.carry_name:
            names[loop.carry_name] = _start(loop, _scope(data, event, {}, given, moment))
        if loop.item_name and "item" in chosen:
            names[loop.item_name] = chosen["item"]
        elif loop.item_name:
            items = _items(loop, _scope(data, event, {}, given, moment))
            if index < len(items):
                names[loop.item_name] = items[index]
        given = replace(given, names=names)
    return given


def _start(loop: Around, scope: dict[str, Any]) -> Any:
    """What the first iteration is handed, as far as it can be computed."""
    try:
        return compile_template(loop.carry_start).resolve(scope)
    except (ExpressionError, RecursionError, TypeError, ValueError):
        return None


def _items(loop: Around, scope: dict[str, Any]) -> list[Any]:
    try:
        items = compile_expression(loop.items).evaluate(scope)
    except (ExpressionError, RecursionError, TypeError, ValueError):
        return []
    return items if isinstance(items, list) else []


def _scope(
    data: dict[str, Any], event: Any, run: dict[str, Any], given: Given, moment: datetime
) -> dict[str, Any]:
    return {**scope_of(data, event, run, given), OCCASION: Occasion(moment, "test")}


def missing(
    step: Step, data: dict[str, Any], event: Any, given: Given, moment: datetime
) -> list[Missing]:
    """What a step or one inside it reads, and cannot be computed without; each once, in order.

    What an expression asks for with care (`has(…)`, `.?`) is not missing.
    """
    run = {"id": "", "userId": "", "startedAt": ""}
    scope = _scope(data, event, run, given, moment)
    scope["callbacks"] = dict.fromkeys(given.callbacks, "")
    inside = _set_inside(step)
    found: dict[str, Missing] = {}
    # One for all: a step may have thousands of expressions.
    budget = Budget(occasion=scope.get(OCCASION))
    for each in walk([step]):
        for expression in expressions_of(each):
            lacking = [
                path
                for reference in sorted(expression.references)
                if (path := _lacking(reference, scope, inside)) is not None
            ]
            if lacking and not _can_be_computed(expression, scope, budget):
                for path in lacking:
                    found.setdefault(path, Missing(path, each.name or each.id))
    return list(found.values())


def _lacking(reference: tuple[str, ...], scope: dict[str, Any], inside: set[str]) -> str | None:
    """The value that a reference reads and that is not there, if it is not."""
    name, rest = reference[0], reference[1:]
    if name == "event":
        return "event" if rest and scope["event"] is None else None
    if name in {"run", "callbacks"}:
        return None
    # `data` as a whole is always there.
    path = f"{name}.{rest[0]}" if name in {"steps", "data", "vars"} and rest else name
    there = rest[0] in scope[name] if path != name else name in scope
    return None if there or path in inside else path


def _set_inside(step: Step) -> set[str]:
    """What the steps inside a step set themselves."""
    found: set[str] = set()
    for each in walk([step]):
        found.add(f"steps.{each.id}")
        if isinstance(each, ForEachStep | RepeatStep):
            found |= loop_names(each)
        elif isinstance(each, SetStep):
            found |= {f"vars.{name}" for name in each.values}
    return found


def _can_be_computed(expression: Expression, scope: dict[str, Any], budget: Budget) -> bool:
    try:
        expression.evaluate(scope, budget)
    except ExpressionError:
        return False
    return True


def _find(
    steps: list[Any], path: str, before: dict[str, Any], loops: tuple[Around, ...], step_id: str
) -> Excerpt | None:
    before = dict(before)
    for index, step in enumerate(steps):
        if not isinstance(step, dict):
            continue
        here = f"{path}[{index}]"
        if step.get("id") == step_id:
            return Excerpt(here, step, before, loops)
        inner_loops = (*loops, _around(step)) if step.get("type") in _LOOPS else loops
        for name, block in _blocks(step):
            found = _find(block, f"{here}.{name}", before, inner_loops, step_id)
            if found is not None:
                return found
        # What a branch did may be read after it, what an iteration did may not.
        ended = [step] if step.get("type") in _LOOPS else _walk([step])
        before |= {each["id"]: each.get("component") for each in ended if _has_id(each)}
    return None


def _around(step: dict[str, Any]) -> Around:
    def text(*keys: str, default: str = "") -> str:
        return next((str(step[key]) for key in keys if step.get(key)), default)

    goes_through = step.get("type") == "for-each"
    carry = step.get("carry")
    return Around(
        label=text("name", "id"),
        items=text("items") if goes_through else "",
        item_name=text("itemName", "item_name", default="item") if goes_through else "",
        index_name=text("indexName", "index_name", default="index"),
        carry_name=str(carry.get("name") or "carry") if isinstance(carry, dict) else "",
        carry_start=carry.get("start") if isinstance(carry, dict) else None,
    )


def _walk(steps: list[Any]) -> Iterator[dict[str, Any]]:
    """All steps that have an id; the drafts that people write may lack it."""
    for step in steps:
        if isinstance(step, dict):
            if _has_id(step):
                yield step
            for _, block in _blocks(step):
                yield from _walk(block)


def _has_id(step: dict[str, Any]) -> bool:
    return isinstance(step.get("id"), str)


def _blocks(step: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """As `child_blocks` of a step, of whatever somebody has written so far."""
    match step.get("type"):
        case "condition":
            yield from _parts(step, "branches")
            yield "otherwise", _list(step.get("otherwise"))
        case "switch":
            yield from _parts(step, "cases")
            yield "default", _list(step.get("default"))
        case "for-each" | "repeat":
            yield "steps", _list(step.get("steps"))


_LOOPS = ("for-each", "repeat")


def _parts(step: dict[str, Any], name: str) -> Iterator[tuple[str, list[Any]]]:
    for index, part in enumerate(_list(step.get(name))):
        if isinstance(part, dict):
            yield f"{name}[{index}].steps", _list(part.get("steps"))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
