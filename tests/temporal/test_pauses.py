"""Runs that wait for a connection go on, also when nobody could tell them that it is mended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from temporalio.exceptions import ApplicationError

from activities.bookkeeping import Bookkeeping
from store.ledger import Ledger
from store.models import Account, Connection, Project, RunPause, now_ms
from temporal.pauses import GRACE_MS, UnheardAnswers
from temporal.reconciliation import Reconciliation
from temporal.worker import build_worker, sandbox
from tests.workflows.conftest import FakeWorld, run_input, temporal, temporal_server
from workflows.run import AutomationRun

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from temporalio.client import Client, WorkflowHandle

    from store.database import Database
    from workflows.payloads import ComponentCall, RunOutcome

    Handle = WorkflowHandle[AutomationRun, RunOutcome]

pytestmark = pytest.mark.both_databases

__all__ = ["temporal", "temporal_server"]

USERS = ("mended", "broken")


class Vendor:
    """An app that refuses every call until its connection is good."""

    def __init__(self) -> None:
        self.refuses = True

    def __call__(self, call: ComponentCall) -> Any:
        if self.refuses:
            raise ApplicationError("waits", type="connection", non_retryable=True)
        return call.connection_user_id


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
async def paused(
    temporal: Client, database: Database, vendor: Vendor
) -> AsyncIterator[dict[str, Handle]]:
    """A run of each of two users, which waits for the connection of its user."""
    async with database.begin() as session:
        session.add(Account(id="a", email="d@example.com", password_hash="", daily_credits=1))
        await session.flush()
        session.add(Project(id="p", account_id="a", name="p", webhook_url=""))
        await session.flush()
        session.add_all(
            Connection(
                project_id="p",
                user_id=user_id,
                app_key="app",
                status="invalid",
                auth_type="basic",
                secret=b"",
                scopes=[],
            )
            for user_id in USERS
        )
    world = FakeWorld()
    world.components["app.send"] = vendor
    book = Bookkeeping(database, Ledger(database))
    activities: list[Callable[..., Any]] = [world.component, book.record_pause, book.record_resume]
    queue = str(uuid4())
    steps = [{"id": "send", "type": "app", "component": "app.send"}]
    async with build_worker(temporal, activities, task_queue=queue, runner=sandbox()):
        handles = {
            user_id: await temporal.start_workflow(
                AutomationRun.run,
                run_input(steps, result="{{ steps.send.output }}", user_id=user_id),
                id=str(uuid4()),
                task_queue=queue,
            )
            for user_id in USERS
        }
        await until(database, lambda pauses: len(pauses) == len(USERS))
        yield handles
        for handle in handles.values():
            if (await handle.describe()).close_time is None:
                await handle.terminate()


async def until(database: Database, condition: Callable[[list[RunPause]], bool]) -> None:
    """Waits until the pauses in the book are so."""
    async with asyncio.timeout(20):
        while True:
            async with database() as session:
                if condition(list(await session.scalars(select(RunPause)))):
                    return
            await asyncio.sleep(0.02)


async def mend(database: Database, moment: int) -> None:
    async with database.begin() as session:
        await session.execute(
            update(Connection)
            .where(Connection.user_id == "mended")
            .values(status="connected", updated_at=moment)
        )


async def age_pauses(database: Database) -> None:
    """The pauses began an hour ago."""
    async with database.begin() as session:
        await session.execute(update(RunPause).values(since=RunPause.since - 3_600_000))


async def signals(handle: Handle) -> int:
    history = await handle.fetch_history()
    return sum(
        event.HasField("workflow_execution_signaled_event_attributes") for event in history.events
    )


async def test_a_run_goes_on_whose_connection_was_mended_while_temporal_was_away(
    temporal: Client, database: Database, vendor: Vendor, paused: dict[str, Handle]
) -> None:
    await age_pauses(database)
    await mend(database, now_ms() - GRACE_MS - 1_000)
    vendor.refuses = False
    working = asyncio.create_task(Reconciliation(temporal, database, Ledger(database)).run())
    try:
        async with asyncio.timeout(20):
            assert (await paused["mended"].result()).result == "mended"
    finally:
        working.cancel()
    assert await signals(paused["broken"]) == 0
    await until(database, lambda pauses: [pause.user_id for pause in pauses] == ["broken"])


async def test_the_api_is_first_to_tell(
    temporal: Client, database: Database, paused: dict[str, Handle]
) -> None:
    await age_pauses(database)
    await mend(database, now_ms() + 60_000)
    await UnheardAnswers(temporal, database).resume()
    assert await signals(paused["mended"]) == 0


async def test_a_connection_that_was_good_before_the_pause_is_no_answer(
    temporal: Client, database: Database, paused: dict[str, Handle]
) -> None:
    """The vendor refuses what looks good here: trying again and again would not help."""
    await mend(database, now_ms() - 3_600_000)
    await UnheardAnswers(temporal, database).resume()
    assert await signals(paused["mended"]) == 0


async def test_a_call_that_fails_again_waits_for_the_next_mending(
    temporal: Client, database: Database, paused: dict[str, Handle]
) -> None:
    async with database() as session:
        of_user = select(RunPause.since).where(RunPause.user_id == "mended")
        began = (await session.execute(of_user)).scalar_one()
    await age_pauses(database)
    await mend(database, began - 10_000)
    mended = UnheardAnswers(temporal, database)
    await mended.resume()
    await until(
        database,
        lambda pauses: any(p.user_id == "mended" and p.since >= began for p in pauses),
    )
    for _ in range(3):
        await mended.resume()
    assert await signals(paused["mended"]) == 1


async def test_a_pause_that_has_not_heard_yet_is_not_told_again_and_an_ended_run_is_passed_over(
    temporal: Client, database: Database, paused: dict[str, Handle]
) -> None:
    await age_pauses(database)
    await paused["mended"].terminate()
    async with database.begin() as session:
        await session.execute(
            update(Connection).values(status="connected", updated_at=now_ms() - GRACE_MS - 1_000)
        )
        # A run without a worker, whose pause stays in the book.
        handle = await temporal.start_workflow(
            AutomationRun.run, run_input([]), id=str(uuid4()), task_queue=str(uuid4())
        )
        await session.execute(
            update(RunPause).where(RunPause.user_id == "broken").values(workflow_id=handle.id)
        )
    mended = UnheardAnswers(temporal, database)
    for _ in range(3):
        await mended.resume()
    assert await signals(handle) == 1
    await handle.terminate()
