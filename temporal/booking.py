"""Book entries of the ledger from what workflows tell."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError, CancelledError, TerminatedError

from store.bookings import Row, RunClosed, StepWrite
from workflows.payloads import RunOutcome, StepTrace


def free_step_rows(run_id: str, project_id: str, traces: Sequence[StepTrace]) -> list[Row]:
    """The rows of steps that needed no activity."""
    return [
        {
            **trace.model_dump(),
            "run_id": run_id,
            "project_id": project_id,
            "connection_user_id": None,
        }
        for trace in traces
    ]


def run_closed(outcome: RunOutcome, *, run_id: str, project_id: str, account_id: str) -> RunClosed:
    """The entry of a run that ended, with the steps that no activity has booked."""
    rows = free_step_rows(run_id, project_id, outcome.traces)
    steps = StepWrite(account_id, free_steps=rows) if rows else None
    return RunClosed(run_id, outcome.status, outcome.message, outcome.result, steps)


def outcome_of_failure(error: WorkflowFailureError) -> RunOutcome:
    """The outcome of a workflow that did not complete."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.details:
        return RunOutcome.model_validate(cause.details[0])
    if isinstance(cause, CancelledError | TerminatedError):
        return RunOutcome(status="canceled", message="The run was canceled.")
    message = cause.message if isinstance(cause, ApplicationError) else str(cause or error)
    return RunOutcome(status="error", message=f"The run failed: {message}")
