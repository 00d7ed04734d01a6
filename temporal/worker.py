"""The worker of the SDK as Inlay configures it, whatever its activities are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from temporal.client import TASK_QUEUE
from workflows.events import EventBatchWorkflow
from workflows.notification import NotificationDelivery
from workflows.registration import RegistrationWorkflow
from workflows.run import AutomationRun, LoopPartRun

GRACE = timedelta(seconds=20)
"""How long running calls may go on when the worker is told to stop."""

TASK_SECONDS = 8
"""How long the SDK lets a workflow task take. Temporal's server waits 10 seconds. The SDK's own two
go by the clock, though what a task computes here is counted: on a busy machine, tasks that do no
more than they may would be broken off and tried again for ever. The SDK has no setting for it."""

WORKFLOWS = (
    AutomationRun,
    EventBatchWorkflow,
    LoopPartRun,
    NotificationDelivery,
    RegistrationWorkflow,
)

PASSED_THROUGH = (
    "annotated_types",
    "automations",
    "babel",
    "cel_expr_python",
    "google",
    "markdown_it",
    "mdurl",
    "nh3",
    "orjson",
    "pydantic",
    "pydantic_core",
    "xmltodict",
    "workflows.callback_urls",
    "workflows.host",
    "workflows.outgoing",
    "workflows.patience",
    "workflows.payloads",
    "workflows.run_ids",
    "workflows.search_attributes",
    "workflows.story",
    "workflows.waiting",
)
"""Modules that workflows use and that hold no state of a run: loaded once, not for each run."""


def build_worker(
    client: Client,
    activities: Sequence[Callable[..., Any]],
    *,
    task_queue: str = TASK_QUEUE,
    runner: WorkflowRunner | None = None,
) -> Worker:
    """A worker for all workflows with these activities.

    Without another `runner`, workflow code runs outside the sandbox: the sandbox takes a quarter of
    a worker's time, and what it would find, the tests find, which run every workflow inside it.
    """
    worker = Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=activities,
        workflow_runner=runner or UnsandboxedWorkflowRunner(),
        max_cached_workflows=2000,
        max_concurrent_activities=200,
        graceful_shutdown_timeout=GRACE,
    )
    if worker._workflow_worker is not None:
        worker._workflow_worker._deadlock_timeout_seconds = TASK_SECONDS
    return worker


def sandbox() -> SandboxedWorkflowRunner:
    """The sandbox that keeps workflow code deterministic."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    return SandboxedWorkflowRunner(restrictions=restrictions)
