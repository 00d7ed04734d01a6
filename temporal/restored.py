"""Runs that Temporal has and the book has not: a database was restored from an older copy.

What such a run did before stands in its history, and is not booked again; but it is in the book
from now on, with what it waits for, so that it can be seen, answered and canceled, and its further
steps and its end are booked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from store.database import Database
from store.ledger import Ledger
from store.models import Project, Run, RunPause, now_ms
from store.outages import StoreUnavailable
from store.pauses import book_pause, book_resume
from temporal.booking import run_opened
from workflows.payloads import Pause, RunInput

logger = logging.getLogger(__name__)

INTERVAL = 60.0
"""Seconds between two looks."""
YOUNG = timedelta(seconds=60)
"""Younger runs are being booked by who starts them."""
BATCH = 500
RUNS = "WorkflowType = 'AutomationRun'"
RUNNING = f"{RUNS} AND ExecutionStatus = 'Running'"
PAUSED = (
    "WorkflowType IN ('AutomationRun', 'LoopPart') AND ExecutionStatus = 'Running' "
    "AND InlayStatus = 'paused'"
)


class RestoredRuns:
    """Finds runs and pauses that the book lacks, and writes them into it."""

    def __init__(self, client: Client, database: Database, ledger: Ledger) -> None:
        self._client = client
        self._database = database
        self._ledger = ledger
        self._next_look = 0.0
        self._is_first = True
        self._unbookable: set[str] = set()
        """Of projects that are no more, or not to be read."""
        self._unbooked: set[str] = set()
        """Workflows whose pauses the book lacked at the last look."""

    async def look(self) -> None:
        """One turn, where it is time for one; raises when the database or Temporal is away."""
        if time.monotonic() < self._next_look:
            return
        young = datetime.now(UTC) - YOUNG
        await self._adopt(f"{RUNNING} AND StartTime < '{young.isoformat()}'")
        if self._is_first and (last := await self._last_known()) is not None:
            # What ran and ended since the copy was made: a restored database meets new workers.
            since = (last - YOUNG).isoformat()
            await self._adopt(
                f"{RUNS} AND StartTime > '{since}' AND CloseTime < '{young.isoformat()}'"
            )
        await self._wait_again()
        self._is_first = False
        self._next_look = time.monotonic() + INTERVAL

    async def _last_known(self) -> datetime | None:
        query = select(Run.started_at).order_by(Run.started_at.desc()).limit(1)
        async with self._database() as session:
            started_at = await session.scalar(query)
        return None if started_at is None else datetime.fromtimestamp(started_at / 1000, UTC)

    async def _adopt(self, query: str) -> None:
        batch: list[WorkflowExecution] = []
        async for execution in self._client.list_workflows(query):
            batch.append(execution)
            if len(batch) == BATCH:
                await self._adopt_missing(batch)
                batch = []
        await self._adopt_missing(batch)

    async def _adopt_missing(self, executions: Iterable[WorkflowExecution]) -> None:
        found = {execution.id: execution for execution in executions}
        unknown = found.keys() - self._unbookable
        if not unknown:
            return
        async with self._database() as session:
            known = set(await session.scalars(select(Run.id).where(Run.id.in_(unknown))))
        for run_id in sorted(unknown - known):
            try:
                await self._adopt_one(found[run_id])
            except (RPCError, StoreUnavailable):
                raise
            except Exception as error:
                self._unbookable.add(run_id)
                logger.warning("Run %s cannot be booked anew: %s", run_id, type(error).__name__)

    async def _adopt_one(self, execution: WorkflowExecution) -> None:
        run = await self._input(execution)
        async with self._database() as session:
            project = await session.get(Project, run.project_id)
        if project is None:
            # It was deleted, and its runs with it.
            self._unbookable.add(execution.id)
            return
        logger.warning("Run %s is not in the database, and is booked anew.", execution.id)
        if run.parent_run_id is not None:
            run.trigger = "call"
        started_at = int(execution.start_time.timestamp() * 1000)
        opened = run_opened(run, execution.id, started_at)
        opened.row["restored_at"] = now_ms()
        await self._ledger.write(opened)

    async def _input(self, execution: WorkflowExecution) -> RunInput:
        handle = self._client.get_workflow_handle(execution.id, run_id=execution.run_id)
        async for event in handle.fetch_history_events(page_size=1):
            payloads = event.workflow_execution_started_event_attributes.input.payloads
            [run] = await self._client.data_converter.decode(payloads, [RunInput])
            assert isinstance(run, RunInput)  # noqa: S101 - tells the type
            return run
        raise LookupError(execution.id)

    async def _wait_again(self) -> None:
        """Books what runs wait for where the book lacks it, at two looks one after the other."""
        paused = [execution.id async for execution in self._client.list_workflows(PAUSED)]
        known: set[str] = set()
        async with self._database() as session:
            for first in range(0, len(paused), BATCH):
                ids = paused[first : first + BATCH]
                query = select(RunPause.workflow_id).where(RunPause.workflow_id.in_(ids))
                known |= set(await session.scalars(query))
        unbooked = set(paused) - known
        for workflow_id in sorted(unbooked & self._unbooked):
            try:
                for pause in await self._open_pauses(workflow_id):
                    await self._book(workflow_id, pause)
            except StoreUnavailable:
                raise
            except Exception as error:  # one that cannot be asked keeps back no other
                logger.warning("Pauses of %s cannot be read: %s", workflow_id, type(error).__name__)
        self._unbooked = unbooked

    async def _open_pauses(self, workflow_id: str) -> list[Pause]:
        handle = self._client.get_workflow_handle(workflow_id)
        pauses: list[Pause] = await handle.query(
            "open-pauses", result_type=list[Pause], rpc_timeout=timedelta(seconds=10)
        )
        return pauses

    async def _book(self, workflow_id: str, pause: Pause) -> None:
        row = pause.model_dump(exclude={"account_id", "traces", "keep"})
        await book_pause(self._database, row)
        places = {(one.step_id, one.iteration) for one in await self._open_pauses(workflow_id)}
        if (pause.step_id, pause.iteration) not in places:
            # It went on while it was being booked.
            place = (pause.run_id, pause.step_id, pause.iteration)
            await book_resume(self._database, *place, pause.kind)
