"""What happened in a project, in numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import case, func, or_, select

from api.auth import DECLARE_ANY, AnyAccess
from api.documentation import OF_PROJECT
from api.schemas import Model, Timestamp
from api.state import StateDep
from store.bookings import credits_of
from store.models import Automation, EndUser, Registration, Run, RunStep

router = APIRouter(
    prefix="/projects/{projectId}",
    tags=["runs"],
    dependencies=DECLARE_ANY,
    responses=OF_PROJECT,
)

DAY_MS = 86_400_000
LAST = 5


class Execution(Model):
    """A run in short."""

    run_id: str
    automation_id: str
    automation_name: str | None
    user_id: str
    status: str
    started_at: Timestamp
    ended_at: Timestamp | None


class Day(Model):
    """Runs that started on one UTC day, by how they stand now."""

    day: str = Field(description="YYYY-MM-DD.")
    runs: int = 0
    completed: int = 0
    error: int = 0


class Statistics(Model):
    """A project in numbers."""

    users: int
    registrations: int = Field(description="Subscriptions of end users to triggers.")
    used_daily_credits: int = Field(description="What this project's runs cost today (UTC).")
    last_executions: list[Execution]
    chart: list[Day] = Field(description="Day by day, today last.")


@router.get("/statistics", summary="Show a project's statistics")
async def get_statistics(
    access: AnyAccess,
    state: StateDep,
    days: Annotated[int, Query(ge=1, le=90, description="How many days the chart shows.")] = 30,
) -> Statistics:
    """Users, registrations, used daily credits, the last five executions, and a chart."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - timedelta(days=days - 1)
    chart = {
        day: Day(day=day)
        for number in range(days)
        if (day := (first + timedelta(days=number)).date().isoformat())
    }
    of_project = Run.project_id == access.project_id
    number = Run.started_at.op("/")(DAY_MS)
    today_ms = int(midnight.timestamp() * 1000)
    async with state.database() as session:
        users = await session.scalar(
            select(func.count()).select_from(EndUser).where(EndUser.project_id == access.project_id)
        )
        registrations = await session.scalar(
            select(func.count())
            .select_from(Registration)
            .where(Registration.project_id == access.project_id, Registration.wanted != "ended")
        )
        # By way of the runs that were alive today: a run's steps are found by its key.
        app_steps, free_steps = (
            await session.execute(
                select(
                    func.count(case((RunStep.component.is_not(None), 1))),
                    func.count(case((RunStep.component.is_(None), 1))),
                )
                .select_from(Run)
                .join(RunStep, RunStep.run_id == Run.id)
                .where(
                    of_project,
                    or_(Run.ended_at.is_(None), Run.ended_at >= today_ms),
                    RunStep.started_at >= today_ms,
                )
            )
        ).one()
        last = await session.execute(
            select(
                Run.id.label("run_id"),
                Run.automation_id,
                Automation.name.label("automation_name"),
                Run.user_id,
                Run.status,
                Run.started_at,
                Run.ended_at,
            )
            .outerjoin(Automation, Automation.id == Run.automation_id)
            .where(of_project)
            .order_by(Run.started_at.desc(), Run.id.desc())
            .limit(LAST)
        )
        counts = await session.execute(
            select(
                number,
                func.count(),
                func.count(case((Run.status == "completed", 1))),
                func.count(case((Run.status == "error", 1))),
            )
            .where(of_project, Run.started_at >= int(first.timestamp() * 1000))
            .group_by(number)
        )
        for day_number, runs, completed, failed in counts:
            moment = datetime.fromtimestamp(int(day_number) * DAY_MS / 1000, UTC)
            day = moment.date().isoformat()
            chart[day] = Day(day=day, runs=runs, completed=completed, error=failed)
        return Statistics(
            users=users or 0,
            registrations=registrations or 0,
            used_daily_credits=credits_of(app_steps, free_steps),
            last_executions=[Execution(**row._mapping) for row in last],
            chart=list(chart.values()),
        )
