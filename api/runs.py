"""Runs as the API handles them: each call becomes a workflow start, a signal or a reset."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from api.pauses import PauseWatch
from store.bookings import RunOpened
from store.database import Database
from store.ledger import Ledger
from store.models import Project, Run, RunPause, new_id, now_ms
from store.pauses import book_answer, book_callback, taken_callback
from temporal.booking import run_closed
from temporal.pauses import ENDED, answer_pause
from temporal.reconciliation import end_of
from temporal.reset import failed_step_event
from temporal.starting import start_run
from workflows.payloads import Resume, RunInput

logger = logging.getLogger(__name__)

FOLLOW_SECONDS = 60.0
"""How long the end of a run is awaited that goes on after a pause."""
RETRY_WAIT = 1.0
"""Seconds between tries while a server that holds a run is away."""
UNAVAILABLE = "The engine cannot be reached at the moment. Nothing was started; try again."
UNREACHABLE = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.UNKNOWN,
    RPCStatusCode.INTERNAL,
}


class EngineUnavailable(Exception):
    """Temporal cannot be reached: nothing was started, the caller may try again."""


class RunNotActive(Exception):
    """The run has ended, or has not failed, so that this cannot be done with it."""


@dataclass(frozen=True)
class RunAnswer:
    """What a caller of `run` is told."""

    run_id: str
    status: Literal["completed", "paused", "error", "canceled"]
    message: str | None
    result: Any


class Runs:
    """Starts runs and acts on them."""

    def __init__(self, client: Client, database: Database) -> None:
        self._client = client
        self._database = database
        self._ledger = Ledger(database)
        self._pauses = PauseWatch(database)
        self._followed: dict[str, asyncio.Task[None]] = {}

    async def run(self, run: RunInput, run_id: str) -> RunAnswer:
        """Starts a run and waits for its end or its first pause.

        Raises EngineUnavailable when nothing was started.
        """
        await self.start(run, run_id)
        ended = asyncio.create_task(self._end(run_id, run.project_id, run.account_id))
        paused = asyncio.create_task(self._pauses.wait(run_id))
        try:
            await asyncio.wait({ended, paused}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return ended.result()
            return RunAnswer(run_id, "paused", paused.result(), None)
        finally:
            ended.cancel()
            paused.cancel()

    async def start(self, run: RunInput, run_id: str) -> None:
        """Starts a run; raises EngineUnavailable when nothing was started."""
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
        # The book first: a run that it does not know would never be seen to end.
        await self._ledger.write(
            RunOpened({"id": run_id, "status": "running", "started_at": now_ms(), **row})
        )
        try:
            async with _reaching_temporal():
                await start_run(self._client, run, run_id)
        except BaseException:
            await self._ledger.forget(run_id)
            raise

    async def cancel(self, run_id: str) -> None:
        """Asks a run to end; raises RunNotActive when it has."""
        async with _reaching_temporal():
            await self._client.get_workflow_handle(run_id).cancel()

    async def resume(self, pause: RunPause, answer: Resume) -> bool:
        """Answers a pause, if nobody has yet; raises RunNotActive when the run has ended."""
        workflow_id = await book_answer(
            self._database,
            pause.run_id,
            pause.step_id,
            pause.iteration,
            pause.kind,
            answer.model_dump(),
        )
        if workflow_id is None:
            return False
        await self._tell(pause.run_id, workflow_id, answer)
        return True

    async def call_back(self, run_id: str, project_id: str, answer: Resume) -> bool:
        """Brings a callback to the run that waits for it, or keeps it for when it does.

        False when the step has taken another call, or is over. The same call again is taken again:
        its sender may not have heard that it had come.
        """
        row = {
            "run_id": run_id,
            "step_id": answer.step_id,
            "iteration": answer.iteration,
            "workflow_id": "",
            "kind": "callback",
            "message": "",
            "project_id": project_id,
            "since": now_ms(),
            "answer": answer.model_dump(),
        }
        workflow_id = await book_callback(self._database, row)
        if workflow_id is None:
            taken = await taken_callback(self._database, run_id, answer.step_id, answer.iteration)
            return taken is not None and Resume.model_validate(taken) == answer
        if workflow_id:
            await self._tell(run_id, workflow_id, answer)
        return True

    async def _tell(self, run_id: str, workflow_id: str, answer: Resume) -> None:
        try:
            await self._signal(workflow_id, answer)
        except EngineUnavailable:
            # The answer is in the book, and reconciliation tells of what was not heard.
            logger.info("The answer to a pause of run %s will be told later.", run_id)
        self._follow(run_id)

    async def connection_restored(self, project_id: str, user_id: str, app_key: str) -> None:
        """Lets the runs go on that wait for this connection."""
        async with self._database() as session:
            pauses: Sequence[RunPause] = (
                await session.scalars(
                    select(RunPause).where(
                        RunPause.project_id == project_id,
                        RunPause.user_id == user_id,
                        RunPause.app_key == app_key,
                        RunPause.kind == "connection",
                    )
                )
            ).all()
        for pause in pauses:
            # One that has ended is closed elsewhere.
            with contextlib.suppress(RunNotActive):
                answer = Resume(step_id=pause.step_id, iteration=pause.iteration)
                await self.resume(pause, answer)

    async def retry(self, run_id: str) -> None:
        """Goes on with a failed run from the step that failed (Temporal's reset).

        Raises RunNotActive when the run has not failed.
        """
        async with _reaching_temporal():
            handle = self._client.get_workflow_handle(run_id)
            event_id = failed_step_event(await handle.fetch_history())
            if event_id is None:
                raise RunNotActive("This run has not failed, so there is no step to retry.")
            description = await handle.describe()
            # Before the reset: a run that ends at once must find its book open.
            await self._ledger.reopen(run_id)
            await self._client.workflow_service.reset_workflow_execution(
                ResetWorkflowExecutionRequest(
                    namespace=self._client.namespace,
                    workflow_execution=WorkflowExecution(
                        workflow_id=run_id, run_id=description.run_id
                    ),
                    reason="Retried from the failed step",
                    workflow_task_finish_event_id=event_id,
                    request_id=new_id(),
                )
            )
        self._follow(run_id)

    async def aclose(self) -> None:
        """Stops following runs; the worker's reconciliation books what ends after this."""
        for task in self._followed.values():
            task.cancel()
        await asyncio.gather(*self._followed.values(), return_exceptions=True)

    def _follow(self, run_id: str) -> None:
        """Books the end of a run that goes on while nobody waits for it, if it comes soon."""
        if run_id not in self._followed:
            task = asyncio.create_task(self._book_end(run_id))
            self._followed[run_id] = task
            task.add_done_callback(lambda _: self._followed.pop(run_id, None))

    async def _book_end(self, run_id: str) -> None:
        async with self._database() as session:
            row = (
                await session.execute(
                    select(Run.project_id, Project.account_id, Run.parent_run_id)
                    .join(Project, Project.id == Run.project_id)
                    .where(Run.id == run_id)
                )
            ).one_or_none()
        if row is not None:
            if row.parent_run_id is not None:
                # Its caller goes on with it.
                self._follow(row.parent_run_id)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._end(run_id, row[0], row[1]), FOLLOW_SECONDS)

    async def _signal(self, workflow_id: str, answer: Resume) -> None:
        async with _reaching_temporal():
            await answer_pause(self._client, workflow_id, answer)

    async def _end(self, run_id: str, project_id: str, account_id: str) -> RunAnswer:
        while True:
            try:
                outcome = await end_of(self._client, run_id)
            except RPCError as error:
                if error.status not in UNREACHABLE:
                    raise
                # The run is durable: it goes on when the server is back, and so does this wait.
                await asyncio.sleep(RETRY_WAIT)
            else:
                break
        await self._ledger.write(
            run_closed(outcome, run_id=run_id, project_id=project_id, account_id=account_id)
        )
        return RunAnswer(run_id, outcome.status, outcome.message, outcome.result)


@asynccontextmanager
async def _reaching_temporal() -> AsyncIterator[None]:
    try:
        yield
    except RPCError as error:
        if error.status in ENDED:
            raise RunNotActive("The run has ended already.") from None
        if error.status in UNREACHABLE:
            raise EngineUnavailable(UNAVAILABLE) from None
        raise
    except RuntimeError as error:
        # A client that connects lazily says so when its first call fails.
        raise EngineUnavailable(UNAVAILABLE) from error
