"""Pauses of a run: what it waits for, who is told, and the answers that come."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from automations.host import Place
    from workflows import search_attributes
    from workflows.payloads import Pause, Resume, RunInput, RunRecord, StepTrace

BOOKKEEPING_TIMEOUT = timedelta(seconds=30)
BOOKKEEPING_RETRY = RetryPolicy(maximum_interval=timedelta(seconds=30))


async def book_run(record: RunRecord) -> None:
    """Has the run of a called automation booked."""
    await workflow.execute_local_activity(
        "record-run",
        record,
        start_to_close_timeout=BOOKKEEPING_TIMEOUT,
        retry_policy=BOOKKEEPING_RETRY,
    )


class Waiting:
    """The pauses that are open in one workflow."""

    def __init__(self, run: RunInput, run_id: str) -> None:
        self._run = run
        self._run_id = run_id
        self._open: set[tuple[str, str]] = set()
        self._answers: dict[tuple[str, str], Resume] = {}

    def answer(self, answer: Resume) -> None:
        """Takes an answer for a pause that is open; any other is late and is dropped."""
        key = (answer.step_id, answer.iteration)
        if key in self._open:
            self._answers[key] = answer

    async def pause(
        self,
        place: Place,
        kind: str,
        message: str,
        until: datetime | None,
        traces: list[StepTrace],
        *,
        app_key: str | None = None,
        user_id: str | None = None,
    ) -> Resume | None:
        """Waits for an answer; None when the moment came first."""
        key = (place.step.id, place.iteration)
        pause = Pause.model_validate(
            {
                "run_id": self._run_id,
                "step_id": place.step.id,
                "iteration": place.iteration,
                "project_id": self._run.project_id,
                "account_id": self._run.account_id,
                "workflow_id": workflow.info().workflow_id,
                "kind": kind,
                "message": message,
                "app_key": app_key,
                "user_id": user_id,
                "since": milliseconds(workflow.now()),
                "until": None if until is None else milliseconds(until),
                "traces": traces,
            }
        )
        self._open.add(key)
        workflow.set_current_details(f"**Paused.** {message}")
        workflow.upsert_search_attributes([search_attributes.STATUS.value_set("paused")])
        answer = await self._booked(pause)
        if answer is None:
            answer = await self._answered(key, until, place.label)
        self._open.discard(key)
        await workflow.execute_local_activity(
            "record-resume",
            pause,
            start_to_close_timeout=BOOKKEEPING_TIMEOUT,
            retry_policy=BOOKKEEPING_RETRY,
        )
        if not self._open:
            workflow.upsert_search_attributes([search_attributes.STATUS.value_set("running")])
            workflow.set_current_details(f"Goes on after **{place.label}**.")
        return answer

    async def _booked(self, pause: Pause) -> Resume | None:
        early: dict[str, object] | None = await workflow.execute_local_activity(
            "record-pause",
            pause,
            start_to_close_timeout=BOOKKEEPING_TIMEOUT,
            retry_policy=BOOKKEEPING_RETRY,
        )
        return None if early is None else Resume.model_validate(early)

    async def _answered(
        self, key: tuple[str, str], until: datetime | None, label: str
    ) -> Resume | None:
        timeout = None if until is None else max(until - workflow.now(), timedelta(0))
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: key in self._answers, timeout=timeout, timeout_summary=label
            )
        return self._answers.pop(key, None)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return int(moment.astimezone(UTC).timestamp() * 1000)
