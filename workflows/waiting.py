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
    from workflows.story import Story

BOOKKEEPING_TIMEOUT = timedelta(seconds=30)
BOOKKEEPING_PATIENCE = timedelta(hours=1)
"""What is booked on the way to a workflow's next command waits for a database that is away."""
BOOKKEEPING_RETRY = RetryPolicy(maximum_interval=timedelta(seconds=5))


async def book_run(record: RunRecord) -> None:
    """Has the run of a called automation booked."""
    await workflow.execute_local_activity(
        "record-run",
        record,
        summary=f"Book the run {record.run_id}",
        start_to_close_timeout=BOOKKEEPING_PATIENCE,
        retry_policy=BOOKKEEPING_RETRY,
    )


class Waiting:
    """The pauses that are open in one workflow."""

    def __init__(self, run: RunInput, run_id: str, story: Story) -> None:
        self._run = run
        self._run_id = run_id
        self._story = story
        self._open: dict[tuple[str, str], Pause] = {}
        self._answers: dict[tuple[str, str], Resume] = {}

    @property
    def open(self) -> list[Pause]:
        """What is waited for now."""
        return [pause.model_copy(update={"traces": []}) for pause in self._open.values()]

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
        keep: bool = False,
    ) -> Resume | None:
        """Waits for an answer; None when the moment came first.

        `keep`: what is waited for is not over with this; it stays in the book, and the same place
        may pause again without a new telling, until `close`.
        """
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
                "keep": keep,
            }
        )
        self._answers.pop(key, None)
        self._story.now(f"**Paused.** {message}")
        if key not in self._open:
            self._open[key] = pause
            workflow.upsert_search_attributes([search_attributes.STATUS.value_set("paused")])
        answer = await self._book("record-pause", pause, f"{place.label}: waits")
        if answer is None:
            answer = await self._answered(key, until, place.label)
        if not keep:
            return await self._over(pause, place) or answer
        if answer is not None:
            # The next may be another's.
            answer = await self._book("record-resume", pause, f"{place.label}: answered") or answer
        self._story.now(f"**{place.label}** is tried again.")
        return answer

    async def close(self, place: Place) -> None:
        """Ends a wait that was kept, if there is one at this place."""
        pause = self._open.get((place.step.id, place.iteration))
        if pause is not None:
            await self._over(pause.model_copy(update={"keep": False, "traces": []}), place)

    async def _over(self, pause: Pause, place: Place) -> Resume | None:
        """Has the end of a wait booked; gives the answer that the book took, if it took one.

        The book decides which of several answers is the first, and whether one came in time: a
        signal only says that there may be something to read.
        """
        self._open.pop((pause.step_id, pause.iteration), None)
        answer = await self._book("record-resume", pause, f"{place.label}: goes on")
        if not self._open:
            workflow.upsert_search_attributes([search_attributes.STATUS.value_set("running")])
            self._story.now(f"Goes on after **{place.label}**.")
        return answer

    async def _book(self, activity: str, pause: Pause, summary: str) -> Resume | None:
        answer: dict[str, object] | None = await workflow.execute_local_activity(
            activity,
            pause,
            start_to_close_timeout=BOOKKEEPING_PATIENCE,
            retry_policy=BOOKKEEPING_RETRY,
            summary=search_attributes.summary_of(summary),
        )
        return None if answer is None else Resume.model_validate(answer)

    async def _answered(
        self, key: tuple[str, str], until: datetime | None, label: str
    ) -> Resume | None:
        timeout = None if until is None else max(until - workflow.now(), timedelta(0))
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: key in self._answers,
                timeout=timeout,
                timeout_summary=search_attributes.summary_of(label),
            )
        return self._answers.pop(key, None)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return int(moment.astimezone(UTC).timestamp() * 1000)
