"""Samples of what the expressions of an automation read, out of its newest runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import LargeBinary, case, func, null, select, tuple_, type_coerce
from temporalio.service import RPCError, RPCStatusCode

from api.state import State
from api.testing import app_trigger, sample_event
from automations.bounds import OutOfBoundsError, size_of
from store.encryption import DecryptionError
from store.models import Automation, Run, RunStep
from store.outages import StoreUnavailable
from workflows.payloads import RunInput

NEWEST_RUNS = 20
MAX_VALUE = 64 * 1024
"""Bytes of a value's JSON, sealed; a larger one is no sample."""
SECONDS = 2.0
"""How long Temporal is waited for."""
_UNREADABLE = (StoreUnavailable, RPCError, RuntimeError, OSError, ValueError, DecryptionError)
"""Temporal is away, has forgotten the run, or its payload cannot be read (any more)."""


async def samples_of(state: State, automation: Automation) -> dict[str, Any]:
    """`data`, `event` and `steps`, as the API answers them."""
    async with state.database() as session:
        runs = (
            await session.execute(
                select(Run.id)
                .where(Run.project_id == automation.project_id, Run.automation_id == automation.id)
                .order_by(Run.started_at.desc(), Run.id.desc())
                .limit(NEWEST_RUNS)
            )
        ).all()
    run_ids = [run_id for (run_id,) in runs]
    trigger = app_trigger(automation.draft)
    sample = None if trigger is None else sample_event(state, trigger)
    begun = await _begun(state, run_ids, sample)
    event = None
    # An event of another trigger has another shape, and so has one that is still to be fetched.
    if begun and trigger and begun.trigger == trigger.component and begun.fetch is None:
        event = _bounded(begun.event)
    return {
        "data": None if begun is None else _bounded(begun.data),
        "event": sample if event is None else event,
        "steps": await _steps(state, run_ids),
    }


async def _steps(state: State, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The newest completed execution of each step, by id; of a loop's step its first iteration."""
    # By keys first: a loop has thousands of executions, and each may be large.
    keys = (
        select(RunStep.run_id, RunStep.step_id, func.min(RunStep.iteration))
        .where(RunStep.run_id.in_(run_ids), RunStep.status == "completed")
        .group_by(RunStep.run_id, RunStep.step_id)
    )
    rank = {run_id: number for number, run_id in enumerate(run_ids)}
    newest: dict[str, tuple[str, str, str]] = {}
    async with state.database() as session:
        found = [(run_id, step_id, first) for run_id, step_id, first in await session.execute(keys)]
        for key in sorted(found, key=lambda key: rank[key[0]]):
            newest.setdefault(key[1], key)
        columns = (
            RunStep.step_id,
            RunStep.run_id.label("runId"),
            RunStep.ended_at.label("endedAt"),
            _bounded_column(RunStep.inputs).label("inputs"),
            _bounded_column(RunStep.output).label("output"),
        )
        place = tuple_(RunStep.run_id, RunStep.step_id, RunStep.iteration)
        rows = await session.execute(select(*columns).where(place.in_(newest.values())))
        samples = [dict(row._mapping) for row in rows]
    return {sample.pop("step_id"): sample for sample in samples}


def _bounded_column(column: Any) -> Any:
    return case((func.length(type_coerce(column, LargeBinary)) <= MAX_VALUE, column), else_=null())


def _bounded(value: Any) -> Any:
    try:
        size_of(value, size=MAX_VALUE)
    except OutOfBoundsError:
        return None
    return value


async def _begun(state: State, run_ids: Sequence[str], sample: Any) -> RunInput | None:
    """What the newest run started with of those that Temporal still knows.

    A test of one step counts only if it was given data or an event.
    """
    try:
        async with asyncio.timeout(SECONDS):
            for run_id in run_ids:
                begun = await _input(state, run_id)
                if begun is None:
                    continue
                if begun.given is None or begun.data or begun.event not in (None, sample):
                    return begun
    except (TimeoutError, *_UNREADABLE):
        pass
    return None


async def _input(state: State, run_id: str) -> RunInput | None:
    """What a run started with; None: Temporal has forgotten it."""
    events = state.temporal.get_workflow_handle(run_id).fetch_history_events(
        page_size=1, rpc_timeout=timedelta(seconds=SECONDS)
    )
    try:
        started = (await anext(events)).workflow_execution_started_event_attributes
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return None
        raise
    converter = state.temporal.data_converter
    begun: RunInput
    [begun] = await converter.decode(started.input.payloads, [RunInput])
    return begun
