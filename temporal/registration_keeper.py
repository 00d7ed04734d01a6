"""Keeps the workflows of registrations: starts and wakes those that missed what has changed.

The rows are the truth (`store.models.Registration`), so nothing is lost while Temporal is away, and
nothing when all of its data is. Several workers may do it at once: a registration that is woken
once too often looks once more and finds nothing to do.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import load_only
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import Priority, TypedSearchAttributes, WorkflowIDConflictPolicy

from store.database import Database
from store.models import DEVELOPER, Connection, Registration, now_ms
from temporal.client import TASK_QUEUE
from workflows import search_attributes
from workflows.payloads import RegistrationPlan, RegistrationStart
from workflows.registration import RegistrationWorkflow, registration_workflow_id

logger = logging.getLogger(__name__)

INTERVAL = 2.0
GRACE_MS = 3_000
"""So long the API has to wake a registration itself."""
REPEAT_SECONDS = 60.0
"""What was woken is left alone for so long, unless something else has changed."""
EARLY_MS = 5_000
"""A connection may change while a registration is being looked at, and clocks differ."""
LOST_INTERVAL = 10.0
"""Seconds between two batches of the search for workflows that Temporal does not know."""
LOST_MS = 60_000
"""Younger changes are still being told."""
BATCH = 100
AT_A_TIME = 20
TIMEOUT = timedelta(seconds=5)


_NEEDED = load_only(
    *(Registration.id, Registration.project_id, Registration.automation_id, Registration.user_id),
    *(Registration.trigger, Registration.state, Registration.revision, Registration.updated_at),
)
"""What is read of registrations here: nothing sealed, so that one that cannot be decrypted keeps
back no other."""


@dataclass(frozen=True)
class Wanted:
    """What starting a registration's workflow needs."""

    id: str
    project_id: str
    automation_id: str
    user_id: str
    trigger: str
    state: str

    @classmethod
    def of(cls, row: Registration) -> Wanted:
        """The same of a row."""
        return cls(row.id, row.project_id, row.automation_id, row.user_id, row.trigger, row.state)


async def wake(client: Client, registration: Wanted) -> None:
    """Has a registration look again, with a new workflow where there is none.

    Raises RPCError and RuntimeError when Temporal is away.
    """
    await client.start_workflow(
        RegistrationWorkflow.run,
        RegistrationStart(registration_id=registration.id, state=registration.state),
        id=registration_workflow_id(registration.id),
        task_queue=TASK_QUEUE,
        start_signal="wake",
        static_summary=_summary(registration),
        search_attributes=_attributes(registration),
        priority=Priority(fairness_key=registration.project_id),
        rpc_timeout=TIMEOUT,
    )


async def apply(client: Client, registration: Wanted, seconds: float) -> RegistrationPlan:
    """As `wake`, and gives what came of it; raises TimeoutError, too."""
    start: WithStartWorkflowOperation[RegistrationWorkflow, None] = WithStartWorkflowOperation(
        RegistrationWorkflow.run,
        RegistrationStart(registration_id=registration.id, state=registration.state),
        id=registration_workflow_id(registration.id),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=_summary(registration),
        search_attributes=_attributes(registration),
        priority=Priority(fairness_key=registration.project_id),
    )
    async with asyncio.timeout(seconds):
        return await client.execute_update_with_start_workflow(
            RegistrationWorkflow.apply,
            start_workflow_operation=start,
            rpc_timeout=timedelta(seconds=seconds),
        )


def _summary(registration: Wanted) -> str:
    whose = registration.user_id or "the developer"
    return search_attributes.summary_of(f"Registration of {whose}")


def _attributes(registration: Wanted) -> TypedSearchAttributes:
    return search_attributes.of_run(
        project_id=registration.project_id,
        automation_id=registration.automation_id,
        user_id=registration.user_id,
        trigger=registration.trigger,
    )


