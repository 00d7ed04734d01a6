"""Each open run of the book becomes what Temporal says it is, whatever is wrong with another."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, select
from temporalio import workflow
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.bookkeeping import Bookkeeping
from store.database import close_database, open_database
from store.ledger import Ledger
from store.models import Account, Project, Run, RunPause, RunStep, now_ms
from store.outages import StoreUnavailable
from temporal import restored
from temporal.pauses import answer_pause
from temporal.reconciliation import LOST, RETRY_MS, UNREADABLE, Reconciliation
from temporal.restored import RestoredRuns
from temporal.worker import build_worker, sandbox
from tests.workflows.conftest import FakeWorld, run_input, temporal, temporal_server
from workflows.host import UNDER_WAY
from workflows.payloads import Resume
from workflows.run import AutomationRun

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from store.database import Database
    from store.encryption import Keyring

__all__ = ["temporal", "temporal_server"]

AGE = 90_000


@workflow.defn(name="AutomationRun")
class NoRun:
    """Another program that calls itself so."""

    @workflow.run
    async def run(self, result: Any) -> Any:
        if result == "broken":
            raise RuntimeError("a fault of the program")
        return result


@pytest.fixture
async def database(sqlite_url: str, keyring: Keyring) -> AsyncIterator[Database]:
    database = open_database(sqlite_url, keyring)
    async with database.begin() as session:
        session.add(Account(id="a", email="d@example.com", password_hash="", daily_credits=1))
        await session.flush()
        session.add(Project(id="p", account_id="a", name="p", webhook_url=""))
    yield database
    await close_database(database)


async def book(database: Database, run_id: str, **more: Any) -> str:
    row = {
        "id": run_id,
        "project_id": "p",
        "automation_id": "auto",
        "version": 1,
        "user_id": "",
        "trigger": "manual",
        "started_at": now_ms() - AGE,
    }
    async with database.begin() as session:
        session.add(Run(**row | more))
    return run_id


async def book_step(database: Database, run_id: str) -> None:
    async with database.begin() as session:
        session.add(
            RunStep(
                run_id=run_id,
                step_id="one",
                project_id="p",
                type="app",
                name="One",
                status="completed",
                started_at=1,
            )
        )


async def runs(database: Database) -> dict[str, Run]:
    async with database() as session:
        return {run.id: run for run in await session.scalars(select(Run))}


async def start(client: Client, queue: str | None = None, **more: Any) -> Any:
    return await client.start_workflow(
        AutomationRun.run,
        run_input(more.pop("steps", [])),
        id=str(uuid4()),
        task_queue=queue or str(uuid4()),
        **more,
    )


async def test_one_run_that_cannot_be_read_keeps_back_no_other(
    temporal: Client, database: Database
) -> None:
    queue = str(uuid4())
    worker = Worker(
        temporal, task_queue=queue, workflows=[NoRun], workflow_runner=UnsandboxedWorkflowRunner()
    )
    results = [{"status": "nonsense"}, "text", {"status": "completed", "result": 7}]
    async with worker:
        for number, result in enumerate(results):
            await temporal.execute_workflow(
                "AutomationRun", result, id=f"{queue}-{number}", task_queue=queue
            )
            await book(database, f"{queue}-{number}")
    await Reconciliation(temporal, database, Ledger(database)).compare()
    ended = await runs(database)
    assert [ended[f"{queue}-{n}"].status for n in range(3)] == ["completed"] * 3
    assert [ended[f"{queue}-{n}"].message for n in range(3)] == [UNREADABLE, UNREADABLE, None]
    assert ended[f"{queue}-2"].result == 7


async def test_a_run_is_booked_as_what_it_is(temporal: Client, database: Database) -> None:
    killed, timed_out, unknown_cause = (
        await start(temporal),
        await start(temporal, execution_timeout=timedelta(seconds=1)),
        await start(temporal),
    )
    await killed.terminate(reason="disk of the engine is full")
    await unknown_cause.terminate(reason="Canceled while it could not go on")
    with pytest.raises(Exception, match="Workflow execution"):
        await timed_out.result()
    for handle in (killed, timed_out, unknown_cause):
        await book(database, handle.id)
    await Reconciliation(temporal, database, Ledger(database)).compare()
    found = await runs(database)
    told = [(found[one.id].status, found[one.id].message) for one in (killed, timed_out)]
    assert told == [
        ("error", "The run was ended in Temporal (disk of the engine is full)."),
        ("error", "The run took longer than Temporal lets it, and was ended."),
    ]
    assert found[unknown_cause.id].status == "canceled"
    closed = (await killed.describe()).close_time
    assert closed is not None
    # When it ended, and not when that was booked.
    assert found[killed.id].ended_at == int(closed.timestamp() * 1000)


async def test_the_old_end_of_a_run_that_is_being_retried_is_not_booked_again(
    temporal: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The book is opened before Temporal is asked for the retry, which may take its time."""
    ledger = Ledger(database)
    failed = await start(temporal)
    await failed.terminate(reason="by hand")
    await book(database, failed.id)
    await Reconciliation(temporal, database, ledger).compare()
    assert (await runs(database))[failed.id].status == "error"
    assert await ledger.reopen(failed.id)
    reconciliation = Reconciliation(temporal, database, ledger)
    await reconciliation.compare()
    assert (await runs(database))[failed.id].status == "running"
    # The retry did not come about.
    later = now_ms() + RETRY_MS
    monkeypatch.setattr("temporal.reconciliation.now_ms", lambda: later)
    await reconciliation.compare()
    assert (await runs(database))[failed.id].status == "error"


