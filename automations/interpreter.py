"""Runs a definition: scope, expressions and control flow, without any I/O of its own.

Everything that touches the world goes through a `Host`; a workflow is one, tests have others. The
code keeps to what asyncio does deterministically, so that it can be replayed.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NoReturn

from automations.bounds import (
    MAX_RESULT_VALUES,
    Held,
    OutOfBoundsError,
    sentence,
    size_of,
)
from automations.definition import (
    ApprovalStep,
    AppStep,
    CallbackStep,
    CallStep,
    ConditionStep,
    Definition,
    DelayStep,
    ForEachStep,
    Loop,
    RepeatStep,
    SetStep,
    Step,
    StopStep,
    SwitchStep,
    WaitUntilStep,
    walk,
)
from automations.expressions import ExpressionError
from automations.host import (
    Given,
    Host,
    Iterations,
    Place,
    Scope,
    StepFailed,
    Stopped,
    Trace,
    scope_of,
)
from automations.loops import find_step
from automations.turns import Turns
from automations.values import OCCASION, Budget, Occasion, equal, json_text, text_of

MAX_ITEMS = 10_000
"""Items of one for-each."""
MAX_WAIT_SECONDS = 31_536_000
"""A year: the longest delay."""


@lru_cache(maxsize=512)
def load_definition(source: str) -> Definition:
    """The definition in JSON text that validation has accepted; parsed once per process."""
    return Definition.model_validate_json(source)


class Interpreter:
    """Runs one definition, or one loop of it, on a host.

    `callback_url` gives the URL of a callback step by its id and iteration.
    """

    def __init__(
        self,
        definition: Definition,
        host: Host,
        callback_url: Callable[[str, str], str] = lambda step_id, iteration: "",
        given: Given | None = None,
        run_id: str = "",
    ) -> None:
        self._definition = definition
        self._host = host
        self._callback_url = callback_url
        self._given = given
        self._run_id = run_id
        self._turns = Turns(host.rest)
        self._callback_ids = [s.id for s in walk(definition.steps) if isinstance(s, CallbackStep)]
        if given is not None:
            self._callback_ids += given.callbacks

    async def run(self, *, data: dict[str, Any], event: Any, run: dict[str, Any]) -> Any:
        """Runs all steps and gives the result; raises Stopped where a step ends the run."""
        self._run_id = run.get("id", "")
        scope = Scope(scope_of(data, event, run, self._given))
        self._set_callbacks(scope)
        await self._run_block(self._definition.steps, scope)
        if self._definition.result is None:
            return None
        self._arrive(scope, "result")
        try:
            return _given_back(await self._turns.resolve(self._definition.result, scope))
        except (ExpressionError, StepFailed) as error:
            message = f"The result could not be computed: {error.message}"
            raise Stopped("error", message) from error

    async def run_iterations(
        self,
        loop_id: str,
        items: list[Any],
        indexes: range,
        scope: Scope,
        carried: Any,
    ) -> Iterations:
        """Runs some iterations of one loop, of a for-each with their items; raises Stopped."""
        match find_step(self._definition, loop_id):
            case ForEachStep() as loop:
                return await self._iterate(loop, items, indexes.start, scope, carried)
            case RepeatStep() as loop:
                return await self._repeat_here(loop, indexes, scope, carried)
            case _:
                raise Stopped("error", f"{loop_id} is not a loop")

    def _arrive(self, scope: Scope, where: str) -> None:
        """Lets expressions see the moment at which the run has come somewhere."""
        name = f"{self._run_id}/{where}/{scope.iteration}"
        scope.variables[OCCASION] = Occasion(self._host.now(), name)

    async def _run_block(self, steps: list[Step], scope: Scope) -> None:
        for step in steps:
            await self._run_step(step, scope)

    async def _run_step(self, step: Step, scope: Scope) -> None:
        place = Place(step, scope.iteration)
        self._arrive(scope, f"steps/{step.id}")
        try:
            output = await self._execute(place, scope)
            scope.held.add(_size(output))
        except Stopped:
            raise
        except Exception as error:  # whatever a step raises is its failure, never the workflow's
            if self._host.steers(error):
                raise
            message, kind = _told(error)
            if step.on_error.action == "stop":
                raise Stopped("error", f"Step “{place.label}” failed: {message}") from error
            scope.variables["steps"][step.id] = {
                "status": "error",
                "output": None,
                "error": {"message": message, "kind": kind},
            }
            return
        scope.variables["steps"][step.id] = {"status": "completed", "output": output, "error": None}

    async def _execute(self, place: Place, scope: Scope) -> Any:
        match place.step:
            case AppStep(inputs=inputs):
                resolved = await self._turns.resolve(inputs, scope)
                return await self._host.call_component(place, resolved)
            case CallStep(data=data):
                resolved = await self._turns.resolve(data, scope)
                return await self._traced(place, self._host.call_automation(place, resolved))
            case ConditionStep() | SwitchStep():
                return await self._choose(place, scope)
            case ForEachStep() as loop:
                return await self._traced(place, self._for_each(place, loop, scope))
            case RepeatStep() as loop:
                return await self._traced(place, self._repeat(place, loop, scope))
            case SetStep(values=values):
                with _Tracing(self._host, place) as done:
                    resolved = await self._turns.resolve(values, scope)
                    scope.variables["vars"].update(resolved)
                    done(resolved)
                return resolved
            case StopStep():
                return await self._stop(place, scope)
            case _:
                return await self._traced(place, self._wait(place, scope))

    async def _choose(self, place: Place, scope: Scope) -> dict[str, Any]:
        with _Tracing(self._host, place) as done:
            name, block = await self._chosen_block(place.step, scope)
            done({"branch": name})
        await self._run_block(block, scope)
        return {"branch": name}

    async def _stop(self, place: Place, scope: Scope) -> NoReturn:
        step = place.step
        assert isinstance(step, StopStep)  # noqa: S101 - narrows the type for the checker
        with _Tracing(self._host, place) as done:
            message = text_of(await self._turns.resolve(step.message, scope)) or None
            result = _given_back(await self._turns.resolve(step.result, scope))
            done({"status": step.status, "result": result})
        raise Stopped(step.status, message, result)

    async def _for_each(self, place: Place, loop: ForEachStep, scope: Scope) -> Any:
        items = await self._turns.evaluate(loop.items, scope)
        if not isinstance(items, list):
            raise StepFailed(f"`items` must be a list, not {_kind_of(items)}", "invalid_input")
        if len(items) > MAX_ITEMS:
            raise StepFailed(
                f"the list has {len(items)} items; a for-each takes at most {MAX_ITEMS}",
                "invalid_input",
            )
        start = await self._turns.resolve(loop.carry.start, scope) if loop.carry else None
        if len(items) <= self._host.iterations_here(loop):
            done = await self._iterate(loop, items, 0, scope, start)
        else:
            done = await self._host.iterate(place, items, scope, start)
        if loop.carry is None:
            return done.outputs
        return {"items": done.outputs, "carry": done.carried}

    async def _iterate(
        self, loop: ForEachStep, items: list[Any], first_index: int, scope: Scope, carried: Any
    ) -> Iterations:
        outputs: list[Any] = [None] * len(items)
        waiting = iter(range(len(items)))
        gathered = Held(scope.held)

        async def work() -> None:
            nonlocal carried
            for position in waiting:
                index = first_index + position
                names = {loop.item_name: items[position], loop.index_name: index}
                inner = await self._iteration(loop, index, names, carried, scope)
                name = f"`output` of item {index + 1}"
                outputs[position] = await self._part(loop.output, inner, name)
                carried = await self._carried(loop, index, inner)
                inner.held.release()
                gathered.add(_size(outputs[position]))

        # What one iteration hands on, the next one waits for.
        at_a_time = 1 if loop.carry else loop.parallelism
        await _all(work for _ in range(min(at_a_time, len(items))))
        gathered.release()
        return Iterations(outputs, carried)

    async def _repeat(self, place: Place, loop: RepeatStep, scope: Scope) -> Any:
        start = await self._turns.resolve(loop.carry.start, scope) if loop.carry else None
        here = min(self._host.iterations_here(loop), loop.max_times)
        done = await self._repeat_here(loop, range(here), scope, start)
        if not done.done and here < loop.max_times:
            done = await self._host.repeat(place, here, scope, done.carried)
        if not done.done:
            raise StepFailed(
                f"`until` was not true after {loop.max_times} times: let it be true earlier, or "
                "raise `maxTimes`",
                "exhausted",
            )
        return done.outputs[0]

    async def _repeat_here(
        self, loop: RepeatStep, indexes: range, scope: Scope, carried: Any
    ) -> Iterations:
        for index in indexes:
            names = {loop.index_name: index}
            inner = await self._iteration(loop, index, names, carried, scope)
            carried = await self._carried(loop, index, inner)
            if loop.carry:
                inner.variables[loop.carry.name] = carried
            if await self._until(loop, index, inner):
                output = carried
                if loop.output is not None:
                    output = await self._part(loop.output, inner, "`output`")
                return Iterations([output], carried, done=True)
            inner.held.release()
        return Iterations(carried=carried)

    async def _iteration(
        self, loop: Loop, index: int, names: dict[str, Any], carried: Any, scope: Scope
    ) -> Scope:
        """Runs a loop's steps once; gives the scope after them."""
        if loop.carry:
            names = {**names, loop.carry.name: carried}
        inner = scope.inner(index, names)
        self._set_callbacks(inner)
        await self._run_block(loop.steps, inner)
        self._arrive(inner, f"iteration/{loop.id}")
        return inner

    async def _wait(self, place: Place, scope: Scope) -> Any:
        match place.step:
            case DelayStep(seconds=seconds):
                until = self._host.now() + _delay(await self._turns.resolve(seconds, scope))
                await self._host.wait(place, "delay", f"waits until {_text(until)}", until)
                return {"until": _text(until)}
            case WaitUntilStep(at=at):
                until = _moment(await self._turns.resolve(at, scope))
                if until > self._host.now() + timedelta(seconds=MAX_WAIT_SECONDS):
                    raise StepFailed("`at` is more than a year away", "invalid_input")
                if until > self._host.now():
                    await self._host.wait(place, "delay", f"waits until {_text(until)}", until)
                return {"until": _text(until)}
            case ApprovalStep(expires_in=seconds) as step:
                who = text_of(await self._turns.resolve(step.who, scope))
                message = text_of(await self._turns.resolve(step.message, scope))
                text = f"waits for the approval of {who or 'somebody'}"
                text += f": {message}" if message else ""
                answer = await self._host.wait(place, "approval", text, self._expiry(seconds))
                return {
                    "approved": bool(answer.approved),
                    "expired": answer.expired,
                    "by": answer.by,
                    "comment": answer.comment,
                }
            case CallbackStep(expires_in=seconds):
                answer = await self._host.wait(
                    place, "callback", "waits for a call of its URL", self._expiry(seconds)
                )
                return {"body": answer.body, "query": answer.query, "expired": answer.expired}
            case step:
                raise StepFailed(f"a step of type {step.type} cannot wait")

    def _expiry(self, seconds: float | None) -> datetime | None:
        return None if seconds is None else self._host.now() + timedelta(seconds=seconds)

    def _set_callbacks(self, scope: Scope) -> None:
        if self._callback_ids:
            scope.variables["callbacks"] = {
                step_id: self._callback_url(step_id, scope.iteration)
                for step_id in self._callback_ids
            }

    async def _traced(self, place: Place, work: Awaitable[Any]) -> Any:
        with _Tracing(self._host, place) as done:
            output = await work
            done(output)
        return output

    async def _chosen_block(self, step: Step, scope: Scope) -> tuple[str, list[Step]]:
        match step:
            case ConditionStep():
                for number, branch in enumerate(step.branches, 1):
                    answer = await self._turns.evaluate(branch.when, scope)
                    if not isinstance(answer, bool):
                        told = f"`when` of branch {number} must be true or false"
                        raise StepFailed(f"{told}, not {_kind_of(answer)}", "invalid_input")
                    if answer:
                        return branch.name or f"branch {number}", branch.steps
                return "otherwise", step.otherwise
            case SwitchStep():
                value = await self._turns.evaluate(step.value, scope)
                budget = Budget()
                for case in step.cases:
                    if equal(case.equals, value, budget):
                        name = case.name or text_of(case.equals) or json_text(case.equals)
                        return name, case.steps
                return "default", step.default
            case _:
                raise StepFailed(f"a step of type {step.type} has no branches")

    async def _carried(self, loop: Loop, index: int, scope: Scope) -> Any:
        """What an iteration hands on to the next one."""
        if loop.carry is None:
            return None
        return await self._part(loop.carry.next, scope, f"`carry.next` of number {index + 1}")

    async def _until(self, loop: RepeatStep, index: int, scope: Scope) -> bool:
        try:
            answer = await self._turns.evaluate(loop.until, scope)
        except ExpressionError as error:
            raise StepFailed(f"`until` of number {index + 1}: {error}", "expression") from error
        if not isinstance(answer, bool):
            raise StepFailed(
                f"`until` must be true or false, not {_kind_of(answer)}", "invalid_input"
            )
        return answer

    async def _part(self, template: Any, scope: Scope, name: str) -> Any:
        """The value of a part of a step, which an error names."""
        try:
            return await self._turns.resolve(template, scope)
        except ExpressionError as error:
            raise StepFailed(f"{name}: {error}", "expression") from error


