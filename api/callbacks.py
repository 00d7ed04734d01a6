"""The URLs of callback steps: whoever knows one lets its run go on."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from sqlalchemy import select

from api.documentation import errors
from api.errors import ApiError, ErrorKind, invalid, not_found
from api.state import StateDep
from api.strict_json import JsonRoute
from automations.definition import STEP_ID_PATTERN
from connectors.charsets import is_json, kind_of
from connectors.triggers.delivery import FORM, Refused, read_form, read_json, read_text
from store.models import Run
from workflows.payloads import Resume

MAX_BODY_BYTES = 262_144

router = APIRouter(prefix="/api/v1/callbacks", tags=["callbacks"], route_class=JsonRoute)

_ITERATION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,9}")
_STEP = re.compile(STEP_ID_PATTERN)


@router.api_route(
    "/{token}/{place:path}",
    methods=["GET"],
    summary="Call back (GET)",
    operation_id="callBackByGet",
    responses=errors(ErrorKind.NOT_FOUND, ErrorKind.INVALID_PARAMETER, ErrorKind.UNAVAILABLE),
)
@router.api_route(
    "/{token}/{place:path}",
    methods=["POST"],
    summary="Call back",
    operation_id="callBack",
    responses=errors(
        ErrorKind.NOT_FOUND,
        ErrorKind.INVALID_PARAMETER,
        ErrorKind.BODY_TOO_LARGE,
        ErrorKind.UNAVAILABLE,
    ),
)
async def call_back(
    token: Annotated[str, Path(max_length=4096)],
    place: Annotated[
        str, Path(max_length=4096, description="The step's id, and its iteration in a loop.")
    ],
    request: Request,
    state: StateDep,
) -> dict[str, bool]:
    """Brings the body and the query to the step that waits for them.

    A call that comes before the run waits is kept. Of several calls, the step takes one.
    """
    target = state.callback_urls.read(token)
    found = None if target is None else _place(target.run_id, place)
    if target is None or found is None:
        raise not_found("callback")
    run_id, step_id, iteration = found
    async with state.database() as session:
        status = await session.scalar(
            select(Run.status).where(Run.id == run_id, Run.project_id == target.project_id)
        )
    if status not in {"running", "paused"}:
        raise ApiError(ErrorKind.NOT_FOUND, "There is no such callback, or its run has ended.")
    answer = Resume(
        step_id=step_id,
        iteration=iteration,
        body=await _body(request),
        query=dict(request.query_params),
    )
    await state.runs.call_back(run_id, target.project_id, answer)
    return {"received": True}


def _place(root_run_id: str, place: str) -> tuple[str, str, str] | None:
    """The run, step and iteration of a URL's end: `[run/]…step[/iteration]`.

    A called automation's run stands in front of its step; its id continues its caller's.
    """
    parts = place.split("/")
    run_id = root_run_id
    while len(parts) > 1 and parts[0].startswith(f"{run_id}-"):
        run_id = parts.pop(0)
    step_id, iteration = parts[0], parts[1] if len(parts) == 2 else ""
    if len(parts) > 2 or not _STEP.fullmatch(step_id):
        return None
    if len(parts) == 2 and not _ITERATION.fullmatch(iteration):
        return None
    return run_id, step_id, iteration


async def _body(request: Request) -> Any:
    """JSON as its value, a form as its fields, other text as text; null without a body."""
    content = await request.body()
    if len(content) > MAX_BODY_BYTES:
        raise ApiError(
            ErrorKind.BODY_TOO_LARGE, f"The body is larger than {MAX_BODY_BYTES} bytes: send less."
        )
    if not content:
        return None
    header = request.headers.get("content-type", "")
    kind = kind_of(header)
    try:
        if is_json(kind):
            return read_json(content, header)
        return (read_form if kind == FORM else read_text)(content, header)
    except Refused as refused:
        raise invalid([("body", refused.message)]) from None
