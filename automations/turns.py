"""Evaluates the expressions of a run, a share of work at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from automations.bounds import OutOfBoundsError, size_of
from automations.checker import expanded
from automations.expressions import ExpressionError, compile_expression, compile_template
from automations.templates import split, texts
from automations.values import MAX_WORK, OCCASION, Budget

if TYPE_CHECKING:
    from automations.host import Scope
    from automations.templates import Template

SHARE = 200_000
"""Units of work that a run does before others have their turn; one evaluation may do more."""
_READ_WORK = 20
"""Units for each character of an expression that the run reads for the first time."""
_EXPRESSION = 50
"""Characters that an expression counts more."""
_BYTES_PER_UNIT = 8
"""Of a value that is looked at whole, to know its size."""


class Turns:
    """The evaluations of one run.

    `rest` lets others have their turn; it is told how much of a full evaluation's work was done.
    All that runs at once in the run waits for the same rest.
    """

    def __init__(self, rest: Callable[[float], Awaitable[None]]) -> None:
        self._rest = rest
        self._spent = 0.0
        self._resting: asyncio.Future[None] | None = None
        # What this run has read, not what the process has: a replay rests at the same places.
        self._read: set[str] = set()
        self._templates: dict[int, tuple[Any, Template]] = {}

    async def evaluate(self, source: str, scope: Scope) -> Any:
        """The value of a bare expression; raises ExpressionError."""
        await self._reading(source)
        await self._turn()
        return self._computed(compile_expression(source).evaluate, scope)

    async def resolve(self, template: Any, scope: Scope) -> Any:
        """The value of a part of the definition, of bounded depth and size; raises
        ExpressionError."""
        compiled = await self._compiled(template)
        await self._turn()
        value = self._computed(compiled.resolve, scope)
        try:
            self._spent += size_of(value) / _BYTES_PER_UNIT
        except OutOfBoundsError as error:
            self._spent += SHARE
            raise ExpressionError(f"the value cannot be passed on: {error}") from None
        return value

    async def _compiled(self, template: Any) -> Template:
        # Parts of a definition live as long as its run, and so does what is known of them by id.
        if (known := self._templates.get(id(template))) is not None:
            return known[1]
        for _, text in texts(template):
            for is_expression, source in split(text):
                if is_expression:
                    with suppress(ExpressionError):  # told below, with its place
                        await self._reading(source)
        compiled = compile_template(template)
        self._templates[id(template)] = (template, compiled)
        return compiled

    async def _reading(self, source: str) -> None:
        """Reads an expression, which may take as long as to compute one, as work of the run."""
        if source in self._read:
            return
        await self._turn()
        self._spent += _READ_WORK * (expanded(source) + _EXPRESSION)
        compile_expression(source)
        self._read.add(source)

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
