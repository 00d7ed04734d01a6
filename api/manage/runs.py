"""Runs: the list, one with its steps, and what can be done with it."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer
from starlette.responses import Response

from api.auth import DECLARE_ANY, AnyAccess, ProjectAccess
from api.documentation import OF_PROJECT, errors
from api.errors import ApiError, ErrorKind, invalid, not_found
from api.manage.run_views import (
    RunDetails,
    RunStatus,
    RunView,
    StepView,
    details_response,
    run_columns,
    steps_page,
)
from api.schemas import Cursor, Limit, Model, Moment, Page, RunId
from api.state import State, StateDep
from api.strict_json import JsonResponse, JsonRoute
from automations.messages import Message
from store.lineage import family_of
from store.models import Automation, Run, RunPause
from store.sealed import listing
from workflows.payloads import Resume

router = APIRouter(
    prefix="/projects/{projectId}/runs",
    tags=["runs"],
    dependencies=DECLARE_ANY,
    responses=OF_PROJECT,
    route_class=JsonRoute,
)

MESSAGES_SEARCHED = 2_000
"""Messages are sealed: so many at most are opened to find a text in them."""

ACTING = errors(ErrorKind.CONFLICT, ErrorKind.UNAVAILABLE)


class PauseBody(Model):
    """Which of the run's pauses is meant, and who acts."""

    step_id: str | None = Field(
        None, max_length=64, description="The step that waits; left out: the only one."
    )
    iteration: str | None = Field(None, max_length=255, description="Of a step in a loop.")
    by: str | None = Field(
        None,
        max_length=255,
        description="Who decided, where an application acts for its user; left out: the token's "
        "name. A person who is signed in is named by the account.",
    )


class ResumeBody(PauseBody):
    """What the run is told."""

    approved: bool | None = Field(None, description="Needed by an approval.")
    comment: str | None = Field(None, max_length=4000)


class Accepted(Model):
    """The engine was told; the run's status follows."""

    run_id: str


