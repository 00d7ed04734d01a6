"""What a workflow gives to the interpreter: activities, timers, signals and child workflows."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, NoReturn

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    TemporalError,
    TerminatedError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from automations.bounds import OutOfBoundsError, sentence, size_of
    from automations.definition import (
        MAX_CALL_DEPTH,
        AppStep,
        CallStep,
        ForEachStep,
        Loop,
        RepeatStep,
    )
    from automations.host import Answer, Iterations, Place, Scope, StepFailed, Stopped, Trace
    from automations.loops import referenced_scope, weight
    from workflows import search_attributes
    from workflows.callback_urls import step_url
    from workflows.outgoing import INLINE_BYTES, Outgoing
    from workflows.patience import Failure, Tries, waits_for
    from workflows.payloads import (
        ComponentCall,
        EventFetch,
        LoopPart,
        LoopPartOutcome,
        Pause,
        Resume,
        RunInput,
        RunOutcome,
        RunRecord,
        StepTrace,
    )
    from workflows.run_ids import child_run_id
    from workflows.story import Story
    from workflows.waiting import (
        BOOKKEEPING_RETRY,
        BOOKKEEPING_TIMEOUT,
        Waiting,
        book_run,
        milliseconds,
    )

ACTIVITY_TIMEOUT = timedelta(hours=1)
"""The executor ends a call by the component's own, shorter timeout."""
HEARTBEAT_TIMEOUT = timedelta(seconds=15)
"""How soon a call is tried again whose worker died."""

FETCH_EVENT = "fetch-event"
"""The activity that makes an event whole; takes an EventFetch and what was delivered."""

ACTIVITIES_OF_ONE_WORKFLOW = 1_000
"""Temporal ends a history at 51,200 events; an activity with its workflow task takes 6."""
INLINE_ACTIVITIES = 200
"""A loop that starts no more than these runs inside its run, where it can be read at once."""
TRACES_TO_CARRY = 200
"""More traces than these are booked by an activity of their own."""
TRACE_LIMIT = 2_000
"""Characters of a trace's output."""


UNDER_WAY = (
    "The run ended while this was being done: it is not known whether the app was called, and what "
    "it did. Look there."
)
COMMAND_BYTES = 2_000
"""What a command has beside what it is given."""
REST = timedelta(seconds=1)
"""How long a run rests after an evaluation that used all of its budget; less after less."""


