"""Executing a component: the connection, the call, the book entry."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from temporalio import activity
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from activities.calling import RETRYABLE, Beats, ConnectedCalls, failure, heartbeats, passing
from activities.steps import app_step_row
from connections.accounts import Connections
from connectors.catalogue import Catalogue
from connectors.credential import Credential
from connectors.executor import ComponentError, execute
from connectors.http import OutgoingHttp
from connectors.manifest import Component
from store.bookings import StepWrite
from store.encryption import DecryptionError
from store.ledger import Ledger
from store.models import now_ms
from store.outages import outlast
from temporal.booking import free_step_rows
from workflows.payloads import ComponentCall

CREDITS_CACHE_SECONDS = 5.0

ANSWERED = "answered"
"""Marks the heartbeat of an execution whose app has answered, and whose booking is to be done."""

MAX_LEFT_BYTES = 1_048_576
"""Temporal refuses a heartbeat of 2 MiB."""


class _Done(NamedTuple):
    """What an earlier execution of a step got of the app."""

    output: Any
    started: int | None
    """When (ms); null: it is in the book."""


class ComponentActivity:
    """Executes any component of the catalogue; the activity's type is the component's key."""

    def __init__(
        self, catalogue: Catalogue, connections: Connections, http: OutgoingHttp, ledger: Ledger
    ) -> None:
        self._catalogue = catalogue
        self._calls = ConnectedCalls(connections)
        self._http = http
        self._ledger = ledger
        self._bookings: set[asyncio.Task[None]] = set()
        self._credits: dict[str, tuple[float, int]] = {}

    @activity.defn(dynamic=True)
    async def execute(self, args: Sequence[RawValue]) -> Any:
        """Calls the app once and books it; the output is the component's.

        Raises ApplicationError whose type is the kind of error: `rate_limited` and `transient` are
        tried again by Temporal, then by the run; `connection` and `credits` pause the run; the rest
        fail the step.
        """
        call = activity.payload_converter().from_payload(args[0].payload, ComponentCall)
        component = self._catalogue.component(activity.info().activity_type)
        if component is None:
            raise failure("not_found", "no connector here has this component")
        async with heartbeats() as beats:
            done = await self._done_before(call)
            if done is not None:
                if done.started is not None:
                    await self._book(component, call, done.started, output=done.output)
                return done.output
            await self._check_credits(call.account_id)
            started = _started()
            try:
                output = await self._call(component, call)
            except ComponentError as error:
                failed = failure(error.kind, error.message, error.retry_after)
                if error.kind in RETRYABLE:
                    failed = passing(failed, component.app.name)
                if failed.non_retryable:
                    await self._book(component, call, started, error=failed)
                raise failed from None
            except ApplicationError as error:
                # A token that could not be renewed; a broken connection pauses, and is no end.
                if error.type not in RETRYABLE:
                    raise
                failed = passing(error, component.app.name)
                if failed.non_retryable:
                    await self._book(component, call, started, error=failed)
                raise failed from None
            # While the database is away, Temporal keeps what the app gave: it is not called again.
            await self._book(
                component,
                call,
                started,
                output=output,
                on_outage=lambda: _leave(beats, output, started),
            )
        return output

    async def _done_before(self, call: ComponentCall) -> _Done | None:
        """What an execution before this one has got of the app; None: nothing that is known.

        The book is asked only where there may have been one, since it is on the hot path.
        """
        info = activity.info()
        told = next(iter(info.heartbeat_details), None)
        if isinstance(told, dict) and ANSWERED in told:
            return _Done(told[ANSWERED], told["started"])
        if not call.reuse and info.attempt == 1:
            return None
        place = (call.run_id, call.step_id, call.iteration)
        try:
            recorded = await outlast(lambda: self._ledger.recorded_output(*place))
        except DecryptionError as error:
            raise failure(
                "fatal", f"it was executed before, and what it gave cannot be read: {error}"
            ) from None
        return None if recorded is None else _Done(recorded[0], None)

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
            left = await outlast(lambda: self._ledger.credits_left(account_id))
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
        error: ApplicationError | None = None,
        on_outage: Callable[[], None] = lambda: None,
    ) -> None:
        """Returns when it is in the book, however long the database is away.

        Who is cancelled meanwhile leaves it to go on: the app has acted all the same.
        """
        row = app_step_row(component, call, started, output=output, error=error)
        free = free_step_rows(call.run_id, call.project_id, call.traces)
        entry = StepWrite(call.account_id, [row], free)
        booking = asyncio.create_task(
            outlast(lambda: self._ledger.write(entry), on_outage=on_outage)
        )
        self._bookings.add(booking)
        booking.add_done_callback(self._bookings.discard)
        await asyncio.shield(booking)


def _leave(beats: Beats, output: Any, started: int) -> None:
    """Has Temporal keep what the app gave, where it is not too large for that."""
    try:
        size = len(json.dumps(output))
    except (TypeError, ValueError, RecursionError):
        return
    if size <= MAX_LEFT_BYTES:
        beats.tell({ANSWERED: output, "started": started})


def _started() -> int:
    """When the step began (ms): with the first of its tries."""
    info = activity.info()
    return now_ms() if info.attempt == 1 else int(info.scheduled_time.timestamp() * 1000)