@pytest.mark.parametrize("end", ["canceled", "terminated", "timed out"])
async def test_a_run_that_ends_from_outside_leaves_nothing_of_what_it_did_untold(
    temporal: Client, database: Database, end: str
) -> None:
    """Of a call that was under way, where its worker does not come to tell, that it was."""
    queue, world = str(uuid4()), FakeWorld()
    called, over = asyncio.Event(), asyncio.Event()

    async def hang(_call: Any) -> None:
        called.set()
        await over.wait()

    world.components["app.slow"] = lambda call: hang(call)
    steps = [
        {"id": "before", "type": "set", "values": {"a": 1}},
        {"id": "slow", "name": "Order it", "type": "app", "component": "app.slow"},
    ]
    ledger = Ledger(database)
    reconciliation = Reconciliation(temporal, database, ledger)
    limit = {"execution_timeout": timedelta(seconds=3)} if end == "timed out" else {}
    async with world.working(temporal, queue):
        handle = await start(temporal, queue, steps=steps, **limit)
        await book(database, handle.id)
        async with asyncio.timeout(30):
            await called.wait()
            if end == "canceled":
                await handle.cancel()
            elif end == "terminated":
                await handle.terminate(reason="by hand")
            while (run := (await runs(database))[handle.id]).status == "running":
                await reconciliation.compare()
                reconciliation._watched[handle.id].next_check = 0.0
                await asyncio.sleep(0.1)
        over.set()
        assert run.status == ("canceled" if end == "canceled" else "error")
        async with database() as session:
            found = {step.step_id: step for step in await session.scalars(select(RunStep))}
    assert found["before"].status == "completed"
    assert (found["slow"].status, found["slow"].name) == ("error", "Order it")
    assert (found["slow"].error, found["slow"].ended_at) == (UNDER_WAY, None)


async def test_what_temporal_does_not_know_is_forgotten_only_where_nothing_was_done(
    temporal: Client, database: Database
) -> None:
    young = await book(database, f"young-{uuid4()}", started_at=now_ms() - 10_000)
    never = await book(database, f"never-{uuid4()}")
    event = await book(database, f"event-{uuid4()}", started_at=1)
    acted = await book(database, f"acted-{uuid4()}")
    waits = await book(database, f"waits-{uuid4()}", status="paused")
    old = await book(database, f"old-{uuid4()}", started_at=1)
    await book_step(database, acted)
    await Reconciliation(temporal, database, Ledger(database)).compare()
    left = await runs(database)
    assert never not in left
    assert event not in left
    assert left[young].status == "running"
    for lost in (acted, waits, old):
        assert (left[lost].status, left[lost].message) == ("error", LOST)


async def test_what_changes_is_looked_at_at_once_however_old_it_is(
    temporal: Client, database: Database
) -> None:
    """A run that waited for an hour, and goes on: its end must not be told a minute late."""
    handle = await start(temporal)
    await book(database, handle.id, status="paused", started_at=now_ms() - 3_600_000)
    reconciliation = Reconciliation(temporal, database, Ledger(database))
    await reconciliation.compare()
    assert reconciliation._watched[handle.id].next_check > time.monotonic() + 30
    async with database.begin() as session:
        (await session.get_one(Run, handle.id)).status = "running"
    await reconciliation.compare()
    assert reconciliation._watched[handle.id].next_check < time.monotonic() + 5
    await handle.terminate()
    async with asyncio.timeout(60):
        while (await runs(database))[handle.id].status == "running":
            await reconciliation.compare()
            await asyncio.sleep(0.1)
    assert (await runs(database))[handle.id].status == "error"


