"""How a function of the expression language is declared, checked and called."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from automations.values import Budget, ExpressionError, as_read, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

_EXPANDED = {"number": ("int", "double"), "text|bytes": ("string", "bytes")}
_WORDS = {
    "any": "any value",
    "bool": "true or false",
    "bytes": "bytes",
    "duration": "a duration",
    "int": "a whole number",
    "list": "a list",
    "map": "a map",
    "number": "a number",
    "string": "text",
    "text|bytes": "text or bytes",
    "timestamp": "a timestamp",
}


@dataclass(frozen=True)
class Overload:
    """One way to call a function: the kinds of its parameters and what it gives."""

    parameters: tuple[str, ...]
    result: str


@dataclass(frozen=True)
class Function:
    """A function of the library: `name(x, …)`, or `x.name(…)` where it has no namespace."""

    name: str
    overloads: tuple[Overload, ...]
    implement: Callable[..., Any]
    section: str
    summary: str
    example: str

    @property
    def usage(self) -> str:
        """How to write a call, for people."""
        return " or ".join(f"`{call}`" for call in self.calls)

    @property
    def calls(self) -> list[str]:
        """The ways to call it, such as `split(string, string)`."""
        return [f"{self.name}({', '.join(o.parameters)})" for o in self.overloads]

    def checked_overloads(self) -> dict[tuple[str, ...], str]:
        """What the type checker is told; it knows no kind that is two."""
        found = {}
        for overload in self.overloads:
            choices = [_EXPANDED.get(name, (name,)) for name in overload.parameters]
            result = "any" if overload.result in _EXPANDED else overload.result
            for parameters in itertools.product(*choices):
                found[parameters] = result
        return found

    def results(self, count: int) -> set[str]:
        """The kinds of what it gives when it is called with so many arguments."""
        return {o.result for o in self.overloads if len(o.parameters) == count}

    def __call__(self, budget: Budget, arguments: list[Any]) -> Any:
        """Calls it with values of any kind; raises ExpressionError."""
        fitting = [o for o in self.overloads if len(o.parameters) == len(arguments)]
        for overload in fitting:
            if all(map(_fits, overload.parameters, arguments)):
                break
        else:
            self._refuse([overload.parameters for overload in fitting], arguments)
        for argument in arguments:
            budget.charge_for(argument)
        given = map(_adapted, overload.parameters, arguments)
        try:
            result = self.implement(budget, *given)
        except UnicodeError:
            raise ExpressionError(
                f"`{self.name}` cannot take text that has half of a character in it"
            ) from None
        budget.charge_for(result)
        return result if overload.result == "double" else as_read(result)

    def _refuse(self, fitting: list[tuple[str, ...]], arguments: list[Any]) -> None:
        kinds = ", ".join(map(kind_of, arguments))
        if len(fitting) == 1:
            for position, (kind, argument) in enumerate(zip(fitting[0], arguments, strict=True), 1):
                if not _fits(kind, argument):
                    hint = "; default(x, y) gives y for null" if argument is None else ""
                    raise ExpressionError(
                        f"`{self.name}` takes {_WORDS[kind]} as argument {position}, not "
                        f"{kind_of(argument)}{hint}"
                    )
        raise ExpressionError(f"`{self.name}` cannot take ({kinds}); it is written {self.usage}")


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "any":
            return True
        case "bool":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "int":
            return (isinstance(value, int) and not isinstance(value, bool)) or (
                isinstance(value, float) and isinstance(as_read(value), int)
            )
        case "double":
            return isinstance(value, float)
        case "string":
            return isinstance(value, str)
        case "text|bytes":
            return isinstance(value, str | bytes)
        case "bytes":
            return isinstance(value, bytes)
        case "list":
            return isinstance(value, list)
        case "map":
            return isinstance(value, dict)
        case "timestamp":
            return isinstance(value, datetime)
        case _:
            return isinstance(value, timedelta)


def _adapted(kind: str, value: Any) -> Any:
    # A whole number that JSON wrote as 2.0 counts as 2.
    return int(value) if kind == "int" else value


class Section:
    """Collects the functions of one part of the library."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.functions: dict[str, Function] = {}

    def add(
        self, *signatures: str, summary: str, example: str
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declares a function. A signature is like `repeat(string, int) -> string`; the function
        gets the budget and its arguments and raises ExpressionError."""

        def declare(implement: Callable[..., Any]) -> Callable[..., Any]:
            names, overloads = set(), []
            for signature in signatures:
                call, result = signature.split(" -> ")
                name, parameters = call.rstrip(")").split("(")
                names.add(name)
                kinds = tuple(part for part in parameters.split(", ") if part)
                overloads.append(Overload(kinds, result))
            (name,) = names
            self.functions[name] = Function(
                name, tuple(overloads), implement, self.title, summary, example
            )
            return implement

        return declare
