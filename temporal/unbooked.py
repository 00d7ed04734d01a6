"""What steps did that no activity has booked, of runs that were ended from outside.

A run that is canceled, terminated or out of time gives no outcome; its workflow can still be asked,
and so can those of the parts of its long loops.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.service import RPCError, RPCStatusCode

from workflows.payloads import StepTrace

logger = logging.getLogger(__name__)

ASK_TIMEOUT = timedelta(seconds=10)
FIRST_TURN_EVENTS = 4
"""A shorter history ends before the first turn of its workflow: nothing was done."""
AWAY = {RPCStatusCode.UNAVAILABLE, RPCStatusCode.RESOURCE_EXHAUSTED, RPCStatusCode.CANCELLED}
"""What the server says when it cannot be asked now; else it cannot tell, and never will: of a part
that had no turn, say."""
MAX_PARTS = 100
ENDED_PARTS = (
    "WorkflowType = 'LoopPart' AND ExecutionStatus != 'Completed' AND RootWorkflowId = '{}'"
)


async def unbooked_steps(client: Client, run_id: str) -> list[StepTrace]:
    """The steps of a run that has ended; as far as they can be learned."""
    description = await client.get_workflow_handle(run_id).describe()
    if description.history_length < FIRST_TURN_EVENTS:
        return []
    steps = await _asked(client, run_id)
    query = ENDED_PARTS.format(run_id)
    async for part in client.list_workflows(query, limit=MAX_PARTS):
        steps += await _asked(client, part.id)
    return steps


async def _asked(client: Client, workflow_id: str) -> list[StepTrace]:
    handle = client.get_workflow_handle(workflow_id)
    try:
        steps: list[StepTrace] = await handle.query(
            "unbooked", result_type=list[StepTrace], rpc_timeout=ASK_TIMEOUT
        )
    except (WorkflowQueryFailedError, WorkflowQueryRejectedError, RPCTimeoutOrCancelledError):
        # No worker answers, or none can: it is one that could not go on.
        logger.warning("What %s did last cannot be learned.", workflow_id)
        return []
    except RPCError as error:
        if error.status in AWAY:
            raise
        logger.warning("What %s did last cannot be learned: %s", workflow_id, error.message)
        return []
    return steps
