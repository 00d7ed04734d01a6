"""Closes the books of runs that ended while nobody was waiting for them.

The API that waits for a run books its end itself. This catches all others: runs that go on after a
pause, runs whose API was killed, runs that an operator ended in the Temporal UI. It also lets runs
go on whose connection was mended while Temporal was away. Several workers may do it at once, since
the book takes each end only once, and a run drops an answer to what it does not wait for.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from sqlalchemy import select
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.service import RPCError, RPCStatusCode

from store.database import Database
from store.ledger import Ledger
from store.models import Project, Run, now_ms
from temporal.booking import outcome_of_failure, run_closed
from temporal.pauses import UnheardAnswers
from workflows.payloads import RunOutcome

logger = logging.getLogger(__name__)

INTERVAL = 2.0
GRACE_MS = 3_000
"""Younger runs are left to the API that waits for them."""
LOST_MS = 60_000
"""A run that Temporal does not know after this time was never started."""
MAX_BACKOFF = 60.0
BATCH = 100
AT_A_TIME = 20
"""Ends that are read at once."""


class Reconciliation:
    """Compares the open runs of the ledger with Temporal."""

    def __init__(self, client: Client, database: Database, ledger: Ledger) -> None:
        self._client = client
        self._database = database
        self._ledger = ledger
        self._unheard = UnheardAnswers(client, database)
        self._next_check: dict[str, float] = {}

    async def run(self) -> None:
        """Compares until cancelled; what fails is tried again at the next turn."""
        while True:
            try:
                await self.compare()
                await self._unheard.resume()
            except Exception as error:  # the loop must outlive a database or a server that is away
                logger.warning("Runs could not be compared with Temporal: %s", error)
            await asyncio.sleep(INTERVAL)

    async def compare(self) -> None:
        """One turn: closes each run whose workflow has ended."""
        async with self._database() as session:
            rows = await session.execute(
                select(Run.id, Run.project_id, Project.account_id, Run.started_at)
                .join(Project, Project.id == Run.project_id)
                .where(Run.status.in_(("running", "paused")), Run.started_at < now_ms() - GRACE_MS)
            )
            open_runs = {row[0]: row for row in rows}
        now = time.monotonic()
        due = [run_id for run_id in open_runs if self._next_check.get(run_id, 0.0) <= now]
        self._next_check = {
            run_id: when for run_id, when in self._next_check.items() if run_id in open_runs
        }
        for first in range(0, len(due), BATCH):
            ids = due[first : first + BATCH]
            alive = await self._alive(ids)
            for run_id in alive:
                age = (now_ms() - open_runs[run_id][3]) / 1000
                self._next_check[run_id] = now + min(age / 2, MAX_BACKOFF)
            ended = [open_runs[run_id] for run_id in ids if run_id not in alive]
            for group in range(0, len(ended), AT_A_TIME):
                closing = [self._close(*row) for row in ended[group : group + AT_A_TIME]]
                await asyncio.gather(*closing)

    async def _alive(self, run_ids: Sequence[str]) -> set[str]:
        quoted = ", ".join(f"'{run_id}'" for run_id in run_ids)
        query = f"WorkflowId IN ({quoted}) AND ExecutionStatus = 'Running'"
        return {execution.id async for execution in self._client.list_workflows(query)}

    async def _close(self, run_id: str, project_id: str, account_id: str, started_at: int) -> None:
        handle = self._client.get_workflow_handle(run_id)
        try:
            description = await handle.describe()
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            if started_at < now_ms() - LOST_MS:
                await self._ledger.forget(run_id, started_at)
            return
        if description.status == WorkflowExecutionStatus.RUNNING:
            # The list is a little behind the truth.
            return
        outcome = await end_of(self._client, run_id)
        entry = run_closed(outcome, run_id=run_id, project_id=project_id, account_id=account_id)
        await self._ledger.write(entry)


async def end_of(client: Client, run_id: str) -> RunOutcome:
    """Waits for a run's end; raises RPCError when Temporal cannot be reached."""
    handle = client.get_workflow_handle(run_id, result_type=RunOutcome)
    try:
        outcome: RunOutcome = await handle.result()
    except WorkflowFailureError as error:
        return outcome_of_failure(error)
    return outcome
