"""The row of the ledger for an executed component."""

from __future__ import annotations

import logging
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.calling import RETRYABLE
from connectors.manifest import Component
from connectors.masking import mask
from store.bookings import UNSTORABLE, Row
from store.models import now_ms
from workflows.payloads import ComponentCall

logger = logging.getLogger(__name__)


def app_step_row(
    component: Component,
    call: ComponentCall,
    started: int,
    *,
    output: Any,
    error: ApplicationError | None,
) -> Row:
    """The row of an executed app component, for people with its secrets masked.

    `output` of a call that failed is the answer that it failed by, which holds no secret.
    A failure that may pass is waited for: the run tries again, or books that it gives up. Never
    raises: the app has acted, and that must be booked whatever it answered.
    """
    status = "completed" if error is None else "error"
    if error is not None and error.type in RETRYABLE:
        status = "waiting"
    row: Row = {
        "run_id": call.run_id,
        "step_id": call.step_id,
        "iteration": call.iteration,
        "project_id": call.project_id,
        "type": "app",
        "name": call.name,
        "component": component.key,
        "connection_user_id": call.connection_user_id,
        "status": status,
        "inputs": None,
        "output": None,
        "true_output": None,
        "error": None if error is None else error.message,
        "attempts": call.tried + activity.info().attempt,
        "started_at": started,
        "ended_at": now_ms(),
    }
    try:
        row["inputs"] = mask(component.input_schema, call.inputs)
        row["output"] = mask(component.output_schema, output) if error is None else output
        if row["output"] != output:
            row["true_output"] = output
    except (TypeError, ValueError, RecursionError) as fault:
        logger.warning("A step's values cannot be kept: %s", type(fault).__name__)
        row |= {"inputs": None, "output": UNSTORABLE, "true_output": None}
    return row
