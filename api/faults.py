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
from automations.validation import Fault, validate
from store.models import Automation


async def faults_of(
    state: State, project_id: str, automation_id: str, definition: Any
) -> list[Fault]:
    """Every fault of a definition, as the automation of this id; empty when it can be published."""
    try:
        parsed = Definition.model_validate(definition)
    except ValidationError:
        return validate(definition, state.catalogue, {})
    calls = {step.automation_id for step in walk(parsed.steps) if isinstance(step, CallStep)}
    found = await called_automations(state, project_id, calls)
    called = {key: item.compiled.parsed for key, item in found.items() if item is not None}
    if automation_id in calls or automation_id in called:
        # As it would be once it is published: a circle of calls shows in no other way.
        called[automation_id] = parsed
    faults = validate(definition, state.catalogue, called)
    if not faults and isinstance(parsed.trigger, ManualTrigger):
        try:
            input_validator(parsed.trigger.input)
        except ValueError as error:
            faults.append(Fault(path_of(["trigger", "input"]), f"no valid JSON Schema: {error}"))
    return faults


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
    async with state.database() as session:
        draft = await session.scalar(
            select(Automation.draft).where(
                Automation.id == automation_id, Automation.project_id == project_id
            )
        )
    if draft is None:
        raise ApiError(ErrorKind.AUTOMATION_NOT_FOUND, "There is no such automation.")
    check(await faults_of(state, project_id, automation_id, draft), "The draft")
    return compile_definition(Definition.model_validate(draft), draft, state.catalogue)
