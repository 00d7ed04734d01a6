"""Expressions in CEL, the Common Expression Language: `compile_expression` and `compile_template`.

The language is told in docs/expressions.md. The same expression gives the same value in every
process, so it can be computed in a workflow.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from automations.checker import check
from automations.evaluator import build, cost, is_plain_path, references
from automations.templates import Template
from automations.values import OCCASION, Budget, ExpressionError, failure_of, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Expression", "ExpressionError", "Template", "compile_expression", "compile_template"]

_JSON_TYPES = {
    "BOOL": "boolean",
    "INT64": "number",
    "DOUBLE": "number",
    "STRING": "string",
}


class Expression:
    """A compiled expression; immutable."""

    __slots__ = ("_cost", "_node", "_plain", "references", "source", "type")

    def __init__(self, source: str) -> None:
        checked = check(source)
        self.source = source
        self.references: frozenset[tuple[str, ...]] = frozenset(references(checked.expr))
        """The paths that it reads, such as `("steps", "create", "output", "id")`."""
        self.type = _json_type(checked.type_map[checked.expr.id])
        """The JSON type of what it gives, such as `string`; None: known only when it is run."""
        self._node = build(checked)
        self._plain = is_plain_path(checked.expr)
        self._cost = cost(checked.expr)

    def evaluate(self, scope: Mapping[str, Any], budget: Budget | None = None) -> Any:
        """Its JSON value in a scope of JSON values by name; raises ExpressionError."""
        budget = budget or Budget(occasion=scope.get(OCCASION))
        variables = scope if isinstance(scope, dict) else dict(scope)
        try:
            budget.charge(self._cost)
            value = self._node(variables, budget)
            return value if self._plain else to_json(value, budget)
        except Exception as error:  # whatever a library raises, what the author wrote has failed
            raise failure_of(error) from None

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"


def _json_type(checked: Any) -> str | None:
    match checked.WhichOneof("type_kind"):
        case "primitive":
            return _JSON_TYPES.get(checked.PrimitiveType.Name(checked.primitive))
        case "list_type":
            return "array"
        case "map_type":
            return "object"
        case "null":
            return "null"
        case "well_known":
            return {2: "string", 3: "number"}.get(checked.well_known)
        case _:
            return None


@lru_cache(maxsize=4096)
def compile_expression(source: str) -> Expression:
    """Compiles a bare expression; raises ExpressionError that says where and what to do."""
    return Expression(source)


def compile_template(value: Any) -> Template:
    """Compiles any JSON value whose strings may hold `{{ expressions }}`; raises ExpressionError.

    A string that is one expression gives its value as it is; in other text values become text.
    """
    return Template(value)
