"""Waits of months, on the server that skips time."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment

from settings import Settings
from store.encryption import Keyring
from temporal.client import data_converter
from tests.workflows.conftest import FakeWorld, run_input
from workflows import search_attributes
from workflows.payloads import ComponentCall
from workflows.run import AutomationRun


@pytest.fixture
async def skipping(tmp_path: Path) -> AsyncIterator[WorkflowEnvironment]:
    program = which("temporal-test-server", path=str(Path(sys.executable).parent))
    assert program is not None
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=program,
        data_converter=data_converter(Settings(data_dir=tmp_path), Keyring([b"k" * 32])),
    ) as environment:
        # This server cannot list them, as the product's own registration does.
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                search_attributes={
                    key.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
                    for key in search_attributes.ALL
                }
            )
        )
        yield environment


async def test_a_delay_of_months_and_an_approval_that_expires(
    skipping: WorkflowEnvironment, world: FakeWorld
) -> None:
    steps: list[dict[str, Any]] = [
        {"id": "nap", "type": "delay", "seconds": 90 * 86_400},
        {"id": "ask", "type": "approval", "who": "Ada", "expiresIn": 7 * 86_400},
        {"id": "late", "type": "app", "component": "app.echo"},
    ]
    run = run_input(steps, result="{{ steps.ask.output.expired }}")
    async with world.working(skipping.client, "skipping"):
        handle = await skipping.client.start_workflow(
            AutomationRun.run, run, id="months", task_queue="skipping"
        )
        outcome = await handle.result()
    assert outcome.result is True
    assert [pause.kind for pause in world.pauses] == ["delay", "approval"]
    description = await handle.describe()
    assert description.close_time is not None
    assert description.close_time - description.start_time >= timedelta(days=97)


async def test_credits_that_are_used_up_pause_the_run_until_midnight(
    skipping: WorkflowEnvironment, world: FakeWorld
) -> None:
    from temporalio.exceptions import ApplicationError

    def until_tomorrow(call: ComponentCall) -> str:
        if len(world.calls) == 1:
            raise ApplicationError("no credits", type="credits", non_retryable=True)
        return "done"

    world.components["app.paid"] = until_tomorrow
    steps = [{"id": "s", "type": "app", "component": "app.paid"}]
    async with world.working(skipping.client, "skipping"):
        outcome = await skipping.client.execute_workflow(
            AutomationRun.run,
            run_input(steps, result="{{ steps.s.output }}"),
            id="credits",
            task_queue="skipping",
        )
    assert outcome.result == "done"
    [pause] = world.pauses
    assert pause.kind == "credits"
    assert pause.until is not None
    assert datetime.fromtimestamp(pause.until / 1000).astimezone().timestamp() % 86_400 == 0
