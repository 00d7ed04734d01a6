"""What happened in a project, in numbers."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import AfterValidator, Field
from sqlalchemy import BigInteger, ColumnElement, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from api.auth import DECLARE_ANY, AnyAccess
from api.documentation import OF_PROJECT
from api.schemas import Model, Timestamp
from api.state import StateDep
from automations.values import ExpressionError
from automations.zones import named_zone
from store.bookings import credits_of
from store.models import DEVELOPER, Automation, Connection, EndUser, Registration, Run, RunStep
from store.waits import waited_ms

router = APIRouter(
    prefix="/projects/{projectId}",
    tags=["runs"],
    dependencies=DECLARE_ANY,
    responses=OF_PROJECT,
)

QUARTER_MS = 900_000
"""A quarter of an hour: the days of every time zone begin at one, so that databases need to know
nothing of time zones."""
LAST = 5
_FOREVER = 2**63 - 1


def _zone_name(name: str) -> str:
    try:
        return named_zone(name).key
    except ExpressionError as error:
        raise ValueError(error.message) from None


ZoneName = Annotated[
    str,
    AfterValidator(_zone_name),
    Query(
        alias="timeZone",
        max_length=64,
        description="Whose days the chart shows: a name of the IANA database.",
        examples=["Europe/Istanbul"],
    ),
]


class Execution(Model):
    """A run in short."""

    run_id: str
    automation_id: str
    automation_name: str | None
    user_id: str
    status: str
    started_at: Timestamp
    ended_at: Timestamp | None
    waited_ms: int = Field(description="As of a run.")


class Day(Model):
    """Runs that started on one day, by how they stand now, and what that day's steps cost."""

    day: str = Field(description="YYYY-MM-DD.")
    runs: int = 0
    completed: int = 0
    error: int = 0
    canceled: int = 0
    running: int = 0
    paused: int = 0
    credits: int = 0


class Statistics(Model):
    """A project in numbers."""

    users: int
    connections: int = Field(description="Accounts that end users have connected.")
    registrations: int = Field(description="Subscriptions of end users to triggers.")
    used_daily_credits: int = Field(description="What this project's runs cost today (UTC).")
    last_executions: list[Execution]
    chart: list[Day] = Field(description="Day by day, today last.")


@router.get("/statistics", summary="Show a project's statistics")
async def get_statistics(
    access: AnyAccess,
    state: StateDep,
    days: Annotated[int, Query(ge=1, le=90, description="How many days the chart shows.")] = 30,
    time_zone: ZoneName = "UTC",
) -> Statistics:
    """Users, registrations, used daily credits, the last five executions, and a chart."""
    project_id = access.project_id
    chart = _Chart(named_zone(time_zone), days)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    today_ms = int(today.timestamp() * 1000)
    async with state.database() as session:
        users = await _count(session, EndUser.project_id, project_id)
        connections = await _count(
            session, Connection.project_id, project_id, Connection.user_id != DEVELOPER
        )
        registrations = await _count(
            session, Registration.project_id, project_id, Registration.wanted != "ended"
        )
        last = await session.execute(
            select(
                Run.id.label("run_id"),
                Run.automation_id,
                Automation.name.label("automation_name"),
                Run.user_id,
                Run.status,
                Run.started_at,
                Run.ended_at,
                waited_ms().label("waited_ms"),
            )
            .outerjoin(Automation, Automation.id == Run.automation_id)
            .where(Run.project_id == project_id)
            .order_by(Run.started_at.desc(), Run.id.desc())
            .limit(LAST)
        )
        executions = [Execution(**row._mapping) for row in last]
        await chart.count_runs(session, project_id)
        await chart.count_credits(session, project_id)
        (used,) = await _credits(session, project_id, [today_ms, _FOREVER])
    return Statistics(
        users=users,
        connections=connections,
        registrations=registrations,
        used_daily_credits=used,
        last_executions=executions,
        chart=chart.days,
    )


class _Chart:
    """Days of a time zone, the last of which is today; those without runs, too."""

    def __init__(self, zone: ZoneInfo, days: int) -> None:
        today = datetime.now(zone).date()
        dates = [today - timedelta(days=ago) for ago in reversed(range(days))]
        self._begins = [
            int(datetime.combine(date, time.min, zone).timestamp() * 1000) for date in dates
        ]
        self.days = [Day(day=date.isoformat()) for date in dates]

    async def count_runs(self, session: AsyncSession, project_id: str) -> None:
        quarter = _quarter(Run.started_at)
        rows = await session.execute(
            select(quarter, Run.status, func.count())
            .where(Run.project_id == project_id, Run.started_at >= self._begins[0])
            .group_by(quarter, Run.status)
        )
        for number, status, count in rows:
            day = self.days[self._at(number * QUARTER_MS)]
            day.runs += count
            setattr(day, status, getattr(day, status) + count)

    async def count_credits(self, session: AsyncSession, project_id: str) -> None:
        costs = await _credits(session, project_id, [*self._begins, _FOREVER])
        for day, cost in zip(self.days, costs, strict=True):
            day.credits = cost

    def _at(self, moment: int) -> int:
        return bisect_right(self._begins, moment) - 1


async def _credits(session: AsyncSession, project_id: str, bounds: list[int]) -> list[int]:
    """What the steps cost that began between each two neighbours of `bounds` (ms)."""
    # Ranges of the index, one after the other: grouping would have to sort all steps.
    spans = [
        select(literal(index), func.count(RunStep.component), func.count()).where(
            RunStep.project_id == project_id, RunStep.started_at >= begin, RunStep.started_at < end
        )
        for index, (begin, end) in enumerate(pairwise(bounds))
    ]
    rows = await session.execute(union_all(*spans))
    return [credits_of(app, total - app) for _, app, total in sorted(rows)]


def _quarter(moment: InstrumentedAttribute[int]) -> ColumnElement[int]:
    return moment.op("/", return_type=BigInteger())(QUARTER_MS)


async def _count(
    session: AsyncSession,
    of_project: InstrumentedAttribute[str],
    project_id: str,
    *which: ColumnElement[bool],
) -> int:
    counted = select(func.count()).where(of_project == project_id, *which)
    return await session.scalar(counted) or 0
