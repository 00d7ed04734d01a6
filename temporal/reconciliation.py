"""Closes the books of runs that ended while nobody was waiting for them.

The API that waits for a run books its end itself. This catches all others: runs that go on after a
pause, runs whose API was killed, runs that an operator ended in the Temporal UI. It also lets runs
go on whose connection was mended while Temporal was away. Several workers may do it at once, since
the book takes each end only once, and a run drops an answer to what it does not wait for. A run
that cannot be looked at keeps back no other.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from store import idempotency
from store.bookings import RunClosed
from store.database import Database
from store.ledger import Ledger
from store.models import Project, Run, RunStep, RunWait, now_ms
from store.outages import StoreUnavailable
from temporal.booking import outcome_of_failure, run_closed
from temporal.pauses import UnheardAnswers
from temporal.restored import RestoredRuns
from temporal.stuck import cannot_go_on, end_from_outside, is_to_end
from temporal.unbooked import unbooked_steps
from workflows.payloads import RunOutcome

logger = logging.getLogger(__name__)

INTERVAL = 2.0
GRACE_MS = 3_000
"""Younger runs are left to the API that waits for them."""
LOST_MS = 60_000
"""A run that Temporal does not know after this time was never started, or is lost."""
NEVER_STARTED_MS = 600_000
"""One without a step that it does not know after this time is told of, and not forgotten."""
MAX_BACKOFF = 60.0
BATCH = 100
AT_A_TIME = 20
"""Ends that are read at once."""
STUCK_AFTER = 20.0
"""Seconds without news after which a run is asked whether it can go on."""
ASKED_AT_ONCE = 20
RETRY_MS = 10_000
"""So long after a run was opened again, a request to try it again may be under way."""
PURGE_INTERVAL = 3_600.0

LOST = (
    "The engine knows nothing of this run any more: its data were lost, or restored from an older "
    "copy. What its steps did stands below; what came after them is not known."
)
STUCK = (
    "The run cannot go on: the engine fails to take its next step, and tries again. An operator "
    "finds the reason in the Temporal UI; the run can be canceled."
)
UNREADABLE = "The run ended, but what it gave cannot be read."


@dataclass
class _Watched:
    """An open run, as it was seen last; times are of the monotonic clock."""

    status: str
    since: float
    next_check: float = 0.0
    failures: int = 0


class Reconciliation:
    """Compares the open runs of the ledger with Temporal."""

    def __init__(self, client: Client, database: Database, ledger: Ledger) -> None:
        self._client = client
        self._database = database
        self._ledger = ledger
        self._unheard = UnheardAnswers(client, database)
        self._restored = RestoredRuns(client, database, ledger)
        self._watched: dict[str, _Watched] = {}
        self._next_purge = 0.0

    async def run(self) -> None:
        """Compares until cancelled; what fails is tried again at the next turn."""
        turns = (self.compare, self._unheard.resume, self._restored.look, self._purge)
        while True:
            for turn in turns:
                try:
                    await turn()
                except Exception as error:  # the loop must outlive a server that is away
                    reason = getattr(error, "orig", None) or error
                    logger.warning("Runs could not be compared with Temporal: %s", reason)
                    # What was put off may have ended since.
                    for watched in self._watched.values():
                        watched.next_check = 0.0
            await asyncio.sleep(INTERVAL)

    async def compare(self) -> None:
        """One turn: closes each run whose workflow has ended.

        Raises when the database or Temporal is away, after all that could be done was done.
        """
        query = (
            select(
                Run.id, Run.project_id, Project.account_id, Run.started_at, Run.status, Run.trigger
            )
            .join(Project, Project.id == Run.project_id)
            .where(Run.status.in_(("running", "paused")), Run.started_at < now_ms() - GRACE_MS)
        )
        async with self._database() as session:
            rows = {row.id: row for row in await session.execute(query)}
        now = time.monotonic()
        self._watch(rows, now)
        due = [run_id for run_id in rows if self._watched[run_id].next_check <= now]
        asked = 0
        for first in range(0, len(due), BATCH):
            ids = due[first : first + BATCH]
            alive = await self._alive(ids)
            for run_id in alive:
                watched = self._watched[run_id]
                # Seldom for what has been as it is for long, soon after each change.
                watched.next_check = now + min((now - watched.since) / 2, MAX_BACKOFF)
                is_silent = watched.status == "running" and now - watched.since > STUCK_AFTER
                if is_silent and asked < ASKED_AT_ONCE:
                    asked += 1
                    await self._alone(rows[run_id], self._ask)
            ended = [rows[run_id] for run_id in ids if run_id not in alive]
            for group in range(0, len(ended), AT_A_TIME):
                await asyncio.gather(
                    *(self._alone(row, self._close) for row in ended[group : group + AT_A_TIME])
                )

    def _watch(self, rows: dict[str, Any], now: float) -> None:
        self._watched = {run_id: was for run_id, was in self._watched.items() if run_id in rows}
        for run_id, row in rows.items():
            was = self._watched.get(run_id)
            if was is None:
                age = max(0.0, (now_ms() - row.started_at) / 1000)
                self._watched[run_id] = _Watched(row.status, now - age)
            elif was.status != row.status:
                self._watched[run_id] = _Watched(row.status, now)

    async def _alone(self, row: Any, look: Any) -> None:
        """Looks at one run; what goes wrong with it concerns no other."""
        watched = self._watched[row.id]
        try:
            await look(row)
        except (StoreUnavailable, RPCError):
            # The servers' own: the next turn tells of it.
            watched.next_check = 0.0
        except Exception as error:
            watched.failures += 1
            watched.next_check = time.monotonic() + min(2.0**watched.failures, MAX_BACKOFF * 5)
            logger.warning("Run %s could not be looked at: %s", row.id, type(error).__name__)

    async def _alive(self, run_ids: Sequence[str]) -> set[str]:
        quoted = ", ".join(f"'{run_id}'" for run_id in run_ids)
        query = f"WorkflowId IN ({quoted}) AND ExecutionStatus = 'Running'"
        return {execution.id async for execution in self._client.list_workflows(query)}

    async def _ask(self, row: Any) -> None:
        """Tells of a run that cannot go on, and ends it where somebody has canceled it."""
        if not await cannot_go_on(self._client, row.id):
            return
        if await is_to_end(self._client, row.id):
            await end_from_outside(self._client, row.id)
        else:
            await self._ledger.note(row.id, STUCK)

    async def _close(self, row: Any) -> None:
        try:
            description = await self._client.get_workflow_handle(row.id).describe()
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
            await self._lost(row)
            return
        if description.status == WorkflowExecutionStatus.RUNNING:
            # The list is a little behind the truth.
            return
        if await self._is_being_retried(row.id, description.close_time):
            return
        try:
            outcome = await end_of(self._client, row.id)
        except RPCError:
            raise
        except Exception as error:
            logger.warning("The end of run %s cannot be read: %s", row.id, type(error).__name__)
            completed = description.status == WorkflowExecutionStatus.COMPLETED
            status = "completed" if completed else "error"
            outcome = RunOutcome(status=status, message=UNREADABLE)
        if description.close_time is not None:
            outcome.ended_at = int(description.close_time.timestamp() * 1000)
        entry = run_closed(
            outcome, run_id=row.id, project_id=row.project_id, account_id=row.account_id
        )
        await self._ledger.write(entry)

    async def _is_being_retried(self, run_id: str, closed_at: datetime | None) -> bool:
        """Whether the run that ended was opened again since, and its retry is not there yet.

        Its old end, booked now, would stay, whatever becomes of the retry.
        """
        closed_ms = 0 if closed_at is None else closed_at.timestamp() * 1000
        newer = RunWait.ended_at > max(closed_ms, now_ms() - RETRY_MS)
        async with self._database() as session:
            return bool(
                await session.scalar(select(exists().where(RunWait.run_id == run_id, newer)))
            )

    async def _lost(self, row: Any) -> None:
        """Forgets a run that was never started; ends one that Temporal has lost."""
        age = now_ms() - row.started_at
        if age < LOST_MS:
            return
        has_steps = select(exists().where(RunStep.run_id == row.id))
        async with self._database() as session:
            has_acted = await session.scalar(has_steps) or row.status == "paused"
        # An event whose run was not started is told again, and its run must not be known then.
        is_told_again = row.id.startswith("event-")
        if not has_acted and (is_told_again or age < NEVER_STARTED_MS):
            await self._ledger.forget(row.id, row.started_at)
        else:
            await self._ledger.write(RunClosed(row.id, "error", LOST, None))

    async def _purge(self) -> None:
        if time.monotonic() >= self._next_purge:
            await idempotency.purge(self._database)
            self._next_purge = time.monotonic() + PURGE_INTERVAL


async def end_of(client: Client, run_id: str) -> RunOutcome:
    """Waits for a run's end; raises RPCError when Temporal cannot be reached."""
    handle = client.get_workflow_handle(run_id, result_type=RunOutcome)
    try:
        outcome: RunOutcome = await handle.result()
    except WorkflowFailureError as error:
        outcome = outcome_of_failure(error)
        if not isinstance(error.cause, ApplicationError):
            # It was ended from outside, and could not tell.
            outcome.traces = await unbooked_steps(client, run_id)
    return outcome
