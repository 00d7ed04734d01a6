"""What a draft must stand before it is run or published."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from sqlalchemy import select

from api.called import called_automations
from api.errors import ApiError, ErrorKind, invalid, path_of
from api.published import Compiled, compile_definition, input_validator
from api.state import State
from automations.definition import CallStep, Definition, ManualTrigger, walk
from automations.excerpt import Excerpt, excerpt
from automations.validation import Fault, validate, validate_excerpt
from store.models import Automation


async def faults_of(
    state: State, project_id: str, automation_id: str, definition: Any
) -> list[Fault]:
    """Every fault of a definition, as the automation of this id; empty when it can be published."""
    try:
        parsed = Definition.model_validate(definition)
    except ValidationError:
        return validate(definition, state.catalogue, {})
    called = await _called(state, project_id, automation_id, parsed)
    faults = validate(definition, state.catalogue, called)
    if not faults and isinstance(parsed.trigger, ManualTrigger):
        try:
            input_validator(parsed.trigger.input)
        except ValueError as error:
            faults.append(Fault(path_of(["trigger", "input"]), f"no valid JSON Schema: {error}"))
    return faults


async def _called(
    state: State, project_id: str, automation_id: str, parsed: Definition
) -> dict[str, Definition]:
    """The published definitions that a definition calls, directly or not, by id."""
    calls = {step.automation_id for step in walk(parsed.steps) if isinstance(step, CallStep)}
    found = await called_automations(state, project_id, calls)
    called = {key: item.compiled.parsed for key, item in found.items() if item is not None}
    if automation_id in calls or automation_id in called:
        # As it would be once it is published: a circle of calls shows in no other way.
        called[automation_id] = parsed
    return called


def check(faults: list[Fault], what: str) -> None:
    """Raises code 1 with all faults, if there are any."""
    if faults:
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        first = f"{faults[0].path}: {faults[0].message}"
        raise invalid(
            [(fault.path, fault.message) for fault in faults],
            f"{what} has {count}. {first}",
        )


async def checked_draft(state: State, project_id: str, automation_id: str) -> Compiled:
    """An automation's draft, ready to run; raises code 1 with all its faults."""
    draft = await _draft(state, project_id, automation_id)
    check(await faults_of(state, project_id, automation_id, draft), "The draft")
    return compile_definition(Definition.model_validate(draft), draft, state.catalogue)


async def checked_step(
    state: State, project_id: str, automation_id: str, step_id: str
) -> tuple[dict[str, Any], Excerpt, Compiled]:
    """An automation's draft, one of its steps, and that step ready to run by itself.

    Raises code 404 where there is no such step, and code 1 with all faults of the step; those of
    other steps do not matter.
    """
    draft = await _draft(state, project_id, automation_id)
    part = excerpt(draft, step_id)
    if part is None:
        raise ApiError(
            ErrorKind.NOT_FOUND, f"The draft has no step `{step_id}`: save it with the step first."
        )
    definition = part.definition
    try:
        parsed = Definition.model_validate(definition)
    except ValidationError:
        check(validate_excerpt(part, state.catalogue, {}), "The step")
        raise
    called = await _called(state, project_id, automation_id, parsed)
    check(validate_excerpt(part, state.catalogue, called), "The step")
    return draft, part, compile_definition(parsed, definition, state.catalogue)


async def _draft(state: State, project_id: str, automation_id: str) -> dict[str, Any]:
    async with state.database() as session:
        draft: dict[str, Any] | None = await session.scalar(
            select(Automation.draft).where(
                Automation.id == automation_id, Automation.project_id == project_id
            )
        )
    if draft is None:
        raise ApiError(ErrorKind.AUTOMATION_NOT_FOUND, "There is no such automation.")
    return draft
