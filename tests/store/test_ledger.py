"""The ledger books each step once, whatever is told to it how often."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from store.bookings import RunClosed, RunOpened, StepWrite, credits_of
from store.ledger import Ledger
from store.models import (
    CreditUsage,
    Notification,
    Project,
    Run,
    RunPause,
    RunStep,
    now_ms,
)
from store.pauses import book_answer, book_callback, book_pause, book_resume, paused_runs

if TYPE_CHECKING:
    from store.database import Database


def run_row(project: Project, run_id: str = "run-1") -> dict[str, Any]:
    return {
        "id": run_id,
        "project_id": project.id,
        "automation_id": "a",
        "version": 1,
        "user_id": "u",
        "trigger": "manual",
        "parent_run_id": None,
        "status": "running",
        "started_at": now_ms(),
    }


def step_row(project: Project, **changes: Any) -> dict[str, Any]:
    return {
        "run_id": "run-1",
        "step_id": "one",
        "iteration": "",
        "project_id": project.id,
        "type": "app",
        "name": "One",
        "component": "tracker.create-ticket",
        "connection_user_id": "u",
        "status": "completed",
        "inputs": {"title": "x"},
        "output": {"id": 1},
        "error": None,
        "attempts": 1,
        "started_at": now_ms(),
        "ended_at": now_ms(),
        **changes,
    }


async def usage(database: Database) -> tuple[int, int]:
    async with database() as session:
        row = (await session.scalars(select(CreditUsage))).one()
        return row.app_executions, row.free_executions


async def test_a_step_that_is_told_twice_is_booked_and_charged_once(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    entry = StepWrite(project.account_id, [step_row(project)], [step_row(project, step_id="if")])
    await ledger.write(entry)
    await asyncio.gather(*[ledger.write(entry) for _ in range(10)])
    assert await usage(database) == (1, 1)
    assert await ledger.recorded_output("run-1", "one", "") == ({"id": 1},)
    assert await ledger.recorded_output("run-1", "two", "") is None
    assert await ledger.credits_left(project.account_id) == 4


async def test_a_failed_step_that_succeeds_later_costs_one_and_shows_its_success(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    failed = step_row(project, status="error", output=None, error="no", attempts=5)
    await ledger.write(StepWrite(project.account_id, [failed]))
    assert await ledger.recorded_output("run-1", "one", "") is None
    await ledger.write(StepWrite(project.account_id, [step_row(project)]))
    await ledger.write(StepWrite(project.account_id, [failed]))
    async with database() as session:
        step = (await session.scalars(select(RunStep))).one()
    assert (step.status, step.error) == ("completed", None)
    assert await usage(database) == (1, 0)


async def test_many_steps_at_once_are_all_booked(database: Database, project: Project) -> None:
    ledger = Ledger(database)
    await asyncio.gather(
        *[
            ledger.write(StepWrite(project.account_id, [step_row(project, iteration=str(n))]))
            for n in range(300)
        ]
    )
    assert await usage(database) == (300, 0)
    assert await ledger.credits_left(project.account_id) == 0


async def test_a_hundred_free_executions_cost_one_credit() -> None:
    assert [credits_of(0, n) for n in (0, 99, 100, 199, 200)] == [0, 0, 1, 1, 2]
    assert credits_of(7, 250) == 9


async def test_the_step_of_a_deleted_project_harms_no_other(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    orphan = step_row(project, step_id="orphan", project_id="gone")
    await asyncio.gather(
        ledger.write(StepWrite(project.account_id, [orphan])),
        ledger.write(StepWrite(project.account_id, [step_row(project)])),
    )
    assert await usage(database) == (1, 0)


async def test_a_run_is_paused_until_its_last_pause_is_over(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    await ledger.write(RunOpened(run_row(project)))
    pause = {
        "run_id": "run-1",
        "step_id": "ask",
        "iteration": "",
        "workflow_id": "run-1",
        "kind": "approval",
        "message": "waits for Ada",
        "project_id": project.id,
        "app_key": None,
        "user_id": None,
        "since": now_ms(),
        "until": None,
    }
    assert await book_pause(database, pause) is None
    assert await book_pause(database, {**pause, "iteration": "1"}) is None
    assert await paused_runs(database, ["run-1", "run-2"]) == {"run-1": "waits for Ada"}
    await book_resume(database, "run-1", "ask", "", "approval")
    assert await paused_runs(database, ["run-1"]) == {"run-1": "waits for Ada"}
    await book_resume(database, "run-1", "ask", "1", "approval")
    assert await paused_runs(database, ["run-1"]) == {}


async def test_a_callback_before_its_wait_is_kept_and_given_to_it(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    await ledger.write(RunOpened(run_row(project)))
    row = {
        "run_id": "run-1",
        "step_id": "hook",
        "iteration": "",
        "workflow_id": "",
        "kind": "callback",
        "message": "",
        "project_id": project.id,
        "since": now_ms(),
        "answer": {"step_id": "hook", "body": 1},
    }
    assert await book_callback(database, row) == ""
    waiting = {**row, "workflow_id": "run-1", "message": "waits"}
    del waiting["answer"]
    assert await book_pause(database, waiting) == {"step_id": "hook", "body": 1}
    assert await paused_runs(database, ["run-1"]) == {}
    assert await book_callback(database, row) is None


async def test_a_place_that_is_tried_again_takes_one_answer_for_each_wait(
    database: Database, project: Project
) -> None:
    await Ledger(database).write(RunOpened(run_row(project)))
    place = ("run-1", "ask", "")
    waiting = {
        **dict(zip(("run_id", "step_id", "iteration"), place, strict=True)),
        "workflow_id": "run-1",
        "kind": "unavailable",
        "message": "waits",
        "project_id": project.id,
        "since": now_ms(),
    }

    async def answered(by: str) -> bool:
        return await book_answer(database, *place, "unavailable", {"by": by}) == "run-1"

    for _ in range(2):
        assert await book_pause(database, waiting) is None
        assert await paused_runs(database, ["run-1"]) == {"run-1": "waits"}
        assert await answered("Ann")
        assert not await answered("Bob")
        assert await book_resume(database, *place, "unavailable", keep=True) == {"by": "Ann"}
        # It is tried now, and nobody may answer in advance what it waits for next.
        assert not await answered("Bob")
        assert await book_resume(database, *place, "unavailable", keep=True) is None
        assert not await answered("Bob")
        assert await paused_runs(database, ["run-1"]) == {"run-1": "waits"}
    async with database() as session:
        assert len((await session.scalars(select(Notification))).all()) == 1
    await book_resume(database, *place, "unavailable")
    async with database() as session:
        assert (await session.scalars(select(RunPause))).all() == []


async def test_the_end_of_a_run_is_booked_once_and_takes_its_pauses(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    await ledger.write(RunOpened(run_row(project)))
    await ledger.write(RunOpened(run_row(project)))
    steps = StepWrite(project.account_id, free_steps=[step_row(project, type="set")])
    await ledger.write(RunClosed("run-1", "completed", None, {"ok": True}, steps))
    await ledger.write(RunClosed("run-1", "error", "late", None))
    async with database() as session:
        run = (await session.scalars(select(Run))).one()
        assert (run.status, run.result, run.message) == ("completed", {"ok": True}, None)
        assert (await session.scalars(select(RunPause))).all() == []
    await ledger.reopen("run-1")
    await ledger.write(RunClosed("run-1", "error", "again", None))
    async with database() as session:
        assert (await session.scalars(select(Run.status))).one() == "error"


async def told(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """What the developer is told, in the order in which it happened."""
    async with database() as session:
        rows = await session.scalars(select(Notification).order_by(Notification.id))
        return [(row.type, row.data) for row in rows]


def pause_row(project: Project, **changes: Any) -> dict[str, Any]:
    return {
        "run_id": "run-1",
        "step_id": "ask",
        "iteration": "",
        "workflow_id": "run-1",
        "kind": "approval",
        "message": "waits for Ada",
        "project_id": project.id,
        "app_key": None,
        "user_id": None,
        "since": now_ms(),
        "until": None,
        **changes,
    }


async def test_the_end_of_each_run_is_told_once_however_often_it_is_written(
    database: Database, project: Project
) -> None:
    one, other = Ledger(database), Ledger(database)
    kinds = {"completed": "run.completed", "error": "run.failed", "canceled": "run.canceled"}
    entries = [
        RunClosed(f"run-{status}", status, f"it {status}", {"secret": "result"})
        for status in kinds
        for _ in range(10)
    ]
    for status in kinds:
        await one.write(RunOpened(run_row(project, f"run-{status}")))
    # The API and a worker's reconciliation, each with a ledger of its own.
    await asyncio.gather(*[ledger.write(entry) for entry in entries for ledger in (one, other)])
    assert sorted(await told(database), key=lambda note: note[0]) == [
        (
            kinds[status],
            {
                "runId": f"run-{status}",
                "automationId": "a",
                "userId": "u",
                "status": status,
                "message": f"it {status}",
            },
        )
        for status in ("canceled", "completed", "error")
    ]


async def test_the_end_of_a_run_of_the_developers_own_names_no_user(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    await ledger.write(RunOpened({**run_row(project), "user_id": ""}))
    await ledger.write(RunClosed("run-1", "completed", None, None))
    [(_, data)] = await told(database)
    assert data["userId"] is None


async def test_a_run_that_is_retried_has_another_end_to_tell(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    await ledger.write(RunOpened(run_row(project)))
    await ledger.write(RunClosed("run-1", "error", "no", None))
    # Of several who try it again at once, one does.
    assert sorted(await asyncio.gather(*(ledger.reopen("run-1") for _ in range(3)))) == [
        False,
        False,
        True,
    ]
    await ledger.write(RunClosed("run-1", "completed", None, None))
    assert [kind for kind, _ in await told(database)] == ["run.failed", "run.completed"]


async def test_a_call_that_is_given_up_keeps_the_times_of_its_last_try(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    await ledger.write(RunOpened(run_row(project)))
    failed = step_row(project, status="waiting", started_at=5_000, ended_at=5_200, attempts=2)
    await ledger.write(StepWrite(project.account_id, [failed | {"true_output": None}]))
    # What the run says of it: when the first try was, and when it was given up.
    given_up = step_row(project, status="error", error="given up", started_at=1_000, attempts=2)
    await ledger.write(StepWrite(project.account_id, free_steps=[given_up]))
    async with database() as session:
        step = (await session.scalars(select(RunStep))).one()
    assert (step.status, step.error) == ("error", "given up")
    assert (step.started_at, step.ended_at) == (5_000, 5_200)


async def test_the_end_of_a_called_automation_is_not_told(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    await ledger.write(RunOpened({**run_row(project), "parent_run_id": "run-0"}))
    await ledger.write(RunClosed("run-1", "completed", None, None))
    assert await told(database) == []


async def test_an_end_that_is_not_committed_is_not_told(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    await ledger.write(RunOpened(run_row(project)))
    orphan = StepWrite(project.account_id, [step_row(project, project_id="gone")])
    # The orphan's foreign key fails, and with it the transaction that closes the run.
    await ledger.write(RunClosed("run-1", "completed", None, None, orphan))
    async with database() as session:
        assert (await session.scalars(select(Run.status))).one() == "running"
    assert await told(database) == []


async def test_each_pause_is_told_once_however_often_it_is_booked(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    await ledger.write(RunOpened(run_row(project)))
    await asyncio.gather(*[book_pause(database, pause_row(project)) for _ in range(5)])
    expected = (
        "run.paused",
        {
            "runId": "run-1",
            "automationId": "a",
            "userId": "u",
            "status": "paused",
            "message": "waits for Ada",
            "kind": "approval",
            "stepId": "ask",
            "iteration": "",
            "parentRunId": None,
        },
    )
    assert await told(database) == [expected]
    # The same step pauses again when it has gone on meanwhile.
    await book_resume(database, "run-1", "ask", "", "approval")
    await book_pause(database, pause_row(project))
    assert await told(database) == [expected, expected]


async def test_a_wait_whose_callback_came_before_it_is_not_told(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    await ledger.write(RunOpened(run_row(project)))
    early = {**pause_row(project, kind="callback", workflow_id=""), "answer": {"body": 1}}
    assert await book_callback(database, early) == ""
    assert await book_pause(database, pause_row(project, kind="callback")) == {"body": 1}
    assert await told(database) == []


async def test_credits_that_run_low_are_told_once_at_each_mark(
    database: Database, project: Project
) -> None:
    ledgers = [Ledger(database), Ledger(database)]

    async def execute(first: int, last: int) -> None:
        await asyncio.gather(
            *[
                ledger.write(StepWrite(project.account_id, [step_row(project, iteration=str(n))]))
                for n in range(first, last)
                for ledger in ledgers
            ]
        )

    await execute(0, 3)
    assert await told(database) == []
    await execute(3, 4)
    assert [kind for kind, _ in await told(database)] == ["credits.nearly-used"]
    await execute(0, 9)
    [_, (kind, data)] = await told(database)
    assert kind == "credits.used"
    assert data["dailyCredits"] == 5
    assert data["usedDailyCredits"] >= 5
    assert data["renewsAt"].endswith("T00:00:00Z")


async def test_credits_are_told_to_the_project_that_used_them(
    database: Database, project: Project
) -> None:
    async with database.begin() as session:
        other = Project(account_id=project.account_id, name="Q", webhook_url="https://q.example")
        session.add(other)
    ledger = Ledger(database)
    first = [step_row(project, iteration=str(n)) for n in range(3)]
    await ledger.write(StepWrite(project.account_id, first))
    then = [step_row(other, run_id="run-2", iteration=str(n)) for n in range(2)]
    await ledger.write(StepWrite(project.account_id, then))
    async with database() as session:
        rows = (await session.scalars(select(Notification).order_by(Notification.id))).all()
    assert [(row.project_id, row.type) for row in rows] == [
        (other.id, "credits.nearly-used"),
        (other.id, "credits.used"),
    ]


async def test_a_step_that_is_retried_later_took_only_its_own_time(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    failed = step_row(project, status="error", error="no", started_at=1_000, ended_at=2_000)
    again = step_row(project, started_at=3_600_000, ended_at=3_601_000)
    for row in (failed, again):
        await ledger.write(StepWrite(project.account_id, [row]))
    async with database() as session:
        step = (await session.scalars(select(RunStep))).one()
    assert (step.started_at, step.ended_at) == (3_600_000, 3_601_000)


async def test_a_run_ends_when_it_did_and_not_when_that_is_booked(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    began = now_ms() - 60_000
    for run_id, end in (("run-1", began + 1_500), ("run-2", began - 5)):
        await ledger.write(RunOpened({**run_row(project, run_id), "started_at": began}))
        await ledger.write(RunClosed(run_id, "completed", None, None, ended_at=end))
    async with database() as session:
        ended = {run.id: run.ended_at for run in await session.scalars(select(Run))}
    # Of two clocks that differ a little, none makes a run end before it began.
    assert ended == {"run-1": began + 1_500, "run-2": began}


def under_way(project: Project, **changes: Any) -> dict[str, Any]:
    """What a run that was ended from outside has to say of the call that it was making."""
    row = step_row(project, status="error", inputs=None, output=None, component=None)
    return row | {"error": "it is not known", "attempts": 0, "ended_at": None, **changes}


@pytest.mark.parametrize("is_known_first", [False, True])
async def test_what_is_known_of_a_call_stands_whoever_tells_first(
    database: Database, project: Project, is_known_first: bool
) -> None:
    ledger = Ledger(database)
    known = StepWrite(project.account_id, app_steps=[step_row(project)])
    unknown = StepWrite(project.account_id, free_steps=[under_way(project)])
    await ledger.write(RunOpened(run_row(project)))
    await ledger.write(known if is_known_first else unknown)
    if not is_known_first:
        # It costs nothing while it is not known whether the app was called.
        async with database() as session:
            assert await session.scalar(select(CreditUsage)) is None
    await ledger.write(unknown if is_known_first else known)
    async with database() as session:
        [step] = await session.scalars(select(RunStep))
    assert (step.status, step.output, step.error, step.attempts) == (
        "completed",
        {"id": 1},
        None,
        1,
    )
    assert step.component == "tracker.create-ticket"
    assert await usage(database) == (1, 0)


async def test_a_try_under_way_takes_no_place_of_one_that_is_known_to_have_failed(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    failed = step_row(project, status="error", output=None, error="answered 500", attempts=3)
    await ledger.write(StepWrite(project.account_id, app_steps=[failed]))
    await ledger.write(StepWrite(project.account_id, free_steps=[under_way(project, attempts=2)]))
    async with database() as session:
        [step] = await session.scalars(select(RunStep))
    assert (step.error, step.attempts) == ("answered 500", 3)
    # Of the next try nothing is known.
    await ledger.write(StepWrite(project.account_id, free_steps=[under_way(project, attempts=3)]))
    async with database() as session:
        [step] = await session.scalars(select(RunStep))
    assert step.error == "it is not known"
    assert await usage(database) == (1, 0)


@pytest.mark.parametrize("status", ["error", "canceled"])
async def test_no_step_waits_for_another_try_in_a_run_that_has_ended(
    database: Database, project: Project, status: str
) -> None:
    ledger = Ledger(database)
    waiting = step_row(project, status="waiting", output=None, error="answered 503")
    await ledger.write(RunOpened(run_row(project)))
    await ledger.write(StepWrite(project.account_id, app_steps=[waiting]))
    await ledger.write(RunClosed("run-1", status, "It was canceled.", None))
    async with database() as session:
        [step] = await session.scalars(select(RunStep))
    assert (step.status, step.error) == ("error", "answered 503")


async def test_who_starts_a_run_that_was_booked_before_takes_it_over(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    first, later = ({**run_row(project), "started_at": moment} for moment in (1_000, 2_000))
    await ledger.write(RunOpened(first))
    await ledger.write(RunOpened(later))
    await ledger.write(RunOpened(first))
    await ledger.forget("run-1", 1_000)
    async with database() as session:
        run = (await session.scalars(select(Run))).one()
    assert (run.status, run.started_at) == ("running", 2_000)
    # One that has ended is not begun again by a request that comes late.
    await ledger.write(RunClosed("run-1", "completed", None, 7))
    await ledger.write(RunOpened({**later, "started_at": now_ms() + 1_000}))
    async with database() as session:
        run = (await session.scalars(select(Run))).one()
    assert (run.status, run.result, run.started_at) == ("completed", 7, 2_000)


async def test_a_called_run_that_its_caller_runs_again_is_open_again(
    database: Database, project: Project
) -> None:
    ledger = Ledger(database)
    await ledger.write(RunOpened(run_row(project)))
    called = {**run_row(project, "run-2"), "parent_run_id": "run-1", "started_at": 1_000}
    await ledger.write(RunOpened(called))
    await ledger.write(RunClosed("run-2", "error", "It failed.", None, ended_at=2_000))
    # A replay tells of the same start again, a retry of another one.
    for started_at, status in ((1_000, "error"), (9_000, "running")):
        await ledger.write(RunOpened({**called, "started_at": started_at}))
        async with database() as session:
            assert (await session.get_one(Run, "run-2")).status == status
    await ledger.write(RunClosed("run-2", "completed", None, 7, ended_at=10_000))
    async with database() as session:
        run = await session.get_one(Run, "run-2")
    assert (run.status, run.message, run.result) == ("completed", None, 7)
    assert (run.started_at, run.ended_at) == (9_000, 10_000)
