"""Has notifications delivered: wakes the delivery of each project that has something due, and
removes what was settled long ago.

The rows are the truth, so nothing is lost while Temporal is away. Several workers may do it at
once: a delivery that is woken twice looks once more and finds nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes

from store.database import Database
from store.models import now_ms
from store.notifications import KEPT_MS, DueProject, due_projects, park, purge
from temporal.client import TASK_QUEUE
from workflows import search_attributes
from workflows.notification import NotificationDelivery, delivery_id

logger = logging.getLogger(__name__)

INTERVAL = 1.0
REPEAT_MS = 10_000
"""What is due so long after a delivery was woken for it needs to be told again."""
COMMIT_MS = 1_000
"""How long a row may take from its making to its commit, before which nobody sees it."""
AT_A_TIME = 20
PURGE_INTERVAL = 3_600.0
"""Seconds between two searches for what may be removed."""
PURGED_AT_ONCE = 1_000
"""Removed in one transaction, at each turn until there is no more."""
TIMEOUT = timedelta(seconds=5)


class Outbox:
    """Finds what is due in the outbox and wakes the workflows that send it."""

    def __init__(self, client: Client, database: Database, task_queue: str = TASK_QUEUE) -> None:
        self._client = client
        self._database = database
        self._task_queue = task_queue
        self._woken: dict[str, int] = {}
        """Up to when (ms) what is due of a project is known to its delivery."""
        self._next_purge = 0.0

    async def run(self) -> None:
        """Looks until cancelled; what fails is tried again at the next turn."""
        while True:
            try:
                await self.wake()
                if time.monotonic() >= self._next_purge:
                    await self.purge()
            except Exception as error:  # the loop must outlive a database or a server that is away
                logger.warning("Notifications could not be sent on their way: %s", error)
            await asyncio.sleep(INTERVAL)

    async def wake(self) -> None:
        """One turn: starts or wakes the delivery of each project that has something new due."""
        now = now_ms()
        async with self._database() as session:
            due = await due_projects(session, now)
        self._woken = {
            project_id: woken
            for project_id, woken in self._woken.items()
            if woken > now - REPEAT_MS
        }
        places = asyncio.Semaphore(AT_A_TIME)

        async def wake(project: DueProject) -> None:
            async with places:
                await self._start(project)
            self._woken[project.project_id] = now - COMMIT_MS

        # What was due when a delivery was woken, that delivery sends: it need not be told again.
        unknown = [p for p in due if p.due_since > self._woken.get(p.project_id, -1)]
        ends = await asyncio.gather(
            *(self._park(project) if project.paused else wake(project) for project in unknown),
            return_exceptions=True,
        )
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    async def purge(self) -> None:
        """One turn: removes a batch of what was settled more than `KEPT_MS` ago."""
        async with self._database.begin() as session:
            removed = await purge(session, now_ms() - KEPT_MS, PURGED_AT_ONCE)
        if removed < PURGED_AT_ONCE:
            self._next_purge = time.monotonic() + PURGE_INTERVAL

    async def _park(self, project: DueProject) -> None:
        async with self._database.begin() as session:
            await park(session, project.project_id)

    async def _start(self, project: DueProject) -> None:
        pairs = [SearchAttributePair(search_attributes.PROJECT, project.project_id)]
        await self._client.start_workflow(
            NotificationDelivery.run,
            project.project_id,
            id=delivery_id(project.project_id),
            task_queue=self._task_queue,
            start_signal="wake",
            static_summary=search_attributes.summary_of(f"Notifications of {project.name}"),
            search_attributes=TypedSearchAttributes(pairs),
            priority=Priority(fairness_key=project.project_id),
            rpc_timeout=TIMEOUT,
        )
