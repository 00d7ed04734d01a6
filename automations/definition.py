"""The definition of an automation: a trigger and a tree of steps, as data.

JSON names are camelCase, as in the REST contract. The JSON Schema that editors use is
`Definition.model_json_schema(by_alias=True)`, published by the API.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

STEP_ID_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"
"""A step's id is a CEL identifier, so that `steps.<id>` can be written in expressions."""

Template = Any
"""Any JSON value; each string in it may hold expressions in `{{ }}`."""

MAX_CALL_DEPTH = 10
"""How deep automations may call one another."""

DAY_SECONDS = 86_400.0


def _whole(value: Any) -> Any:
    # JSON does not tell 10 from 10.0.
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]
"""A whole number."""

CelSource = Annotated[str, Field(min_length=1, max_length=4096)]
"""A bare CEL expression (no braces)."""


class Node(BaseModel):
    """What all parts of a definition have in common: strict, frozen, camelCase."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True
    )


class ManualTrigger(Node):
    """The automation is started by a call of the API."""

    type: Literal["manual"] = "manual"
    input: dict[str, Any] = Field(default_factory=lambda: {"type": "object"})
    """JSON Schema of the run's `data`; always of type object."""


class AppTrigger(Node):
    """The automation is started by an event of an app, once an end user is registered."""

    type: Literal["app"] = "app"
    component: str
    """Key of the trigger component, for example `github.new-issue`."""
    inputs: dict[str, Template] = Field(default_factory=dict)
    """Templates over `data`, what the developer registered with, and `run.userId`."""
    replace_end_user_connection: bool = True
    """Active: events come by the registered user's connection. Inactive: by the developer's."""


Trigger = Annotated[ManualTrigger | AppTrigger, Field(discriminator="type")]


class Retry(Node):
    """How long a failing app action is tried again. Only errors that may pass are retried.

    Those are an app that is down, that cannot be reached or that allows no more calls for now. The
    first waits are short and the caller waits along; longer ones pause the run.
    """

    max_attempts: Whole | None = Field(
        None, ge=1, le=100, description="tries in all; left out: as many as fit `giveUpAfter`"
    )
    give_up_after: float | None = Field(
        None,
        ge=0,
        le=604_800,
        description="seconds; no try begins later after the first. Left out: a day, or, with "
        "`maxAttempts`, as long as those take",
    )
    even_if_unknown: bool = Field(
        False,
        description="also where it is not known whether the app has done it already: it may then "
        "do it twice",
    )
    initial_interval: float = Field(1.0, gt=0, le=3600, description="seconds")
    backoff: float = Field(2.0, ge=1, le=10)
    max_interval: float = Field(3600.0, gt=0, le=86_400, description="seconds")

    @property
    def patience(self) -> float | None:
        """Seconds after the first try in which another may begin; None: only tries count."""
        if self.give_up_after is not None:
            return self.give_up_after
        return DAY_SECONDS if self.max_attempts is None else None

    def wait_after(self, tries: int) -> float:
        """Seconds between that many tries and the next."""
        longest = max(self.max_interval, self.initial_interval)
        grown = self.initial_interval * self.backoff ** min(tries - 1, 50)
        return min(longest, grown)


class OnError(Node):
    """What happens when a step has failed for good."""

    action: Literal["stop", "continue"] = "stop"
    """`stop` ends the run with an error; `continue` goes on and `steps.<id>.error` tells why."""
    retry: Retry = Retry()


class StepBase(Node):
    """What every step has."""

    id: str = Field(pattern=STEP_ID_PATTERN)
    name: str = Field("", max_length=200)
    """What people see in the editor and in the Temporal UI; empty: the id."""
    on_error: OnError = OnError()


class AppStep(StepBase):
    """An action of an app, run with the end user's or the developer's connection."""

    type: Literal["app"] = "app"
    component: str
    """Key of the component, for example `twilio.send-message`."""
    inputs: dict[str, Template] = Field(default_factory=dict)
    replace_end_user_connection: bool = True
    """Active: the run's end user's connection. Inactive: always the developer's."""


class Branch(Node):
    """One branch of a condition."""

    name: str = Field("", max_length=200)
    when: CelSource
    steps: list[Step] = Field(default_factory=list)


class ConditionStep(StepBase):
    """The first branch whose `when` is true runs; else `otherwise`."""

    type: Literal["condition"] = "condition"
    branches: list[Branch] = Field(min_length=1, max_length=50)
    otherwise: list[Step] = Field(default_factory=list)


class Case(Node):
    """One case of a switch: runs when the value equals `equals`."""

    equals: Any
    name: str = Field("", max_length=200)
    steps: list[Step] = Field(default_factory=list)


class SwitchStep(StepBase):
    """The first case that equals the value runs; else `default`."""

    type: Literal["switch"] = "switch"
    value: CelSource
    cases: list[Case] = Field(min_length=1, max_length=100)
    default: list[Step] = Field(default_factory=list)


class Carry(Node):
    """A value that a loop hands from each of its iterations to the next."""

    name: str = Field("carry", pattern=STEP_ID_PATTERN)
    """What expressions inside the loop call it."""
    start: Template = None
    """Its value in the first iteration; computed outside of the loop."""
    next: Template
    """Its value after an iteration; sees what the iteration's steps gave, and the value so far."""


