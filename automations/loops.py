"""What a loop weighs and what it reads, for running its iterations elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automations.definition import (
    ConditionStep,
    Definition,
    ForEachStep,
    Loop,
    RepeatStep,
    SetStep,
    Step,
    SwitchStep,
    child_blocks,
    walk,
)
from automations.expressions import compile_expression, compile_template
from automations.host import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from automations.expressions import Expression


def find_step(definition: Definition, step_id: str) -> Step | None:
    """The step with this id, wherever it is in the tree."""
    return next((step for step in walk(definition.steps) if step.id == step_id), None)


def weight(steps: list[Step], inner_loop: int) -> int:
    """How many activities one pass of these steps starts at most, a loop inside counted as
    `inner_loop`."""
    total = 0
    for step in steps:
        if isinstance(step, ForEachStep | RepeatStep):
            total += inner_loop
        else:
            blocks = [weight(block, inner_loop) for _, block in child_blocks(step)]
            total += max(blocks, default=0) + (0 if blocks or isinstance(step, SetStep) else 1)
    return max(total, 1)


def referenced_scope(loop: Loop, scope: Scope) -> Scope:
    """The part of the scope that a loop's body reads, so that no more travels."""
    expressions = list(_expressions_inside(loop))
    for step in walk(loop.steps):
        expressions.extend(expressions_of(step))
    references = {path for expression in expressions for path in expression.references}
    used = {path[0] for path in references}
    steps = scope.variables["steps"]
    if ("steps",) not in references:
        ids = {path[1] for path in references if path[0] == "steps"}
        steps = {step_id: value for step_id, value in steps.items() if step_id in ids}
    variables = {name: value for name, value in scope.variables.items() if name in used}
    return Scope(
        {**variables, "steps": steps, "vars": scope.variables["vars"], "callbacks": {}},
        scope.iteration,
    )


def expressions_of(step: Step) -> Iterator[Expression]:
    """The expressions of a step itself, not of those inside it; raises ExpressionError."""
    template: Any
    match step:
        case ConditionStep():
            yield from (compile_expression(branch.when) for branch in step.branches)
            return
        case SwitchStep():
            yield compile_expression(step.value)
            return
        case ForEachStep() | RepeatStep():
            if isinstance(step, ForEachStep):
                yield compile_expression(step.items)
            yield from _expressions_inside(step)
            template = step.carry.start if step.carry else None
        case _:
            template = step.model_dump(exclude={"id", "name", "on_error", "type"})
    yield from (expression for _, expression in compile_template(template).expressions)


def _expressions_inside(loop: Loop) -> Iterator[Expression]:
    """The loop's own expressions that are computed in its iterations."""
    if isinstance(loop, RepeatStep):
        yield compile_expression(loop.until)
    template = [loop.output, loop.carry.next if loop.carry else None]
    yield from (expression for _, expression in compile_template(template).expressions)
