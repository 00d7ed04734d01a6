"""What travels between the API, workflows and activities. Plain values, no secrets."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from automations.host import Given

RunStatus = Literal["running", "paused", "completed", "error", "canceled"]
PauseKind = Literal["delay", "approval", "callback", "connection", "credits", "unavailable"]
"""`unavailable`: an app is down or allows no more calls for now, and is tried again."""


class EventFetch(BaseModel):
    """Asked before a run's first step, where a delivery holds only ids."""

    registration_id: str
    trigger: str
    """The trigger's key; the activity `fetch-event` makes the run's event with it."""


class RunInput(BaseModel):
    """All that a run needs: nothing is looked up while it is interpreted."""

    project_id: str
    account_id: str
    automation_id: str
    automation_name: str
    version: int
    """0: the draft."""
    user_id: str
    """Empty: the developer's own run."""
    trigger: str = "manual"
    definition: dict[str, Any]
    called: dict[str, CalledAutomation] = Field(default_factory=dict)
    """The automations that this one calls, directly or not, by id: fixed when the run starts."""
    data: dict[str, Any] = Field(default_factory=dict)
    event: Any = None
    callback_url: str = ""
    """Unguessable; what the URLs of callback steps begin with (see workflows/callback_urls.py). A
    called automation's has its run's id at its end."""
    callback_key: str = ""
    """Seals the rest of those URLs."""
    parent_run_id: str | None = None
    depth: int = 0
    fetch: EventFetch | None = None
    """How to make `event` whole before the first step."""
    given: Given | None = None
    """What the test of one step stands on; the definition holds only that step."""


class CalledAutomation(BaseModel):
    """The version of a called automation that a run goes with."""

    name: str
    version: int
    definition: dict[str, Any]


RunInput.model_rebuild()


class StepTrace(BaseModel):
    """What a step without an activity did; carried to the ledger by the next activity."""

    step_id: str
    iteration: str = ""
    type: str
    name: str
    status: Literal["completed", "error", "waiting"] = "completed"
    inputs: Any = None
    output: Any = None
    error: str | None = None
    component: str | None = None
    """Of an app's action that was given up without a call that could be booked."""
    attempts: int = 1
    """0: it is not known whether an app was called."""
    started_at: int
    ended_at: int | None = None
    """Null: of a call whose end is not known."""


class ComponentCall(BaseModel):
    """The input of a component's activity; its type is the component's key."""

    run_id: str
    step_id: str
    iteration: str = ""
    name: str
    project_id: str
    account_id: str
    connection_user_id: str
    """Whose connection; empty: the developer's."""
    inputs: dict[str, Any]
    traces: list[StepTrace] = Field(default_factory=list)
    reuse: bool = False
    """The run may have executed this step before (it was reset): a recorded success is reused."""
    tried: int = 0
    """How often the app was called for this step before, until a pause between two tries."""


class CallFailure(BaseModel):
    """The detail of a component's failure that may pass by itself."""

    app: str
    """The app's name for people."""
    tries: int = 1
    """Of this call, so far."""


class RunOutcome(BaseModel):
    """How a run ended; the result of its workflow, or the detail of its failure."""

    status: Literal["completed", "error", "canceled"]
    message: str | None = None
    result: Any = None
    traces: list[StepTrace] = Field(default_factory=list)
    ended_at: int | None = None
    """When (ms since the epoch), by Temporal's clock."""


class LoopPart(BaseModel):
    """The input of a child workflow that runs some of a long loop's iterations."""

    run: RunInput
    run_id: str
    """The run that the loop belongs to, under which its steps are booked."""
    reuse: bool
    loop_id: str
    iteration: str
    """The iteration that the loop itself is in."""
    first_index: int
    times: int = 0
    """How many iterations of a repeat."""
    items: list[Any]
    variables: dict[str, Any]
    carried: Any = None
    """The value of the loop's `carry` before the first of these iterations."""


class LoopPartOutcome(BaseModel):
    """What the iterations gave, or that a stop step among them ended the run."""

    outputs: list[Any] = Field(default_factory=list)
    carried: Any = None
    done: bool = False
    """Whether the condition of a repeat holds."""
    stopped: RunOutcome | None = None
    traces: list[StepTrace] = Field(default_factory=list)


class RegistrationStart(BaseModel):
    """The input of a registration's workflow."""

    registration_id: str
    state: str = "starting"


class RegistrationPlan(BaseModel):
    """What is the case after a look at a registration, and what is to be done next."""

    state: str
    """As in `registrations.state`; `ended` when it is over."""
    ended: bool = False
    poll: bool = False
    """Whether the app is to be asked for news."""
    look_again_at: int | None = None
    """Ms since the epoch: to renew a subscription, or to try once more what failed."""
    details: str = ""
    """For operators, in Markdown; no secret."""
    error: str | None = None
    """What is wrong, for who has asked for it; no secret."""
    error_code: int | None = None
    """The contract's code that fits the error, where one does."""


class RunRecord(BaseModel):
    """A run as the ledger knows it from its start on."""

    run_id: str
    project_id: str
    automation_id: str
    version: int
    user_id: str
    trigger: str
    parent_run_id: str | None
    started_at: int


class Pause(BaseModel):
    """A place where a run waits."""

    run_id: str
    step_id: str
    iteration: str = ""
    project_id: str
    workflow_id: str
    kind: PauseKind
    message: str
    app_key: str | None = None
    user_id: str | None = None
    since: int
    until: int | None = None
    account_id: str
    traces: list[StepTrace] = Field(default_factory=list)
    keep: bool = False
    """The wait goes on after this answer, or after `until`, unless it is told otherwise."""


class Resume(BaseModel):
    """What the world answers to a pause; the argument of the signal `resume`."""

    step_id: str
    iteration: str = ""
    approved: bool | None = None
    by: str | None = None
    comment: str | None = None
    body: Any = None
    query: dict[str, Any] = Field(default_factory=dict)
    give_up: bool = False
    """The step is to fail instead of being tried again."""


class TakenEvent(BaseModel):
    """An event of a delivery, for one registration."""

    registration_id: str
    key: str
    """The same for each telling of it."""
    value: Any = None
    """As the run gets it; with `fetch` as it was delivered."""
    fetch: bool = False


class EventBatch(BaseModel):
    """The input of the workflow that starts the runs of a delivery of many events."""

    events: list[TakenEvent]
