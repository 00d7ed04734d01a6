"""Definitions and data with sizes drawn to hurt, on a real worker: each run ends, pauses or rests,
and each can be canceled.

INLAY_HURTING_RUNS says how many are drawn; a few by default.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from datetime import timedelta
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError

from tests.automations.strategies import definitions
from tests.automations.test_hurting import EXPRESSIONS, LISTS, NUMBERS, TEXTS
from tests.workflows.conftest import FakeWorld, fail, run_input
from tests.workflows.test_run import Handle, start

RUNS = int(os.environ.get("INLAY_HURTING_RUNS", "14"))
AT_A_TIME = 14
SECONDS = 60
"""A guard: a run that does not end when it is canceled would be waited for for ever."""

DATA: dict[str, Any] = {
    "text": "a" * 20_000,
    "deep": [[[[[1]]]]],
    "rows": [{"id": i, "name": f"n{i}"} for i in range(300)],
    "map": {f"k{i}": i for i in range(300)},
    "n": 0,
    "items": [1, 2],
}


def templates(of: st.SearchStrategy[str] = EXPRESSIONS) -> st.SearchStrategy[str]:
    return of.map("{{{{ {} }}}}".format)


LEAVES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "set": {
        "values": st.fixed_dictionaries({"v": templates() | templates().map(lambda t: [t] * 40)})
    },
    "app": {"component": st.just("app.echo"), "inputs": st.fixed_dictionaries({"x": templates()})},
    "delay": {"seconds": templates(NUMBERS)},
    "wait-until": {"at": templates(TEXTS)},
    "approval": {"who": templates(), "message": templates()},
    "callback": {},
    "stop": {"result": templates(), "message": templates()},
    "switch": {
        "value": EXPRESSIONS,
        "cases": st.just([{"equals": value, "steps": []} for value in (0, "", None, [1])]),
    },
    "condition": {"branches": EXPRESSIONS.map(lambda when: [{"when": when}])},
}
LOOPS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "for-each": {
        "items": LISTS,
        "parallelism": st.sampled_from([1, 7, 50]),
        "output": templates(),
    },
    "repeat": {
        "until": st.sampled_from(["false", "index > 30", "carry == index"]),
        "maxTimes": st.sampled_from([1, 40, 10_000]),
        "carry": st.fixed_dictionaries(
            {"start": templates(), "next": st.sampled_from(["{{ [carry] }}", 1])}
        ),
    },
}
ON_ERROR = {"onError": st.sampled_from([{}, {"action": "continue"}])}


def of_kinds(kinds: dict[str, Any], **more: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        *(
            st.fixed_dictionaries({"type": st.just(kind), **fields, **ON_ERROR, **more})
            for kind, fields in kinds.items()
        )
    )


STEPS = st.recursive(
    of_kinds(LEAVES),
    lambda inner: of_kinds(LOOPS, steps=st.lists(inner, min_size=1, max_size=2)),
    max_leaves=4,
)


def named(steps: list[dict[str, Any]], prefix: str = "s") -> list[dict[str, Any]]:
    """The steps, each with an id of its own."""
    return [
        step
        | {"id": f"{prefix}_{number}"}
        | ({"steps": named(step["steps"], f"{prefix}_{number}")} if "steps" in step else {})
        for number, step in enumerate(steps)
    ]


HURTING = st.fixed_dictionaries(
    {"steps": st.lists(STEPS, min_size=1, max_size=3).map(named), "result": templates()}
)
"""Definitions whose steps may do far too much, or cannot do at all what they say."""


def drawn(count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(HURTING, definitions()))
    def draw(definition: dict[str, Any]) -> None:
        found.append(definition)

    draw()
    return found


async def test_whatever_runs_do_they_end_or_can_be_canceled(
    temporal: Client, world: FakeWorld
) -> None:
    world.components["app.fail"] = fail("It was refused.", "invalid_input")
    queue = str(uuid4())
    found = drawn(RUNS)
    async with world.working(temporal, queue):
        for first in range(0, len(found), AT_A_TIME):
            group = found[first : first + AT_A_TIME]
            async with asyncio.timeout(SECONDS + AT_A_TIME):
                handles = [
                    await start(temporal, run_input(**parts(definition)), queue)
                    for definition in group
                ]
                await asyncio.sleep(1)
                for handle, definition in zip(handles, group, strict=True):
                    assert await goes_on_or_has_ended(temporal, world, handle), definition
                    await handle.cancel(rpc_timeout=timedelta(seconds=5))
                for handle, definition in zip(handles, group, strict=True):
                    await ended(handle)
                    assert await failed_turns(handle) == [], definition


def parts(definition: dict[str, Any]) -> dict[str, Any]:
    return {"steps": definition["steps"], "result": definition["result"], "data": DATA}


async def failed_turns(handle: Handle) -> list[str]:
    """Why turns of a run failed, but where it was canceled just as it ended."""
    found = []
    for event in (await handle.fetch_history()).events:
        failed = event.workflow_task_failed_event_attributes
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
            found.append("it took too long")
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED and failed.cause != LATE:
            found.append(f"{WorkflowTaskFailedCause.Name(failed.cause)} {failed.failure.message}")
    return found


LATE = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND


async def ended(handle: Handle) -> None:
    with contextlib.suppress(WorkflowFailureError):
        await handle.result()


async def goes_on_or_has_ended(client: Client, world: FakeWorld, handle: Handle) -> bool:
    """Whether a run has ended, or something is there that will have it go on."""
    described = await handle.describe()
    found = described.raw_description
    if described.status != WorkflowExecutionStatus.RUNNING:
        return True
    if found.HasField("pending_workflow_task") or found.pending_activities:
        return True
    if found.pending_children or any(pause.run_id == handle.id for pause in world.pauses):
        return True
    kinds = [event.event_type for event in (await handle.fetch_history()).events]
    timers = kinds.count(EventType.EVENT_TYPE_TIMER_STARTED)
    over = (EventType.EVENT_TYPE_TIMER_FIRED, EventType.EVENT_TYPE_TIMER_CANCELED)
    return timers > sum(map(kinds.count, over))
