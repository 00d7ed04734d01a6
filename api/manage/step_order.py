"""The order of a run's steps that began in the same millisecond, as their definition has it."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from pydantic import ValidationError

from automations.definition import Definition, ForEachStep, RepeatStep, Step, child_blocks

Rank = tuple[tuple[float, ...], str]
"""Compares executions of steps of one run; no two have the same."""

_INDEX = -1
"""Stands in a path where the index of a loop's iteration belongs."""


class StepOrder:
    """A container comes before what is in it, one iteration before the next, and each step where
    its definition has it. A step that is not there any more comes after those that are."""

    def __init__(self, definition: Any) -> None:
        """`definition` is JSON; null when the automation was deleted."""
        self._paths: dict[str, tuple[int, ...]] = {}
        try:
            self._note(Definition.model_validate(definition).steps, ())
        except ValidationError:
            # A draft may be unfinished: what remains is the order of the iterations.
            return

    def rank(self, step_id: str, iteration: str) -> Rank:
        """`iteration`: indexes of the loops around it, outer first, joined by dots."""
        indexes = [int(index) for index in iteration.split(".") if index]
        path = self._paths.get(step_id)
        if path is None:
            return (inf, *indexes), step_id
        given = iter(indexes)
        return tuple(next(given, inf) if part == _INDEX else part for part in path), step_id

    def _note(self, steps: Sequence[Step], path: tuple[int, ...]) -> None:
        for position, step in enumerate(steps):
            here = (*path, position)
            self._paths[step.id] = here
            for number, (_, block) in enumerate(child_blocks(step)):
                inside = _INDEX if isinstance(step, ForEachStep | RepeatStep) else number
                self._note(block, (*here, inside))
