"""Waits of months, on the server that skips time."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from settings import Settings
from store.encryption import Keyring
from temporal.client import data_converter
from tests.workflows.conftest import FakeWorld, fail, run_input
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


async def test_an_app_that_is_down_for_a_day_is_waited_for_and_told_of_once(
    skipping: WorkflowEnvironment, world: FakeWorld
) -> None:
    asked: list[datetime] = []

    def down(call: ComponentCall) -> Any:
        asked.append(activity.info().current_attempt_scheduled_time)
        if asked[-1] - asked[0] > timedelta(hours=20):
            return "there again"
        raise ApplicationError("Tracker, Create: answered 503.", type="transient")

    world.components["tracker.create"] = down
    steps = [{"id": "create", "type": "app", "component": "tracker.create"}]
    run = run_input(steps, result="{{ steps.create.output }}")
    async with world.working(skipping.client, "skipping"):
        handle = await skipping.client.start_workflow(
            AutomationRun.run, run, id="down", task_queue="skipping"
        )
        assert (await handle.result()).result == "there again"
    first = world.pauses[0]
    assert first.kind == "unavailable"
    assert first.message.startswith("Step “create” waits for tracker to work again, next try at 20")
    assert first.until is not None
    waits = [later - sooner for sooner, later in pairwise(asked)]
    assert sum(waits[:4], timedelta(0)) < timedelta(seconds=20)
    assert timedelta(minutes=55) < max(waits) < timedelta(minutes=65)
    assert len(asked) < 50
    assert world.calls[-1].tried == len(asked) - 1
    # One wait, however often its next try is put off.
    assert [resumed.keep for resumed in world.resumed] == [False]
    assert len((await handle.fetch_history()).events) < 600


async def test_an_app_that_stays_away_fails_its_step_after_a_day_and_says_so(
    skipping: WorkflowEnvironment, world: FakeWorld
) -> None:
    world.components["tracker.create"] = fail("It answered 503.", "transient", retryable=True)
    steps = [
        {
            "id": "create",
            "type": "app",
            "component": "tracker.create",
            "onError": {"action": "continue"},
        }
    ]
    run = run_input(steps, result="{{ steps.create.error }}")
    async with world.working(skipping.client, "skipping"):
        handle = await skipping.client.start_workflow(
            AutomationRun.run, run, id="away", task_queue="skipping"
        )
        outcome = await handle.result()
    assert outcome.result["kind"] == "transient"
    assert re.fullmatch(
        r"It answered 503. It was tried \d\d times in 1 day.",
        outcome.result["message"],
    )
    [trace] = [trace for trace in outcome.traces if trace.step_id == "create"]
    assert (trace.status, trace.error) == ("error", outcome.result["message"])


async def test_the_app_says_how_long_it_wants_to_be_left_alone(
    skipping: WorkflowEnvironment, world: FakeWorld
) -> None:
    asked: list[datetime] = []

    def limited(call: ComponentCall) -> Any:
        asked.append(activity.info().current_attempt_scheduled_time)
        if len(asked) > 1:
            return "welcome"
        raise ApplicationError(
            "Too many calls.",
            type="rate_limited",
            non_retryable=True,
            next_retry_delay=timedelta(hours=3),
        )

    world.components["app.call"] = limited
    run = run_input([{"id": "call", "type": "app", "component": "app.call"}])
    async with world.working(skipping.client, "skipping"):
        await skipping.client.execute_workflow(
            AutomationRun.run, run, id="limited", task_queue="skipping"
        )
    assert timedelta(hours=3) <= asked[1] - asked[0] < timedelta(hours=3, minutes=1)
    assert "which allows no more calls for now" in world.pauses[0].message


@pytest.mark.parametrize(("asked", "tries"), [(86_400, 2), (86_500, 1)])
async def test_an_app_may_ask_for_as_long_as_a_step_is_patient(
    skipping: WorkflowEnvironment, world: FakeWorld, asked: int, tries: int
) -> None:
    def limited(call: ComponentCall) -> Any:
        if len(world.calls) > 1:
            return "welcome"
        raise ApplicationError(
            "All calls of the day are used.",
            type="rate_limited",
            non_retryable=True,
            next_retry_delay=timedelta(seconds=asked),
        )

    world.components["app.call"] = limited
    error = {"action": "continue"}
    steps = [{"id": "call", "type": "app", "component": "app.call", "onError": error}]
    run = run_input(steps, result="{{ steps.call.output }}")
    async with world.working(skipping.client, "skipping"):
        outcome = await skipping.client.execute_workflow(
            AutomationRun.run, run, id=f"asked-{asked}", task_queue="skipping"
        )
    assert len(world.calls) == tries
    assert outcome.result == ("welcome" if tries == 2 else None)
