"""A run on a real Temporal server: what callers, operators and the ledger see of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError, CancelledError

from automations.host import Given
from temporal.reset import failed_step_event
from tests.workflows.conftest import FakeWorld, fail, run_input
from workflows import search_attributes
from workflows.payloads import ComponentCall, Resume, RunInput, RunOutcome
from workflows.run import AutomationRun

Handle = WorkflowHandle[AutomationRun, RunOutcome]


async def start(client: Client, run: RunInput, queue: str) -> Handle:
    return await client.start_workflow(
        AutomationRun.run,
        run,
        id=str(uuid4()),
        task_queue=queue,
        search_attributes=search_attributes.of_run(
            project_id="p", automation_id="auto", user_id="user-1", trigger="manual"
        ),
        execution_timeout=timedelta(minutes=2),
    )


async def finish(client: Client, world: FakeWorld, run: RunInput) -> RunOutcome:
    queue = str(uuid4())
    async with world.working(client, queue):
        return await (await start(client, run, queue)).result()


async def status_attribute(handle: Handle) -> str | None:
    # The attribute is set by the task that also pauses; the server shows it when that has ended.
    async with asyncio.timeout(30):
        while True:
            attributes = (await handle.describe()).typed_search_attributes
            if (status := attributes.get(search_attributes.STATUS)) is not None:
                return status
            await asyncio.sleep(0.05)


def echo(step_id: str, **more: Any) -> dict[str, Any]:
    return {"id": step_id, "type": "app", "component": "app.echo", **more}


async def test_each_app_step_is_an_activity_named_for_people(
    temporal: Client, world: FakeWorld
) -> None:
    queue = str(uuid4())
    steps: list[dict[str, Any]] = [
        echo("one", name="Create the ticket", inputs={"n": "{{ data.n }}"}),
        echo("two", inputs={"again": "{{ steps.one.output }}"}, replaceEndUserConnection=False),
    ]
    async with world.working(temporal, queue):
        run = run_input(steps, result="{{ steps.two.output.again }}", data={"n": 2})
        handle = await start(temporal, run, queue)
        outcome = await handle.result()
    assert (outcome.status, outcome.result) == ("completed", {"n": 2})
    assert [call.connection_user_id for call in world.calls] == ["user-1", ""]
    history = await handle.fetch_history()
    scheduled = [
        event
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    types = [e.activity_task_scheduled_event_attributes.activity_type.name for e in scheduled]
    assert types == ["app.echo", "app.echo"]
    summaries = await temporal.data_converter.decode(
        [event.user_metadata.summary for event in scheduled]
    )
    assert summaries == ["Create the ticket", "two"]
    # Three for the start, six an activity with its workflow task, one for the end.
    assert len(history.events) == 4 + 2 * 6 + 1


async def test_nothing_readable_is_in_the_history(temporal: Client, world: FakeWorld) -> None:
    queue = str(uuid4())
    world.components["app.no"] = fail("refused for needle-4711", "conflict")
    async with world.working(temporal, queue):
        steps: list[dict[str, Any]] = [
            echo("one", inputs={"x": "{{ data.x }}"}),
            {"id": "bad", "type": "app", "component": "app.no"},
        ]
        handle = await start(temporal, run_input(steps, data={"x": "needle-4711"}), queue)
        with pytest.raises(WorkflowFailureError, match="failed"):
            await handle.result()
    assert "needle-4711" not in (await handle.fetch_history()).to_json()


async def test_traces_of_free_steps_travel_with_the_next_activity(
    temporal: Client, world: FakeWorld
) -> None:
    steps: list[dict[str, Any]] = [
        {"id": "v", "type": "set", "values": {"a": 1}},
        echo("one"),
        {"id": "w", "type": "set", "values": {"b": 2}},
    ]
    outcome = await finish(temporal, world, run_input(steps))
    assert [trace.step_id for trace in world.calls[0].traces] == ["v"]
    assert [trace.step_id for trace in outcome.traces] == ["w"]


async def test_an_error_fails_the_workflow_with_a_message_for_people(
    temporal: Client, world: FakeWorld
) -> None:
    world.components["app.no"] = fail("the project is archived", "conflict")
    steps: list[dict[str, Any]] = [
        {"id": "s", "name": "Add task", "type": "app", "component": "app.no"}
    ]
    with pytest.raises(WorkflowFailureError) as failure:
        await finish(temporal, world, run_input(steps))
    assert isinstance(failure.value.cause, ApplicationError)
    outcome = RunOutcome.model_validate(failure.value.cause.details[0])
    assert outcome.status == "error"
    assert outcome.message == "Step “Add task” failed: the project is archived"


async def test_what_may_pass_is_tried_again_as_the_step_says(
    temporal: Client, world: FakeWorld
) -> None:
    attempts = []

    def flaky(call: ComponentCall) -> Any:
        attempts.append(call)
        if len(attempts) < 3:
            raise ApplicationError("busy", type="transient")
        return {"ok": True}

    world.components["app.flaky"] = flaky
    retry = {"maxAttempts": 3, "initialInterval": 0.05}
    step = {"id": "s", "type": "app", "component": "app.flaky", "onError": {"retry": retry}}
    outcome = await finish(temporal, world, run_input([step], result="{{ steps.s.output.ok }}"))
    assert (outcome.result, len(attempts)) == (True, 3)


async def test_a_broken_connection_pauses_the_run_and_mending_it_goes_on_at_that_step(
    temporal: Client, world: FakeWorld
) -> None:
    broken = True

    def needs_connection(call: ComponentCall) -> Any:
        if broken:
            raise ApplicationError(
                "waits until user user-1 connects app again", type="connection", non_retryable=True
            )
        return "sent"

    world.components["app.send"] = needs_connection
    steps: list[dict[str, Any]] = [
        echo("first"),
        {"id": "s", "type": "app", "component": "app.send"},
    ]
    queue = str(uuid4())
    async with world.working(temporal, queue):
        handle = await start(temporal, run_input(steps, result="{{ steps.s.output }}"), queue)
        pause = await world.until_paused()
        assert (pause.kind, pause.app_key, pause.user_id) == ("connection", "app", "user-1")
        assert await status_attribute(handle) == "paused"
        broken = False
        await handle.signal(AutomationRun.resume, Resume(step_id="s"))
        assert (await handle.result()).result == "sent"
    assert [call.step_id for call in world.calls] == ["first", "s", "s"]
    assert len(world.resumed) == 1


async def test_an_approval_waits_for_its_answer(temporal: Client, world: FakeWorld) -> None:
    steps: list[dict[str, Any]] = [
        {"id": "ask", "type": "approval", "who": "Ada", "message": "Pay?"}
    ]
    queue = str(uuid4())
    async with world.working(temporal, queue):
        handle = await start(temporal, run_input(steps, result="{{ steps.ask.output }}"), queue)
        pause = await world.until_paused()
        assert pause.message == "Step “ask” waits for the approval of Ada: Pay?"
        await handle.signal(AutomationRun.resume, Resume(step_id="other", approved=False))
        await handle.signal(AutomationRun.resume, Resume(step_id="ask", approved=True, by="Ada"))
        result = (await handle.result()).result
    assert result == {"approved": True, "expired": False, "by": "Ada", "comment": None}


async def test_an_approval_expires(temporal: Client, world: FakeWorld) -> None:
    steps: list[dict[str, Any]] = [{"id": "ask", "type": "approval", "expiresIn": 0.2}]
    run = run_input(steps, result="{{ steps.ask.output.expired }}")
    assert (await finish(temporal, world, run)).result is True


async def test_a_callback_that_came_early_is_not_waited_for(
    temporal: Client, world: FakeWorld
) -> None:
    world.early = Resume(step_id="hook", body={"paid": True})
    steps: list[dict[str, Any]] = [{"id": "hook", "type": "callback"}]
    run = run_input(steps, result="{{ steps.hook.output.body.paid }}")
    assert (await finish(temporal, world, run)).result is True


async def test_a_canceled_run_ends_as_canceled(temporal: Client, world: FakeWorld) -> None:
    queue = str(uuid4())
    async with world.working(temporal, queue):
        handle = await start(temporal, run_input([{"id": "ask", "type": "approval"}]), queue)
        await world.until_paused()
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
    assert isinstance(failure.value.cause, CancelledError)


async def test_a_called_automation_is_a_run_of_its_own(temporal: Client, world: FakeWorld) -> None:
    called = {
        "steps": [echo("inner", inputs={"x": "{{ data.x * 2 }}"})],
        "result": "{{ steps.inner.output.x }}",
    }
    run = run_input(
        [{"id": "sub", "type": "call", "automationId": "other", "data": {"x": "{{ data.x }}"}}],
        result="{{ steps.sub.output }}",
        data={"x": 21},
        called={"other": {"name": "Other", "version": 3, "definition": called}},
    )
    outcome = await finish(temporal, world, run)
    assert outcome.result == 42
    [record] = world.records
    assert (record.automation_id, record.version, record.trigger) == ("other", 3, "call")
    assert world.calls[0].run_id == record.run_id


def calling_one_that_hangs(world: FakeWorld) -> tuple[RunInput, asyncio.Event]:
    """A run that calls another and goes on after its failure; set when the app is asked."""
    called = asyncio.Event()

    async def hang(_call: ComponentCall) -> Any:
        called.set()
        await asyncio.Event().wait()

    world.components["app.slow"] = hang
    other = {"steps": [{"id": "inner", "type": "app", "component": "app.slow"}]}
    step = {"id": "sub", "type": "call", "automationId": "other"}
    run = run_input(
        [step | {"onError": {"action": "continue"}}],
        result="{{ steps.sub.error.message }}",
        called={"other": {"name": "Other", "version": 1, "definition": other}},
    )
    return run, called


@pytest.mark.parametrize(
    ("end", "says"), [("cancel", "it was canceled"), ("terminate", "it was ended in Temporal")]
)
async def test_a_called_automation_that_is_ended_by_itself_fails_the_step_that_called_it(
    temporal: Client, world: FakeWorld, end: str, says: str
) -> None:
    run, called = calling_one_that_hangs(world)
    queue = str(uuid4())
    async with world.working(temporal, queue), asyncio.timeout(60):
        handle = await start(temporal, run, queue)
        await called.wait()
        child = temporal.get_workflow_handle(world.records[0].run_id)
        await (child.cancel() if end == "cancel" else child.terminate())
        assert (await handle.result()).result == f"“Other”: {says}"


async def test_a_run_that_calls_another_is_canceled_with_it(
    temporal: Client, world: FakeWorld
) -> None:
    run, called = calling_one_that_hangs(world)
    queue = str(uuid4())
    async with world.working(temporal, queue), asyncio.timeout(60):
        handle = await start(temporal, run, queue)
        await called.wait()
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
    assert isinstance(failure.value.cause, CancelledError)


async def test_a_short_loop_runs_inside_its_run_in_parallel(
    temporal: Client, world: FakeWorld
) -> None:
    active = most = 0

    async def slow(call: ComponentCall) -> Any:
        nonlocal active, most
        active += 1
        most = max(most, active)
        await asyncio.sleep(0.05)
        active -= 1
        return call.inputs["n"] + 1

    world.components["app.slow"] = slow
    loop = {
        "id": "each",
        "type": "for-each",
        "items": "data.items",
        "parallelism": 5,
        "steps": [
            {"id": "s", "type": "app", "component": "app.slow", "inputs": {"n": "{{ item }}"}}
        ],
        "output": "{{ steps.s.output }}",
    }
    run = run_input([loop], result="{{ steps.each.output }}", data={"items": list(range(20))})
    assert (await finish(temporal, world, run)).result == list(range(1, 21))
    assert 1 < most <= 5
    # Parts that run side by side reach the worker in any order.
    assert {call.iteration: call.inputs["n"] for call in world.calls} == {
        str(item): item for item in range(20)
    }


async def test_a_long_loop_runs_in_parts_that_keep_every_history_short(
    temporal: Client, world: FakeWorld
) -> None:
    loop = {
        "id": "each",
        "type": "for-each",
        "items": "data.items",
        "parallelism": 20,
        "steps": [echo("s", inputs={"n": "{{ item + vars.base }}"})],
        "output": "{{ steps.s.output.n }}",
    }
    base = {"id": "base", "type": "set", "values": {"base": 100}}
    queue = str(uuid4())
    run = run_input(
        [base, loop], result="{{ steps.each.output }}", data={"items": list(range(1200))}
    )
    async with world.working(temporal, queue):
        handle = await start(temporal, run, queue)
        outcome = await handle.result()
        assert outcome.result == list(range(100, 1300))
        assert len({call.iteration for call in world.calls}) == 1200
        assert len((await handle.fetch_history()).events) < 60


async def test_ten_thousand_items(temporal: Client, world: FakeWorld) -> None:
    loop = {
        "id": "each",
        "type": "for-each",
        "items": "data.items",
        "steps": [{"id": "s", "type": "set", "values": {"n": "{{ item * 2 }}"}}],
        "output": "{{ vars.n }}",
    }
    run = run_input([loop], result="{{ steps.each.output }}", data={"items": list(range(10_000))})
    queue = str(uuid4())
    async with world.working(temporal, queue):
        handle = await start(temporal, run, queue)
        assert (await handle.result()).result == [n * 2 for n in range(10_000)]
        # A hundredth of what ends a history (51,200 events).
        assert len((await handle.fetch_history()).events) < 512
    booked = {trace.iteration for trace in world.traces if trace.step_id == "s"}
    assert booked == {str(n) for n in range(10_000)}


async def test_a_value_is_handed_on_from_part_to_part_of_a_long_loop(
    temporal: Client, world: FakeWorld
) -> None:
    loop = {
        "id": "sum",
        "type": "for-each",
        "items": "data.items",
        "carry": {"start": "{{ data.start }}", "next": "{{ carry + item }}"},
        "steps": [{"id": "s", "type": "set", "values": {"n": "{{ carry }}"}}],
    }
    run = run_input(
        [loop],
        result="{{ steps.sum.output.carry }}",
        data={"items": list(range(2_500)), "start": 7},
    )
    assert (await finish(temporal, world, run)).result == 7 + sum(range(2_500))


async def test_a_long_repeat_goes_on_in_parts_until_its_condition_holds(
    temporal: Client, world: FakeWorld
) -> None:
    # The app gives pages of three until it has given 1,500 things.
    world.components["app.page"] = lambda call: {
        "items": list(range(call.inputs["from"], call.inputs["from"] + 3)),
        "next": call.inputs["from"] + 3 if call.inputs["from"] < 1_497 else None,
    }
    loop = {
        "id": "pages",
        "type": "repeat",
        "maxTimes": 10_000,
        "carry": {
            "start": {"next": 0, "sum": 0},
            "next": {
                "next": "{{ steps.page.output.next }}",
                "sum": "{{ carry.sum + steps.page.output.items.sum() }}",
            },
        },
        "until": "carry.next == null",
        "steps": [
            {
                "id": "page",
                "type": "app",
                "component": "app.page",
                "inputs": {"from": "{{ carry.next }}"},
            }
        ],
        "output": {"sum": "{{ carry.sum }}", "times": "{{ index + 1 }}"},
    }
    queue = str(uuid4())
    run = run_input([loop], result="{{ steps.pages.output }}")
    async with world.working(temporal, queue):
        handle = await start(temporal, run, queue)
        assert (await handle.result()).result == {"sum": sum(range(1_500)), "times": 500}
        assert [call.iteration for call in world.calls] == [str(n) for n in range(500)]
        # 200 times beside the other steps, the rest in a child workflow.
        assert len((await handle.fetch_history()).events) < 200 * 6 + 60


async def test_a_repeat_that_never_ends_fails_in_its_parts_too(
    temporal: Client, world: FakeWorld
) -> None:
    loop = {
        "id": "r",
        "type": "repeat",
        "maxTimes": 2_345,
        "until": "index < 0",
        "onError": {"action": "continue"},
        "steps": [{"id": "s", "type": "set", "values": {"n": "{{ index }}"}}],
    }
    outcome = await finish(temporal, world, run_input([loop], result="{{ steps.r.error.message }}"))
    assert str(outcome.result).startswith("`until` was not true after 2345 times")


async def test_a_failure_in_a_part_of_a_long_loop_ends_the_run_and_names_the_item(
    temporal: Client, world: FakeWorld
) -> None:
    def picky(call: ComponentCall) -> Any:
        if call.inputs["n"] == 250:
            raise ApplicationError("no", type="invalid_input", non_retryable=True)
        return None

    world.components["app.picky"] = picky
    loop = {
        "id": "each",
        "type": "for-each",
        "items": "data.items",
        "parallelism": 10,
        "steps": [
            {"id": "s", "type": "app", "component": "app.picky", "inputs": {"n": "{{ item }}"}}
        ],
    }
    run = run_input([loop], data={"items": list(range(300))})
    with pytest.raises(WorkflowFailureError) as failure:
        await finish(temporal, world, run)
    assert isinstance(failure.value.cause, ApplicationError)
    assert "s #251" in failure.value.cause.message


async def test_megabytes_travel_outside_of_the_history(temporal: Client, world: FakeWorld) -> None:
    world.components["app.big"] = lambda call: "x" * 5_000_000
    steps: list[dict[str, Any]] = [
        {"id": "big", "type": "app", "component": "app.big"},
        {"id": "size", "type": "set", "values": {"n": "{{ size(steps.big.output) }}"}},
    ]
    queue = str(uuid4())
    async with world.working(temporal, queue):
        handle = await start(temporal, run_input(steps, result="{{ vars.n }}"), queue)
        assert (await handle.result()).result == 5_000_000
        assert len((await handle.fetch_history()).to_json()) < 50_000


async def test_a_retry_goes_on_from_the_failed_step(temporal: Client, world: FakeWorld) -> None:
    world.components["app.later"] = fail("not yet", "conflict")
    steps: list[dict[str, Any]] = [
        echo("first"),
        {"id": "s", "type": "app", "component": "app.later"},
    ]
    queue = str(uuid4())
    async with world.working(temporal, queue):
        handle = await start(temporal, run_input(steps, result="{{ steps.s.output }}"), queue)
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        world.components["app.later"] = lambda call: "done"
        event_id = failed_step_event(await handle.fetch_history())
        assert event_id is not None
        await reset(temporal, handle, event_id)
        outcome: RunOutcome = await temporal.get_workflow_handle(
            handle.id, result_type=RunOutcome
        ).result()
    assert outcome.result == "done"
    assert [call.step_id for call in world.calls] == ["first", "s", "s"]
    assert [call.reuse for call in world.calls] == [False, False, True]


async def reset(client: Client, handle: Handle, event_id: int) -> None:
    from temporalio.api.common.v1 import WorkflowExecution
    from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(
                workflow_id=handle.id, run_id=handle.first_execution_run_id or ""
            ),
            workflow_task_finish_event_id=event_id,
            request_id=str(uuid4()),
            reason="test",
        )
    )


async def test_one_step_alone_finds_what_it_is_given_in_child_workflows_too(
    temporal: Client, world: FakeWorld
) -> None:
    inputs = {"n": "{{ item + steps.base.output }}", "url": "{{ callbacks.wait }}"}
    loop = {
        "id": "each",
        "type": "for-each",
        "items": "steps.list.output",
        "steps": [echo("call", inputs=inputs)],
        "output": "{{ steps.call.output.n }}",
    }
    given = Given({"list": list(range(201)), "base": 1000}, callbacks=["wait"])
    run = run_input([loop], result="{{ steps.each.output }}", given=given)
    outcome = await finish(temporal, world, run)
    assert outcome.result == list(range(1000, 1201))
    assert all(call.inputs["url"].startswith(f"{run.callback_url}/wait") for call in world.calls)


async def test_a_called_automation_is_given_nothing(temporal: Client, world: FakeWorld) -> None:
    called = {
        "name": "Other",
        "version": 1,
        "definition": {"steps": [], "result": "{{ vars.size() }}"},
    }
    step = {"id": "sub", "type": "call", "automationId": "other"}
    run = run_input(
        [step],
        result="{{ steps.sub.output }}",
        called={"other": called},
        given=Given(vars={"total": 5}),
    )
    assert (await finish(temporal, world, run)).result == 0


def patient(**retry: Any) -> list[dict[str, Any]]:
    """A step whose first wait is too long for its caller."""
    return [echo("call", component="app.down", onError={"retry": {"initialInterval": 60, **retry}})]


async def test_a_person_says_try_now(temporal: Client, world: FakeWorld) -> None:
    world.components["app.down"] = fail("answered 503", "transient", retryable=True)
    queue = str(uuid4())
    async with world.working(temporal, queue):
        handle = await start(
            temporal, run_input(patient(), result="{{ steps.call.output }}"), queue
        )
        pause = await world.until_paused()
        assert (pause.kind, pause.keep, len(world.calls)) == ("unavailable", True, 1)
        assert await status_attribute(handle) == "paused"
        await handle.signal(AutomationRun.resume, Resume(step_id="call"))
        await world.until_paused(2)
        world.components["app.down"] = lambda call: "there again"
        await handle.signal(AutomationRun.resume, Resume(step_id="call"))
        assert (await handle.result()).result == "there again"
    assert len(world.calls) == 3
    # Taken twice by somebody, over once.
    assert [resumed.keep for resumed in world.resumed] == [True, True, False]


async def test_a_person_gives_a_step_up(temporal: Client, world: FakeWorld) -> None:
    world.components["app.down"] = fail("It answered 503.", "transient", retryable=True)
    queue = str(uuid4())
    async with world.working(temporal, queue):
        handle = await start(temporal, run_input(patient()), queue)
        await world.until_paused()
        answer = Resume(step_id="call", give_up=True, by="Ada")
        await handle.signal(AutomationRun.resume, answer)
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
    assert isinstance(failure.value.cause, ApplicationError)
    assert failure.value.cause.message == (
        "Step “call” failed: It answered 503. It was given up by Ada."
    )
    assert [resumed.keep for resumed in world.resumed] == [True, False]


@pytest.mark.parametrize("retry", [{"maxAttempts": 1}, {"giveUpAfter": 0}])
async def test_a_step_that_is_not_to_wait_fails_at_once(
    temporal: Client, world: FakeWorld, retry: dict[str, Any]
) -> None:
    world.components["app.down"] = fail("It answered 503.", "transient", retryable=True)
    with pytest.raises(WorkflowFailureError) as failure:
        await finish(temporal, world, run_input(patient(**retry)))
    assert isinstance(failure.value.cause, ApplicationError)
    assert failure.value.cause.message.endswith("It answered 503. It is not tried again.")
    assert len(world.calls) == 1


@pytest.mark.parametrize(("retry", "calls"), [({}, 1), ({"evenIfUnknown": True}, 2)])
async def test_what_the_app_may_have_done_is_repeated_only_where_the_step_says_so(
    temporal: Client, world: FakeWorld, retry: dict[str, Any], calls: int
) -> None:
    def torn(call: ComponentCall) -> Any:
        if len(world.calls) > 1:
            return "done"
        raise ApplicationError("Not known.", type="unknown_outcome", non_retryable=True)

    world.components["app.down"] = torn
    steps = patient(initialInterval=0.1, **retry)
    steps[0]["onError"]["action"] = "continue"
    outcome = await finish(temporal, world, run_input(steps, result="{{ steps.call.status }}"))
    assert (outcome.result, len(world.calls)) == (["error", "completed"][calls - 1], calls)


async def details_of(handle: Handle) -> str:
    """What the Temporal UI shows of a run that goes on."""
    metadata = await handle.query("__temporal_workflow_metadata")
    return str(metadata.current_details)


async def test_operators_read_what_a_run_did_and_no_value(
    temporal: Client, world: FakeWorld
) -> None:
    """Steps that need no activity are told in the details, pauses by the step's name."""
    steps: list[dict[str, Any]] = [
        {"id": "v", "name": "Remember", "type": "set", "values": {"pin": "needle-4711"}},
        {
            "id": "check",
            "name": "Big order?",
            "type": "condition",
            "branches": [{"name": "big", "when": "vars.pin != ''", "steps": [echo("one")]}],
        },
        {
            "id": "each",
            "name": "Each line",
            "type": "for-each",
            "items": "[1, 2]",
            "steps": [{"id": "s", "type": "set", "values": {"n": "{{ item }}"}}],
        },
        {"id": "ask", "name": "May it go?", "type": "approval"},
    ]
    queue = str(uuid4())
    async with world.working(temporal, queue):
        handle = await start(temporal, run_input(steps), queue)
        await world.until_paused()
        details = await details_of(handle)
        assert details.startswith("**Paused.** Step “May it go?” waits for the approval")
        lines = details.partition("The last steps:")[2].split("\n")
        assert [line for line in lines if line] == [
            "- **Each line** (for-each): 2 items",
            "- **s #2** (set): n",
            "- **s #1** (set): n",
            "- **one** (`app.echo`)",
            "- **Big order?** (condition): branch “big”",
            "- **Remember** (set): pin",
        ]
        await handle.signal(AutomationRun.resume, Resume(step_id="ask", approved=True))
        await handle.result()
    summaries = await temporal.data_converter.decode(
        [
            event.user_metadata.summary
            for event in (await handle.fetch_history()).events
            if event.HasField("marker_recorded_event_attributes")
        ]
    )
    assert summaries == ["May it go?: waits", "May it go?: goes on"]


async def test_a_call_that_is_made_again_looks_whether_it_was_done(
    temporal: Client, world: FakeWorld
) -> None:
    """A worker may have ended between the app's answer and its own."""
    world.components["app.down"] = lambda call: "found" if call.reuse else down(call)
    down = fail("It answered 503.", "transient", retryable=True)
    steps = patient(initialInterval=15.1)
    queue = str(uuid4())
    async with world.working(temporal, queue):
        run = run_input(steps, result="{{ steps.call.output }}")
        handle = await start(temporal, run, queue)
        await world.until_paused()
        await handle.signal(AutomationRun.resume, Resume(step_id="call"))
        assert (await handle.result()).result == "found"
