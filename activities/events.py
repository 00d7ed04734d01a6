"""Making an event whole before its run's first step."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.calling import RETRYABLE, ConnectedCalls, failure, heartbeats, passing
from connections.accounts import Connections
from connectors.catalogue import Catalogue
from connectors.credential import Credential
from connectors.failures import ComponentError
from connectors.http import OutgoingHttp
from connectors.manifest import Trigger
from connectors.triggers.fetching import fetch_event
from store.database import Database
from store.encryption import DecryptionError, Keyring
from store.models import AutomationVersion, Registration
from store.outages import outlast
from store.registrations import unseal_hook
from workflows.payloads import EventFetch


class EventActivity:
    """Fetches what deliveries only name, with the connection of the registration."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        catalogue: Catalogue,
        connections: Connections,
        http: OutgoingHttp,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._catalogue = catalogue
        self._calls = ConnectedCalls(connections)
        self._http = http

    @activity.defn(name="fetch-event")
    async def fetch(self, fetch: EventFetch, event: Any) -> Any:
        """The event as the run gets it.

        Raises ApplicationError whose type is the kind of error, as a component's activity does.
        """
        trigger = self._catalogue.trigger(fetch.trigger)
        if trigger is None:
            raise failure("not_found", "no connector here has this trigger")
        row, user_id = await outlast(lambda: self._registration(fetch.registration_id))
        subscription = self._subscription(row)

        async def ask(credential: Credential | None) -> Any:
            return await fetch_event(
                trigger,
                event,
                credential,
                self._http.of(row.project_id),
                inputs=_inputs(trigger, row),
                subscription=subscription,
            )

        async with heartbeats():
            try:
                return await self._calls.call((row.project_id, user_id, trigger.app_key), ask)
            except ComponentError as error:
                failed = failure(error.kind, error.message, error.retry_after)
            except ApplicationError as error:
                failed = error
        if failed.type in RETRYABLE:
            failed = passing(failed, trigger.app.name)
        raise failed from None

    async def _registration(self, registration_id: str) -> tuple[Registration, str]:
        """The registration, and whose connection its trigger goes by (empty: the developer's)."""
        query = (
            select(Registration, AutomationVersion.definition)
            .outerjoin(
                AutomationVersion,
                (AutomationVersion.automation_id == Registration.automation_id)
                & (AutomationVersion.number == Registration.trigger_version),
            )
            .where(Registration.id == registration_id)
        )
        async with self._database() as session:
            found = (await session.execute(query)).one_or_none()
        if found is None:
            raise failure("not_found", "the registration was ended before its event was fetched")
        row, definition = found
        trigger = (definition or {}).get("trigger") or {}
        return row, row.user_id if trigger.get("replaceEndUserConnection", True) else ""

    def _subscription(self, row: Registration) -> dict[str, Any]:
        try:
            secret = unseal_hook(self._keyring, row)
        except DecryptionError as error:
            raise failure("transient", f"the subscription cannot be read: {error}") from error
        return secret.subscription if secret is not None else {}


def _inputs(trigger: Trigger, row: Registration) -> dict[str, Any]:
    declared = trigger.input_schema.get("properties", {})
    return {**dict.fromkeys(declared), **(row.inputs or {})}
