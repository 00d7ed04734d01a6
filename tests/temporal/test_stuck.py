"""A run can always be canceled, also where a part of it cannot go on and would not hear of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from api.runs import Runs
from store.ledger import Ledger
from temporal.reconciliation import Reconciliation
from temporal.stuck import cannot_go_on
from tests.temporal.test_reconciliation import book, database, runs, temporal, temporal_server
from tests.workflows.conftest import FakeWorld, run_input
from workflows.run import AutomationRun

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from temporalio.client import Client

    from store.database import Database

__all__ = ["database", "temporal", "temporal_server"]


@workflow.defn(name="LoopPart")
class StuckPart:
    """A part of a loop whose turns fail, as those of a program that has changed do."""

    @workflow.run
    async def run(self, part: Any) -> Any:
        raise RuntimeError("this turn fails, and all that come after it")


LOOP = {
    "id": "l",
    "type": "for-each",
    "items": "range(300)",
    "steps": [{"id": "s", "type": "set", "values": {"v": 1}}],
}


@pytest.fixture
async def stuck(
    temporal: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """A run that waits for a part of its loop which is stuck."""
    monkeypatch.setattr("temporal.stuck.TRIES", 2)
    queue, run_id = str(uuid4()), str(uuid4())
    worker = Worker(
        temporal,
        task_queue=queue,
        workflows=[AutomationRun, StuckPart],
        activities=FakeWorld().activities,
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        await temporal.start_workflow(
            AutomationRun.run, run_input([LOOP]), id=run_id, task_queue=queue
        )
        await book(database, run_id)
        yield run_id


async def until_stuck(client: Client, run_id: str) -> None:
    async with asyncio.timeout(60):
        while not await cannot_go_on(client, run_id):
            await asyncio.sleep(0.05)


async def test_a_run_whose_part_is_stuck_is_canceled_at_once(
    stuck: str, temporal: Client, database: Database
) -> None:
    await until_stuck(temporal, stuck)
    canceling = Runs(temporal, database)
    await canceling.cancel(stuck)
    answer = await canceling.join(stuck, "p", "a")
    await canceling.aclose()
    assert answer.status == "canceled"


async def test_a_run_that_is_found_stuck_after_it_was_canceled_is_ended(
    stuck: str, temporal: Client, database: Database
) -> None:
    await until_stuck(temporal, stuck)
    # As the API does where this does not show yet.
    await temporal.get_workflow_handle(stuck).cancel()
    reconciliation = Reconciliation(temporal, database, Ledger(database))
    async with asyncio.timeout(60):
        while (await runs(database))[stuck].status == "running":
            await reconciliation.compare()
            for watched in reconciliation._watched.values():
                watched.next_check = 0.0
            await asyncio.sleep(0.05)
    assert (await runs(database))[stuck].status == "canceled"
