"""A run that computes much holds up no other run on its worker."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from uuid import uuid4

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError

from tests.workflows.conftest import FakeWorld, run_input
from tests.workflows.test_bounds import HEAVY, set_step
from tests.workflows.test_run import Handle, echo, start

WIDE = {
    "id": "l",
    "type": "for-each",
    "items": "range(200)",
    "parallelism": 50,
    "steps": [set_step("s", HEAVY)],
}
TURNS = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
RESTS = EventType.EVENT_TYPE_TIMER_STARTED


async def test_ten_runs_of_another_project_end_while_one_computes(
    temporal: Client, world: FakeWorld
) -> None:
    queue = str(uuid4())
    cheap = run_input([set_step("a", "{{ 1 + 1 }}"), echo("b"), set_step("c", "{{ vars.v }}")])
    cheap = cheap.model_copy(update={"project_id": "another", "account_id": "another"})
    async with world.working(temporal, queue), asyncio.timeout(120):
        heavy = await start(temporal, run_input([WIDE]), queue)
        while not (await counted(heavy))[RESTS]:
            await asyncio.sleep(0.02)
        runs = [await start(temporal, cheap, queue) for _ in range(10)]
        outcomes = await asyncio.gather(*(run.result() for run in runs))
        assert (await heavy.describe()).status == WorkflowExecutionStatus.RUNNING
        await heavy.cancel()
        with contextlib.suppress(WorkflowFailureError):
            await heavy.result()
    assert [outcome.status for outcome in outcomes] == ["completed"] * 10
    # Each of its turns is one share of work, and ends in a rest; the last is that it is canceled.
    found = await counted(heavy)
    assert found[TURNS] - 1 <= found[RESTS] < 200


async def counted(handle: Handle) -> Counter[int]:
    return Counter(event.event_type for event in (await handle.fetch_history()).events)
