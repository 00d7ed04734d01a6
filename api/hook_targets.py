"""Whom the URL of a hook belongs to, and what its signatures are checked with."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from connections.errors import IntegrationIncomplete
from connections.integrations import load_integration, seal_settings, unseal_settings
from connectors.triggers import AppWebhookSource, InboundSource, WebhookSource
from connectors.triggers.inbound import inbound
from store.models import Integration, Registration
from store.registrations import hook_id_of, seal_hook, unseal_hook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connections.resources import Resources
    from connectors.manifest import App, Trigger
    from connectors.triggers import Incoming

CACHE_SECONDS = 3.0
MAX_CACHED = 5_000
KEEP_TRIES = 5


class NotReady(Exception):
    """The registration is being made, or its app is not installed here: the app may ask again."""


@dataclass(frozen=True)
class RegistrationTarget:
    """A registration whose own URL this is."""

    registration: Registration
    incoming: Incoming
    context: Mapping[str, Any] = field(repr=False)
    """What templates see beside the request."""
    earlier: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """The same of subscriptions that were replaced and still deliver to this URL."""


@dataclass(frozen=True)
class AppTarget:
    """A project's integration, to which the app tells the events of all users."""

    integration_id: str
    project_id: str
    app_key: str
    triggers: Sequence[tuple[Trigger, AppWebhookSource]]
    context: Mapping[str, Any] = field(repr=False)


Target = RegistrationTarget | AppTarget


def is_idle(target: Target | None) -> bool:
    """Whether deliveries are not wanted."""
    return isinstance(target, RegistrationTarget) and target.registration.wanted != "active"


