"""The URLs of callback steps: whoever knows one lets its run go on."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from sqlalchemy import select

from api.documentation import errors
from api.errors import ApiError, ErrorKind, invalid, not_found
from api.state import State, StateDep
from api.strict_json import JsonRoute
from automations.definition import CallbackStep, Definition, walk
from automations.messages import message_of
from connectors.charsets import is_json, kind_of
from connectors.codings import UnpackedTooLargeError
from connectors.triggers.delivery import (
    FORM,
    Refused,
    read_form,
    read_json,
    read_query,
    read_text,
    unpack,
)
from store.models import Automation, AutomationVersion, Run
from store.pauses import early_calls
from temporal.callback_urls import CallbackTarget
from workflows.payloads import Resume

MAX_BODY_BYTES = 262_144
MAX_EARLY = 20
"""Calls that a run without sealed URLs keeps for steps that do not wait yet."""

router = APIRouter(prefix="/api/v1/callbacks", tags=["callbacks"], route_class=JsonRoute)


@router.api_route(
    "/{token}/{place:path}",
    methods=["GET"],
    summary="Call back (GET)",
    operation_id="callBackByGet",
    responses=errors(
        ErrorKind.NOT_FOUND,
        ErrorKind.INVALID_PARAMETER,
        ErrorKind.CONFLICT,
        ErrorKind.UNAVAILABLE,
    ),
)
@router.api_route(
    "/{token}/{place:path}",
    methods=["POST"],
    summary="Call back",
    operation_id="callBack",
    responses=errors(
        ErrorKind.NOT_FOUND,
        ErrorKind.INVALID_PARAMETER,
        ErrorKind.CONFLICT,
        ErrorKind.BODY_TOO_LARGE,
        ErrorKind.UNAVAILABLE,
    ),
)
async def call_back(
    token: Annotated[str, Path(max_length=4096)],
    place: Annotated[
        str,
        Path(max_length=4096, description="The step's id, its iteration in a loop, and a seal."),
    ],
    request: Request,
    state: StateDep,
) -> dict[str, bool]:
    """Brings the body and the query to the step that waits for them.

    A call that comes before the run waits is kept. Of several calls, the step takes the first; the
    same again is received again until the run has gone on, so that a sender may repeat itself.
    """
    target = state.callback_urls.read(token, place)
    if target is None:
        raise not_found("callback")
    async with state.database() as session:
        status = await session.scalar(
            select(Run.status).where(Run.id == target.run_id, Run.project_id == target.project_id)
        )
    if status not in {"running", "paused"} or not (
        target.is_sealed or await _has_callback(state, target)
    ):
        raise ApiError(ErrorKind.NOT_FOUND, "There is no such callback, or its run has ended.")
    answer = Resume(
        step_id=target.step_id,
        iteration=target.iteration,
        body=await _body(request),
        query=_query(request),
    )
    if not await state.runs.call_back(target.run_id, target.project_id, answer):
        raise ApiError(
            ErrorKind.CONFLICT,
            "This callback has been called already, or its wait is over: a step takes one call.",
        )
    return {"received": True}


async def _has_callback(state: State, target: CallbackTarget) -> bool:
    """Whether the run's definition has that callback step, and there is room for its call."""
    query = (
        select(Run.version, AutomationVersion.definition, Automation.draft)
        .outerjoin(Automation, Automation.id == Run.automation_id)
        .outerjoin(
            AutomationVersion,
            (AutomationVersion.automation_id == Run.automation_id)
            & (AutomationVersion.number == Run.version),
        )
        .where(Run.id == target.run_id)
    )
    async with state.database() as session:
        row = (await session.execute(query)).one()
    raw = row.definition if row.version else row.draft
    try:
        steps = walk(Definition.model_validate(raw).steps)
    except ValidationError:
        return False
    has = any(isinstance(s, CallbackStep) and s.id == target.step_id for s in steps)
    return has and await early_calls(state.database, target.run_id) < MAX_EARLY


def _query(request: Request) -> dict[str, Any]:
    """As deliveries read it: a list where a name came several times, so that none is lost."""
    try:
        return read_query(request.scope["query_string"].decode("latin-1"))
    except Refused as refused:
        raise invalid([("query", message_of(refused.message))]) from None


async def _body(request: Request) -> Any:
    """JSON as its value, a form as its fields, other text as text; null without a body."""
    content = await request.body()
    if len(content) > MAX_BODY_BYTES:
        raise _too_large()
    header = request.headers.get("content-type", "")
    kind = kind_of(header)
    try:
        coding = ", ".join(request.headers.getlist("content-encoding"))
        content = unpack(content, coding, MAX_BODY_BYTES) if content else content
        if not content:
            return None
        if is_json(kind):
            return read_json(content, header)
        return (read_form if kind == FORM else read_text)(content, header)
    except UnpackedTooLargeError:
        raise _too_large() from None
    except Refused as refused:
        raise invalid([("body", message_of(refused.message))]) from None


def _too_large() -> ApiError:
    return ApiError(
        ErrorKind.BODY_TOO_LARGE, f"The body is larger than {MAX_BODY_BYTES} bytes: send less."
    )