class _Tracing:
    """Tells the host of a step when it has ended, well or not."""

    def __init__(self, host: Host, place: Place) -> None:
        self._host, self._place, self._started = host, place, host.now()
        self._output: Any = None

    def __enter__(self) -> Callable[[Any], None]:
        return self._done

    def _done(self, output: Any) -> None:
        self._output = output

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        failed = isinstance(error, Exception) and not isinstance(error, Stopped)
        if error is None or (failed and not self._host.steers(error)):  # type: ignore[arg-type]
            message = None if error is None else _told(error)[0]
            self._host.record(
                Trace(
                    self._place,
                    self._started,
                    self._host.now(),
                    output=self._output,
                    error=message,
                )
            )


async def _all(works: Iterator[Callable[[], Awaitable[None]]] | Any) -> None:
    """Runs all; when one fails the others are cancelled and waited for, then it is raised."""
    tasks = [asyncio.ensure_future(work()) for work in works]
    if not tasks:
        return
    if len(tasks) == 1:
        await tasks[0]
        return
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def _size(output: Any) -> int:
    """About the bytes of a step's output; raises StepFailed where nothing could carry it."""
    try:
        return size_of(output)
    except OutOfBoundsError as error:
        raise StepFailed(f"its output cannot be kept: {error}", "too_large") from None