class HookTargets:
    """Finds targets; remembers those of busy hooks for some seconds."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._cache: OrderedDict[str, tuple[float, Target]] = OrderedDict()

    async def find(self, secret: str, *, fresh: bool = False) -> tuple[Target | None, bool]:
        """The target of a hook's URL (None: there is none), and whether it was looked up just now.

        `fresh`: it is looked up even if it is remembered. Raises `NotReady`, `DecryptionError` and
        what the database raises.
        """
        hook_id = hook_id_of(secret)
        kept = self._cache.get(hook_id)
        if kept is not None and not fresh and time.monotonic() - kept[0] < CACHE_SECONDS:
            return kept[1], False
        async with self._resources.database() as session:
            row = await session.scalar(select(Registration).where(Registration.hook_id == hook_id))
            owner = None
            if row is None:
                owner = await session.scalar(
                    select(Integration).where(Integration.hook_id == hook_id)
                )
        if row is not None:
            target: Target | None = await self._of_registration(row)
        else:
            target = await self._of_integration(owner) if owner is not None else None
        self._cache.pop(hook_id, None)
        if target is not None:
            self._cache[hook_id] = (time.monotonic(), target)
            if len(self._cache) > MAX_CACHED:
                self._cache.popitem(last=False)
        return target, True

    async def routed(self, target: AppTarget, routes: set[str]) -> Sequence[Registration]:
        """The registrations of the project and app whose events these are."""
        query = select(Registration).where(
            Registration.project_id == target.project_id,
            Registration.app_key == target.app_key,
            Registration.route.in_(routes),
            Registration.wanted != "ended",
        )
        async with self._resources.database() as session:
            return (await session.scalars(query.order_by(Registration.id))).all()

    async def keep(self, target: Target, values: Mapping[str, Any]) -> None:
        """Keeps what an app told in a handshake, unless something else was told before.

        So nobody who learns a URL later can put a secret of his own in the place of the app's. Of
        a registration it goes into `subscription`; of an integration into those of its settings
        that have this name.
        """
        for _ in range(KEEP_TRIES):
            if isinstance(target, RegistrationTarget):
                done = await self._keep_of_registration(target.registration.id, values)
            else:
                done = await self._keep_of_integration(target, values)
            if done:
                self._cache.clear()
                return
        raise NotReady

    async def _of_registration(self, row: Registration) -> Target:
        trigger = self._resources.catalogue.trigger(row.trigger)
        if trigger is None:
            raise NotReady
        declared = trigger.input_schema.get("properties", {})
        inputs = {**dict.fromkeys(declared), **(row.inputs or {})}
        source = trigger.source
        if isinstance(source, WebhookSource):
            incoming = source.incoming
        elif isinstance(source, InboundSource):
            incoming = inbound(inputs)
        else:
            raise NotReady
        secret = unseal_hook(self._resources.keyring, row)
        if secret is None:
            raise NotReady
        ask = secret.progress.ask
        context = {
            "hook": {"id": ask.creation if ask else None, "secret": secret.signing},
            "subscription": secret.subscription,
            "inputs": inputs,
            "integration": await self._integration(row.project_id, trigger.app),
            "tolerance": await self._tolerance(row.project_id, trigger.app.key),
        }
        # Until the app has deleted a subscription that was replaced, it signs as it was told then.
        earlier = tuple(
            {
                **context,
                "hook": {"id": leftover.creation, "secret": leftover.signing},
                "subscription": leftover.subscription,
            }
            for leftover in secret.progress.leftovers
            if leftover.hook == secret.hook and leftover.trigger == row.trigger
        )
        return RegistrationTarget(row, incoming, context, earlier)

    async def _of_integration(self, row: Integration) -> Target:
        app = self._resources.catalogue.app(row.app_key)
        if app is None:
            raise NotReady
        triggers = [
            (trigger, trigger.source)
            for trigger in app.triggers
            if isinstance(trigger.source, AppWebhookSource)
        ]
        context = {
            "hook": {"id": row.id, "secret": None},
            "subscription": {},
            "inputs": {},
            "integration": await self._integration(row.project_id, app),
            "tolerance": row.signature_tolerance,
        }
        return AppTarget(row.id, row.project_id, app.key, triggers, context)

    async def _tolerance(self, project_id: str, app_key: str) -> int | None:
        """The seconds that the developer allows signed deliveries of the app to be late."""
        query = select(Integration.signature_tolerance).where(
            Integration.project_id == project_id, Integration.app_key == app_key
        )
        async with self._resources.database() as session:
            return await session.scalar(query)

    async def _integration(self, project_id: str, app: App) -> dict[str, Any]:
        values: dict[str, Any] = {"client_id": None, "client_secret": None}
        values |= {part.name: None for part in app.auth.integration_fields}
        if app.reads_integration:
            try:
                known = await load_integration(self._resources, project_id, app.key)
            except IntegrationIncomplete:
                return values
            values |= known.values
        return values

    async def _keep_of_registration(self, registration_id: str, values: Mapping[str, Any]) -> bool:
        keyring = self._resources.keyring
        async with self._resources.database.begin() as session:
            row = await session.get(Registration, registration_id)
            if row is None:
                return True
            before = unseal_hook(keyring, row)
            if before is None or not (set(values) - set(before.subscription)):
                return True
            known = replace(before, subscription={**values, **before.subscription})
            changed = await session.scalar(
                update(Registration)
                .where(Registration.id == row.id, Registration.secret == row.secret)
                .values(secret=seal_hook(keyring, row.id, known))
                .returning(Registration.id)
            )
        return changed is not None

    async def _keep_of_integration(self, target: AppTarget, values: Mapping[str, Any]) -> bool:
        app = self._resources.catalogue.app(target.app_key)
        names = {part.name for part in app.auth.integration_fields} if app else set()
        keyring = self._resources.keyring
        async with self._resources.database.begin() as session:
            row = await session.scalar(
                select(Integration).where(
                    Integration.project_id == target.project_id,
                    Integration.app_key == target.app_key,
                )
            )
            if row is None:
                return True
            before = unseal_settings(keyring, row)
            told = {name: str(value) for name, value in values.items() if name in names}
            if not (set(told) - set(before)):
                return True
            settings = seal_settings(keyring, row.project_id, row.app_key, {**told, **before})
            same = (
                Integration.settings.is_(None)
                if row.settings is None
                else Integration.settings == row.settings
            )
            changed = await session.scalar(
                update(Integration)
                .where(Integration.id == row.id, same)
                .values(settings=settings)
                .returning(Integration.id)
            )
        return changed is not None
