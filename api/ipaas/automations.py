"""Route 6 of the contract: run an automation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import Response

from api.auth import token_hash_of
from api.documentation import errors
from api.errors import ErrorKind
from api.idempotency import Once, RequestKey
from api.launch import Target, prepare, target_of_token
from api.runs import RunAnswer
from api.schemas import AutomationId, Model
from api.state import StateDep
from api.strict_json import JsonResponse, JsonRoute
from api.user_ids import GivenUserId

router = APIRouter(route_class=JsonRoute)

RUN_ERRORS = (
    ErrorKind.INVALID_PARAMETER,
    ErrorKind.AUTOMATION_NOT_DEPLOYED,
    ErrorKind.AUTOMATION_NOT_FOUND,
    ErrorKind.INVALID_NODE_TYPE,
    ErrorKind.TRIGGER_NOT_FOUND,
    ErrorKind.MISSING_PROJECT_INTEGRATION,
    ErrorKind.END_USER_NOT_CONNECTED,
    ErrorKind.USER_NOT_FOUND,
    ErrorKind.CREDIT_LIMIT_EXCEEDED,
    ErrorKind.IDEMPOTENCY_CONFLICT,
    ErrorKind.UNAVAILABLE,
)


class RunBody(Model):
    """What a run starts with."""

    user_id: GivenUserId | None = Field(
        None,
        description="The end user; left out: the run is the developer's own.",
        examples=["user-42"],
    )
    data: dict[str, Any] = Field(
        description="What the manual trigger asks for.", examples=[{"title": "Buy milk"}]
    )
    development: Literal["true", ""] | None = Field(
        None, description='"true" runs the draft instead of the published version.'
    )


class RunResult(Model):
    """How a run ended, or that it waits for something."""

    status: Literal["completed", "paused", "error", "canceled"]
    message: str = Field("", description="What it waits for, or what went wrong and what to do.")
    result: Any = Field(None, description="What the automation gives; absent: nothing.")
    run_id: str


async def _target(request: Request, automation_id: AutomationId, state: StateDep) -> Target:
    return await target_of_token(state, token_hash_of(request), automation_id)


@router.post(
    "/automations/{automationId}/run",
    summary="Run an automation",
    response_model=RunResult,
    response_model_exclude_unset=True,
    responses=errors(*RUN_ERRORS),
)
async def run_automation(
    target: Annotated[Target, Depends(_target)],
    body: RunBody,
    state: StateDep,
    request: Request,
    key: RequestKey,
) -> Response:
    """Starts a run and answers when it ends or pauses; it goes on durably after the answer.

    A run that fails is answered with 200 and `status: "error"`: error codes are for calls that
    started nothing, but for 503 with a `runId` in its details, which may have.

    With an `Idempotency-Key` the same request may be sent again for a day: it starts no second
    run, waits for the first one while that runs, and tells how it stands or how it ended. The same
    key with another request is refused (906).
    """
    once = None if key is None else Once(state, target.project_id, key)
    known = None if once is None else await once.recall()
    if once is not None and known is not None:
        request.state.run_id = known.run_id
        answer = await once.answer_of(known.run_id, target.account_id)
        if answer is not None:
            return run_response(answer)
    draft, is_new = body.development == "true", True
    launch = await prepare(state, target, body.user_id, body.data, draft=draft)
    if once is not None:
        # Once it was checked: what is refused has started nothing, and may be sent corrected.
        claimed = (await once.claim(launch.run_id)).run_id
        is_new = claimed == launch.run_id
        launch = launch.under(state, claimed)
    # A server that is stopped meanwhile tells it to the caller.
    request.state.run_id = launch.run_id
    return run_response(await state.runs.run(launch.run, launch.run_id, is_new=is_new))


def run_response(answer: RunAnswer) -> Response:
    """The answer of a run, without what it does not have."""
    content: dict[str, Any] = {"status": answer.status, "runId": answer.run_id}
    if answer.message:
        content["message"] = answer.message
    if answer.result is not None:
        content["result"] = answer.result
    return JsonResponse(content)
