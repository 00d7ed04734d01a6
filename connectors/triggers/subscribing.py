"""Asks an app to deliver to a URL of ours, to go on doing so, and to stop."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from automations.expressions import ExpressionError, compile_template
from connectors.client import AppClient, UnusableCredential
from connectors.failures import ComponentError, failure, hidden_forms, judge, scrub
from connectors.http import OutgoingError, RefusedError, TooLargeError
from connectors.inputs import prepare
from connectors.masking import secrets_in
from connectors.scope import moment
from connectors.triggers.sources import AppWebhookSource, WebhookSource
from connectors.urls import UrlError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.credential import Credential
    from connectors.http import OutgoingHttp
    from connectors.manifest import Component, ErrorKind, Trigger
    from connectors.request import Request
    from connectors.triggers.sources import Subscription

TIMEOUT = 30.0
"""Seconds for one answer of an app."""
GONE = {404, 410}
MAX_VALUE = 8_192
"""Characters of a value that an app tells of a subscription."""
FIRST_EPOCH_MS = 100_000_000_000
"""Larger numbers are milliseconds since 1970; as seconds they would be three thousand years."""


class OutcomeUnknown(Exception):
    """The app gave no clear answer: it may have done what it was asked. `error` says why."""

    def __init__(self, error: ComponentError) -> None:
        super().__init__(error.message)
        self.error = error


class Unaddressable(Exception):
    """A subscription cannot be deleted: what names it at the app was never told."""


@dataclass(frozen=True)
class Hook:
    """What an app is told of us: `hook` in manifests."""

    url: str = field(repr=False)
    id: str
    """Of this subscription, chosen by us."""
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Subscribed:
    """What an app answered; `expires_at` in ms since the epoch."""

    values: dict[str, Any] = field(repr=False)
    id: str | None
    expires_at: int | None


def resolve_inputs(
    trigger: Trigger, templates: Mapping[str, Any], data: Mapping[str, Any], user_id: str
) -> dict[str, Any]:
    """A trigger's inputs for one registration, each declared one there, maybe null.

    Raises `ComponentError` of kind `invalid_input`.
    """
    scope = {"data": data, "run": {"userId": user_id}}
    try:
        given = compile_template(dict(templates)).resolve(scope)
    except ExpressionError as error:
        raise failure(_as_component(trigger), "invalid_input", str(error)) from None
    return prepare(_as_component(trigger), given)


class Subscribing:
    """One trigger, with one account at the app and one registration's inputs.

    All methods raise `ComponentError`, whose message may be shown.
    """

    def __init__(
        self,
        trigger: Trigger,
        credential: Credential | None,
        http: OutgoingHttp,
        *,
        inputs: Mapping[str, Any],
        registration_id: str,
    ) -> None:
        self._trigger = trigger
        self._inputs = inputs
        self._registration_id = registration_id
        try:
            hidden = secrets_in(trigger.input_schema, inputs)
            self._client = AppClient(trigger.app, credential, http, timeout=TIMEOUT, hidden=hidden)
        except UnusableCredential as error:
            raise failure(_as_component(trigger), "reauth", str(error)) from None

    def route(self, account: Mapping[str, Any]) -> str:
        """What an event of an app webhook must name to be this registration's."""
        source = self._trigger.source
        assert isinstance(source, AppWebhookSource)  # noqa: S101 - the caller has looked
        scope = {**self._client.scope, "inputs": self._inputs, "account": account}
        try:
            value = source.belongs_to.resolve(scope)
        except ExpressionError:
            value = None
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            what = "the connection does not tell whose events these are: connect the account again"
            raise self._failure("fatal", what)
        return str(value)

    async def create(self, hook: Hook) -> Subscribed:
        """Subscribes; raises `OutcomeUnknown`, too."""
        return await self._subscribed(self._subscription.create, hook, {})

    async def renew(self, hook: Hook, known: Mapping[str, Any]) -> Subscribed | None:
        """Prolongs; None when the app has no such subscription any more."""
        request = self._subscription.renew
        assert request is not None  # noqa: S101 - the caller has looked
        try:
            return await self._subscribed(request, hook, known)
        except _Gone:
            return None
        except OutcomeUnknown as unknown:
            raise unknown.error from None

    async def delete(self, hook: Hook, known: Mapping[str, Any]) -> None:
        """Unsubscribes; what is not there any more counts as deleted. Raises `Unaddressable`."""
        request = self._subscription.delete
        if request is None:
            return
        try:
            seen = await self._asked(request, hook, known)
            if seen["status"] not in GONE:
                self._check(seen, hook, known)
        except OutcomeUnknown as unknown:
            raise unknown.error from None
        except ExpressionError as error:
            raise Unaddressable(str(error)) from None

    @property
    def _subscription(self) -> Subscription:
        source = self._trigger.source
        assert isinstance(source, WebhookSource)  # noqa: S101 - the caller has looked
        assert source.subscription is not None  # noqa: S101 - the caller has looked
        return source.subscription

    async def _subscribed(
        self, request: Request, hook: Hook, known: Mapping[str, Any]
    ) -> Subscribed:
        try:
            seen = await self._asked(request, hook, known)
        except ExpressionError as error:
            what = f"the app's manifest does not fit these inputs ({error})"
            raise self._failure("fatal", scrub(what, self._secrets(hook, known))) from None
        if known and seen["status"] in GONE:
            raise _Gone
        self._check(seen, hook, known)
        try:
            return self._read(seen, known)
        except ComponentError as error:
            raise OutcomeUnknown(error) from None

    def _read(self, seen: Mapping[str, Any], known: Mapping[str, Any]) -> Subscribed:
        rules = self._subscription
        values = dict(known)
        scope = {**self._client.scope, **seen}
        for name, expression in rules.captured.items():
            value = expression.find(scope)
            if value is None and name not in known:
                raise self._failure("fatal", f"did not tell {name} of the subscription")
            if len(str(value)) > MAX_VALUE:
                raise self._failure("fatal", f"told a {name} that is too large")
            if value is not None:
                values[name] = value
        told = rules.expires.find(seen) if rules.expires else None
        expires_at = moment_of(told)
        if expires_at is None and rules.lifetime is not None:
            expires_at = _now_ms() + rules.lifetime * 1000
        shown = values.get("id")
        return Subscribed(values, None if shown is None else str(shown)[:255], expires_at)

    def _check(self, seen: Mapping[str, Any], hook: Hook, known: Mapping[str, Any]) -> None:
        verdict = judge(self._trigger.app, [], seen, self._secrets(hook, known))
        if verdict is None:
            return
        error = self._failure(verdict.kind, verdict.what, verdict.retry_after)
        # A gateway may say 5xx of what the app behind it has done.
        raise OutcomeUnknown(error) if seen["status"] >= 500 else error

    async def _asked(
        self, request: Request, hook: Hook, known: Mapping[str, Any]
    ) -> dict[str, Any]:
        scope = {
            **self._client.scope,
            "inputs": self._inputs,
            "hook": {"url": hook.url, "id": hook.id, "secret": hook.secret},
            "subscription": known,
            "registration": {"id": self._registration_id},
            "now": moment()["now"],
        }
        try:
            _, seen = await self._client.exchange(request, scope, headers={})
        except UnusableCredential as error:
            raise self._failure("reauth", str(error)) from None
        except UrlError as error:
            raise self._failure("invalid_input", str(error)) from None
        except OutgoingError as error:
            refused = isinstance(error, RefusedError | TooLargeError)
            failed = self._failure(
                "fatal" if refused else "transient",
                scrub(str(error), self._secrets(hook, known)),
            )
            raise (failed if isinstance(error, RefusedError) else OutcomeUnknown(failed)) from None
        return seen

    def _secrets(self, hook: Hook, known: Mapping[str, Any]) -> list[str]:
        told = [value for name, value in known.items() if name != "id" and isinstance(value, str)]
        own = [hook.url, hook.url.rpartition("/")[2], hook.secret, *told]
        return [*hidden_forms(own), *self._client.secrets]

    def _failure(
        self, kind: ErrorKind, what: str, retry_after: float | None = None
    ) -> ComponentError:
        return failure(_as_component(self._trigger), kind, what, retry_after)


class _Gone(Exception):
    """The app does not know the subscription any more."""


def moment_of(value: Any) -> int | None:
    """A moment as apps tell it, in ms since the epoch: milliseconds since 1970, seconds from now
    (numbers, or text of digits), or RFC 3339 text; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return _rfc3339(value)
    if not 0 < number < 1e15:
        return None
    return int(number) if number > FIRST_EPOCH_MS else _now_ms() + int(number * 1000)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _rfc3339(value: Any) -> int | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return int(found.timestamp() * 1000) if found.tzinfo is not None else None


def _as_component(trigger: Trigger) -> Component:
    # What is used has the app, the name and the schema of inputs, which both have.
    return cast("Component", trigger)
