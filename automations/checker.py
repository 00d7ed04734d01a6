"""Reads expressions: the official CEL parser and type checker, and its errors in plain words.

cel-cpp parses and checks; `automations.evaluator` computes. Its own evaluator would not do here:
it visits maps in another order in each process, copies all variables for each evaluation, needs
time and memory of the square of the items for `map` and `filter`, and reads the machine's time
zones.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from cel_expr_python import cel  # type: ignore[import-untyped]
from cel_expr_python.ext import ext_bindings, ext_optional  # type: ignore[import-untyped]
from google.api.expr.v1alpha1 import checked_pb2, syntax_pb2
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError

from automations.checker_words import plain_words
from automations.functions import LIBRARY, STANDARD
from automations.messages import Message
from automations.values import ExpressionError

if TYPE_CHECKING:
    from automations.functions.registry import Function

MAX_LENGTH = 4096
MAX_OPTIONAL_MAPS = 4
MAX_EXPANDED = 16_384
"""Characters of an expression, doubled for each optMap."""
RESERVED = ("data", "event", "steps", "vars", "run", "callbacks")
"""The variables that every expression sees; a loop's names must be others."""
_QUALIFIED = frozenset(name for name in (*LIBRARY, *STANDARD) if "." in name)
TYPE_NAMES = frozenset(
    [
        "bool",
        "bytes",
        "double",
        "duration",
        "int",
        "list",
        "map",
        "null_type",
        "optional_type",
        "string",
        "timestamp",
        "type",
        "uint",
    ]
)

_TYPES = {
    "bool": cel.Type.BOOL,
    "bytes": cel.Type.BYTES,
    "double": cel.Type.DOUBLE,
    "duration": cel.Type.DURATION,
    "int": cel.Type.INT,
    "list": cel.Type.List(cel.Type.DYN),
    "map": cel.Type.Map(cel.Type.DYN, cel.Type.DYN),
    "string": cel.Type.STRING,
    "timestamp": cel.Type.TIMESTAMP,
    "any": cel.Type.DYN,
}
_VARIABLES = {
    "data": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
    "event": cel.Type.DYN,
    "steps": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
    "vars": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
    "run": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
    "callbacks": cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
}


def check(source: str) -> checked_pb2.CheckedExpr:
    """The checked syntax tree of an expression; raises ExpressionError."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError(Message("expression-too-long", limit=MAX_LENGTH))
    if not source.strip():
        raise ExpressionError(Message("expression-empty"))
    _bound_macros(source)
    plain = _environment(frozenset())
    try:
        parsed = _unpack(plain.compile(source, disable_check=True))
        names: set[str] = set()
        _free_names(parsed.expr, frozenset(), names)
        names -= {*RESERVED, *TYPE_NAMES, "google"}
        checked = (
            plain.compile(source) if not names else _environment(frozenset(names)).compile(source)
        )
        tree = any_pb2.Any.FromString(checked.serialize())
        return checked_pb2.CheckedExpr.FromString(tree.value)
    except DecodeError:
        # The trees of protobuf have a hundred levels; an expression takes several for each.
        raise ExpressionError(plain_words(source, "recursion")) from None
    except (RuntimeError, ValueError, TypeError) as error:
        # TypeError: text that is not UTF-8, such as half of a surrogate pair.
        raise ExpressionError(plain_words(source, str(error))) from None


def expanded(source: str) -> int:
    """Characters of an expression once its macros are written out, at most: reading and checking
    one takes up to 20 µs."""
    return len(source) << _doublings(source)


def _doublings(source: str) -> int:
    # Each of these macros doubles what stands before it. They count in comments and texts too: no
    # way of writing hides one. More than may be used need not be counted.
    found = re.finditer("opt(?:Flat)?Map", source)
    return sum(1 for _ in islice(found, MAX_OPTIONAL_MAPS + 1))


def _bound_macros(source: str) -> None:
    doublings = _doublings(source)
    if doublings > MAX_OPTIONAL_MAPS:
        raise ExpressionError(Message("too-many-optmaps", limit=MAX_OPTIONAL_MAPS))
    if expanded(source) > MAX_EXPANDED:
        raise ExpressionError(Message("too-long-for-optmap", size=len(source), count=doublings))


def _unpack(expression: cel.Expression) -> syntax_pb2.ParsedExpr:
    tree = any_pb2.Any.FromString(expression.serialize())
    return syntax_pb2.ParsedExpr.FromString(tree.value)


@lru_cache(maxsize=256)
def _environment(names: frozenset[str]) -> cel.Env:
    variables = {**_VARIABLES, **dict.fromkeys(sorted(names), cel.Type.DYN)}
    return cel.NewEnv(
        variables=variables,
        extensions=[ext_optional.ExtOptional(1), ext_bindings.ExtBindings()],
        functions=[_declaration(function) for function in LIBRARY.values()],
    )


def _declaration(function: Function) -> cel.FunctionDecl:
    overloads = []
    for parameters, result in function.checked_overloads().items():
        types = [_TYPES[name] for name in parameters]
        identity = "_".join([function.name.replace(".", "_"), *parameters])
        overloads.append(cel.Overload(identity, return_type=_TYPES[result], parameters=types))
        if types and "." not in function.name:
            member = cel.Overload(
                f"{identity}_member", return_type=_TYPES[result], parameters=types, is_member=True
            )
            overloads.append(member)
    return cel.FunctionDecl(function.name, overloads)


def _free_names(expr: syntax_pb2.Expr, bound: frozenset[str], found: set[str]) -> None:
    match expr.WhichOneof("expr_kind"):
        case "ident_expr":
            if expr.ident_expr.name not in bound:
                found.add(expr.ident_expr.name)
        case "select_expr":
            _free_names(expr.select_expr.operand, bound, found)
        case "call_expr":
            call = expr.call_expr
            qualified = f"{call.target.ident_expr.name}.{call.function}"
            target = [call.target] if call.HasField("target") else []
            for part in [*([] if qualified in _QUALIFIED else target), *call.args]:
                _free_names(part, bound, found)
        case "list_expr":
            for part in expr.list_expr.elements:
                _free_names(part, bound, found)
        case "struct_expr":
            for entry in expr.struct_expr.entries:
                _free_names(entry.map_key, bound, found)
                _free_names(entry.value, bound, found)
        case "comprehension_expr":
            fold = expr.comprehension_expr
            inner = bound | {fold.accu_var}
            _free_names(fold.iter_range, bound, found)
            _free_names(fold.accu_init, bound, found)
            _free_names(fold.result, inner, found)
            for part in (fold.loop_condition, fold.loop_step):
                _free_names(part, inner | {fold.iter_var}, found)
