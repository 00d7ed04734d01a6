"""Runs as the API handles them: each call becomes a workflow start, a signal or a reset."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import defer
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.pauses import PauseWatch
from store.database import Database
from store.ledger import Ledger
from store.models import Project, Run, RunPause, new_id, now_ms
from store.outages import StoreUnavailable, outlast
from store.pauses import book_answer, book_callback, taken_callback
from temporal.booking import run_closed, run_opened
from temporal.pauses import ENDED, answer_pause
from temporal.reconciliation import end_of
from temporal.reset import failed_step_event
from temporal.starting import start_run
from temporal.stuck import cannot_go_on, end_from_outside
from workflows.payloads import Resume, RunInput

logger = logging.getLogger(__name__)

ASK_TIMEOUT = timedelta(seconds=5)
FOLLOW_SECONDS = 60.0
"""How long the end of a run is awaited that goes on after a pause."""
RETRY_WAIT = 1.0
"""Seconds between tries while a server that holds a run is away."""
START_SECONDS = 10.0
"""How long a caller waits to hear whether the run was started."""
SETTLE_SECONDS = 6.0
"""After so long no request to start a run is under way any more (`temporal.starting`)."""
RESOLVE_SECONDS = 600.0
"""How long this process asks whether a run was started; then reconciliation does."""
BOOK_SECONDS = 2.0
"""How long a caller waits for the end of a run to be in the book."""
CLOSE_SECONDS = 5.0
"""How long the end of the process waits for ends that are being booked."""

NOT_STARTED = "The engine cannot be reached at the moment. Nothing was started; try again."
NOT_BOOKED = "The database cannot be reached at the moment. Nothing was started; try again."
NOT_DONE = (
    "The engine cannot be reached at the moment, so that it is not known whether this was done: "
    "look at the run before you try again."
)
MAY_HAVE_STARTED = (
    "The engine has not said whether run {} was started: it may have been. Look at it before you "
    "try again (in a minute it is there, or nothing was started), or send the same request with "
    "the same Idempotency-Key: that never starts a second one."
)
GOES_ON = (
    "Run {} was started and goes on, but how it ends could not be learned: look at it later, and "
    "do not start it again."
)
UNREACHABLE = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.UNKNOWN,
    RPCStatusCode.INTERNAL,
}


class EngineUnavailable(Exception):
    """Temporal cannot be reached; the message says what is known to be done.

    `run_id` is that of a run that was started, or may have been.
    """

    def __init__(self, message: str, run_id: str | None = None) -> None:
        super().__init__(message)
        self.run_id = run_id


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
        self._kept: set[asyncio.Task[None]] = set()
        """What goes on when its caller has gone away."""

    async def run(self, run: RunInput, run_id: str, *, is_new: bool = True) -> RunAnswer:
        """Starts a run and waits for its end or its first pause.

        `is_new`: nobody else can have started it. Raises EngineUnavailable, which says whether
        something was started.
        """
        await self.start(run, run_id, is_new=is_new)
        return await self.join(run_id, run.project_id, run.account_id)

    async def join(self, run_id: str, project_id: str, account_id: str) -> RunAnswer:
        """Waits for the end or the pause of a run that was started; raises EngineUnavailable.

        Its end is booked although the caller goes away.
        """
        ended = asyncio.create_task(self._end(run_id, project_id, account_id))
        paused = asyncio.create_task(self._pauses.wait(run_id))
        try:
            await asyncio.wait({ended, paused}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return ended.result()
            return RunAnswer(run_id, "paused", paused.result(), None)
        except RPCError as error:
            logger.error("The end of run %s cannot be read: %s", run_id, error.message)
            raise EngineUnavailable(GOES_ON.format(run_id), run_id) from None
        except asyncio.CancelledError:
            self._follow(run_id)
            raise
        finally:
            ended.cancel()
            paused.cancel()

    async def start(self, run: RunInput, run_id: str, *, is_new: bool = True) -> None:
        """Starts a run, once for all time; does nothing where it was started.

        It goes on although the caller goes away. Raises EngineUnavailable, which says whether
        something was started.
        """
        await asyncio.shield(self._keep(self._start(run, run_id, is_new=is_new)))

    async def _start(self, run: RunInput, run_id: str, *, is_new: bool) -> None:
        booked_at = now_ms()
        # The book first: a run that it does not know would never be seen to end.
        try:
            await self._ledger.write(run_opened(run, run_id, booked_at))
        except StoreUnavailable as error:
            logger.error("The database failed: %s", error)
            raise EngineUnavailable(NOT_BOOKED) from None
        end = asyncio.get_running_loop().time() + START_SECONDS
        was_asked = False
        while True:
            try:
                await start_run(self._client, run, run_id)
            except WorkflowAlreadyStartedError:
                return
            except RuntimeError:
                # A client that connects lazily says so when its first call fails.
                if not was_asked:
                    await self._not_started(run_id, booked_at, is_new=is_new)
                    raise EngineUnavailable(NOT_STARTED) from None
            except RPCError as error:
                if error.status not in UNREACHABLE and not was_asked:
                    await self._not_started(run_id, booked_at, is_new=is_new)
                    raise
                # The server may have taken it without our hearing of it: it is asked again, and
                # says that the run is there.
                was_asked = True
            else:
                return
            if asyncio.get_running_loop().time() > end:
                self._keep(self._resolve(run_id, booked_at, SETTLE_SECONDS))
                raise EngineUnavailable(MAY_HAVE_STARTED.format(run_id), run_id)
            await asyncio.sleep(RETRY_WAIT)

    async def was_started(self, run_id: str) -> bool:
        """Whether Temporal knows the run; raises EngineUnavailable."""
        try:
            await self._client.get_workflow_handle(run_id).describe(rpc_timeout=ASK_TIMEOUT)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return False
            raise EngineUnavailable(MAY_HAVE_STARTED.format(run_id), run_id) from None
        except RuntimeError:
            raise EngineUnavailable(MAY_HAVE_STARTED.format(run_id), run_id) from None
        return True

    async def _not_started(self, run_id: str, booked_at: int, *, is_new: bool) -> None:
        """Forgets a run that was not started here; that nobody did elsewhere, Temporal must say."""
        if is_new:
            await self._forget(run_id, booked_at)
        else:
            self._keep(self._resolve(run_id, booked_at, 0.0))

    async def _resolve(self, run_id: str, booked_at: int, settle: float) -> None:
        """Forgets a run once Temporal says that it was not started; books its end if it was.

        Asked after `settle` seconds, when no request of ours is under way any more.
        """
        await asyncio.sleep(settle)
        async with asyncio.timeout(RESOLVE_SECONDS):
            while True:
                try:
                    was_started = await self.was_started(run_id)
                except EngineUnavailable:
                    await asyncio.sleep(RETRY_WAIT)
                    continue
                break
        if was_started:
            self._follow(run_id)
        else:
            await self._forget(run_id, booked_at)

    async def _forget(self, run_id: str, booked_at: int) -> None:
        # Not where the same request came again, here or at another API, and starts it just now: it
        # has booked it anew, and sees to what comes of it. Reconciliation does the same.
        with contextlib.suppress(StoreUnavailable):
            await self._ledger.forget(run_id, booked_at)

    async def cancel(self, run_id: str) -> None:
        """Asks a run to end; raises RunNotActive when it has.

        One that cannot go on would not hear of it, and is ended from outside; where that shows only
        later, by reconciliation.
        """
        async with _reaching_temporal():
            if await cannot_go_on(self._client, run_id):
                await end_from_outside(self._client, run_id)
            else:
                await self._client.get_workflow_handle(run_id).cancel()
        self._follow(run_id)

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
                    select(RunPause)
                    .where(
                        RunPause.project_id == project_id,
                        RunPause.user_id == user_id,
                        RunPause.app_key == app_key,
                        RunPause.kind == "connection",
                    )
                    # One whose contents cannot be read keeps back no other.
                    .options(defer(RunPause.message), defer(RunPause.answer))
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
            # Before the reset: a run that ends at once must find its book open. And only one of
            # several who ask at once may: a second reset would do again what the first has begun.
            if not await self._ledger.reopen(run_id):
                raise RunNotActive("Somebody was faster: the run is tried again already.")
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
        if self._kept:
            _, left = await asyncio.wait(self._kept, timeout=CLOSE_SECONDS)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def _keep(self, going_on: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that lives until it is done, whoever waits for it."""
        task = asyncio.create_task(going_on)
        self._kept.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._kept.discard(task)
        if not task.cancelled():
            task.exception()

    def _follow(self, run_id: str) -> None:
        """Books the end of a run that goes on while nobody waits for it, if it comes soon."""
        if run_id not in self._followed:
            task = asyncio.create_task(self._book_end(run_id))
            self._followed[run_id] = task
            task.add_done_callback(lambda _: self._followed.pop(run_id, None))

    async def _book_end(self, run_id: str) -> None:
        query = (
            select(Run.project_id, Project.account_id, Run.parent_run_id)
            .join(Project, Project.id == Run.project_id)
            .where(Run.id == run_id)
        )

        async def read() -> Any:
            async with self._database() as session:
                return (await session.execute(query)).one_or_none()

        row = await outlast(read)
        if row is not None:
            if row.parent_run_id is not None:
                # Its caller goes on with it.
                self._follow(row.parent_run_id)
            with contextlib.suppress(TimeoutError, RPCError):
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
        entry = run_closed(outcome, run_id=run_id, project_id=project_id, account_id=account_id)
        booking = self._keep(outlast(lambda: self._ledger.write(entry)))
        # It ended as it did, whenever the book hears of it.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BOOK_SECONDS):
                await asyncio.shield(booking)
        return RunAnswer(run_id, outcome.status, outcome.message, outcome.result)


@asynccontextmanager
async def _reaching_temporal() -> AsyncIterator[None]:
    try:
        yield
    except RPCError as error:
        if error.status in ENDED:
            raise RunNotActive("The run has ended already.") from None
        if error.status in UNREACHABLE:
            raise EngineUnavailable(NOT_DONE) from None
        raise
    except RuntimeError as error:
        # A client that connects lazily says so when its first call fails.
        raise EngineUnavailable(NOT_DONE) from error
