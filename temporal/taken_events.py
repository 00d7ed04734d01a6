"""Events of deliveries become runs, at once or, where they are many, by a workflow of their own."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import Priority, WorkflowIDConflictPolicy

from store.event_log import EventLog
from store.models import Registration
from temporal.client import TASK_QUEUE
from temporal.event_runs import EventRuns, NotPublished, event_run_id
from workflows.events import EventBatchWorkflow
from workflows.payloads import EventBatch, TakenEvent

AT_A_TIME = 16
"""So many runs of one delivery are started at the same time. Senders wait for so many; more of them
are handed over."""
PAUSED = "the registration is paused"
UNPUBLISHED = "the automation has no published version"
TIMEOUT = timedelta(seconds=5)

Taken = tuple[Registration, TakenEvent]


class TakenEvents:
    """Starts the runs of events and notes for people what came of them."""

    def __init__(self, runs: EventRuns, log: EventLog) -> None:
        self._runs = runs
        self._log = log

    async def start_all(self, taken: Sequence[Taken]) -> None:
        """Starts all runs, some at a time; raises what the first failure was, when all were tried.

        RPCError and RuntimeError: Temporal is away.
        """
        limit = asyncio.Semaphore(AT_A_TIME)

        async def start(row: Registration, event: TakenEvent) -> None:
            async with limit:
                await self._start(row, event)

        outcomes = await asyncio.gather(*(start(*one) for one in taken), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _start(self, row: Registration, event: TakenEvent) -> None:
        if row.wanted == "paused":
            self._log.add(row.id, "skipped", message=PAUSED, payload=event.value)
            return
        try:
            started = await self._runs.start(row, event.key, event.value, fetch=event.fetch)
        except NotPublished:
            self._log.add(row.id, "skipped", message=UNPUBLISHED, payload=event.value)
            return
        if started.is_new:
            self._log.add(row.id, "run", run_id=started.run_id, payload=event.value)


async def hand_over(client: Client, taken: Sequence[Taken]) -> None:
    """Returns when a workflow holds the events durably; raises RPCError and RuntimeError.

    A delivery that is told again while it is worked on is the same workflow.
    """
    rows = {row.id: row for row, _ in taken}
    runs = sorted(event_run_id(row.id, event.key) for row, event in taken)
    first = next(iter(rows.values()))
    await client.start_workflow(
        EventBatchWorkflow.run,
        EventBatch(events=[event for _, event in taken]),
        id=f"events-{hashlib.sha256(' '.join(runs).encode()).hexdigest()[:32]}",
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=f"{len(taken)} events of {first.trigger}"[:200],
        priority=Priority(fairness_key=first.project_id),
        rpc_timeout=TIMEOUT,
    )