async def test_after_an_outage_everything_is_looked_at_again(
    temporal: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = await start(temporal)
    await book(database, handle.id, status="paused", started_at=now_ms() - 3_600_000)
    reconciliation = Reconciliation(temporal, database, Ledger(database))
    monkeypatch.setattr("temporal.reconciliation.INTERVAL", 0.05)
    await reconciliation.compare()
    away = [True, False]

    async def resume() -> None:
        if away.pop(0) if away else False:
            raise RuntimeError("Temporal is away")

    monkeypatch.setattr(reconciliation._unheard, "resume", resume)
    await handle.terminate()
    working = asyncio.create_task(reconciliation.run())
    async with asyncio.timeout(60):
        while (await runs(database))[handle.id].status != "error":
            await asyncio.sleep(0.05)
    working.cancel()


async def test_a_run_that_cannot_take_its_next_step_says_so(
    temporal: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("temporal.stuck.TRIES", 2)
    queue = str(uuid4())

    broken = Worker(
        temporal, task_queue=queue, workflows=[NoRun], workflow_runner=UnsandboxedWorkflowRunner()
    )
    async with broken:
        handle: Any = await temporal.start_workflow(
            "AutomationRun", "broken", id=str(uuid4()), task_queue=queue
        )
        await book(database, handle.id)
        reconciliation = Reconciliation(temporal, database, Ledger(database))
        async with asyncio.timeout(40):
            while (message := (await runs(database))[handle.id].message) is None:
                await reconciliation.compare()
                for watched in reconciliation._watched.values():
                    watched.next_check = 0.0
                await asyncio.sleep(0.2)
    assert "cannot go on" in message
    assert (await runs(database))[handle.id].status == "running"
    await handle.terminate()


async def test_a_run_that_the_database_has_lost_is_there_again_and_can_be_answered(
    temporal: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restored, "YOUNG", timedelta(0))
    queue, ledger = str(uuid4()), Ledger(database)
    world, keeping = FakeWorld(), Bookkeeping(database, ledger)
    activities: list[Callable[..., Any]] = [
        world.component,
        keeping.record_pause,
        keeping.record_resume,
    ]
    steps = [{"id": "ask", "type": "approval", "message": "May it?"}]
    async with build_worker(temporal, activities, task_queue=queue, runner=sandbox()):
        handle = await start(temporal, queue, steps=steps)
        await book(database, handle.id)
        await until_paused(database, handle.id)
        async with database.begin() as session:
            await session.execute(delete(Run))
            await session.execute(delete(RunPause))
        looking = RestoredRuns(temporal, database, ledger)
        async with asyncio.timeout(30):
            while (await runs(database)).get(handle.id) is None:
                await look(looking)
        await until_paused(database, handle.id, looking)
        run = (await runs(database))[handle.id]
        assert (run.status, run.project_id, run.user_id) == ("paused", "p", "user-1")
        # Its steps before are not in the book, and it says so.
        assert run.restored_at is not None
        async with database() as session:
            pause = (await session.scalars(select(RunPause).filter_by(run_id=handle.id))).one()
        assert (pause.kind, pause.step_id) == ("approval", "ask")
        await answer_pause(temporal, pause.workflow_id, Resume(step_id="ask", approved=True))
        assert (await handle.result()).status == "completed"
    await Reconciliation(temporal, database, ledger).compare()


async def test_a_pause_that_cannot_be_asked_for_keeps_back_no_other(
    temporal: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does a database that is away make a run one that is given up."""
    looking = RestoredRuns(temporal, database, Ledger(database))
    asked: list[str] = []

    async def open_pauses(workflow_id: str) -> list[Any]:
        asked.append(workflow_id)
        raise WorkflowQueryFailedError("it cannot be decrypted")

    async def paused(query: str) -> AsyncIterator[Any]:
        for name in ("one", "two"):
            yield SimpleNamespace(id=name, run_id="")

    monkeypatch.setattr(looking, "_open_pauses", open_pauses)
    monkeypatch.setattr(looking._client, "list_workflows", paused)
    for _ in range(2):
        await looking._wait_again()
    assert asked == ["one", "two"]

    async def away(execution: Any) -> None:
        raise StoreUnavailable("stopped")

    monkeypatch.setattr(looking, "_adopt_one", away)
    with pytest.raises(StoreUnavailable):
        await looking._adopt("")
    assert looking._unbookable == set()


async def until_paused(
    database: Database, run_id: str, looking: RestoredRuns | None = None
) -> None:
    async with asyncio.timeout(30):
        while True:
            if looking is not None:
                await look(looking)
            async with database() as session:
                if await session.scalar(select(RunPause.kind).filter_by(run_id=run_id)):
                    return
            await asyncio.sleep(0.1)


async def look(looking: RestoredRuns) -> None:
    looking._next_look = 0.0
    await looking.look()
