"""What a registration is to be: the published trigger, its inputs, and whose account it uses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from sqlalchemy import select
from temporalio.exceptions import ApplicationError

from activities.calling import RETRYABLE, ConnectedCalls
from automations.definition import AppTrigger, Definition
from connections.accounts import Connections
from connectors.catalogue import Catalogue
from connectors.credential import Credential
from connectors.failures import ComponentError
from connectors.http import OutgoingHttp
from connectors.manifest import Trigger
from connectors.triggers import ScheduleSource
from connectors.triggers.schedules import ScheduleError, schedule_of
from connectors.triggers.subscribing import Subscribing, resolve_inputs
from store.database import Database
from store.models import DEVELOPER, Automation, AutomationVersion, Registration
from store.registrations import Ask

Answer = TypeVar("Answer")


class Fault(Exception):
    """Why a registration is not as it is wanted. The message may be shown.

    `code` is the contract's for who has asked for it now; `wait` is in seconds, where it is known.
    """

    def __init__(
        self, message: str, code: int, *, state: str = "failing", wait: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.state = state
        self.wait = wait

    @classmethod
    def of_app(cls, error: ComponentError) -> Fault:
        """What the app has refused, or could not be asked."""
        code = 503 if error.kind in RETRYABLE else 1
        return cls(error.message, code, wait=error.retry_after)


@dataclass(frozen=True)
class Goal:
    """What is to be subscribed."""

    trigger: Trigger
    version: int
    inputs: dict[str, Any]
    owner: str

    def is_met_by(self, ask: Ask) -> bool:
        """Whether this was asked for so."""
        asked = (ask.trigger, ask.inputs, ask.owner)
        return asked == (self.trigger.key, self.inputs, self.owner)


async def read_goal(database: Database, catalogue: Catalogue, row: Registration) -> Goal:
    """The trigger of the published version, for this registration; raises `Fault`."""
    query = (
        select(Automation.name, AutomationVersion.number, AutomationVersion.definition)
        .outerjoin(
            AutomationVersion,
            (AutomationVersion.automation_id == Automation.id)
            & (AutomationVersion.number == Automation.published_version),
        )
        .where(Automation.id == row.automation_id, Automation.project_id == row.project_id)
    )
    async with database() as session:
        found = (await session.execute(query)).one_or_none()
    if found is None:
        raise Fault("The automation was deleted: unregister its users.", 204)
    name, version, content = found
    if version is None:
        raise Fault(f"The automation “{name}” has no published version: publish it.", 201)
    try:
        published = Definition.model_validate(content).trigger
    except ValidationError:
        published = None
    if not isinstance(published, AppTrigger):
        raise Fault(
            f"The published version {version} of “{name}” has no trigger to subscribe to: publish "
            "one with an app's trigger, or unregister its users.",
            211,
        )
    trigger = catalogue.trigger(published.component)
    if trigger is None:
        raise Fault(f"No connector here has the trigger {published.component}.", 211)
    try:
        inputs = resolve_inputs(trigger, published.inputs, row.data, row.user_id)
        if isinstance(trigger.source, ScheduleSource):
            schedule_of(inputs)
    except ComponentError as error:
        raise Fault.of_app(error) from None
    except ScheduleError as error:
        raise Fault(f"{trigger.name}: {error}", 1) from None
    owner = row.user_id if published.replace_end_user_connection else DEVELOPER
    return Goal(trigger, version, inputs, owner)


class Accounts:
    """Speaks to an app with the account of a registration."""

    def __init__(self, connections: Connections, http: OutgoingHttp) -> None:
        self._calls = ConnectedCalls(connections)
        self._connections = connections
        self._http = http

    async def check(self, row: Registration, trigger: Trigger, owner: str) -> None:
        """Raises `Fault` when there is no account to speak with."""

        async def nothing(_: Credential | None) -> None:
            return None

        await self._call(row, trigger, owner, nothing)

    async def details(self, row: Registration, trigger: Trigger, owner: str) -> dict[str, Any]:
        """`id`, `name` and `email` of the account at the app; null where it did not tell them."""
        found = await self._connections.details(row.project_id, owner, trigger.app_key)
        account = found.account if found else None
        return account.model_dump() if account else {"id": None, "name": None, "email": None}

    async def speak(
        self,
        row: Registration,
        trigger: Trigger,
        ask: Ask,
        say: Callable[[Subscribing], Awaitable[Answer]],
    ) -> Answer:
        """What the app answers; a token that it rejects is renewed once.

        Raises `Fault` when there is no account to speak with, and what `say` raises.
        """

        async def said(credential: Credential | None) -> Answer:
            subscribing = Subscribing(
                trigger,
                credential,
                self._http.of(row.project_id),
                inputs=ask.inputs,
                registration_id=row.id,
            )
            return await say(subscribing)

        return await self._call(row, trigger, ask.owner, said)

    async def _call(
        self,
        row: Registration,
        trigger: Trigger,
        owner: str,
        ask: Callable[[Credential | None], Awaitable[Answer]],
    ) -> Answer:
        try:
            return await self._calls.call((row.project_id, owner, trigger.app_key), ask)
        except ApplicationError as error:
            message = error.message[:1].upper() + error.message[1:]
            if error.type == "connection":
                raise Fault(message, 217, state="needs-connection") from None
            raise Fault(message, 503) from None
