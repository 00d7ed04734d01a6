"""Executing a component: the connection, the call, the book entry."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Sequence
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
from connectors.secret_inputs import SecretInputs
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

ENDED = (
    "the app was called, and the run ended before its answer was booked. It is not known whether "
    "the app has done it: look there."
)
"""Stands in the book until the answer comes."""

PAUSING = {"connection", "credits"}
"""Kinds of failure that are no end of a step: its run waits until they are mended."""

MAX_LEFT_BYTES = 1_048_576
"""Temporal refuses a heartbeat of 2 MiB."""


class _Done(NamedTuple):
    """What an earlier execution of a step got of the app."""

    output: Any
    started: int | None
    """When (ms); null: it is in the book."""


class _UnderWay:
    """A call of an app that has not answered yet."""

    answer: asyncio.Task[Any]
    started: int
    """When (ms)."""
    is_asked = False
    """Whether a request may be on its way."""
    is_left = False
    """Whether it goes on without the activity that began it."""


class ComponentActivity:
    """Executes any component of the catalogue; the activity's type is the component's key."""

    def __init__(
        self,
        catalogue: Catalogue,
        connections: Connections,
        http: OutgoingHttp,
        ledger: Ledger,
        secret_inputs: SecretInputs,
    ) -> None:
        self._catalogue = catalogue
        self._calls = ConnectedCalls(connections)
        self._http = http
        self._ledger = ledger
        self._secret_inputs = secret_inputs
        self._kept: set[asyncio.Task[None]] = set()
        self._under_way: dict[tuple[str, str, str], _UnderWay] = {}
        """Calls by run, step and iteration."""
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
            key = activity.info().activity_type
            raise failure("not_found", f"no app that is installed here has the action `{key}`")
        async with heartbeats() as beats:
            done = await self._done_before(call)
            if done is not None:
                if done.started is not None:
                    await self._book(component, call, done.started, output=done.output)
                return done.output
            await self._check_credits(call.account_id)
            started = self._started(call)
            try:
                output = await self._answer(component, call, started)
            except (ComponentError, ApplicationError) as error:
                failed = _failed(component, error)
                if failed.non_retryable and failed.type not in PAUSING:
                    answer = error.answer if isinstance(error, ComponentError) else None
                    await self._book(component, call, started, output=answer, error=failed)
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

    def _started(self, call: ComponentCall) -> int:
        """When this try began (ms): now, or when the call did whose answer is still awaited."""
        under_way = self._under_way.get((call.run_id, call.step_id, call.iteration))
        return now_ms() if under_way is None else under_way.started

    async def _answer(self, component: Component, call: ComponentCall, started: int) -> Any:
        """What the app answers.

        A request that is on its way cannot be taken back: where the activity ends meanwhile, it
        goes on, and is booked. Who executes the same place again in this process waits for the
        same answer.
        """
        place = (call.run_id, call.step_id, call.iteration)
        under_way = self._under_way.get(place)
        if under_way is None:
            under_way = _UnderWay()
            under_way.started = started
            under_way.answer = asyncio.create_task(self._call(component, call, under_way))
            self._under_way[place] = under_way
            under_way.answer.add_done_callback(lambda _: self._under_way.pop(place, None))
        try:
            return await asyncio.shield(under_way.answer)
        except asyncio.CancelledError:
            why = activity.cancellation_details() or activity.ActivityCancellationDetails()
            if why.worker_shutdown or not under_way.is_asked:
                under_way.answer.cancel()
            elif not under_way.is_left:
                under_way.is_left = True
                is_over = why.cancel_requested or why.not_found
                late = self._book_late(under_way.answer, component, call, started, is_over=is_over)
                self._keep(late)
            raise

    async def _book_late(
        self,
        answer: asyncio.Task[Any],
        component: Component,
        call: ComponentCall,
        started: int,
        *,
        is_over: bool,
    ) -> None:
        """Books a call that the app answers when its activity has ended.

        `is_over`: the run has ended, too, so that nobody else will say what became of the call.
        """
        if is_over:
            ended = failure("fatal", f"{component.app.name}: {ENDED}")
            await self._book(component, call, started, error=ended)
        try:
            output = await answer
        except (ComponentError, ApplicationError) as error:
            if is_over:
                failed = failure("fatal", error.message)
                seen = error.answer if isinstance(error, ComponentError) else None
                await self._book(component, call, started, output=seen, error=failed)
        else:
            await self._book(component, call, started, output=output)

    async def _call(self, component: Component, call: ComponentCall, under_way: _UnderWay) -> Any:
        key = f"{call.run_id}:{call.step_id}:{call.iteration}"
        try:
            inputs = self._secret_inputs.of_call(call.project_id, component, call.inputs)
        except DecryptionError:
            raise failure(
                "fatal",
                "a secret input cannot be read, as its key is gone: enter it again and start anew",
            ) from None

        async def ask(credential: Credential | None) -> Any:
            under_way.is_asked = True
            return await execute(
                component,
                inputs,
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
        booking = outlast(lambda: self._ledger.write(entry), on_outage=on_outage)
        await asyncio.shield(self._keep(booking))

    def _keep(self, going_on: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that lives until it is done, whoever waits for it."""
        task = asyncio.create_task(going_on)
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)
        return task


def _failed(component: Component, error: ComponentError | ApplicationError) -> ApplicationError:
    """What Temporal is told of a call that failed."""
    if isinstance(error, ComponentError):
        error = failure(error.kind, error.message, error.retry_after)
    return passing(error, component.app.name) if error.type in RETRYABLE else error


def _leave(beats: Beats, output: Any, started: int) -> None:
    """Has Temporal keep what the app gave, where it is not too large for that."""
    try:
        size = len(json.dumps(output))
    except (TypeError, ValueError, RecursionError):
        return
    if size <= MAX_LEFT_BYTES:
        beats.tell({ANSWERED: output, "started": started})
