"""Testing a draft in the editor: the whole of it, one step of it, and samples to do so with."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.responses import Response

from api.auth import DECLARE_ANY, AnyAccess
from api.documentation import OF_PROJECT, errors
from api.errors import ErrorKind
from api.ipaas.automations import RUN_ERRORS, RunResult, run_response
from api.launch import target_in_project
from api.manage.automations import find_automation
from api.samples import samples_of
from api.schemas import AutomationId, Model, Timestamp
from api.state import StateDep
from api.strict_json import JsonResponse, JsonRoute
from api.testing import prepare_draft, prepare_step
from automations.host import Given
from workflows.callback_urls import step_url

router = APIRouter(
    prefix="/projects/{projectId}/automations/{automationId}",
    tags=["automations"],
    dependencies=DECLARE_ANY,
    responses=OF_PROJECT,
    route_class=JsonRoute,
)

StepId = Annotated[
    str, Path(alias="stepId", max_length=64, description="The step of the draft.", examples=["add"])
]


class TestBody(Model):
    """What the test run starts with."""

    data: dict[str, Any] = Field(default_factory=dict, examples=[{"title": "Buy milk"}])
    event: Any = Field(
        None,
        description="For a draft that is started by an app's events; left out or null: the "
        "trigger's sample.",
    )


class StepTestBody(Model):
    """What the step finds, as if the run had come to it."""

    data: dict[str, Any] | None = Field(
        None, description="What the run starts with.", examples=[{"title": "Buy milk"}]
    )
    event: Any = Field(None, description="Left out or null: the trigger's sample.")
    steps: dict[str, Any] = Field(
        default_factory=dict,
        description="The outputs of steps before it, by their ids.",
        examples=[{"list": {"tasks": []}}],
    )
    vars: dict[str, Any] = Field(default_factory=dict, description="The variables, by name.")
    item: Any = Field(
        None,
        description="The item of the loop around the step; left out: the first of the loop's list.",
    )
    index: int | None = Field(
        None, ge=0, le=2**53, description="The item's index; left out: 0, the first."
    )


class StepSample(Model):
    """What a step was given and gave when it last ended well."""

    inputs: Any = Field(description="Null: none are known, or they are larger than 64 kB.")
    output: Any = Field(description="Null: none is known, or it is larger than 64 kB.")
    run_id: str
    ended_at: Timestamp


class Samples(Model):
    """Values that expressions of the draft would read, as the newest runs had them."""

    data: dict[str, Any] | None = Field(
        description="Of the newest run; null: there is none that can be read."
    )
    event: Any = Field(
        description="Of the newest run, else the trigger's sample of the catalogue; null: the "
        "draft is not started by an app's events."
    )
    steps: dict[str, StepSample] = Field(
        description="By the steps' ids; of a step in a loop its first iteration."
    )


@router.get(
    "/samples",
    summary="Show samples of a draft's values",
    response_model=Samples,
    responses=errors(ErrorKind.NOT_FOUND, ErrorKind.AUTOMATION_NOT_FOUND),
)
async def get_samples(automation_id: AutomationId, access: AnyAccess, state: StateDep) -> Response:
    """What the newest 20 runs of the automation had, of the draft or of any version."""
    automation = await find_automation(state, access.project_id, automation_id)
    return JsonResponse(await samples_of(state, automation))


@router.post(
    "/test",
    summary="Run a draft",
    response_model=RunResult,
    response_model_exclude_unset=True,
    responses=errors(ErrorKind.NOT_FOUND, *RUN_ERRORS),
)
async def test_automation(
    automation_id: AutomationId, body: TestBody, access: AnyAccess, state: StateDep
) -> Response:
    """Runs the draft with the developer's own accounts; answers when it ends or pauses."""
    target = await target_in_project(state, access, automation_id)
    launch = await prepare_draft(state, target, body.data, body.event)
    return run_response(await state.runs.run(launch.run, launch.run_id))


@router.post(
    "/steps/{stepId}/test",
    summary="Run one step of a draft",
    response_model=RunResult,
    response_model_exclude_unset=True,
    responses=errors(ErrorKind.NOT_FOUND, *RUN_ERRORS),
)
async def test_step(
    automation_id: AutomationId,
    step_id: StepId,
    body: StepTestBody,
    access: AnyAccess,
    state: StateDep,
) -> Response:
    """Runs one step, with all that is inside it, by the developer's own accounts.

    It is a real run of the draft: it calls apps and costs credits. `result` is the step's output.
    """
    target = await target_in_project(state, access, automation_id)
    own = body.model_dump(include={"item", "index"}, exclude_unset=True)
    launch = await prepare_step(
        state,
        target,
        step_id,
        data=body.data or {},
        event=body.event,
        given=Given(body.steps, body.vars),
        own=own,
    )
    answer = await state.runs.run(launch.run, launch.run_id)
    [step] = launch.run.definition["steps"]
    if step["type"] == "callback" and answer.status == "paused":
        # No step before it has told the URL to anybody.
        run = launch.run
        url = step_url(run.callback_url, run.callback_key, launch.run_id, step_id, "")
        answer = replace(answer, message=f"{answer.message}: {url}")
    return run_response(answer)
