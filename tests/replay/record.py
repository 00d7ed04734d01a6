"""Records the histories: `python -m tests.replay.record [case …]`.

Old files stay: they are what counts.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from temporalio import activity
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy

from settings import Settings
from store.encryption import Keyring
from temporal.client import connect, register_search_attributes
from temporal.server import dev_server
from temporal.worker import build_worker, sandbox
from tests.replay.cases import CASES, DELIVERIES, REGISTRATIONS
from tests.workflows.conftest import FakeWorld, fail
from workflows.notification import DELIVER, DeliveryReport, NotificationDelivery
from workflows.payloads import RegistrationPlan, RegistrationStart
from workflows.registration import POLL, RECONCILE, RegistrationWorkflow
from workflows.run import AutomationRun

HISTORIES = Path(__file__).parent / "histories"
KEY = b"k" * 32
"""Histories are encrypted; these with a key that everybody knows."""


async def main(names: Sequence[str]) -> None:
    """Runs cases (all, or those named) and keeps the histories of all their workflows."""
    day = datetime.now(UTC).strftime("%Y%m%d")
    HISTORIES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with dev_server(None, headless=True) as server:
            settings = Settings(data_dir=Path(folder), temporal_address=server.address)
            client = await connect(settings, Keyring([KEY]))
            await register_search_attributes(client)
            await _run(client, names)
            await _deliver(client, names)
            await _register(client, names)
            await asyncio.sleep(1)  # the list of workflows is a little behind
            async for execution in client.list_workflows("ExecutionStatus != 'Running'"):
                history = await client.get_workflow_handle(execution.id).fetch_history()
                (HISTORIES / f"{day}-{execution.id}.json").write_text(history.to_json() + "\n")


async def _run(client: Client, names: Sequence[str]) -> None:
    world = FakeWorld()
    world.components["app.no"] = fail("the app said no", "conflict")
    world.components["app.down"] = down = fail("it is away", "transient", retryable=True)
    world.components["app.back"] = lambda call: (
        "here" if sum(one.step_id == "back" for one in world.calls) > 1 else down(call)
    )
    async with world.working(client, "record"):
        for name, run in CASES.items():
            if names and name not in names:
                continue
            handle = await client.start_workflow(
                AutomationRun.run, run, id=name, task_queue="record"
            )
            with suppress(WorkflowFailureError):
                await handle.result()


async def _deliver(client: Client, names: Sequence[str]) -> None:
    asked = {name: iter(reports) for name, reports in DELIVERIES.items()}
    waits_long = asyncio.Event()

    @activity.defn(name=DELIVER)
    async def deliver(project_id: str) -> DeliveryReport:
        report = next(asked[project_id])
        if report.wait_seconds > 60:
            waits_long.set()
        return report

    async with build_worker(client, [deliver], task_queue="record", runner=sandbox()):
        for name, reports in DELIVERIES.items():
            if names and name not in names:
                continue
            handle = await client.start_workflow(
                NotificationDelivery.run, name, id=name, task_queue="record", start_signal="wake"
            )
            if any(report.wait_seconds > 60 for report in reports):
                await waits_long.wait()
                await handle.signal(NotificationDelivery.wake)
            await handle.result()


async def _register(client: Client, names: Sequence[str]) -> None:
    looks = {name: iter(plans) for name, plans in REGISTRATIONS.items()}

    @activity.defn(name=RECONCILE)
    async def reconcile(name: str) -> RegistrationPlan:
        return next(looks[name])

    @activity.defn(name=POLL)
    async def poll(name: str) -> None:
        return None

    async with build_worker(client, [reconcile, poll], task_queue="record", runner=sandbox()):
        for name in REGISTRATIONS:
            if names and name not in names:
                continue
            plan = RegistrationPlan(state="starting")
            while not plan.ended:
                plan = await client.execute_update_with_start_workflow(
                    RegistrationWorkflow.apply,
                    start_workflow_operation=WithStartWorkflowOperation(
                        RegistrationWorkflow.run,
                        RegistrationStart(registration_id=name),
                        id=name,
                        task_queue="record",
                        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    ),
                )
            await client.get_workflow_handle(name).result()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
