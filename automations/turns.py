"""Evaluates the expressions of a run, a share of work at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from automations.bounds import OutOfBoundsError, size_of
from automations.expressions import ExpressionError, compile_expression, compile_template
from automations.values import MAX_WORK, OCCASION, Budget

if TYPE_CHECKING:
    from automations.host import Scope

SHARE = 200_000
"""Units of work that a run does before others have their turn; one evaluation may do more."""


class Turns:
    """The evaluations of one run.

    `rest` lets others have their turn; it is told how much of a full evaluation's work was done.
    All that runs at once in the run waits for the same rest.
    """

    def __init__(self, rest: Callable[[float], Awaitable[None]]) -> None:
        self._rest = rest
        self._spent = 0.0
        self._resting: asyncio.Future[None] | None = None

    async def evaluate(self, source: str, scope: Scope) -> Any:
        """The value of a bare expression; raises ExpressionError."""
        await self._turn()
        return self._computed(compile_expression(source).evaluate, scope)

    async def resolve(self, template: Any, scope: Scope) -> Any:
        """The value of a template, of bounded depth and size; raises ExpressionError."""
        await self._turn()
        value = self._computed(compile_template(template).resolve, scope)
        try:
            size_of(value)
        except OutOfBoundsError as error:
            raise ExpressionError(f"the value cannot be passed on: {error}") from None
        return value

    def _computed(self, compute: Callable[[dict[str, Any], Budget], Any], scope: Scope) -> Any:
        budget = Budget(occasion=scope.variables.get(OCCASION))
        try:
            return compute(scope.variables, budget)
        finally:
            self._spent += MAX_WORK - budget.left

    async def _turn(self) -> None:
        while self._spent >= SHARE:
            if self._resting is None:
                share, self._spent = self._spent / MAX_WORK, 0.0
                self._resting = asyncio.ensure_future(self._rest(share))
            resting = self._resting
            # Cancelling one of those that wait must not cancel the others.
            await asyncio.shield(resting)
            if self._resting is resting:
                self._resting = None
