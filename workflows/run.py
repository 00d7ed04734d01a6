"""The workflow of a run: supplies an automation's interpreter with the world."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    import orjson

    from automations.host import Scope, Stopped
    from automations.interpreter import Interpreter, load_definition
    from workflows.host import WorkflowHost
    from workflows.payloads import (
        LoopPart,
        LoopPartOutcome,
        Pause,
        Resume,
        RunInput,
        RunOutcome,
        StepTrace,
    )
    from workflows.waiting import milliseconds

RUN_FAILED = "RunFailed"
"""The error type of a run that ended with status `error`; its detail is a RunOutcome."""


BEYOND_REPAIR = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What fails a run, where it is raised outside its steps (a value that cannot be read, say), rather
than its workflow task, which would be tried again for ever. Not what says that code has changed."""


@workflow.defn(name="AutomationRun", failure_exception_types=BEYOND_REPAIR)
class AutomationRun:
    """One run of one automation for one end user, or for the developer."""

    @workflow.init
    def __init__(self, run: RunInput) -> None:
        """Prepares the run so that an answer may come before its first step."""
        info = workflow.info()
        self._host = WorkflowHost(
            run, info.workflow_id, reuse=info.run_id != info.original_execution_run_id
        )

    @workflow.run
    async def run(self, run: RunInput) -> RunOutcome:
        """Runs the automation; fails with a RunOutcome as detail when it ends with an error."""
        definition = load_definition(orjson.dumps(run.definition).decode())
        interpreter = Interpreter(definition, self._host, self._host.callback_url, run.given)
        try:
            result = await interpreter.run(
                data=run.data,
                event=await self._event(run),
                run={
                    "id": workflow.info().workflow_id,
                    "userId": run.user_id,
                    "startedAt": workflow.info().workflow_start_time.isoformat(),
                },
            )
        except Stopped as stop:
            status = "error" if stop.status == "error" else "completed"
            outcome = self._outcome(status, stop.message, stop.result)
            if status == "error":
                raise _failure(outcome) from None
            return outcome
        except BaseException as error:
            if is_cancelled_exception(error):
                self._host.story.now("Canceled.")
            raise
        return self._outcome("completed", None, result)

    @workflow.signal
    def resume(self, answer: Resume) -> None:
        """Answers the pause at a step: an approval, a callback, a mended connection."""
        self._host.answer(answer)

    @workflow.query(name="open-pauses")
    def open_pauses(self) -> list[Pause]:
        """What the run waits for, for a book that has lost it."""
        return self._host.open_pauses

    @workflow.query(name="unbooked")
    def unbooked(self) -> list[StepTrace]:
        """What its steps did and no activity has booked, of a run that was ended from outside."""
        return self._host.unbooked

    async def _event(self, run: RunInput) -> object:
        """The event, made whole where the delivery held only ids."""
        if run.fetch is None:
            return run.event
        return await self._host.fetch_event(run.fetch, run.event)

    def _outcome(self, status: str, message: str | None, result: object) -> RunOutcome:
        self._host.story.now(message or "All steps are done.")
        return RunOutcome.model_validate(
            {
                "status": status,
                "message": message,
                "result": result,
                "traces": self._host.take_traces(),
                "ended_at": milliseconds(workflow.now()),
            }
        )


@workflow.defn(name="LoopPart", failure_exception_types=BEYOND_REPAIR)
class LoopPartRun:
    """Some iterations of a long loop, so that no history grows beyond what Temporal bears."""

    @workflow.init
    def __init__(self, part: LoopPart) -> None:
        """Prepares the part so that an answer may come before its first step."""
        self._host = WorkflowHost(part.run, part.run_id, reuse=part.reuse)

    @workflow.run
    async def run(self, part: LoopPart) -> LoopPartOutcome:
        """Runs the iterations; fails with a RunOutcome as detail when one fails."""
        definition = load_definition(orjson.dumps(part.run.definition).decode())
        interpreter = Interpreter(
            definition, self._host, self._host.callback_url, part.run.given, part.run_id
        )
        try:
            done = await interpreter.run_iterations(
                part.loop_id,
                part.items,
                range(part.first_index, part.first_index + part.times),
                Scope(part.variables, part.iteration),
                part.carried,
            )
        except Stopped as stop:
            outcome = RunOutcome(
                status="error" if stop.status == "error" else "completed",
                message=stop.message,
                result=stop.result,
                traces=self._host.take_traces(),
            )
            if outcome.status == "error":
                raise _failure(outcome) from None
            return LoopPartOutcome(stopped=outcome)
        return LoopPartOutcome(
            outputs=done.outputs,
            carried=done.carried,
            done=done.done,
            traces=self._host.take_traces(),
        )

    @workflow.signal
    def resume(self, answer: Resume) -> None:
        """Answers the pause at a step of this part."""
        self._host.answer(answer)

    @workflow.query(name="open-pauses")
    def open_pauses(self) -> list[Pause]:
        """What the part waits for."""
        return self._host.open_pauses

    @workflow.query(name="unbooked")
    def unbooked(self) -> list[StepTrace]:
        """The same of the part as of a run."""
        return self._host.unbooked


def _failure(outcome: RunOutcome) -> ApplicationError:
    return ApplicationError(
        outcome.message or "The run ended with an error.",
        outcome,
        type=RUN_FAILED,
        non_retryable=True,
    )
