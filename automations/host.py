"""The world as an interpreter sees it: what it asks of it, and what it gets.

A workflow is a host; tests have others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from automations.bounds import Held, sentence

if TYPE_CHECKING:
    from datetime import datetime

    from automations.definition import Loop, Step


class StepFailed(Exception):
    """A step failed for good; `message` names what to do, `kind` is the kind of error."""

    def __init__(self, message: str, kind: str = "fatal") -> None:
        self.message = sentence(message)
        super().__init__(self.message)
        self.kind = kind


class Stopped(Exception):
    """A stop step was reached, or a step failed whose `onError` is stop: the run ends here."""

    def __init__(self, status: str, message: str | None, result: Any = None) -> None:
        self.message = None if message is None else sentence(message)
        super().__init__(self.message)
        self.status = status
        self.result = result


@dataclass(frozen=True)
class Place:
    """Where in a run a step is executed: the step and the indexes of the loops around it."""

    step: Step
    iteration: str

    @property
    def label(self) -> str:
        """The step's name for people; in a loop with the item's number, from 1."""
        name = self.step.name or self.step.id
        if not self.iteration:
            return name
        numbers = ".".join(str(int(index) + 1) for index in self.iteration.split("."))
        return f"{name} #{numbers}"


class Host(Protocol):
    """What the interpreter needs of the world."""

    def now(self) -> datetime:
        """The current moment, deterministic, in UTC."""

    def steers(self, error: Exception) -> bool:
        """Whether an error is how this host steers a run, such as a cancellation.

        Any other that a step raises is its failure.
        """

    async def rest(self, share: float) -> None:
        """Lets others have their turn, after so much of one evaluation's greatest work."""

    async def call_component(self, place: Place, inputs: dict[str, Any]) -> Any:
        """Executes an app action; raises StepFailed."""

    async def call_automation(self, place: Place, data: dict[str, Any]) -> Any:
        """Runs another automation; raises StepFailed."""

    async def wait(self, place: Place, kind: str, message: str, until: datetime | None) -> Answer:
        """Pauses until somebody answers or the moment has come."""

    def iterations_here(self, loop: Loop) -> int:
        """How many iterations of a loop may run beside the steps around it."""

    async def iterate(
        self, place: Place, items: list[Any], scope: Scope, carried: Any
    ) -> Iterations:
        """Runs the iterations of a for-each elsewhere; raises Stopped."""

    async def repeat(
        self, place: Place, first_index: int, scope: Scope, carried: Any
    ) -> Iterations:
        """Runs the iterations of a repeat from `first_index` on elsewhere; raises Stopped."""

    def record(self, trace: Trace) -> None:
        """Takes note of a step that needed no activity."""


@dataclass(frozen=True)
class Iterations:
    """What iterations of a loop gave."""

    outputs: list[Any] = field(default_factory=list)
    """Of a for-each: of each item. Of a repeat whose condition holds: its one output."""
    carried: Any = None
    """The value of the loop's `carry` after them."""
    done: bool = False
    """Of a repeat: whether its condition holds."""


@dataclass(frozen=True)
class Answer:
    """How a wait ended; `expired` when nobody answered in time."""

    expired: bool = False
    approved: bool | None = None
    by: str | None = None
    comment: str | None = None
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Trace:
    """What a step that needed no activity did."""

    place: Place
    started: datetime
    ended: datetime
    output: Any = None
    error: str | None = None


@dataclass(frozen=True)
class Given:
    """What the test of one step stands on, in place of the steps before it."""

    steps: dict[str, Any] = field(default_factory=dict)
    """Their outputs, by id."""
    vars: dict[str, Any] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)
    """The items and indexes of the loops around the step, by the names that they have there."""
    callbacks: list[str] = field(default_factory=list)
    """Ids of other steps that have a callback URL."""


def scope_of(
    data: dict[str, Any], event: Any, run: dict[str, Any], given: Given | None
) -> dict[str, Any]:
    """The values that expressions see before the first step, without callback URLs."""
    given = given or Given()
    steps = {
        step_id: {"status": "completed", "output": output, "error": None}
        for step_id, output in given.steps.items()
    }
    values = {"data": data, "event": event, "run": run, "steps": steps, "vars": dict(given.vars)}
    return {**values, "callbacks": {}, **given.names}


@dataclass(frozen=True)
class Scope:
    """The values that expressions see at one place of a run."""

    variables: dict[str, Any]
    iteration: str = ""
    held: Held = field(default_factory=Held)

    def inner(self, index: int, names: dict[str, Any]) -> Scope:
        """The scope of one iteration: what it sets is not seen outside."""
        copies = {name: dict(self.variables[name]) for name in ("steps", "vars")}
        iteration = f"{self.iteration}.{index}" if self.iteration else str(index)
        return Scope({**self.variables, **copies, **names}, iteration, Held(self.held))
