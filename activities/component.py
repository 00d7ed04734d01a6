"""Executing a component: the connection, the call, the book entry."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.steps import app_step_row
from connections.accounts import Connections
from connections.errors import (
    ConnectionInvalid,
    ConnectionMissing,
    IntegrationIncomplete,
    RefreshUnavailable,
)
from connectors.catalogue import Catalogue
from connectors.credential import Credential
from connectors.executor import ComponentError, execute
from connectors.http import OutgoingHttp
from connectors.manifest import Component
from store.bookings import StepWrite
from store.ledger import Ledger
from store.models import now_ms
from temporal.booking import free_step_rows
from workflows.payloads import ComponentCall

HEARTBEAT_SECONDS = 5.0
CREDITS_CACHE_SECONDS = 5.0
RETRYABLE = {"rate_limited", "transient"}
UNUSABLE = (ConnectionMissing, ConnectionInvalid, RefreshUnavailable, IntegrationIncomplete)


class ComponentActivity:
    """Executes any component of the catalogue; the activity's type is the component's key."""

    def __init__(
        self, catalogue: Catalogue, connections: Connections, http: OutgoingHttp, ledger: Ledger
    ) -> None:
        self._catalogue = catalogue
        self._connections = connections
        self._http = http
        self._ledger = ledger
        self._credits: dict[str, tuple[float, int]] = {}

    @activity.defn(dynamic=True)
    async def execute(self, args: Sequence[RawValue]) -> Any:
        """Calls the app once and books it; the output is the component's.

        Raises ApplicationError whose type is the kind of error: `rate_limited` and `transient` are
        tried again by Temporal; `connection` and `credits` pause the run; the rest fail the step.
        """
        call = activity.payload_converter().from_payload(args[0].payload, ComponentCall)
        component = self._catalogue.component(activity.info().activity_type)
        if component is None:
            raise _failure("not_found", "no connector here has this component")
        if call.reuse:
            recorded = await self._ledger.recorded_output(call.run_id, call.step_id, call.iteration)
            if recorded is not None:
                return recorded[0]
        await self._check_credits(call.account_id)
        started = now_ms()
        async with _heartbeats():
            try:
                output = await self._call(component, call)
            except ComponentError as error:
                failure = _failure(error.kind, error.message, error.retry_after)
                if error.kind in RETRYABLE and not _is_last_attempt():
                    raise failure from None
                await self._book(component, call, started, error=error.message)
                raise failure from None
            await self._book(component, call, started, output=output)
        return output

    async def _call(self, component: Component, call: ComponentCall) -> Any:
        owner = (call.project_id, call.connection_user_id, component.app_key)
        credential = await self._credential(component, owner)
        key = f"{call.run_id}:{call.step_id}:{call.iteration}"
        try:
            return await execute(
                component, call.inputs, credential, self._http, idempotency_key=key
            )
        except ComponentError as error:
            if error.kind != "reauth" or credential is None:
                raise
        try:
            credential = await self._connections.renew(*owner, credential)
            return await execute(
                component, call.inputs, credential, self._http, idempotency_key=key
            )
        except ComponentError as error:
            if error.kind != "reauth":
                raise
            await self._connections.mark_invalid(*owner, error.message)
            raise _broken(component.app_key, owner[1], error.message) from None
        except UNUSABLE as error:
            raise _unusable(component.app_key, owner[1], error) from None

    async def _credential(
        self, component: Component, owner: tuple[str, str, str]
    ) -> Credential | None:
        app = self._catalogue.app(component.app_key)
        if app is None or app.auth.type == "none":
            return None
        try:
            return await self._connections.credential(*owner)
        except UNUSABLE as error:
            raise _unusable(component.app_key, owner[1], error) from None

    async def _check_credits(self, account_id: str) -> None:
        checked, left = self._credits.get(account_id, (0.0, 0))
        if time.monotonic() - checked > CREDITS_CACHE_SECONDS:
            left = await self._ledger.credits_left(account_id)
            self._credits[account_id] = (time.monotonic(), left)
        if left <= 0:
            raise _failure("credits", "waits for the plan's daily credits, which are used up")

    async def _book(
        self,
        component: Component,
        call: ComponentCall,
        started: int,
        *,
        output: Any = None,
        error: str | None = None,
    ) -> None:
        row = app_step_row(component, call, started, output=output, error=error)
        free = free_step_rows(call.run_id, call.project_id, call.traces)
        await self._ledger.write(StepWrite(call.account_id, [row], free))


def _failure(kind: str, message: str, retry_after: float | None = None) -> ApplicationError:
    return ApplicationError(
        message,
        type=kind,
        non_retryable=kind not in RETRYABLE,
        next_retry_delay=None if retry_after is None else timedelta(seconds=retry_after),
        category=ApplicationErrorCategory.BENIGN,
    )


def _unusable(app_key: str, user_id: str, error: Exception) -> ApplicationError:
    if isinstance(error, RefreshUnavailable | IntegrationIncomplete):
        return _failure("transient", str(error))
    return _broken(app_key, user_id, str(error))


def _broken(app_key: str, user_id: str, reason: str) -> ApplicationError:
    whose = f"user {user_id}" if user_id else "the developer"
    return _failure(
        "connection",
        f"waits until {whose} connects {app_key} again: {reason}",
    )


def _is_last_attempt() -> bool:
    info = activity.info()
    limit = info.retry_policy.maximum_attempts if info.retry_policy else 0
    return bool(limit) and info.attempt >= limit


@asynccontextmanager
async def _heartbeats() -> AsyncIterator[None]:
    """Tells Temporal of a long call that its worker lives; a short one costs nothing."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            activity.heartbeat()

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
