"""What a test of a draft, or of one of its steps, starts with: by the developer's own accounts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from api.errors import ApiError, invalid
from api.faults import checked_draft, checked_step
from api.launch import Launch, Target, checked_data, launch_of
from api.published import compile_definition, with_defaults
from api.state import State
from automations.definition import AppTrigger
from automations.excerpt import Excerpt, Missing, missing, with_items
from automations.host import Given
from automations.messages import Message


async def prepare_draft(state: State, target: Target, data: dict[str, Any], event: Any) -> Launch:
    """A run of the whole draft; of one that an app's events start, with an event as if it came.

    Raises ApiError: 204, 1 (the draft, the data, the event), 211, 429, 201, 216, 217.
    """
    compiled = await checked_draft(state, target.project_id, target.automation_id)
    trigger = compiled.parsed.trigger
    if not isinstance(trigger, AppTrigger):
        if event is not None:
            message = Message("no-event-expected")
            raise invalid([("event", message)], message)
        data = await checked_data(compiled, target.name, data)
        return await launch_of(state, target, compiled, None, data, draft=True)
    if event is None:
        event = sample_event(state, trigger)
    if event is None:
        message = Message("event-needed", component=trigger.component)
        raise invalid([("event", message)], message)
    # Nobody subscribes: the trigger's own account is not needed.
    steps_only = compiled.parsed.model_copy(update={"trigger": None})
    compiled = await asyncio.to_thread(
        compile_definition, steps_only, compiled.definition, state.catalogue
    )
    return await launch_of(
        state, target, compiled, None, data, draft=True, event=event, trigger=trigger.component
    )


async def prepare_step(
    state: State,
    target: Target,
    step_id: str,
    *,
    data: dict[str, Any],
    event: Any,
    given: Given,
    own: dict[str, Any],
) -> Launch:
    """A run of one step of the draft, with all that is inside it.

    `own` may have the `item` and the `index` of the loop around it. Raises ApiError: 204, 404 no
    such step, 1 the step is faulty or reads what was not given, 429, 201, 216, 217.
    """
    draft, part, compiled = await checked_step(
        state, target.project_id, target.automation_id, step_id
    )
    trigger = app_trigger(draft)
    if event is None and trigger is not None:
        event = sample_event(state, trigger)
    data = await asyncio.to_thread(with_defaults, part.data, data)
    given = Given(given.steps, given.vars, callbacks=list(part.callbacks))
    now = datetime.now(UTC)
    # Expressions are computed, which other requests need not wait for.
    given = await asyncio.to_thread(with_items, part, data, event, given, own, now)
    step = compiled.parsed.steps[0]
    if lacking := await asyncio.to_thread(missing, step, data, event, given, now):
        raise _not_given(lacking, part)
    return await launch_of(
        state,
        target,
        compiled,
        None,
        data,
        draft=True,
        event=event,
        trigger="manual" if trigger is None else trigger.component,
        given=given,
    )


def app_trigger(draft: dict[str, Any]) -> AppTrigger | None:
    """The trigger of a draft that an app's events start; None: another, or none that is whole."""
    try:
        return AppTrigger.model_validate(draft.get("trigger"))
    except ValidationError:
        return None


def sample_event(state: State, trigger: AppTrigger) -> Any:
    """An event as the catalogue shows it; null where it has none."""
    found = state.catalogue.trigger(trigger.component)
    return None if found is None else found.sample


def _not_given(lacking: list[Missing], part: Excerpt) -> ApiError:
    faults = [_told(each, part) for each in lacking]
    return invalid(faults, " ".join(message for _, message in faults))


def _told(each: Missing, part: Excerpt) -> tuple[str, Message]:
    read = {"step": each.place, "path": each.path}
    for number, loop in enumerate(part.loops, 1):
        if each.path == loop.item_name:
            is_own = number == len(part.loops)
            if is_own:
                return "item", Message("item-not-given", **read)
            return each.path, Message("list-not-given", loop=loop.label, **read)
    code = "event-not-given" if each.path == "event" else "value-not-given"
    return each.path, Message(code, **read)
