"""Starting the workflow of a run: the same way whoever asks for it."""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client
from temporalio.common import Priority, WorkflowIDReusePolicy

from temporal.client import TASK_QUEUE
from workflows import search_attributes
from workflows.payloads import RunInput
from workflows.run import AutomationRun

START_TIMEOUT = timedelta(seconds=5)


async def start_run(client: Client, run: RunInput, run_id: str) -> None:
    """Starts the run of that id, once for all time.

    Raises `WorkflowAlreadyStartedError`, RPCError, and RuntimeError from a client that connects
    lazily.
    """
    await client.start_workflow(
        AutomationRun.run,
        run,
        id=run_id,
        task_queue=TASK_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        search_attributes=search_attributes.of_run(
            project_id=run.project_id,
            automation_id=run.automation_id,
            user_id=run.user_id,
            trigger=run.trigger,
        ),
        static_summary=search_attributes.summary_of(run.automation_name),
        priority=Priority(fairness_key=run.project_id),
        rpc_timeout=START_TIMEOUT,
    )