class WorkflowHost:
    """The world as a run's workflow reaches it."""

    def __init__(self, run: RunInput, run_id: str, *, reuse: bool) -> None:
        self._run = run
        self._run_id = run_id
        self._reuse = reuse
        self._traces: list[StepTrace] = []
        self._under_way: dict[tuple[str, str], list[StepTrace]] = {}
        """Calls of apps whose end is not known here, and what they carry to the book."""
        self.story = Story()
        self._waiting = Waiting(run, run_id, self.story)
        self._outgoing = Outgoing(lambda: self.rest(0))

    def now(self) -> datetime:
        """The moment of the current workflow task."""
        return workflow.now()

    def steers(self, error: Exception) -> bool:
        """Temporal's own errors: cancellations, and what tells it that code has changed."""
        return isinstance(error, TemporalError)

    async def rest(self, share: float) -> None:
        """Ends this workflow task, so that the worker turns to other runs."""
        # Runs that began before there were rests go on without them.
        if workflow.patched("rest"):
            await workflow.sleep(REST * share, summary="Lets others go first")

    def callback_url(self, step_id: str, iteration: str) -> str:
        """Where a callback step of this run is answered."""
        run = self._run
        return step_url(run.callback_url, run.callback_key, self._run_id, step_id, iteration)

    @property
    def open_pauses(self) -> list[Pause]:
        """What the run waits for now."""
        return self._waiting.open

    def answer(self, answer: Resume) -> None:
        """Takes an answer to a pause."""
        self._waiting.answer(answer)

    def record(self, trace: Trace) -> None:
        """Keeps a trace until the next activity carries it to the ledger."""
        place = trace.place
        self.story.record(trace)
        self._traces.append(
            StepTrace(
                step_id=place.step.id,
                iteration=place.iteration,
                type=place.step.type,
                name=place.step.name or place.step.id,
                status="completed" if trace.error is None else "error",
                output=_short(trace.output),
                error=trace.error,
                started_at=milliseconds(trace.started),
                ended_at=milliseconds(trace.ended),
            )
        )

    def take_traces(self) -> list[StepTrace]:
        """The traces that no activity has carried away yet."""
        taken, self._traces = self._traces, []
        return taken

    @property
    def unbooked(self) -> list[StepTrace]:
        """What no activity is known to have booked: all that a run which is ended from outside
        leaves to tell."""
        return [*self._traces, *(one for call in self._under_way.values() for one in call)]

    async def call_component(self, place: Place, inputs: dict[str, Any]) -> Any:
        """Executes an app action as an activity; a broken connection pauses and is tried again."""
        step = place.step
        assert isinstance(step, AppStep)  # noqa: S101 - narrows the type for the checker
        self.story.now(f"**{place.label}** (`{step.component}`) is running.")
        traces = self.take_traces()
        tries = Tries(step.on_error.retry, workflow.now())
        key = (step.id, place.iteration)
        while True:
            began = workflow.now()
            call = ComponentCall(
                run_id=self._run_id,
                step_id=step.id,
                iteration=place.iteration,
                name=step.name or step.id,
                project_id=self._run.project_id,
                account_id=self._run.account_id,
                connection_user_id=self._run.user_id if step.replace_end_user_connection else "",
                inputs=inputs,
                traces=traces,
                reuse=self._reuse or tries.failed,
                tried=tries.count,
            )
            self._under_way[key] = [*traces, _call_under_way(call, began)]
            try:
                async with self._outgoing.carrying(_command_bytes(call)):
                    output = await workflow.execute_activity(
                        step.component,
                        call,
                        start_to_close_timeout=ACTIVITY_TIMEOUT,
                        heartbeat_timeout=HEARTBEAT_TIMEOUT,
                        retry_policy=tries.policy,
                        summary=search_attributes.summary_of(place.label),
                    )
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                del self._under_way[key]
                # Whether they were booked is not known; the ledger takes each only once.
                self._traces[:0] = traces
                try:
                    await self._recover(place, step, error, tries)
                except StepFailed:
                    await self._waiting.close(place)
                    raise
                traces = self.take_traces()
            else:
                del self._under_way[key]
                await self._waiting.close(place)
                self.story.done(f"**{place.label}** (`{step.component}`)")
                return output

    async def _recover(
        self, place: Place, step: AppStep, error: ActivityError, tries: Tries
    ) -> None:
        """Waits for what can be mended or may pass; raises StepFailed for what cannot."""
        failure = Failure(error)
        now = workflow.now()
        message, until, kind = failure.message, None, failure.kind
        if kind == "credits":
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
            until = midnight + timedelta(days=1)
        elif tries.are_for(failure) and workflow.patched("patience"):
            kind = "unavailable"
            until = tries.next(failure, now)
            if until is None:
                self._fail(place, step, failure, tries)
            message = f"Step “{place.label}” {waits_for(failure, _app_key(step), until)}"
        elif kind != "connection":
            raise StepFailed(failure.message, kind) from error
        of_connection = kind == "connection"
        user_id = self._run.user_id if step.replace_end_user_connection else ""
        answer = await self._waiting.pause(
            place,
            kind,
            message,
            until,
            self.take_traces(),
            app_key=_app_key(step) if of_connection else None,
            user_id=user_id if of_connection else None,
            keep=kind == "unavailable",
        )
        if answer is not None and answer.give_up:
            self._fail(place, step, failure, tries, by=answer.by or "somebody")

    def _fail(
        self, place: Place, step: AppStep, failure: Failure, tries: Tries, by: str | None = None
    ) -> NoReturn:
        """Gives up what was tried; the book learns of it with the next of the run's activities."""
        end = tries.told(workflow.now()) if by is None else f"It was given up by {by}."
        message = f"{failure.message} {end}"
        self._traces.append(
            StepTrace(
                step_id=step.id,
                iteration=place.iteration,
                type=step.type,
                name=step.name or step.id,
                status="error",
                error=message,
                component=step.component,
                attempts=max(tries.count, 1),
                started_at=milliseconds(tries.first),
                ended_at=milliseconds(workflow.now()),
            )
        )
        raise StepFailed(message, failure.kind)

    async def fetch_event(self, fetch: EventFetch, event: Any) -> Any:
        """Asks the app for what a delivery only named; a broken connection pauses the run."""
        step = AppStep(id="trigger", component=fetch.trigger, name="Fetch the event")
        place = Place(step, "")
        tries = Tries(step.on_error.retry, workflow.now())
        while True:
            try:
                whole = await workflow.execute_activity(
                    FETCH_EVENT,
                    args=[fetch, event],
                    start_to_close_timeout=ACTIVITY_TIMEOUT,
                    heartbeat_timeout=HEARTBEAT_TIMEOUT,
                    retry_policy=tries.policy,
                    summary=search_attributes.summary_of(place.label),
                )
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                try:
                    await self._recover(place, step, error, tries)
                except StepFailed as failed:
                    message = f"The event could not be fetched: {failed}"
                    raise Stopped("error", message, None) from error
            else:
                await self._waiting.close(place)
                return whole

    async def call_automation(self, place: Place, data: dict[str, Any]) -> Any:
        """Runs a called automation as a child workflow."""
        step = place.step
        assert isinstance(step, CallStep)  # noqa: S101 - narrows the type for the checker
        called = self._run.called.get(step.automation_id)
        if called is None or self._run.depth >= MAX_CALL_DEPTH:
            raise StepFailed(
                f"automation {step.automation_id} is not published or calls go deeper than "
                f"{MAX_CALL_DEPTH}",
                "not_found",
            )
        self.story.now(f"**{place.label}** runs the automation “{called.name}”.")
        run_id = child_run_id(self._run_id, step.id, place.iteration)
        child = self._run.model_copy(
            update={
                "automation_id": step.automation_id,
                "automation_name": called.name,
                "version": called.version,
                "definition": called.definition,
                "data": data,
                "event": None,
                "fetch": None,
                "given": None,
                "parent_run_id": self._run_id,
                "depth": self._run.depth + 1,
                "callback_url": f"{self._run.callback_url}/{run_id}",
            }
        )
        record = RunRecord(
            run_id=run_id,
            project_id=child.project_id,
            automation_id=child.automation_id,
            version=child.version,
            user_id=child.user_id,
            trigger="call",
            parent_run_id=self._run_id,
            started_at=milliseconds(workflow.now()),
        )
        await book_run(record)
        try:
            async with self._outgoing.carrying(INLINE_BYTES):
                outcome = await workflow.execute_child_workflow(
                    "AutomationRun",
                    child,
                    id=run_id,
                    result_type=RunOutcome,
                    search_attributes=search_attributes.of_run(
                        project_id=child.project_id,
                        automation_id=child.automation_id,
                        user_id=child.user_id,
                        trigger="call",
                    ),
                    static_summary=search_attributes.summary_of(called.name),
                )
        except ChildWorkflowError as error:
            if _is_being_canceled():
                raise
            raise StepFailed(f"“{called.name}”: {_child_message(error)}") from error
        return outcome.result

    def iterations_here(self, loop: Loop) -> int:
        """How many iterations of a loop this workflow's history bears."""
        if workflow.info().get_current_history_length() > ACTIVITIES_OF_ONE_WORKFLOW * 6:
            return 0
        return INLINE_ACTIVITIES // weight(loop.steps, INLINE_ACTIVITIES)

    async def iterate(
        self, place: Place, items: list[Any], scope: Scope, carried: Any
    ) -> Iterations:
        """Runs a long for-each in child workflows, some items in each."""
        loop = place.step
        assert isinstance(loop, ForEachStep)  # noqa: S101 - narrows the type for the checker
        size = _part_size(loop)
        at_a_time = 1 if loop.carry else max(1, loop.parallelism // size)
        firsts = range(0, len(items), size)
        visible = referenced_scope(loop, scope)
        outputs: list[Any] = []
        for group in range(0, len(firsts), at_a_time):
            parts = [
                self._part(place, items[first : first + size], first, size, visible, carried)
                for first in firsts[group : group + at_a_time]
            ]
            self.story.now(f"**{place.label}**: {len(outputs)} of {len(items)} items are done.")
            for outcome in await asyncio.gather(*parts):
                outputs.extend(outcome.outputs)
                carried = outcome.carried
                self._take(outcome)
            await self._book_traces()
        return Iterations(outputs, carried)

    async def repeat(
        self, place: Place, first_index: int, scope: Scope, carried: Any
    ) -> Iterations:
        """Goes on with a long repeat in child workflows, one after the other."""
        loop = place.step
        assert isinstance(loop, RepeatStep)  # noqa: S101 - narrows the type for the checker
        size = _part_size(loop)
        visible = referenced_scope(loop, scope)
        for first in range(first_index, loop.max_times, size):
            self.story.now(f"**{place.label}** was done {first} times.")
            times = min(size, loop.max_times - first)
            outcome = await self._part(place, [], first, times, visible, carried)
            self._take(outcome)
            await self._book_traces()
            if outcome.done:
                return Iterations(outcome.outputs, outcome.carried, done=True)
            carried = outcome.carried
        return Iterations(carried=carried)

    async def _part(
        self,
        place: Place,
        items: list[Any],
        first_index: int,
        times: int,
        scope: Scope,
        carried: Any,
    ) -> LoopPartOutcome:
        part = LoopPart(
            run=self._run,
            run_id=self._run_id,
            reuse=self._reuse,
            loop_id=place.step.id,
            iteration=place.iteration,
            first_index=first_index,
            times=times,
            items=items,
            variables=scope.variables,
            carried=carried,
        )
        where = "-".join(filter(None, [place.step.id, place.iteration.replace(".", "-")]))
        kind = "items" if isinstance(place.step, ForEachStep) else "times"
        try:
            async with self._outgoing.carrying(INLINE_BYTES):
                outcome: LoopPartOutcome = await workflow.execute_child_workflow(
                    "LoopPart",
                    part,
                    id=f"{self._run_id}-{where}-{kind}-{first_index}",
                    result_type=LoopPartOutcome,
                    static_summary=search_attributes.summary_of(
                        f"{place.label}: {kind} {first_index + 1} to "
                        f"{first_index + (len(items) or times)}"
                    ),
                    search_attributes=workflow.info().typed_search_attributes,
                )
        except ChildWorkflowError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.details:
                self._stop(RunOutcome.model_validate(cause.details[0]))
            if _is_being_canceled():
                raise
            raise StepFailed(_child_message(error)) from error
        return outcome

    def _take(self, outcome: LoopPartOutcome) -> None:
        self._traces.extend(outcome.traces)
        if outcome.stopped is not None:
            self._stop(outcome.stopped)

    def _stop(self, outcome: RunOutcome) -> NoReturn:
        self._traces.extend(outcome.traces)
        raise Stopped(outcome.status, outcome.message, outcome.result)

    async def _book_traces(self) -> None:
        if len(self._traces) > TRACES_TO_CARRY:
            await workflow.execute_activity(
                "record-traces",
                args=[self._run_id, self._run.project_id, self._run.account_id, self.take_traces()],
                summary="Bookkeeping of steps",
                start_to_close_timeout=BOOKKEEPING_TIMEOUT,
                retry_policy=BOOKKEEPING_RETRY,
            )

    async def wait(self, place: Place, kind: str, message: str, until: datetime | None) -> Answer:
        """Pauses the run until it is answered or the moment has come."""
        message = sentence(f"Step “{place.label}” {message}")
        answer = await self._waiting.pause(place, kind, message, until, self.take_traces())
        if answer is None:
            return Answer(expired=True)
        return Answer(
            approved=answer.approved,
            by=answer.by,
            comment=answer.comment,
            body=answer.body,
            query=answer.query,
        )


def _call_under_way(call: ComponentCall, began: datetime) -> StepTrace:
    """What there is to say of a call whose end is never heard of."""
    return StepTrace(
        step_id=call.step_id,
        iteration=call.iteration,
        type="app",
        name=call.name,
        status="error",
        error=UNDER_WAY,
        attempts=call.tried,
        started_at=milliseconds(began),
    )


def _command_bytes(call: ComponentCall) -> int:
    """About the bytes of the command that has a component called."""
    return COMMAND_BYTES + size_of(call.inputs) + TRACE_LIMIT * len(call.traces)


def _short(output: Any) -> Any:
    """An output as a trace shows it; null where it is longer."""
    try:
        size_of(output, size=TRACE_LIMIT, values=TRACE_LIMIT)
    except OutOfBoundsError:
        return None
    return output


def _part_size(loop: Loop) -> int:
    """How many iterations of a loop one child workflow runs."""
    return max(1, ACTIVITIES_OF_ONE_WORKFLOW // weight(loop.steps, INLINE_ACTIVITIES))


def _app_key(step: AppStep) -> str:
    return step.component.partition(".")[0]


def _is_being_canceled() -> bool:
    """Whether this branch of the run is to end, and not only what it waits for was canceled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _child_message(error: ChildWorkflowError) -> str:
    match error.cause:
        case ApplicationError(message=message):
            return message
        case CancelledError():
            return "it was canceled"
        case TerminatedError():
            return "it was ended in Temporal"
        case _:
            return "it did not end well"
