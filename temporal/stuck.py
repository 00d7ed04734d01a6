"""Runs that cannot go on: Temporal has their next turn tried again and again, in vain."""

from __future__ import annotations

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from temporal.booking import CANCELED

TRIES = 4
"""So often in vain, and a run's next turn will fail again until somebody mends what it needs."""
MAX_LOOKED_AT = 200
"""Workflows of one run that are asked about at once."""


async def cannot_go_on(client: Client, run_id: str) -> bool:
    """Whether a run, a part of one of its loops, or an automation that it calls, is stuck.

    A run waits for its parts, and so for ever for one that is. Raises RPCError.
    """
    waiting, asked = [run_id], 0
    while waiting and asked < MAX_LOOKED_AT:
        asked += 1
        try:
            description = await client.get_workflow_handle(waiting.pop()).describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND and asked > 1:
                # It has ended since.
                continue
            raise
        found = description.raw_description
        if found.pending_workflow_task.attempt >= TRIES:
            return True
        waiting.extend(child.workflow_id for child in found.pending_children)
    return False


async def is_to_end(client: Client, run_id: str) -> bool:
    """Whether somebody has canceled a run that goes on; raises RPCError."""
    description = await client.get_workflow_handle(run_id).describe()
    return description.raw_description.workflow_extended_info.cancel_requested


async def end_from_outside(client: Client, run_id: str) -> None:
    """Ends a run that was canceled, with all its parts, which would not hear of it."""
    reason = f"{CANCELED} while it could not go on"
    await client.get_workflow_handle(run_id).terminate(reason=reason)
