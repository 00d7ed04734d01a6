"""The row of the ledger for an executed component."""

from __future__ import annotations

from typing import Any

from temporalio import activity

from connectors.manifest import Component
from connectors.masking import mask
from store.bookings import Row
from store.models import now_ms
from workflows.payloads import ComponentCall


def app_step_row(
    component: Component, call: ComponentCall, started: int, *, output: Any, error: str | None
) -> Row:
    """The row of an executed app component, its secrets masked."""
    return {
        "run_id": call.run_id,
        "step_id": call.step_id,
        "iteration": call.iteration,
        "project_id": call.project_id,
        "type": "app",
        "name": call.name,
        "component": component.key,
        "connection_user_id": call.connection_user_id,
        "status": "completed" if error is None else "error",
        "inputs": mask(component.input_schema, call.inputs),
        "output": mask(component.output_schema, output),
        "error": error,
        "attempts": activity.info().attempt,
        "started_at": started,
        "ended_at": now_ms(),
    }