class ForEachStep(StepBase):
    """Runs its steps for each item of a list; its output is the list of the iterations' outputs.

    Inside, `item` (or the name in `itemName`) and `index` (from 0) are in scope, and what earlier
    steps of the same iteration gave. After it, only its own output is. With `carry` the items come
    one after the other, and the output is `{items: the outputs, carry: its last value}`.
    """

    type: Literal["for-each"] = "for-each"
    items: CelSource
    item_name: str = Field("item", pattern=STEP_ID_PATTERN)
    index_name: str = Field("index", pattern=STEP_ID_PATTERN)
    parallelism: Whole = Field(1, ge=1, le=50)
    steps: list[Step] = Field(min_length=1)
    output: Template = None
    """What one iteration gives; absent: null for each item."""
    carry: Carry | None = None


class RepeatStep(StepBase):
    """Runs its steps again and again until a condition holds; this pages through a list, or waits
    for a job to be done.

    Inside, `index` (from 0) is in scope, what earlier steps of the same iteration gave, and the
    value that `carry` hands on. Fails when the condition does not hold after `maxTimes`.
    """

    type: Literal["repeat"] = "repeat"
    until: CelSource
    """Computed after each iteration; sees what its steps gave, and the new value of `carry`."""
    max_times: Whole = Field(100, ge=1, le=10_000)
    index_name: str = Field("index", pattern=STEP_ID_PATTERN)
    steps: list[Step] = Field(min_length=1)
    carry: Carry | None = None
    output: Template = None
    """Computed after the last iteration, where `until` is; absent: the value of `carry`."""


class DelayStep(StepBase):
    """Waits for some seconds; the run is paused meanwhile."""

    type: Literal["delay"] = "delay"
    seconds: Template
    """A number, or an expression that gives one (0 to 31,536,000) or a CEL duration."""


class WaitUntilStep(StepBase):
    """Waits until a moment; the run is paused meanwhile. A moment that has passed does not wait."""

    type: Literal["wait-until"] = "wait-until"
    at: Template
    """RFC 3339 text with an offset, or an expression that gives it or a CEL timestamp."""


class ApprovalStep(StepBase):
    """Waits until somebody approves or rejects.

    Output: `{approved: bool, expired: bool, by: string|null, comment: string|null}`.
    """

    type: Literal["approval"] = "approval"
    who: Template = ""
    message: Template = ""
    expires_in: float | None = Field(None, gt=0, le=31_536_000, description="seconds")


class CallbackStep(StepBase):
    """Waits until its callback URL, `callbacks.<id>` in expressions, is called.

    Output: `{body: any, query: map, expired: bool}`. A call that comes before the step is kept.
    """

    type: Literal["callback"] = "callback"
    expires_in: float | None = Field(None, gt=0, le=31_536_000, description="seconds")


class CallStep(StepBase):
    """Runs another published automation of the project; its output is that run's result."""

    type: Literal["call"] = "call"
    automation_id: str
    data: dict[str, Template] = Field(default_factory=dict)


class SetStep(StepBase):
    """Sets variables, read as `vars.<name>`; also the way to transform data without code."""

    type: Literal["set"] = "set"
    values: dict[Annotated[str, Field(pattern=STEP_ID_PATTERN)], Template]


class StopStep(StepBase):
    """Ends the run here."""

    type: Literal["stop"] = "stop"
    status: Literal["completed", "error"] = "completed"
    message: Template = ""
    result: Template = None


Step = Annotated[
    AppStep
    | ConditionStep
    | SwitchStep
    | ForEachStep
    | RepeatStep
    | DelayStep
    | WaitUntilStep
    | ApprovalStep
    | CallbackStep
    | CallStep
    | SetStep
    | StopStep,
    Field(discriminator="type"),
]


class Definition(Node):
    """What a developer edits as a draft and publishes as an immutable version.

    Expressions see: `data` (the run's data), `event` (the trigger's event, null in a manual run),
    `steps.<id>.output|status|error` of steps that have run, `vars`, `run` (`id`, `userId`,
    `startedAt`), `callbacks.<id>`, and inside a loop its `item`, `index` and `carry`.
    """

    trigger: Trigger | None = None
    steps: list[Step] = Field(default_factory=list)
    result: Template = None
    """What `run` answers as `result` when all steps are done."""


for _model in (Branch, ConditionStep, Case, SwitchStep, ForEachStep, RepeatStep, Definition):
    _model.model_rebuild()

Loop = ForEachStep | RepeatStep


def loop_names(loop: Loop) -> set[str]:
    """The names that expressions inside a loop see, and those outside do not."""
    names = {loop.index_name}
    if isinstance(loop, ForEachStep):
        names.add(loop.item_name)
    if loop.carry is not None:
        names.add(loop.carry.name)
    return names


def child_blocks(step: Step) -> list[tuple[str, list[Step]]]:
    """The blocks of steps inside a step, each with its path relative to the step."""
    match step:
        case ConditionStep():
            blocks = [(f"branches[{i}].steps", b.steps) for i, b in enumerate(step.branches)]
            return [*blocks, ("otherwise", step.otherwise)]
        case SwitchStep():
            blocks = [(f"cases[{i}].steps", c.steps) for i, c in enumerate(step.cases)]
            return [*blocks, ("default", step.default)]
        case ForEachStep() | RepeatStep():
            return [("steps", step.steps)]
        case _:
            return []


def walk(steps: list[Step]) -> list[Step]:
    """All steps of a tree, outer before inner, in order."""
    found: list[Step] = []
    for step in steps:
        found.append(step)
        for _, block in child_blocks(step):
            found.extend(walk(block))
    return found
