"""Whatever a definition or data are, a run ends, says why, and lets other runs go on."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError, CancelledError

from tests.workflows.conftest import FakeWorld, run_input
from tests.workflows.test_run import Handle, echo, start


def set_step(step_id: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"id": step_id, "type": "set", "values": {"v": value}, **more}


GOES_ON = {"onError": {"action": "continue"}}
HEAVY = "{{ range(60000).map(i, i * 2).size() }}"


async def failed_tasks(handle: Handle) -> int:
    events = (await handle.fetch_history()).events
    failed = (
        EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
        EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
    )
    return sum(event.event_type in failed for event in events)


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (set_step("s", "{{ double(data.digits) }}"), "no number"),
        (set_step("s", "{{ int(data.digits) }}"), "no whole number"),
        (set_step("s", "{{ data.deep }}"), "nested deeper"),
        (set_step("s", ["{{ data.big }}"] * 40), "more than"),
        ({"id": "s", "type": "wait-until", "at": "9999-12-31T23:59:59-01:00"}, "years 1 to 9999"),
        ({"id": "s", "type": "wait-until", "at": "0001-01-01T00:00:00+23:00"}, "years 1 to 9999"),
        ({"id": "s", "type": "delay", "seconds": "{{ data.big }}"}, "must be a number"),
        (echo("s", inputs={"x": "{{ data.deep }}"}), "nested deeper"),
        (
            {
                "id": "s",
                "type": "repeat",
                "maxTimes": 300,
                "steps": [set_step("inner", "{{ 1 }}")],
                "carry": {"name": "c", "start": [], "next": ["{{ c }}"]},
                "until": "false",
            },
            "nested deeper",
        ),
    ],
)
async def test_what_a_step_cannot_do_is_its_failure(
    temporal: Client, world: FakeWorld, step: dict[str, Any], told: str
) -> None:
    data = {"digits": "9" * 400 + "x", "deep": nested(127), "big": "x" * 2_000_000}
    data["deep"] = [data["deep"]]
    after = {"id": "after", "type": "stop", "result": "{{ steps.s.error.message }}"}
    queue = str(uuid4())
    async with world.working(temporal, queue):
        handle = await start(temporal, run_input([step | GOES_ON, after], data=data), queue)
        assert told in (await handle.result()).result
        assert await failed_tasks(handle) == 0
        handle = await start(temporal, run_input([step], data=data), queue)
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
    assert isinstance(failure.value.cause, ApplicationError)
    assert told in failure.value.cause.message


@pytest.mark.parametrize("result", ["{{ [[data.deep]] }}", "{{ double(data.s) }}"])
async def test_a_result_that_cannot_be_is_the_runs_failure(
    temporal: Client, world: FakeWorld, result: Any
) -> None:
    queue = str(uuid4())
    async with world.working(temporal, queue):
        run = run_input([], result=result, data={"deep": nested(127), "s": "9" * 400})
        with pytest.raises(WorkflowFailureError) as failure:
            await (await start(temporal, run, queue)).result()
    assert isinstance(failure.value.cause, ApplicationError)
    assert "The result could not be computed" in failure.value.cause.message


async def test_an_answer_that_nothing_can_read_fails_the_run(
    temporal: Client, world: FakeWorld
) -> None:
    world.components["app.deep"] = lambda call: nested(250)
    queue = str(uuid4())
    async with world.working(temporal, queue):
        steps = [{"id": "s", "type": "app", "component": "app.deep"}]
        with pytest.raises(WorkflowFailureError):
            await (await start(temporal, run_input(steps), queue)).result()


async def test_a_run_with_much_to_compute_ends_and_rests_in_between(
    temporal: Client, world: FakeWorld
) -> None:
    loop = {
        "id": "l",
        "type": "for-each",
        "items": "range(4)",
        "steps": [set_step("s", HEAVY)],
        "output": "{{ vars.v }}",
    }
    parallel = loop | {"id": "p", "parallelism": 4}
    queue = str(uuid4())
    async with world.working(temporal, queue):
        handle = await start(temporal, run_input([loop, parallel], result="{{ 1 }}"), queue)
        assert (await handle.result()).result == 1
        assert await failed_tasks(handle) == 0
        events = (await handle.fetch_history()).events
    rests = sum(event.event_type == EventType.EVENT_TYPE_TIMER_STARTED for event in events)
    assert 5 <= rests <= 8


async def test_a_run_that_computes_can_be_canceled(temporal: Client, world: FakeWorld) -> None:
    loop = {
        "id": "l",
        "type": "for-each",
        "items": "range(5000)",
        "parallelism": 10,
        "steps": [set_step("s", HEAVY)],
    }
    queue = str(uuid4())
    async with world.working(temporal, queue):
        handle = await start(temporal, run_input([loop]), queue)
        await asyncio.sleep(1)
        await handle.cancel()
        async with asyncio.timeout(60):
            with pytest.raises(WorkflowFailureError) as failure:
                await handle.result()
    assert isinstance(failure.value.cause, CancelledError)


@pytest.mark.parametrize("size", [90_000, 400_000])
async def test_a_wide_loop_over_large_inputs_ends_well(
    temporal: Client, world: FakeWorld, size: int
) -> None:
    world.components["app.size"] = lambda call: len(call.inputs["x"])
    loop = {
        "id": "l",
        "type": "for-each",
        "items": "range(60)",
        "parallelism": 50,
        "steps": [
            {"id": "s", "type": "app", "component": "app.size", "inputs": {"x": "{{ data.x }}"}}
        ],
        "output": "{{ steps.s.output }}",
    }
    queue = str(uuid4())
    async with world.working(temporal, queue):
        run = run_input([loop], result="{{ steps.l.output.sum() }}", data={"x": "é" * (size // 2)})
        handle = await start(temporal, run, queue)
        assert (await handle.result()).result == 60 * (size // 2)
        assert await failed_tasks(handle) == 0


async def test_wide_calls_of_automations_with_large_data_end_well(
    temporal: Client, world: FakeWorld
) -> None:
    loop = {
        "id": "l",
        "type": "for-each",
        "items": "range(50)",
        "parallelism": 50,
        "steps": [
            {"id": "s", "type": "call", "automationId": "other", "data": {"x": "{{ data.x }}"}}
        ],
        "output": "{{ steps.s.output }}",
    }
    called = {"other": {"name": "Other", "version": 1, "definition": {"result": "{{ 2 }}"}}}
    queue = str(uuid4())
    async with world.working(temporal, queue):
        run = run_input(
            [loop], result="{{ steps.l.output.sum() }}", data={"x": "x" * 100_000}, called=called
        )
        handle = await start(temporal, run, queue)
        assert (await handle.result()).result == 100
        assert await failed_tasks(handle) == 0


async def test_names_of_any_script_and_length_hold_no_run_up(
    temporal: Client, world: FakeWorld
) -> None:
    name = "🦜" * 200
    steps: list[dict[str, Any]] = [
        echo("s", name=name),
        {"id": "w", "type": "delay", "seconds": 0.1, "name": name},
        {"id": "a", "type": "approval", "expiresIn": 0.1, "name": name},
        {
            "id": "l",
            "type": "for-each",
            "name": name,
            "items": "range(300)",
            "steps": [set_step("inner", "{{ 1 }}")],
        },
    ]
    queue = str(uuid4())
    async with world.working(temporal, queue):
        handle = await start(temporal, run_input(steps, result="{{ 1 }}"), queue)
        async with asyncio.timeout(20):
            assert (await handle.result()).result == 1
        assert await failed_tasks(handle) == 0
        history = await handle.fetch_history()
    kinds = {event.event_type for event in history.events}
    assert EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED in kinds
