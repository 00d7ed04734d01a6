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
from automations.expressions import ExpressionError, compile_expression, compile_template
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
from automations.values import OCCASION, Budget, Occasion, equal

MAX_ITEMS = 10_000
"""Items of one for-each."""
MAX_WAIT_SECONDS = 31_536_000
"""A year: the longest delay."""


@lru_cache(maxsize=512)
def load_definition(source: str) -> Definition:
    """The definition in JSON text that validation has accepted; parsed once per process."""
    return Definition.model_validate_json(source)


class Interpreter:
    """Runs one definition, or one loop of it, on a host."""

    def __init__(
        self,
        definition: Definition,
        host: Host,
        callback_url: str = "",
        given: Given | None = None,
        run_id: str = "",
    ) -> None:
        self._definition = definition
        self._host = host
        self._callback_url = callback_url
        self._given = given
        self._run_id = run_id
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
            return compile_template(self._definition.result).resolve(scope.variables)
        except ExpressionError as error:
            raise Stopped("error", f"The result could not be computed: {error}") from error

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
        except (StepFailed, ExpressionError) as error:
            message, kind = str(error), getattr(error, "kind", "expression")
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
                resolved = _resolve(inputs, scope)
                return await self._host.call_component(place, resolved)
            case CallStep(data=data):
                return await self._traced(
                    place, self._host.call_automation(place, _resolve(data, scope))
                )
            case ConditionStep() | SwitchStep():
                return await self._choose(place, scope)
            case ForEachStep() as loop:
                return await self._traced(place, self._for_each(place, loop, scope))
            case RepeatStep() as loop:
                return await self._traced(place, self._repeat(place, loop, scope))
            case SetStep(values=values):
                with _Tracing(self._host, place) as done:
                    resolved = _resolve(values, scope)
                    scope.variables["vars"].update(resolved)
                    done(resolved)
                return resolved
            case StopStep():
                return self._stop(place, scope)
            case _:
                return await self._traced(place, self._wait(place, scope))

    async def _choose(self, place: Place, scope: Scope) -> dict[str, Any]:
        with _Tracing(self._host, place) as done:
            name, block = _chosen_block(place.step, scope)
            done({"branch": name})
        await self._run_block(block, scope)
        return {"branch": name}

    def _stop(self, place: Place, scope: Scope) -> NoReturn:
        step = place.step
        assert isinstance(step, StopStep)  # noqa: S101 - narrows the type for the checker
        with _Tracing(self._host, place) as done:
            message = _resolve(step.message, scope) or None
            result = _resolve(step.result, scope)
            done({"status": step.status, "result": result})
        raise Stopped(step.status, None if message is None else str(message), result)

    async def _for_each(self, place: Place, loop: ForEachStep, scope: Scope) -> Any:
        items = compile_expression(loop.items).evaluate(scope.variables)
        if not isinstance(items, list):
            raise StepFailed(f"`items` must be a list, not {_kind_of(items)}", "invalid_input")
        if len(items) > MAX_ITEMS:
            raise StepFailed(
                f"the list has {len(items)} items; a for-each takes at most {MAX_ITEMS}",
                "invalid_input",
            )
        start = _resolve(loop.carry.start, scope) if loop.carry else None
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

        async def work() -> None:
            nonlocal carried
            for position in waiting:
                index = first_index + position
                names = {loop.item_name: items[position], loop.index_name: index}
                inner = await self._iteration(loop, index, names, carried, scope)
                outputs[position] = _part(loop.output, inner, f"`output` of item {index + 1}")
                carried = _carried(loop, index, inner)

        # What one iteration hands on, the next one waits for.
        at_a_time = 1 if loop.carry else loop.parallelism
        await _all(work for _ in range(min(at_a_time, len(items))))
        return Iterations(outputs, carried)

    async def _repeat(self, place: Place, loop: RepeatStep, scope: Scope) -> Any:
        start = _resolve(loop.carry.start, scope) if loop.carry else None
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
            carried = _carried(loop, index, inner)
            if loop.carry:
                inner.variables[loop.carry.name] = carried
            if _until(loop, index, inner):
                output = carried
                if loop.output is not None:
                    output = _part(loop.output, inner, "`output`")
                return Iterations([output], carried, done=True)
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
                until = self._host.now() + _delay(_resolve(seconds, scope))
                await self._host.wait(place, "delay", f"waits until {_text(until)}", until)
                return {"until": _text(until)}
            case WaitUntilStep(at=at):
                until = _moment(_resolve(at, scope))
                if until > self._host.now() + timedelta(seconds=MAX_WAIT_SECONDS):
                    raise StepFailed("`at` is more than a year away", "invalid_input")
                if until > self._host.now():
                    await self._host.wait(place, "delay", f"waits until {_text(until)}", until)
                return {"until": _text(until)}
            case ApprovalStep(expires_in=seconds) as step:
                who, message = (str(_resolve(t, scope)) for t in (step.who, step.message))
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
            suffix = f"/{scope.iteration}" if scope.iteration else ""
            scope.variables["callbacks"] = {
                step_id: f"{self._callback_url}/{step_id}{suffix}" for step_id in self._callback_ids
            }

    async def _traced(self, place: Place, work: Awaitable[Any]) -> Any:
        with _Tracing(self._host, place) as done:
            output = await work
            done(output)
        return output


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
        if error is None or isinstance(error, StepFailed | ExpressionError):
            message = None if error is None else str(error)
            self._host.record(
                Trace(
                    self._place,
                    self._started,
                    self._host.now(),
                    output=self._output,
                    error=message,
                )
            )


