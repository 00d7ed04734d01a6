"""A project in numbers: the days of any time zone, what they cost, and what there is."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from automations.zones import named_zone
from store.models import Run, RunStep, new_id, now_ms

if TYPE_CHECKING:
    from store.database import Database
    from tests.api.conftest import Workshop

pytestmark = pytest.mark.both_databases

HOUR_MS = 3_600_000
STATUSES = ("completed", "error", "canceled", "running", "paused")
ZONES = (
    "UTC",
    "Europe/Istanbul",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Havana",
    "America/Los_Angeles",
    "Pacific/Kiritimati",
)


def run_at(workshop: Workshop, started_at: int, status: str = "completed") -> Run:
    return Run(
        id=new_id(),
        project_id=workshop.project_id,
        automation_id="automation",
        version=1,
        user_id="",
        trigger="manual",
        status=status,
        started_at=started_at,
        ended_at=None if status in {"running", "paused"} else started_at + 1,
    )


def step_at(run: Run, number: int, started_at: int, *, app: bool) -> RunStep:
    return RunStep(
        run_id=run.id,
        step_id=f"step_{number}",
        project_id=run.project_id,
        type="app" if app else "set",
        name="Step",
        component="cubicl.list-tasks" if app else None,
        status="completed",
        started_at=started_at,
    )


async def chart(workshop: Workshop, **params: Any) -> dict[str, dict[str, Any]]:
    found = await workshop.application.expect(200, "GET", f"{workshop.path}/statistics", **params)
    days = [day["day"] for day in found["chart"]]
    dates = [datetime.fromisoformat(day).date() for day in days]
    assert all(after - before == timedelta(days=1) for before, after in pairwise(dates))
    return {day.pop("day"): day for day in found["chart"]}


async def test_each_run_stands_at_its_day_in_any_time_zone(
    workshop: Workshop, database: Database
) -> None:
    now = now_ms()
    moments = [now - random.randrange(91 * 24 * HOUR_MS) for _ in range(200)]
    # The hours before and after days change, to the millisecond, in every zone.
    for hour in range(89 * 24):
        moment = now - now % HOUR_MS - hour * HOUR_MS
        if hour % 5 == 0:
            moments += [moment - 1, moment]
    runs = [run_at(workshop, moment, random.choice(STATUSES)) for moment in moments]
    async with database.begin() as session:
        session.add_all(runs)
    for name in ZONES:
        zone = named_zone(name)
        expected = Counter(
            (datetime.fromtimestamp(run.started_at / 1000, zone).date().isoformat(), run.status)
            for run in runs
        )
        for days in (1, 7, 90):
            shown = await chart(workshop, timeZone=name, days=days)
            assert len(shown) == days
            assert datetime.now(zone).date().isoformat() in shown
            for day, counts in shown.items():
                per_status = {status: expected[day, status] for status in STATUSES}
                assert {status: counts[status] for status in STATUSES} == per_status, (name, day)
                assert counts["runs"] == sum(per_status.values())


async def test_days_without_runs_are_there_and_credits_stand_at_the_day_of_their_step(
    workshop: Workshop, database: Database
) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    today = int(midnight.timestamp() * 1000)
    yesterday = today - 24 * HOUR_MS
    # A run over midnight, and one with so many free steps that they cost something.
    run = run_at(workshop, yesterday)
    run.ended_at = today + 1
    busy = run_at(workshop, yesterday)
    steps = [step_at(run, 0, yesterday, app=True), step_at(run, 1, today, app=True)]
    steps += [step_at(run, number, today, app=True) for number in (2, 3)]
    steps += [step_at(busy, number, yesterday + 5, app=False) for number in range(230)]
    async with database.begin() as session:
        session.add_all([run, busy])
        await session.flush()
        session.add_all(steps)
    shown = await chart(workshop, days=7)
    assert [day["credits"] for day in shown.values()] == [0, 0, 0, 0, 0, 3, 3]
    assert [day["runs"] for day in shown.values()] == [0, 0, 0, 0, 0, 2, 0]
    path = f"{workshop.path}/statistics"
    for zone in ZONES:
        # Credits renew at midnight UTC, whatever the chart shows.
        found = await workshop.application.expect(200, "GET", path, days=1, timeZone=zone)
        assert found["usedDailyCredits"] == 3


async def test_accounts_of_end_users_are_counted_and_the_developers_are_not(
    workshop: Workshop,
) -> None:
    for app_key in ("cubicl", "twilio"):
        await workshop.integrate(app_key)
        await workshop.connect("ada", app_key)
    await workshop.connect("bob")
    await workshop.connect(None)
    found = await workshop.application.expect(200, "GET", f"{workshop.path}/statistics")
    assert (found["users"], found["connections"], found["registrations"]) == (2, 3, 0)


async def test_a_time_zone_that_is_none_is_refused(workshop: Workshop) -> None:
    for zone in ("Mars/Olympus", "../../etc/passwd", "America", "", "/UTC"):
        error = await workshop.application.refused(
            1, "GET", f"{workshop.path}/statistics", timeZone=zone
        )
        assert [fault["path"] for fault in error["details"]] == ["timeZone"]
