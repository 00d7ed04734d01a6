"""Makes a registration's subscription at the app as it is wanted, from wherever it stands.

Before an app is asked for anything, what it is asked is written down (`store.registrations.Ask`):
so the URL of ours works while the app tries it, and who comes after a crash knows what may be
there. What may be there without being known is never left beside a second one of ours: the next
try has a URL of its own, the URL before it is dead, and it is deleted where it can be addressed.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import Any

from temporalio import activity

from activities.calling import heartbeats
from activities.registration_details import details_of
from activities.registration_goals import Accounts, Fault, Goal, read_goal
from activities.registration_rules import (
    fitting,
    has_moved,
    has_url,
    is_polled,
    renewal_of,
    subscription_of,
    wait_after,
    wait_ms_after,
)
from connections.accounts import Connections
from connectors.catalogue import Catalogue
from connectors.failures import ComponentError
from connectors.http import OutgoingHttp
from connectors.triggers import (
    AppWebhookSource,
    Subscription,
)
from connectors.triggers.polling import left_behind, poll_of
from connectors.triggers.subscribing import Hook, OutcomeUnknown, Subscribed, Unaddressable
from store.database import Database
from store.encryption import Keyring
from store.models import Registration, now_ms
from store.outages import outlast
from store.registrations import (
    Ask,
    HookSecret,
    Leftover,
    Progress,
    RegistrationGone,
    hook_id_of,
    remove_ended,
    save_secret,
    unseal_hook,
)
from workflows.payloads import RegistrationPlan
from workflows.registration import RECONCILE

logger = logging.getLogger(__name__)

GIVE_UP_MS = 7 * 86_400_000
"""An app that does not let us unsubscribe for so long keeps the subscription."""
MAX_LEFTOVERS = 20
CLEARING_SECONDS = 60.0
"""For deletions in one look; the rest waits for the next."""
OVER = RegistrationPlan(state="ended", ended=True)


class _Work:
    """A registration that is being looked at, and its secret."""

    def __init__(self, database: Database, keyring: Keyring, row: Registration) -> None:
        self.row = row
        self.secret = unseal_hook(keyring, row) or HookSecret.new()
        self._database = database
        self._keyring = keyring

    @property
    def progress(self) -> Progress:
        return self.secret.progress

    @property
    def ask(self) -> Ask:
        ask = self.progress.ask
        assert ask is not None  # noqa: S101 - written by `_turn`
        return ask

    def note(self, **changes: Any) -> None:
        """Changes the progress, to be saved."""
        progress = self.progress.model_copy(update=changes)
        self.secret = replace(self.secret, progress=progress)

    async def save(self, notice: Any = None, /, **values: Any) -> None:
        # What the app was told is not told again because the database is away.
        self.secret = await outlast(
            lambda: save_secret(
                self._database, self._keyring, self.row, self.secret, values, notice
            )
        )


class Registrations:
    """The activity that a registration's workflow calls whenever something may have changed."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        catalogue: Catalogue,
        connections: Connections,
        http: OutgoingHttp,
        public_url: str,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._catalogue = catalogue
        self._accounts = Accounts(connections, http)
        self._public_url = public_url.rstrip("/")

    @activity.defn(name=RECONCILE)
    async def reconcile(self, registration_id: str) -> RegistrationPlan:
        """Looks at what is wanted and at what is, and does what lies between."""
        async with heartbeats():
            return await self._look(registration_id)

    async def _look(self, registration_id: str) -> RegistrationPlan:
        async with self._database() as session:
            row = await session.get(Registration, registration_id)
        if row is None:
            return OVER
        work = _Work(self._database, self._keyring, row)
        try:
            if row.wanted == "ended":
                return await self._end(work)
            try:
                goal = await read_goal(self._database, self._catalogue, row)
                await self._reach(work, goal)
            except Fault as fault:
                return await self._failed(work, fault)
            return await self._settled(work, goal)
        except RegistrationGone:
            return OVER

    async def _reach(self, work: _Work, goal: Goal) -> None:
        """Raises `Fault` where it cannot be done now."""
        rules = subscription_of(goal.trigger.source)
        await self._accounts.check(work.row, goal.trigger, goal.owner)
        ask = work.progress.ask
        has_gone = rules is not None and ask is not None and has_moved(ask, self._public_url)
        if ask is None or has_gone or not goal.is_met_by(ask) or (rules and not ask.answered):
            await self._turn(work, goal)
        if rules is not None:
            if work.ask.answered:
                await self._renew(work, goal, rules)
            else:
                await self._create(work, goal)
        elif isinstance(goal.trigger.source, AppWebhookSource):
            await self._route(work, goal)

    async def _turn(self, work: _Work, goal: Goal, *, anew: bool = False) -> None:
        """Writes down what the app is asked next; what was there becomes a leftover.

        `anew`: although there is a subscription that fits.
        """
        before, secret = work.progress.ask, work.secret
        subscription = secret.subscription
        leftovers = [*work.progress.leftovers, *self._leftover(secret, before)][-MAX_LEFTOVERS:]
        source = goal.trigger.source
        found = None if anew else fitting(leftovers, goal, self._public_url)
        if found is not None:
            ask = Ask.model_validate(found.model_dump(include=set(Ask.model_fields)))
            leftovers.remove(found)
            secret = HookSecret(found.hook, found.signing, found.subscription, secret.progress)
        else:
            ask = Ask(
                trigger=goal.trigger.key,
                inputs=goal.inputs,
                owner=goal.owner,
                public_url=self._public_url,
            )
            ask.answered = subscription_of(source) is None
            # Another trigger must not get what its predecessor's app still delivers, and what may
            # have come of a try that was cut off must deliver to nobody.
            if before and (before.trigger != ask.trigger or not before.answered):
                secret = HookSecret.new()
            secret = replace(secret, subscription={}, progress=work.progress)
        work.secret = secret
        work.note(ask=ask, leftovers=leftovers)
        changed = before is not None and not goal.is_met_by(before)
        cursor = None
        if before and poll_of(goal.trigger) and _is_of_one(before, ask):
            cursor = left_behind(work.row.cursor, before.inputs, subscription)
        await work.save(
            trigger=ask.trigger,
            app_key=goal.trigger.app_key,
            trigger_version=goal.version,
            inputs=ask.inputs,
            hook_id=hook_id_of(secret.hook) if has_url(source) else None,
            told_url=ask.public_url if subscription_of(source) else None,
            subscription_id=ask.subscription_id,
            expires_at=ask.expires_at,
            **({"cursor": cursor, "next_poll_at": None} if changed else {}),
        )

    async def _create(self, work: _Work, goal: Goal) -> None:
        hook = self._hook(work.secret.hook, work.secret.signing, work.ask)
        try:
            made = await self._accounts.speak(
                work.row, goal.trigger, work.ask, lambda app: app.create(hook)
            )
        except OutcomeUnknown as unknown:
            raise Fault.of_app(unknown.error) from None
        except (ComponentError, Fault) as refusal:
            # Nothing has come of it for certain: the next try may ask for the same.
            work.note(ask=None)
            await work.save()
            raise _as_fault(refusal) from None
        await self._subscribed(work, made)

    async def _renew(self, work: _Work, goal: Goal, rules: Subscription) -> None:
        due = renewal_of(work.row.id, work.ask)
        if due is None or due > now_ms():
            return
        if rules.renew is not None:
            hook = self._hook(work.secret.hook, work.secret.signing, work.ask)
            known = work.secret.subscription
            try:
                made = await self._accounts.speak(
                    work.row, goal.trigger, work.ask, lambda app: app.renew(hook, known)
                )
            except ComponentError as error:
                raise Fault.of_app(error) from None
            if made is not None:
                await self._subscribed(work, made)
                return
        await self._turn(work, goal, anew=True)
        await self._create(work, goal)

    async def _subscribed(self, work: _Work, made: Subscribed) -> None:
        told = {**work.secret.subscription, **made.values}
        work.secret = replace(work.secret, subscription=told)
        changes = {
            "answered": True,
            "subscription_id": made.id,
            "made_at": now_ms(),
            "expires_at": made.expires_at,
        }
        work.note(ask=work.ask.model_copy(update=changes))
        await work.save(subscription_id=made.id, expires_at=made.expires_at)

    async def _route(self, work: _Work, goal: Goal) -> None:
        account = await self._accounts.details(work.row, goal.trigger, goal.owner)

        async def route(app: Any) -> str:
            found: str = app.route(account)
            return found

        try:
            work.row.route = await self._accounts.speak(work.row, goal.trigger, work.ask, route)
        except ComponentError as error:
            raise Fault.of_app(error) from None

    async def _settled(self, work: _Work, goal: Goal) -> RegistrationPlan:
        row, source = work.row, goal.trigger.source
        await self._clear(work)
        is_paused = row.wanted == "paused"
        is_news = not is_paused and row.state not in {"active", "paused"}
        work.note(failures=0, is_told=False)
        await work.save(
            "registration.started" if is_news else None,
            applied=row.revision,
            trigger_version=goal.version,
            state="paused" if is_paused else "active",
            message=None,
            route=row.route if isinstance(source, AppWebhookSource) else None,
        )
        looks = [renewal_of(row.id, work.ask) if subscription_of(source) else None]
        if work.progress.leftovers:
            oldest = min(leftover.since for leftover in work.progress.leftovers)
            looks.append(now_ms() + wait_ms_after(now_ms() - oldest))
        return RegistrationPlan(
            state=row.state,
            poll=not is_paused and is_polled(source),
            look_again_at=min((look for look in looks if look is not None), default=None),
            details=details_of(row),
        )

    async def _failed(self, work: _Work, fault: Fault) -> RegistrationPlan:
        row = work.row
        failures = work.progress.failures + 1
        # Who has just registered is told by the answer of that call.
        is_news = not work.progress.is_told and row.applied > 0
        work.note(failures=failures, is_told=work.progress.is_told or is_news)
        await work.save(
            "registration.failing" if is_news else None,
            applied=row.revision,
            state="paused" if row.wanted == "paused" else fault.state,
            message=fault.message,
        )
        wait = max(wait_after(failures), fault.wait or 0.0)
        return RegistrationPlan(
            state=row.state,
            look_again_at=now_ms() + int(wait * 1000),
            details=details_of(row),
            error=fault.message,
            error_code=fault.code,
        )

    async def _end(self, work: _Work) -> RegistrationPlan:
        """Unsubscribes and forgets; goes on trying for days where the app does not let us."""
        row, progress = work.row, work.progress
        if row.state != "ending" or progress.ask is not None:
            leftovers = [*progress.leftovers, *self._leftover(work.secret, progress.ask)]
            work.note(ask=None, leftovers=leftovers, failures=0)
            await work.save(state="ending", message=None)
        reason = await self._clear(work)
        if not work.progress.leftovers:
            if await remove_ended(self._database, row):
                return OVER
            return RegistrationPlan(state="starting", look_again_at=now_ms())
        work.note(failures=work.progress.failures + 1)
        message = f"It could not be unsubscribed yet. {reason or ''}".strip()
        await work.save(applied=row.revision, message=message)
        return RegistrationPlan(
            state=row.state,
            look_again_at=now_ms() + int(wait_after(work.progress.failures) * 1000),
            details=details_of(row),
            error=message,
            error_code=503,
        )

    async def _clear(self, work: _Work) -> str | None:
        """Deletes what is left over; why some of it is still there, if some is."""
        reason = None
        until = time.monotonic() + CLEARING_SECONDS
        for leftover in list(work.progress.leftovers):
            if time.monotonic() > until:
                return reason
            try:
                await self._delete(work.row, leftover)
            except (ComponentError, Fault) as error:
                reason = error.message
                if now_ms() - leftover.since < GIVE_UP_MS:
                    continue
                logger.warning("Registration %s: given up unsubscribing: %s", work.row.id, reason)
            remaining = [one for one in work.progress.leftovers if one is not leftover]
            work.note(leftovers=remaining)
            await work.save()
        return reason

    async def _delete(self, row: Registration, leftover: Leftover) -> None:
        trigger = self._catalogue.trigger(leftover.trigger)
        if trigger is None or subscription_of(trigger.source) is None:
            return
        hook = self._hook(leftover.hook, leftover.signing, leftover)
        known = leftover.subscription
        try:
            await self._accounts.speak(row, trigger, leftover, lambda app: app.delete(hook, known))
        except Unaddressable:
            if leftover.answered:
                logger.warning("Registration %s: %s cannot be deleted", row.id, leftover.trigger)

    def _leftover(self, secret: HookSecret, ask: Ask | None) -> list[Leftover]:
        """What is at the app, or may be, of what was asked."""
        trigger = self._catalogue.trigger(ask.trigger) if ask else None
        if ask is None or trigger is None or subscription_of(trigger.source) is None:
            return []
        return [
            Leftover(
                **ask.model_dump(),
                hook=secret.hook,
                signing=secret.signing,
                subscription=secret.subscription,
            )
        ]

    def _hook(self, secret: str, signing: str, ask: Ask) -> Hook:
        at = ask.public_url or self._public_url
        return Hook(f"{at}/api/v1/hooks/{secret}", ask.creation, signing)


def _is_of_one(before: Ask, ask: Ask) -> bool:
    """Whether both ask the same of the same account, only by other inputs."""
    return (before.trigger, before.owner) == (ask.trigger, ask.owner)


def _as_fault(error: ComponentError | Fault) -> Fault:
    return error if isinstance(error, Fault) else Fault.of_app(error)
