"""Runs that events start: one event is one run, however often it is told.

A run's id is made of the registration and of the event's key. The ledger knows it for good, and
Temporal rejects a second start, so that no table of seen events is needed on the way.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError

from connectors.secret_inputs import SecretInputs
from store.database import Database
from store.ledger import Ledger
from store.models import Automation, AutomationVersion, Project, Registration, Run, now_ms
from temporal.booking import run_opened
from temporal.callback_urls import CallbackUrls
from temporal.called import called_automations
from temporal.starting import start_run
from workflows.payloads import EventFetch, RunInput

MAX_REMEMBERED = 20_000
"""Runs that are known here to exist, so that most duplicates need neither book nor Temporal."""
MAX_DEFINITIONS = 500


class NotPublished(Exception):
    """The automation has no published version (any more), so an event starts nothing."""


@dataclass(frozen=True)
class Started:
    """The run of an event; `is_new` is False when an earlier telling started it."""

    run_id: str
    is_new: bool


@dataclass(frozen=True)
class _Published:
    account_id: str
    name: str
    version: int
    run_status: str | None
    """Of the event's run, where the book knows it."""
    data: Any
    """What the registration was last made with; null where it is no more."""


def event_run_id(registration_id: str, key: str) -> str:
    """The id of the run of an event; the same for each telling of it."""
    return f"event-{registration_id}-{hashlib.sha256(key.encode()).hexdigest()[:32]}"


class EventRuns:
    """Starts the runs of events, in the API and in workers alike. Share one in a process."""

    def __init__(
        self,
        client: Client,
        database: Database,
        ledger: Ledger,
        callback_urls: CallbackUrls,
        secret_inputs: SecretInputs,
    ) -> None:
        self._client = client
        self._database = database
        self._ledger = ledger
        self._callback_urls = callback_urls
        self._secret_inputs = secret_inputs
        self._under_way: dict[str, asyncio.Task[Started]] = {}
        self._durable: OrderedDict[str, None] = OrderedDict()
        self._definitions: OrderedDict[tuple[str, int], dict[str, Any]] = OrderedDict()

    async def start(
        self, registration: Registration, key: str, event: Any, *, fetch: bool = False
    ) -> Started:
        """The event's run in the published version; returns when the run exists durably.

        `fetch`: the run first asks the app for what the event only names. Raises `NotPublished`,
        RPCError and RuntimeError (Temporal is away: nothing is lost, the event may be told again).
        """
        run_id = event_run_id(registration.id, key)
        if run_id in self._durable:
            self._durable.move_to_end(run_id)
            return Started(run_id, is_new=False)
        # Tellings at the same time share one start; it goes on when their callers give up.
        first = self._under_way.get(run_id)
        if first is not None:
            await asyncio.shield(first)
            return Started(run_id, is_new=False)
        task = asyncio.create_task(self._start(registration, run_id, event, fetch=fetch))
        self._under_way[run_id] = task
        task.add_done_callback(lambda done: self._started(run_id, done))
        return await asyncio.shield(task)

    def _started(self, run_id: str, task: asyncio.Task[Started]) -> None:
        del self._under_way[run_id]
        if not task.cancelled() and task.exception() is None:
            _keep(self._durable, run_id, None, MAX_REMEMBERED)

    async def _start(
        self, registration: Registration, run_id: str, event: Any, *, fetch: bool
    ) -> Started:
        published = await self._published(registration, run_id)
        if published.run_status not in {None, "running"}:
            return Started(run_id, is_new=False)
        run = await self._input(registration, published, run_id, event, fetch=fetch)
        opened = run_opened(run, run_id, now_ms())
        # The book first: a run that it does not know would never be seen to end. One that is
        # booked and never started is forgotten by reconciliation, and the event is told again.
        if published.run_status is None:
            await self._ledger.write(opened)
        try:
            await start_run(self._client, run, run_id)
        except WorkflowAlreadyStartedError:
            return Started(run_id, is_new=False)
        if published.run_status is not None:
            # It was booked long ago, and starts now: reconciliation may have forgotten it at this
            # very moment.
            await self._ledger.write(opened)
        return Started(run_id, is_new=True)

    async def _published(self, registration: Registration, run_id: str) -> _Published:
        """What is published now, and what the book says of the run; raises `NotPublished`."""
        query = (
            select(
                Project.account_id,
                Automation.name,
                Automation.published_version,
                Run.status,
                Registration.data,
            )
            .select_from(Automation)
            .join(Project, Project.id == Automation.project_id)
            .outerjoin(Run, Run.id == run_id)
            .outerjoin(Registration, Registration.id == registration.id)
            .where(
                Automation.id == registration.automation_id,
                Automation.project_id == registration.project_id,
            )
        )
        async with self._database() as session:
            row = (await session.execute(query)).one_or_none()
        if row is None:
            raise NotPublished(registration.automation_id)
        account_id, name, version, run_status, data = row
        if version is None:
            raise NotPublished(registration.automation_id)
        return _Published(account_id, name, version, run_status, data)

    async def _definition(self, automation_id: str, version: int) -> dict[str, Any]:
        """A published version; it never changes, so it is read once."""
        known = self._definitions.get((automation_id, version))
        if known is not None:
            self._definitions.move_to_end((automation_id, version))
            return known
        async with self._database() as session:
            found: dict[str, Any] | None = await session.scalar(
                select(AutomationVersion.definition).where(
                    AutomationVersion.automation_id == automation_id,
                    AutomationVersion.number == version,
                )
            )
        if found is None:
            raise NotPublished(automation_id)
        _keep(self._definitions, (automation_id, version), found, MAX_DEFINITIONS)
        return found

    async def _input(
        self,
        registration: Registration,
        published: _Published,
        run_id: str,
        event: Any,
        *,
        fetch: bool,
    ) -> RunInput:
        definition = await self._definition(registration.automation_id, published.version)
        called = await called_automations(self._database, registration.project_id, definition)
        callback_url, callback_key = self._callback_urls.make(registration.project_id, run_id)
        return RunInput(
            project_id=registration.project_id,
            account_id=published.account_id,
            automation_id=registration.automation_id,
            automation_name=published.name,
            version=published.version,
            user_id=registration.user_id,
            trigger=registration.trigger,
            definition=self._secret_inputs.for_history(registration.project_id, definition),
            called={
                key: item.model_copy(
                    update={
                        "definition": self._secret_inputs.for_history(
                            registration.project_id, item.definition
                        )
                    }
                )
                for key, item in called.items()
            },
            data=registration.data if published.data is None else published.data,
            event=event,
            callback_url=callback_url,
            callback_key=callback_key,
            fetch=EventFetch(registration_id=registration.id, trigger=registration.trigger)
            if fetch
            else None,
        )


def _keep(known: OrderedDict[Any, Any], key: Any, value: Any, limit: int) -> None:
    """Remembers a value; the one that was not used for the longest time makes place for it."""
    known[key] = value
    known.move_to_end(key)
    if len(known) > limit:
        known.popitem(last=False)
