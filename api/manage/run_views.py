"""Runs, steps and pauses as the API answers them.

Inputs and outputs are whatever apps answered, so they are written as they are, unchecked.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Literal

import orjson
from pydantic import Field
from sqlalchemy import and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement
from starlette.responses import Response

from api.errors import invalid
from api.manage.step_order import StepOrder
from api.schemas import Model, Timestamp
from api.strict_json import JsonResponse
from automations.messages import Message
from store.lineage import family_of
from store.models import Automation, AutomationVersion, Run, RunPause, RunStep, RunWait
from store.waits import overlap_ms, waited_ms
from workflows.payloads import PauseKind

FIRST_STEPS = 100
_BEGINNING = (-1, "", "")
_FOREVER = 2**62
_ITERATION = re.compile(r"(\d{1,9}(\.\d{1,9})*)?", re.ASCII)

RunStatus = Literal["running", "paused", "completed", "error", "canceled"]


class RunView(Model):
    """A run."""

    id: str
    automation_id: str
    automation_name: str | None = Field(description="Null: the automation was deleted.")
    version: int = Field(description="0: the draft.")
    user_id: str = Field(description="Empty: the developer's own run.")
    trigger: str
    parent_run_id: str | None = Field(description="The run that called this one.")
    status: RunStatus
    message: str | None
    result: Any
    started_at: Timestamp
    ended_at: Timestamp | None
    waited_ms: int = Field(
        description="So much of the time since the start it waited: it was paused, or had ended "
        "until it was retried. The rest is what it took."
    )
    restored_at: Timestamp | None = Field(
        description="When the run was written down anew, since the database had been restored from "
        "an older copy: its steps before that, and their credits, are not in the book."
    )
    temporal_ui_url: str


class StepView(Model):
    """One execution of one step."""

    step_id: str
    iteration: str = Field(description="Indexes of the loops around it, joined by dots.")
    type: str
    name: str
    component: str | None
    connection_user_id: str | None = Field(
        description="Whose connection it used; empty: the developer's; null: none."
    )
    status: Literal["completed", "error", "waiting"]
    inputs: Any
    output: Any = Field(
        description="Of an app's action that failed the answer that it failed by: `status` and "
        "`body`; null where the app gave none."
    )
    error: str | None
    attempts: int
    started_at: Timestamp
    ended_at: Timestamp | None = Field(
        description="Null: how a call ended that the run was making when it was ended is not known."
    )
    waited_ms: int = Field(
        description="So much of the time between the two the run waited, as in an approval, or in "
        "a loop with one; 0 of a call of an app, which is timed by its last try."
    )


class PauseView(Model):
    """A place where the run waits, or one that it called."""

    run_id: str = Field(description="Another than the run's own: that of a called automation.")
    step_id: str
    iteration: str
    kind: PauseKind
    message: str
    app_key: str | None
    user_id: str | None
    since: Timestamp
    until: Timestamp | None = Field(
        description="When it goes on by itself: of `unavailable`, the next try."
    )


class RunDetails(RunView):
    """A run with its first steps and what it waits for."""

    pauses: list[PauseView]
    steps: list[StepView]
    next_steps_cursor: str | None = Field(description="`cursor` of GET …/steps for more of them.")


def run_columns() -> list[ColumnElement[Any]]:
    """What a RunView needs, labelled with its JSON names."""
    return [
        Run.id.label("id"),
        Run.automation_id.label("automationId"),
        Automation.name.label("automationName"),
        Run.version.label("version"),
        Run.user_id.label("userId"),
        Run.trigger.label("trigger"),
        Run.parent_run_id.label("parentRunId"),
        Run.status.label("status"),
        Run.message.label("message"),
        Run.result.label("result"),
        Run.started_at.label("startedAt"),
        Run.ended_at.label("endedAt"),
        waited_ms().label("waitedMs"),
        Run.restored_at.label("restoredAt"),
    ]


_STEP_COLUMNS: list[ColumnElement[Any]] = [
    RunStep.step_id.label("stepId"),
    RunStep.iteration.label("iteration"),
    RunStep.type.label("type"),
    RunStep.name.label("name"),
    RunStep.component.label("component"),
    RunStep.connection_user_id.label("connectionUserId"),
    RunStep.status.label("status"),
    RunStep.inputs.label("inputs"),
    RunStep.output.label("output"),
    RunStep.error.label("error"),
    RunStep.attempts.label("attempts"),
    RunStep.started_at.label("startedAt"),
    RunStep.ended_at.label("endedAt"),
]
_PAUSE_COLUMNS: list[ColumnElement[Any]] = [
    RunPause.run_id.label("runId"),
    RunPause.step_id.label("stepId"),
    RunPause.iteration.label("iteration"),
    RunPause.kind.label("kind"),
    RunPause.message.label("message"),
    RunPause.app_key.label("appKey"),
    RunPause.user_id.label("userId"),
    RunPause.since.label("since"),
    RunPause.until.label("until"),
]


async def details_response(session: AsyncSession, run: dict[str, Any]) -> Response:
    """The answer of a RunDetails; `run` is a RunView."""
    family = family_of(run["id"])
    pauses = await session.execute(
        select(*_PAUSE_COLUMNS)
        .where(RunPause.run_id.in_(select(family.c.id)), RunPause.workflow_id != "")
        .order_by(RunPause.since)
    )
    steps = await steps_page(session, run["id"], FIRST_STEPS, None)
    return JsonResponse(
        {
            **run,
            "pauses": [dict(row._mapping) for row in pauses],
            "steps": steps["items"],
            "nextStepsCursor": steps["nextCursor"],
        }
    )


async def steps_page(
    session: AsyncSession, run_id: str, limit: int, cursor: str | None
) -> dict[str, Any]:
    """One page of StepViews in the order in which they began."""
    order = StepOrder(await _definition(session, run_id))
    started_at, step_id, iteration = _read_cursor(cursor) if cursor is not None else _BEGINNING
    # All that began in the milliseconds of the page, to be put in order here.
    last_moment = (
        select(RunStep.started_at)
        .where(RunStep.run_id == run_id, RunStep.started_at > started_at)
        .order_by(RunStep.started_at)
        .offset(limit)
        .limit(1)
    )
    rows = await session.execute(
        select(RunStep.started_at, RunStep.step_id, RunStep.iteration).where(
            RunStep.run_id == run_id,
            RunStep.started_at >= started_at,
            RunStep.started_at <= func.coalesce(last_moment.scalar_subquery(), _FOREVER),
        )
    )
    places = sorted((row[0], order.rank(row[1], row[2]), row[1], row[2]) for row in rows)
    if cursor is not None:
        seen = (started_at, order.rank(step_id, iteration))
        places = [place for place in places if place[:2] > seen]
    shown = [(place[2], place[3]) for place in places[:limit]]
    found = await session.execute(
        select(*_STEP_COLUMNS).where(
            RunStep.run_id == run_id, tuple_(RunStep.step_id, RunStep.iteration).in_(shown)
        )
    )
    steps = {(row.stepId, row.iteration): dict(row._mapping) for row in found}
    # A run that is deleted meanwhile has no steps left.
    items = [steps[key] for key in shown if key in steps]
    waits = (await session.scalars(select(RunWait).where(RunWait.run_id == run_id))).all()
    for step in items:
        is_timed = step["component"] is None and step["endedAt"] is not None
        span = (step["startedAt"], step["endedAt"])
        step["waitedMs"] = overlap_ms(waits, *span) if is_timed else 0
    last = items[-1] if items and len(places) > limit else None
    next_cursor = last and _cursor([last["startedAt"], last["stepId"], last["iteration"]])
    return {"items": items, "nextCursor": next_cursor}


async def _definition(session: AsyncSession, run_id: str) -> Any:
    """What a run executes; of a draft, as it is now. Null when its automation was deleted."""
    row = (
        await session.execute(
            select(Run.version, AutomationVersion.definition, Automation.draft)
            .outerjoin(Automation, Automation.id == Run.automation_id)
            .outerjoin(
                AutomationVersion,
                and_(
                    AutomationVersion.automation_id == Run.automation_id,
                    AutomationVersion.number == Run.version,
                ),
            )
            .where(Run.id == run_id)
        )
    ).one_or_none()
    if row is None:
        return None
    return row.draft if row.version == 0 else row.definition


def _cursor(place: list[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(place)).rstrip(b"=").decode()


def _read_cursor(cursor: str) -> tuple[int, str, str]:
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        started_at, step_id, iteration = place
    except (binascii.Error, ValueError, TypeError):
        raise invalid([("cursor", Message("cursor-unknown"))]) from None
    if (
        not isinstance(started_at, int)
        or not isinstance(step_id, str)
        or not isinstance(iteration, str)
        or abs(started_at) >= 2**62
        or not _ITERATION.fullmatch(iteration)
    ):
        raise invalid([("cursor", Message("cursor-unknown"))])
    return started_at, step_id, iteration
