"""Book entries of the ledger from what workflows tell."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.client import WorkflowFailureError
from temporalio.exceptions import (
    ApplicationError,
    CancelledError,
    FailureError,
    TerminatedError,
    TimeoutError,  # noqa: A004 - Temporal's own
)

from store.bookings import Row, RunClosed, RunOpened, StepWrite
from workflows.payloads import RunInput, RunOutcome, StepTrace

CANCELED = "Canceled"
"""Begins the reason with which Inlay terminates a run that somebody canceled."""
STUCK = "It could not go on, so that it did not hear of it and was ended from outside."


def run_opened(run: RunInput, run_id: str, started_at: int) -> RunOpened:
    """The entry of a run that starts, at `started_at` (ms)."""
    row = run.model_dump(
        include={
            "project_id",
            "automation_id",
            "version",
            "user_id",
            "trigger",
            "parent_run_id",
        }
    )
    return RunOpened({"id": run_id, "status": "running", "started_at": started_at, **row})


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
    return RunClosed(
        run_id,
        outcome.status,
        outcome.message,
        outcome.result,
        StepWrite(account_id, free_steps=rows) if rows else None,
        outcome.ended_at,
    )


def outcome_of_failure(error: WorkflowFailureError) -> RunOutcome:
    """The outcome of a workflow that did not complete."""
    match error.cause:
        case ApplicationError(details=[dict() as detail, *_]):
            return RunOutcome.model_validate(detail)
        case CancelledError():
            return RunOutcome(status="canceled", message="The run was canceled.")
        case TerminatedError(message=reason) if reason.startswith(CANCELED):
            return RunOutcome(status="canceled", message=f"The run was canceled. {STUCK}")
        case TerminatedError(message=reason):
            # By an operator, or by Temporal itself, which says why: nobody canceled it here.
            return _failed(f"The run was ended in Temporal ({reason or 'no reason was given'}).")
        case TimeoutError():
            return _failed("The run took longer than Temporal lets it, and was ended.")
        case FailureError(message=message):
            return _failed(f"The run failed: {message}")
        case cause:
            return _failed(f"The run failed: {type(cause or error).__name__}")


def _failed(message: str) -> RunOutcome:
    return RunOutcome(status="error", message=message)
