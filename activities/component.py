"""Executing a component: the connection, the call, the book entry."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from temporalio import activity
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from activities.calling import RETRYABLE, ConnectedCalls, failure, heartbeats
from activities.steps import app_step_row
from connections.accounts import Connections
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

CREDITS_CACHE_SECONDS = 5.0


class ComponentActivity:
    """Executes any component of the catalogue; the activity's type is the component's key."""

    def __init__(
        self, catalogue: Catalogue, connections: Connections, http: OutgoingHttp, ledger: Ledger
    ) -> None:
        self._catalogue = catalogue
        self._calls = ConnectedCalls(connections)
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
            raise failure("not_found", "no connector here has this component")
        if call.reuse:
            recorded = await self._ledger.recorded_output(call.run_id, call.step_id, call.iteration)
            if recorded is not None:
                return recorded[0]
        await self._check_credits(call.account_id)
        started = now_ms()
        async with heartbeats():
            try:
                output = await self._call(component, call)
            except ComponentError as error:
                failed = failure(error.kind, error.message, error.retry_after)
                if error.kind in RETRYABLE and not _is_last_attempt():
                    raise failed from None
                await self._book(component, call, started, error=error.message)
                raise failed from None
            except ApplicationError as error:
                # A token that could not be renewed; a broken connection pauses, and is no end.
                if error.type in RETRYABLE and _is_last_attempt():
                    await self._book(component, call, started, error=error.message)
                raise
            await self._book(component, call, started, output=output)
        return output

    async def _call(self, component: Component, call: ComponentCall) -> Any:
        key = f"{call.run_id}:{call.step_id}:{call.iteration}"

        async def ask(credential: Credential | None) -> Any:
            return await execute(
                component,
                call.inputs,
                credential,
                self._http.of(call.project_id),
                idempotency_key=key,
            )

        owner = (call.project_id, call.connection_user_id, component.app_key)
        return await self._calls.call(owner, ask)

    async def _check_credits(self, account_id: str) -> None:
        checked, left = self._credits.get(account_id, (0.0, 0))
        if time.monotonic() - checked > CREDITS_CACHE_SECONDS:
            left = await self._ledger.credits_left(account_id)
            self._credits[account_id] = (time.monotonic(), left)
        if left <= 0:
            raise failure("credits", "waits for the plan's daily credits, which are used up")

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


def _is_last_attempt() -> bool:
    info = activity.info()
    limit = info.retry_policy.maximum_attempts if info.retry_policy else 0
    return bool(limit) and info.attempt >= limit