def _chosen_block(step: Step, scope: Scope) -> tuple[str, list[Step]]:
    match step:
        case ConditionStep():
            for number, branch in enumerate(step.branches, 1):
                answer = compile_expression(branch.when).evaluate(scope.variables)
                if not isinstance(answer, bool):
                    raise StepFailed(
                        f"`when` of branch {number} must be true or false, not {_kind_of(answer)}",
                        "invalid_input",
                    )
                if answer:
                    return branch.name or f"branch {number}", branch.steps
            return "otherwise", step.otherwise
        case SwitchStep():
            value = compile_expression(step.value).evaluate(scope.variables)
            for case in step.cases:
                if equal(case.equals, value, Budget()):
                    return case.name or str(case.equals), case.steps
            return "default", step.default
        case _:
            raise StepFailed(f"a step of type {step.type} has no branches")


def _carried(loop: Loop, index: int, scope: Scope) -> Any:
    """What an iteration hands on to the next one."""
    if loop.carry is None:
        return None
    return _part(loop.carry.next, scope, f"`carry.next` of number {index + 1}")


def _until(loop: RepeatStep, index: int, scope: Scope) -> bool:
    try:
        answer = compile_expression(loop.until).evaluate(scope.variables)
    except ExpressionError as error:
        raise StepFailed(f"`until` of number {index + 1}: {error}", "expression") from error
    if not isinstance(answer, bool):
        raise StepFailed(f"`until` must be true or false, not {_kind_of(answer)}", "invalid_input")
    return answer


def _part(template: Any, scope: Scope, name: str) -> Any:
    """The value of a part of a step, which an error names."""
    try:
        return _resolve(template, scope)
    except ExpressionError as error:
        raise StepFailed(f"{name}: {error}", "expression") from error


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


def _resolve(template: Any, scope: Scope) -> Any:
    return compile_template(template).resolve(scope.variables)


def _delay(value: Any) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise StepFailed(f"`seconds` must be a number, not {_kind_of(value)}", "invalid_input")
    if not 0 <= value <= MAX_WAIT_SECONDS:
        raise StepFailed(f"`seconds` must be between 0 and {MAX_WAIT_SECONDS}", "invalid_input")
    return timedelta(seconds=value)


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise StepFailed(
            "`at` must be RFC 3339 text with an offset, for example 2026-01-31T09:00:00+03:00",
            "invalid_input",
        )
    return moment.astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _kind_of(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "nothing (null)" if value is None else kinds.get(type(value), "a number")
