"""Computes checked expressions: each node of the syntax tree becomes a Python closure, once.

Maps are visited in the order of their keys, so that every process gives the same result. All work
is charged to a budget.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from automations.checker import TYPE_NAMES
from automations.functions import LIBRARY
from automations.messages import Message
from automations.operators import CALLS, access, describe_missing
from automations.values import (
    NONE,
    Budget,
    ExpressionError,
    MissingError,
    Optional,
    TooMuchWork,
    TypeValue,
    as_read,
    kind_of,
    sorted_keys,
)

if TYPE_CHECKING:
    from google.api.expr.v1alpha1 import checked_pb2, syntax_pb2

LOOP_COST = 5
"""Units for starting a loop or naming a value: all names in scope are copied."""
ITERATION_COST = 1
ERROR_COST = 8

Variables = dict[str, Any]
Node = Callable[[Variables, Budget], Any]


class _Failed:
    """An error kept as a value: `all` and `exists` may not need it in the end."""

    def __init__(self, error: ExpressionError) -> None:
        self.error = error


def _caught(error: ExpressionError, budget: Budget) -> ExpressionError:
    """An error that does not end an expression; what ends it is raised again."""
    if isinstance(error, TooMuchWork):
        raise error
    budget.charge(ERROR_COST)
    # Else each error would keep all values alive that it passed.
    return error.with_traceback(None)


def cost(expr: syntax_pb2.Expr) -> float:
    """What computing an expression once costs at most, in units of a budget.

    Left out is what depends on the values: what loops do, and what functions and operators charge
    for themselves. Of the branches of `?:` and of the sides of `&&`, all count.
    """
    inside = sum(map(cost, _parts(expr)))
    match expr.WhichOneof("expr_kind"):
        case "const_expr" | "ident_expr" | "select_expr":
            return 0.5 + inside
        case "call_expr":
            return (10 if expr.call_expr.function in LIBRARY else 2.5) + inside
        case "list_expr":
            return 1.5 + 0.5 * len(expr.list_expr.elements) + inside
        case "struct_expr":
            return 2 + 2 * len(expr.struct_expr.entries) + inside
        case _:
            fold = expr.comprehension_expr
            return LOOP_COST + cost(fold.iter_range) + cost(fold.accu_init) + cost(fold.result)


def build(checked: checked_pb2.CheckedExpr) -> Node:
    """The closure that computes an expression; raises ExpressionError."""
    return _node(checked.expr)


def path_of(expr: syntax_pb2.Expr) -> tuple[str, ...] | None:
    """The path that an expression names, such as `("data", "title")`; None: it is no path."""
    names: list[str] = []
    while True:
        kind = expr.WhichOneof("expr_kind")
        if kind == "ident_expr":
            return (expr.ident_expr.name, *reversed(names))
        if kind == "select_expr":
            names.append(expr.select_expr.field)
            expr = expr.select_expr.operand
        elif kind == "call_expr" and expr.call_expr.function in ("_[_]", "_?._", "_[?_]"):
            key = expr.call_expr.args[1].const_expr
            if key.WhichOneof("constant_kind") != "string_value":
                return None
            names.append(key.string_value)
            expr = expr.call_expr.args[0]
        else:
            return None


def is_plain_path(expr: syntax_pb2.Expr) -> bool:
    """Whether an expression only reads a value of its scope."""
    while expr.WhichOneof("expr_kind") == "select_expr" and not expr.select_expr.test_only:
        expr = expr.select_expr.operand
    return expr.WhichOneof("expr_kind") == "ident_expr" and expr.ident_expr.name not in TYPE_NAMES


def references(expr: syntax_pb2.Expr, bound: frozenset[str] = frozenset()) -> set[tuple[str, ...]]:
    """The paths that an expression reads, names bound by comprehensions left out."""
    path = path_of(expr)
    if path is not None:
        return set() if path[0] in bound or path[0] in TYPE_NAMES else {path}
    match expr.WhichOneof("expr_kind"):
        case "comprehension_expr":
            fold = expr.comprehension_expr
            inner = bound | {fold.accu_var}
            within = inner | {fold.iter_var}
            return (
                references(fold.iter_range, bound)
                | references(fold.accu_init, bound)
                | references(fold.result, inner)
                | references(fold.loop_condition, within)
                | references(fold.loop_step, within)
            )
        case _:
            found: set[tuple[str, ...]] = set()
            for part in _parts(expr):
                found |= references(part, bound)
            return found


def _parts(expr: syntax_pb2.Expr) -> list[syntax_pb2.Expr]:
    match expr.WhichOneof("expr_kind"):
        case "select_expr":
            return [expr.select_expr.operand]
        case "call_expr":
            call = expr.call_expr
            return [*([call.target] if call.HasField("target") else []), *call.args]
        case "list_expr":
            return list(expr.list_expr.elements)
        case "struct_expr":
            return [part for e in expr.struct_expr.entries for part in (e.map_key, e.value)]
        case _:
            return []


def _node(expr: syntax_pb2.Expr) -> Node:
    match expr.WhichOneof("expr_kind"):
        case "const_expr":
            return _constant(expr.const_expr)
        case "ident_expr":
            return _name(expr.ident_expr.name)
        case "select_expr":
            return _select(expr)
        case "call_expr":
            return _call(expr)
        case "list_expr":
            return _list(expr.list_expr)
        case "struct_expr":
            return _map(expr.struct_expr)
        case _:
            return _comprehension(expr.comprehension_expr)


def _constant(constant: syntax_pb2.Constant) -> Node:
    kind = constant.WhichOneof("constant_kind")
    if kind == "uint64_value":
        raise ExpressionError(Message("unsigned-number"))
    value = None if kind == "null_value" else getattr(constant, str(kind))
    return lambda variables, budget: value


def _name(name: str) -> Node:
    def read(variables: Variables, budget: Budget) -> Any:
        try:
            value = variables[name]
        except KeyError:
            if name in TYPE_NAMES:
                return TypeValue(name)
            known = ", ".join(key for key in sorted(variables) if key.isidentifier())
            raise ExpressionError(f"there is no `{name}` here; there are: {known}") from None
        if isinstance(value, _Failed):
            raise value.error
        return as_read(value)

    return read


def _select(expr: syntax_pb2.Expr) -> Node:
    field, operand = expr.select_expr.field, _node(expr.select_expr.operand)
    if expr.select_expr.test_only:

        def has(variables: Variables, budget: Budget) -> bool:
            value = operand(variables, budget)
            if isinstance(value, Optional):
                value = value.value
            return isinstance(value, dict) and field in value

        return has
    path = path_of(expr.select_expr.operand)

    def select(variables: Variables, budget: Budget) -> Any:
        value = operand(variables, budget)
        if isinstance(value, dict):
            try:
                return as_read(value[field])
            except KeyError:
                raise MissingError(describe_missing(path, field, value, budget)) from None
        if isinstance(value, Optional):
            # Of what is null nothing is there, as of what is missing; of 7 nothing can be asked.
            if not value.present or value.value is None:
                return NONE
            if isinstance(value.value, dict):
                return access(value.value, field)
            value = value.value
        where = f"`{'.'.join(path)}`" if path else "the value"
        error = MissingError if value is None else ExpressionError
        raise error(f"{where} is {kind_of(value)}, so it has no `{field}`")

    return select


def _call(expr: syntax_pb2.Expr) -> Node:
    call = expr.call_expr
    arguments = [_node(part) for part in _parts(expr)]
    name = _function(call)
    if name in ("_&&_", "_||_"):
        return _logic(arguments[0], arguments[1], name == "_||_")
    if name == "_?_:_":
        return _choice(*arguments)
    if name == "@not_strictly_false":
        return _not_strictly_false(arguments[0])
    if name in ("or", "orValue"):
        return _otherwise(arguments[0], arguments[1], name)
    library = LIBRARY.get(name)
    if name == "default":
        arguments[0] = _or_null(arguments[0])
    if library is not None:

        def run_library(variables: Variables, budget: Budget) -> Any:
            return library(budget, [argument(variables, budget) for argument in arguments])

        return run_library
    if name not in CALLS:
        raise ExpressionError(Message("not-supported", name=name))
    operation = CALLS[name]
    if len(arguments) == 2:
        left, right = arguments

        def run_two(variables: Variables, budget: Budget) -> Any:
            return operation(budget, left(variables, budget), right(variables, budget))

        return run_two

    def run(variables: Variables, budget: Budget) -> Any:
        return operation(budget, *[argument(variables, budget) for argument in arguments])

    return run


def _function(call: syntax_pb2.Expr.Call) -> str:
    if call.function == "_/_" and all(map(_is_whole, call.args)):
        return "divide whole"
    return str(call.function)


_WHOLE_OPERATORS = ("_+_", "_-_", "_*_", "_/_", "_%_", "-_")


def _is_whole(expr: syntax_pb2.Expr) -> bool:
    """Whether an expression gives a whole number whatever the data is: literals, `int(…)`,
    `size(…)`, other functions that always do, and what is reckoned with these."""
    if expr.WhichOneof("expr_kind") == "const_expr":
        return bool(expr.const_expr.WhichOneof("constant_kind") == "int64_value")
    call, parts = expr.call_expr, _parts(expr)
    if call.function in _WHOLE_OPERATORS:
        return all(map(_is_whole, parts))
    if call.function == "_?_:_":
        return all(map(_is_whole, parts[1:]))
    if library := LIBRARY.get(call.function):
        return library.results(len(parts)) == {"int"}
    return call.function in ("int", "size") or bool(call.function.startswith("get"))


def _logic(left: Node, right: Node, decisive: bool) -> Node:
    # In CEL an error beside a value that decides alone does not count, on either side.
    word = "||" if decisive else "&&"

    def run(variables: Variables, budget: Budget) -> bool:
        failure = None
        try:
            first = _truth(left(variables, budget), word)
            if first is decisive:
                return decisive
        except ExpressionError as error:
            failure = _caught(error, budget)
        second = _truth(right(variables, budget), word)
        if second is decisive or failure is None:
            return second
        raise failure

    return run


def _truth(value: Any, word: str) -> bool:
    if isinstance(value, bool):
        return value
    raise ExpressionError(
        f"`{word}` takes true or false, not {kind_of(value)}: compare it, for example `x != null`"
    )


def _choice(condition: Node, yes: Node, no: Node) -> Node:
    def run(variables: Variables, budget: Budget) -> Any:
        chosen = yes if _truth(condition(variables, budget), "?:") else no
        return chosen(variables, budget)

    return run


def _not_strictly_false(operand: Node) -> Node:
    def run(variables: Variables, budget: Budget) -> bool:
        try:
            return operand(variables, budget) is not False
        except ExpressionError as error:
            _caught(error, budget)
            return True

    return run


def _otherwise(operand: Node, fallback: Node, name: str) -> Node:
    def run(variables: Variables, budget: Budget) -> Any:
        value = operand(variables, budget)
        if not isinstance(value, Optional):
            raise ExpressionError(
                f"`{name}` takes an optional value, such as a.?b, not {kind_of(value)}"
            )
        if value.present:
            return value if name == "or" else value.value
        return fallback(variables, budget)

    return run


def _or_null(operand: Node) -> Node:
    def run(variables: Variables, budget: Budget) -> Any:
        try:
            return operand(variables, budget)
        except MissingError as error:
            _caught(error, budget)
            return None

    return run


def _list(expr: syntax_pb2.Expr.CreateList) -> Node:
    elements = [_node(element) for element in expr.elements]
    optional = frozenset(expr.optional_indices)

    def run(variables: Variables, budget: Budget) -> list[Any]:
        if not optional:
            return [element(variables, budget) for element in elements]
        found = []
        for index, element in enumerate(elements):
            value = element(variables, budget)
            if index not in optional:
                found.append(value)
            elif _optional(value).present:
                found.append(value.value)
        return found

    return run


def _map(expr: syntax_pb2.Expr.CreateStruct) -> Node:
    if expr.message_name:
        raise ExpressionError(Message("message-not-supported", name=expr.message_name))
    entries = [(_node(e.map_key), _node(e.value), e.optional_entry) for e in expr.entries]

    def run(variables: Variables, budget: Budget) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node, optional in entries:
            key, value = key_node(variables, budget), value_node(variables, budget)
            if not isinstance(key, str | int):
                raise ExpressionError(f"a key of a map cannot be {kind_of(key)}: use text")
            if key in found:
                raise ExpressionError("a map has the same key twice")
            if not optional:
                found[key] = value
            elif _optional(value).present:
                found[key] = value.value
        return found

    return run


def _optional(value: Any) -> Optional:
    if isinstance(value, Optional):
        return value
    raise ExpressionError(f"`?` takes an optional value, such as a.?b, not {kind_of(value)}")


def _items(value: Any, budget: Budget) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return sorted_keys(value, budget)
    raise ExpressionError(f"only a list or a map can be gone through, not {kind_of(value)}")


def _comprehension(fold: syntax_pb2.Expr.Comprehension) -> Node:
    start, result = _node(fold.accu_init), _node(fold.result)
    collected, name = fold.accu_var, fold.iter_var
    if not fold.iter_range.list_expr.elements and fold.iter_range.HasField("list_expr"):
        # cel.bind: a fold over nothing that names a value.
        return lambda variables, budget: result(
            {**variables, collected: start(variables, budget)}, budget
        )
    source = _node(fold.iter_range)
    gathering = _gathering(fold)
    if gathering is not None:
        condition, item = gathering
        each = ITERATION_COST + cost(item) + (cost(condition) if condition else 0)
        return _gather(source, name, each, _node(condition) if condition else None, _node(item))
    proceed, step = _node(fold.loop_condition), _node(fold.loop_step)
    each = ITERATION_COST + cost(fold.loop_condition) + cost(fold.loop_step)

    def run(variables: Variables, budget: Budget) -> Any:
        inner = dict(variables)
        items = _items(source(variables, budget), budget)
        inner[collected] = start(variables, budget)
        for item in items:
            budget.charge(each)
            if not proceed(inner, budget):
                break
            inner[name] = item
            try:
                inner[collected] = step(inner, budget)
            except ExpressionError as error:
                inner[collected] = _Failed(_caught(error, budget))
        return result(inner, budget)

    return run


def _gathering(
    fold: syntax_pb2.Expr.Comprehension,
) -> tuple[syntax_pb2.Expr | None, syntax_pb2.Expr] | None:
    """The condition and the item of a `map` or `filter`, which only add items to a list."""
    if not (fold.accu_init.HasField("list_expr") and fold.result.HasField("ident_expr")):
        return None
    step, condition = fold.loop_step, None
    if step.call_expr.function == "_?_:_":
        condition, step, unchanged = step.call_expr.args
        if unchanged.ident_expr.name != fold.accu_var:
            return None
    if step.call_expr.function != "_+_":
        return None
    before, added = step.call_expr.args
    if before.ident_expr.name != fold.accu_var or len(added.list_expr.elements) != 1:
        return None
    return condition, added.list_expr.elements[0]


def _gather(source: Node, name: str, each: float, condition: Node | None, item: Node) -> Node:
    def run(variables: Variables, budget: Budget) -> list[Any]:
        inner = dict(variables)
        found = []
        for value in _items(source(variables, budget), budget):
            budget.charge(each)
            inner[name] = value
            if condition is None or _truth(condition(inner, budget), "filter"):
                found.append(item(inner, budget))
        return found

    return run