@router.get("", summary="List the runs", response_model=Page[RunView])
async def list_runs(
    access: AnyAccess,
    state: StateDep,
    automation_id: Annotated[str | None, Query(alias="automationId", max_length=64)] = None,
    user_id: Annotated[
        str | None,
        Query(alias="userId", max_length=255, description="Empty: the developer's own runs."),
    ] = None,
    status: Annotated[RunStatus | None, Query()] = None,
    search: Annotated[
        str,
        Query(
            max_length=200,
            description="Part of the id, the user's id or the automation's name, or of the message"
            f" of one of the newest {MESSAGES_SEARCHED} runs.",
        ),
    ] = "",
    since: Annotated[
        Moment | None, Query(alias="from", description="`startedAt` of the first at earliest.")
    ] = None,
    until: Annotated[
        Moment | None, Query(alias="to", description="All were started before this moment.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The project's runs, the newest first."""
    query = _with_names(access.project_id)
    if automation_id is not None:
        query = query.where(Run.automation_id == automation_id)
    if user_id is not None:
        query = query.where(Run.user_id == user_id)
    if status is not None:
        query = query.where(Run.status == status)
    if since is not None:
        query = query.where(Run.started_at >= since)
    if until is not None:
        query = query.where(Run.started_at < until)
    if cursor is not None:
        started_at, run_id = _read_cursor(cursor)
        query = query.where(
            or_(Run.started_at < started_at, and_(Run.started_at == started_at, Run.id < run_id))
        )
    query = query.order_by(Run.started_at.desc(), Run.id.desc())
    async with listing(), state.database() as session:
        if search:
            said = await _runs_that_say(session, query, search, limit + 1)
            query = query.where(
                or_(
                    Run.id.contains(search, autoescape=True),
                    Run.user_id.icontains(search, autoescape=True),
                    Run.id.in_(said),
                    Automation.name.icontains(search, autoescape=True),
                )
            )
        query = query.limit(limit + 1)
        rows = [dict(row._mapping) for row in await session.execute(query)]
    shown = rows[:limit]
    for row in shown:
        row["temporalUiUrl"] = _ui_url(state, row["id"])
    last = shown[-1] if len(rows) > limit else None
    next_cursor = last and f"{last['startedAt']}:{last['id']}"
    return JsonResponse({"items": shown, "nextCursor": next_cursor})


@router.get("/{runId}", summary="Show a run", response_model=RunDetails)
async def get_run(run_id: RunId, access: AnyAccess, state: StateDep) -> Response:
    """One run with its first steps, what it waits for, and its page in the Temporal UI."""
    async with listing(), state.database() as session:
        row = (
            await session.execute(_with_names(access.project_id).where(Run.id == run_id))
        ).one_or_none()
        if row is None:
            raise not_found("run")
        run = dict(row._mapping)
        run["temporalUiUrl"] = _ui_url(state, run_id)
        return await details_response(session, run)


@router.get("/{runId}/steps", summary="List a run's steps", response_model=Page[StepView])
async def list_run_steps(
    run_id: RunId, access: AnyAccess, state: StateDep, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """The steps in the order in which they began, inputs and outputs with secrets masked."""
    await _find(state, access.project_id, run_id)
    async with listing(), state.database() as session:
        return JsonResponse(await steps_page(session, run_id, limit, cursor))


@router.post("/{runId}/cancel", status_code=202, summary="Cancel a run", responses=ACTING)
async def cancel_run(run_id: RunId, access: AnyAccess, state: StateDep) -> Accepted:
    """Asks a run that is going on to end."""
    run = await _find(state, access.project_id, run_id)
    if run.status not in {"running", "paused"}:
        raise ApiError(ErrorKind.CONFLICT, f"The run has ended already ({run.status}).")
    await state.runs.cancel(run_id)
    return Accepted(run_id=run_id)


@router.post("/{runId}/retry", status_code=202, summary="Retry a run", responses=ACTING)
async def retry_run(run_id: RunId, access: AnyAccess, state: StateDep) -> Accepted:
    """Goes on with a failed run from the step that failed; what succeeded is not done again."""
    run = await _find(state, access.project_id, run_id)
    if run.status != "error":
        raise ApiError(
            ErrorKind.CONFLICT, f"Only a failed run can be retried; this one is {run.status}."
        )
    await state.runs.retry(run_id)
    return Accepted(run_id=run_id)


@router.post("/{runId}/resume", status_code=202, summary="Resume a run", responses=ACTING)
async def resume_run(
    run_id: RunId, access: AnyAccess, state: StateDep, body: ResumeBody | None = None
) -> Accepted:
    """Answers an approval, skips a delay, or tries a step again that waits to be.

    That is one whose connection is broken, whose app is down, or that has no credits left. Of
    several answers the first counts; the others are told so by 409.
    """
    answer = body or ResumeBody()
    by = _who(access, answer)
    await _find(state, access.project_id, run_id)
    pause = await _pause(state, run_id, answer)
    if pause.kind == "callback":
        raise ApiError(
            ErrorKind.CONFLICT, "The run waits for a call of its callback URL: call that."
        )
    if pause.kind == "approval" and answer.approved is None:
        raise invalid([("approved", Message("approval-undecided"))])
    told = Resume(
        step_id=pause.step_id,
        iteration=pause.iteration,
        approved=answer.approved,
        by=by,
        comment=answer.comment,
    )
    return await _answered(state, run_id, pause, told)


@router.post("/{runId}/give-up", status_code=202, summary="Give a step up", responses=ACTING)
async def give_up(
    run_id: RunId, access: AnyAccess, state: StateDep, body: PauseBody | None = None
) -> Accepted:
    """Fails a step that waits to be tried again, whatever it waits for; `onError` says what then.

    An approval, a callback or a delay is not tried again, so that it cannot be given up: answer it,
    or cancel the run.
    """
    which = body or PauseBody()
    by = _who(access, which)
    await _find(state, access.project_id, run_id)
    pause = await _pause(state, run_id, which)
    if pause.kind not in {"unavailable", "connection", "credits"}:
        raise ApiError(
            ErrorKind.CONFLICT,
            "Only a step that waits to be tried again can be given up: answer this one, or cancel "
            "the run.",
        )
    told = Resume(step_id=pause.step_id, iteration=pause.iteration, by=by, give_up=True)
    return await _answered(state, run_id, pause, told)


async def _answered(state: State, run_id: str, pause: RunPause, answer: Resume) -> Accepted:
    if not await state.runs.resume(pause, answer):
        raise ApiError(
            ErrorKind.CONFLICT, "Somebody was faster: the run has its answer, and goes on with it."
        )
    return Accepted(run_id=run_id)


def _who(access: ProjectAccess, body: PauseBody) -> str:
    if not access.is_program and body.by not in {None, access.name}:
        raise invalid([("by", Message("by-signed-in"))])
    return body.by or access.name


async def _pause(state: State, run_id: str, which: PauseBody) -> RunPause:
    """The pause that is meant, of the run or of one that it called."""
    family = family_of(run_id)
    query = (
        select(RunPause)
        .where(RunPause.run_id.in_(select(family.c.id)), RunPause.workflow_id != "")
        .options(defer(RunPause.message), defer(RunPause.answer))
    )
    if which.step_id is not None:
        query = query.where(RunPause.step_id == which.step_id)
    if which.iteration is not None:
        query = query.where(RunPause.iteration == which.iteration)
    async with state.database() as session:
        pauses = list(await session.scalars(query.order_by(RunPause.since)))
    # A called automation may have steps of the same names.
    meant = [pause for pause in pauses if pause.run_id == run_id] or pauses
    if not meant:
        raise ApiError(ErrorKind.CONFLICT, "The run does not wait there: nothing to answer.")
    if len(meant) > 1:
        raise invalid([("stepId", Message("several-pauses"))])
    return meant[0]


async def _find(state: State, project_id: str, run_id: str) -> Run:
    async with listing(), state.database() as session:
        run = await session.scalar(
            select(Run).where(Run.id == run_id, Run.project_id == project_id)
        )
    if run is None:
        raise not_found("run")
    return run


async def _runs_that_say(
    session: AsyncSession, query: Select[Any], text: str, limit: int
) -> list[str]:
    """The first runs of `query` whose message holds the text."""
    newest = query.with_only_columns(Run.id, Run.message).where(Run.message.is_not(None))
    rows = await session.execute(newest.limit(MESSAGES_SEARCHED))
    found = (run_id for run_id, message in rows if text.casefold() in (message or "").casefold())
    return list(islice(found, limit))


def _with_names(project_id: str) -> Select[Any]:
    return (
        select(*run_columns())
        .outerjoin(Automation, Automation.id == Run.automation_id)
        .where(Run.project_id == project_id)
    )


def _read_cursor(cursor: str) -> tuple[int, str]:
    moment, _, run_id = cursor.partition(":")
    if not (moment.isascii() and moment.isdigit() and len(moment) < 16):
        raise invalid([("cursor", Message("cursor-unknown"))])
    return int(moment), run_id


def _ui_url(state: State, run_id: str) -> str:
    settings = state.settings
    namespace = settings.temporal_namespace
    return f"{settings.temporal_ui_url.rstrip('/')}/namespaces/{namespace}/workflows/{run_id}"
