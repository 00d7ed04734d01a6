"""What a draft must stand before it is run or published."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import Field
from sqlalchemy import select

from api.called import called_automations
from api.errors import ApiError, ErrorKind, path_of
from api.input_schema import InputSchema
from api.needs import lacking
from api.published import Compiled, compile_raw
from api.schemas import Model
from api.state import State
from automations.components import titles_in
from automations.definition import CallStep, Definition, ManualTrigger, walk
from automations.excerpt import Excerpt, excerpt
from automations.faults import Fault, located
from automations.messages import Message
from automations.parsing import parse_what_can_be
from automations.validation import review, validate_excerpt
from store.models import Automation


async def findings_of(
    state: State, project_id: str, automation_id: str, definition: Any
) -> list[Fault]:
    """All faults of a definition and warnings, those of what its project lacks included."""
    parsed, called, faults = await _reviewed(state, project_id, automation_id, definition)
    if parsed is None:
        return faults
    needs = await lacking(state, project_id, parsed, called)
    return located([*faults, *needs], definition, titles_in(state.catalogue))


async def _reviewed(
    state: State, project_id: str, automation_id: str, definition: Any
) -> tuple[Definition | None, dict[str, Definition], list[Fault]]:
    """A definition as far as it can be read, what it calls, and its faults and warnings."""
    parsed, _, _ = await asyncio.to_thread(parse_what_can_be, definition)
    called = await _called(state, project_id, automation_id, parsed)
    # Checking a large definition takes a while: other requests need not wait for it.
    faults = await asyncio.to_thread(review, definition, state.catalogue, called)
    trigger = parsed.trigger if parsed else None
    if all(f.is_warning for f in faults) and isinstance(trigger, ManualTrigger):
        try:
            await asyncio.to_thread(InputSchema, trigger.input)
        except ValueError:
            told = Fault(path_of(["trigger", "input"]), Message("schema-unusable"))
            faults = located([told, *faults], definition, titles_in(state.catalogue))
    return parsed, called, faults


async def _called(
    state: State, project_id: str, automation_id: str, parsed: Definition | None
) -> dict[str, Definition]:
    """The published definitions that a definition calls, directly or not, by id."""
    if parsed is None:
        return {}
    calls = {step.automation_id for step in walk(parsed.steps) if isinstance(step, CallStep)}
    found = await called_automations(state, project_id, calls)
    called = {key: item.compiled.parsed for key, item in found.items() if item is not None}
    if automation_id in calls or automation_id in called:
        # As it would be once it is published: a circle of calls shows in no other way.
        called[automation_id] = parsed
    return called


class StepOf(Model):
    """The step that something is found in."""

    id: str
    name: str = Field(description="What people call it; the id where it has no name.")


class FaultView(Model):
    """What is wrong in a definition, where, and what to do."""

    path: str = Field(examples=["steps[0].inputs.to"])
    message: str = Field(description="In English, made of the code and its parameters.")
    code: str = Field(description="What is wrong, for programs.", examples=["no-step"])
    params: dict[str, str | int | float] = Field(
        description="What the code's sentence tells in particular.", examples=[{"id": "fetch"}]
    )
    step: StepOf | None = Field(
        None, description="The innermost step around the place; null: the trigger or the result."
    )
    field: str | None = Field(
        None,
        description="What people call the place in it; null: all of it.",
        examples=["input “To”"],
    )

    @classmethod
    def of(cls, fault: Fault) -> FaultView:
        """A fault or a warning, as the API answers it."""
        step = StepOf(id=fault.step.id, name=fault.step.name) if fault.step else None
        return cls(
            path=fault.path,
            message=fault.message,
            code=fault.message.code,
            params=dict(fault.message.params),
            step=step,
            field=fault.field,
        )


class Faults(Model):
    """What is found in a draft; it can be run and published when there are no faults."""

    faults: list[FaultView]
    warnings: list[FaultView] = Field(
        description="What may be meant as it is, and may fail: publishing goes on."
    )


def views_of(found: list[Fault]) -> Faults:
    """Faults and warnings apart."""
    return Faults(
        faults=[FaultView.of(fault) for fault in found if not fault.is_warning],
        warnings=[FaultView.of(fault) for fault in found if fault.is_warning],
    )


def check(found: list[Fault], what: str) -> list[FaultView]:
    """The warnings; raises code 1 with all faults, if there are any."""
    views = views_of(found)
    if views.faults:
        count = "a fault" if len(views.faults) == 1 else f"{len(views.faults)} faults"
        first = next(fault for fault in found if not fault.is_warning)
        raise ApiError(
            ErrorKind.INVALID_PARAMETER,
            f"{what} has {count}. {first.sentence}",
            [fault.model_dump(by_alias=True) for fault in views.faults],
        )
    return views.warnings


async def checked_draft(state: State, project_id: str, automation_id: str) -> Compiled:
    """An automation's draft, ready to run; raises code 1 with all its faults."""
    draft = await _draft(state, project_id, automation_id)
    _, _, faults = await _reviewed(state, project_id, automation_id, draft)
    check(faults, "The draft")
    return await asyncio.to_thread(compile_raw, draft, state.catalogue)


async def checked_step(
    state: State, project_id: str, automation_id: str, step_id: str
) -> tuple[dict[str, Any], Excerpt, Compiled]:
    """An automation's draft, one of its steps, and that step ready to run by itself.

    Raises code 404 where there is no such step, and code 1 with all faults of the step; those of
    other steps do not matter.
    """
    draft = await _draft(state, project_id, automation_id)
    part = await asyncio.to_thread(excerpt, draft, step_id)
    if part is None:
        raise ApiError(
            ErrorKind.NOT_FOUND, f"The draft has no step `{step_id}`: save it with the step first."
        )
    parsed, _, _ = await asyncio.to_thread(parse_what_can_be, part.definition)
    called = await _called(state, project_id, automation_id, parsed)
    check(await asyncio.to_thread(validate_excerpt, part, state.catalogue, called), "The step")
    return draft, part, await asyncio.to_thread(compile_raw, part.definition, state.catalogue)


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
