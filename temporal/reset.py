"""Where in its history a failed run must be taken up again."""

from __future__ import annotations

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory

_ENDED_BADLY = {
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: "activity_task_failed_event_attributes",
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: "activity_task_timed_out_event_attributes",
}
_CHILD_ENDED_BADLY = {
    EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED: (
        "child_workflow_execution_failed_event_attributes"
    ),
    EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED: (
        "child_workflow_execution_canceled_event_attributes"
    ),
    EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED: (
        "child_workflow_execution_terminated_event_attributes"
    ),
    EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT: (
        "child_workflow_execution_timed_out_event_attributes"
    ),
}
_SCHEDULED = {
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: "activity_task_scheduled_event_attributes",
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: (
        "start_child_workflow_execution_initiated_event_attributes"
    ),
}


def failed_step_event(history: WorkflowHistory) -> int | None:
    """The workflow task to reset to, so that the last step that failed is executed again.

    Gives the id of the task's completed event; None for a run that has not failed. A run that
    failed without a failing step (an expression, a stop step) is taken up at its last task.
    """
    if history.events[-1].event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
        return None
    scheduled_by: dict[int, int] = {}
    last_task, failed = 0, 0
    for event in history.events:
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
            last_task = event.event_id
        elif name := _SCHEDULED.get(event.event_type):
            scheduled_by[event.event_id] = getattr(event, name).workflow_task_completed_event_id
        elif name := _ENDED_BADLY.get(event.event_type):
            failed = scheduled_by[getattr(event, name).scheduled_event_id]
        elif name := _CHILD_ENDED_BADLY.get(event.event_type):
            failed = scheduled_by[getattr(event, name).initiated_event_id]
    return failed or last_task