class RegistrationKeeper:
    """Finds registrations that somebody must be told of, and wakes them."""

    def __init__(self, client: Client, database: Database, public_url: str) -> None:
        self._client = client
        self._database = database
        self._public_url = public_url.rstrip("/")
        self._woken: dict[tuple[str, int], float] = {}
        """Registrations with what changed of them, and when they were woken for it."""
        self._searched = ""
        """The id up to which workflows were looked for."""
        self._next_search = 0.0

    async def run(self) -> None:
        """Looks until cancelled; what fails is tried again at the next turn."""
        while True:
            try:
                await self.repair()
                if time.monotonic() >= self._next_search:
                    await self.search()
                    self._next_search = time.monotonic() + LOST_INTERVAL
            except Exception as error:  # the loop must outlive a database or a server that is away
                logger.warning("Registrations could not be kept: %s", error)
            await asyncio.sleep(INTERVAL)

    async def repair(self) -> None:
        """One turn: wakes those that are not as they are wanted, whose connection changed, or whose
        app delivers to where this installation is not reached any more."""
        now = time.monotonic()
        self._woken = {
            key: when for key, when in self._woken.items() if when > now - REPEAT_SECONDS
        }
        changed = [
            *await self._unapplied(),
            *await self._reconnected(),
            *await self._moved(),
        ]
        due = {key: row for key, row in changed if key not in self._woken}
        await self._wake_all(due.values())
        self._woken |= dict.fromkeys(due, now)

    async def search(self) -> None:
        """One turn: starts the workflows of a batch of registrations where they are missing."""
        query = (
            select(Registration)
            .where(Registration.id > self._searched, Registration.updated_at < now_ms() - LOST_MS)
            .order_by(Registration.id)
            .limit(BATCH)
            .options(_NEEDED)
        )
        async with self._database() as session:
            rows = list(await session.scalars(query))
        self._searched = rows[-1].id if len(rows) == BATCH else ""
        if not rows:
            return
        ids = {registration_workflow_id(row.id): row for row in rows}
        alive = await self._alive(list(ids))
        missing = [Wanted.of(row) for name, row in ids.items() if name not in alive]
        if missing:
            logger.warning("%d registrations had no workflow and get one", len(missing))
        await self._wake_all(missing)

    async def _unapplied(self) -> list[tuple[tuple[str, int], Wanted]]:
        query = (
            select(Registration)
            .where(
                Registration.revision > Registration.applied,
                Registration.updated_at < now_ms() - GRACE_MS,
            )
            .order_by(Registration.updated_at)
            .limit(BATCH)
            .options(_NEEDED)
        )
        async with self._database() as session:
            rows = await session.scalars(query)
            return [((row.id, row.revision), Wanted.of(row)) for row in rows]

    async def _reconnected(self) -> list[tuple[tuple[str, int], Wanted]]:
        """Those whose connection was mended, or broke, after they were looked at last."""
        mended = and_(Registration.state == "needs-connection", Connection.status == "connected")
        broken = and_(Registration.state == "active", Connection.status == "invalid")
        query = (
            select(Registration, Connection.updated_at)
            .join(
                Connection,
                and_(
                    Connection.project_id == Registration.project_id,
                    Connection.app_key == Registration.app_key,
                    Connection.user_id.in_((Registration.user_id, DEVELOPER)),
                ),
            )
            .where(
                or_(mended, broken),
                Connection.updated_at > Registration.updated_at - EARLY_MS,
                Connection.updated_at < now_ms() - GRACE_MS,
            )
            .limit(BATCH)
            .options(_NEEDED)
        )
        async with self._database() as session:
            rows = await session.execute(query)
            return [((row.id, changed), Wanted.of(row)) for row, changed in rows]

    async def _moved(self) -> list[tuple[tuple[str, int], Wanted]]:
        query = (
            select(Registration)
            .where(
                Registration.told_url != self._public_url,
                Registration.wanted != "ended",
                # What fails is tried again by its own workflow.
                Registration.state.in_(("active", "paused")),
            )
            .limit(BATCH)
            .options(_NEEDED)
        )
        async with self._database() as session:
            rows = await session.scalars(query)
            return [((row.id, row.updated_at), Wanted.of(row)) for row in rows]

    async def _alive(self, workflow_ids: Sequence[str]) -> set[str]:
        quoted = ", ".join(f"'{workflow_id}'" for workflow_id in workflow_ids)
        query = f"WorkflowId IN ({quoted}) AND ExecutionStatus = 'Running'"
        return {execution.id async for execution in self._client.list_workflows(query)}

    async def _wake_all(self, registrations: Iterable[Wanted]) -> None:
        places = asyncio.Semaphore(AT_A_TIME)

        async def one(registration: Wanted) -> None:
            async with places:
                await wake(self._client, registration)

        ends = await asyncio.gather(*map(one, registrations), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end