def _given_back(result: Any) -> Any:
    """The result if a run may end with it; raises StepFailed."""
    try:
        size_of(result, values=MAX_RESULT_VALUES)
    except OutOfBoundsError as error:
        message = f"its result is too large: {error}. Let the automation give less"
        raise StepFailed(message, "too_large") from error
    return result


def _told(error: BaseException) -> tuple[str, str]:
    """What a step's failure says, and its kind."""
    match error:
        case StepFailed():
            return error.message, error.kind
        case ExpressionError():
            return sentence(error.message), "expression"
        case OutOfBoundsError():
            return str(error), "too_large"
        case RecursionError():
            return "its values are nested too deeply", "too_large"
        case _:
            return f"it could not be done with these values ({type(error).__name__})", "fatal"


def _delay(value: Any) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise StepFailed(f"`seconds` must be a number, not {_kind_of(value)}", "invalid_input")
    if not 0 <= value <= MAX_WAIT_SECONDS:
        raise StepFailed(f"`seconds` must be between 0 and {MAX_WAIT_SECONDS}", "invalid_input")
    return timedelta(seconds=value)


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except OverflowError:
        raise StepFailed("`at` is not within the years 1 to 9999", "invalid_input") from None
    except (TypeError, ValueError):
        pass
    raise StepFailed(
        "`at` must be RFC 3339 text with an offset, for example 2026-01-31T09:00:00+03:00",
        "invalid_input",
    )


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _kind_of(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "nothing (null)" if value is None else kinds.get(type(value), "a number")
