"""What operators and functions take and give, as far as shapes tell; says what cannot be."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from automations.functions import LIBRARY
from automations.shapes import ANY, UNKNOWN, Shape, kind, union, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

OWN = "the value beside it"
"""What a constant is called, as it is not repeated."""
_ORDERED = ("boolean", "number", "string", "timestamp", "duration", "bytes")
_ARITHMETIC: dict[str, dict[tuple[str, str], str]] = {
    "_+_": {
        **{(name, name): name for name in ("number", "string", "array", "bytes", "duration")},
        ("timestamp", "duration"): "timestamp",
        ("duration", "timestamp"): "timestamp",
    },
    "_-_": {
        ("number", "number"): "number",
        ("timestamp", "timestamp"): "duration",
        ("timestamp", "duration"): "timestamp",
        ("duration", "duration"): "duration",
    },
    "_*_": {("number", "number"): "number"},
    "_/_": {("number", "number"): "number"},
    "_%_": {("number", "number"): "number"},
}
_ORDERINGS = frozenset({"_<_", "_<=_", "_>_", "_>=_"})
_OF_KIND = {
    "any": ANY,
    "bool": frozenset({"boolean"}),
    "bytes": frozenset({"bytes"}),
    "double": frozenset({"number"}),
    "duration": frozenset({"duration"}),
    "int": frozenset({"number"}),
    "list": frozenset({"array"}),
    "map": frozenset({"object"}),
    "number": frozenset({"number"}),
    "string": frozenset({"string"}),
    "text|bytes": frozenset({"string", "bytes"}),
    "timestamp": frozenset({"timestamp"}),
}
_TAKEN = {
    "size": frozenset({"string", "array", "object", "bytes"}),
    **dict.fromkeys(
        ("contains", "startsWith", "endsWith", "matches"), frozenset({"string", "bytes"})
    ),
    **dict.fromkeys(("int", "double"), frozenset({"number", "string", "timestamp", "duration"})),
    "timestamp": frozenset({"string", "number", "timestamp"}),
    "duration": frozenset({"string", "number", "duration"}),
    **dict.fromkeys(
        ("getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getMonth"),
        frozenset({"timestamp"}),
    ),
    **dict.fromkeys(
        ("getHours", "getMilliseconds", "getMinutes", "getSeconds"),
        frozenset({"timestamp", "duration"}),
    ),
}
"""What CEL's own functions take as their first argument."""


def symbol(function: str) -> str:
    """An operator as it is written."""
    return "in" if function == "@in" else function.strip("_")


def operation_fault(function: str, given: Sequence[Shape], shown: Sequence[str]) -> str | None:
    """Why an operator or a function fails with what it is given, whatever the values are.

    `shown` names the arguments as they are written.
    """
    kinds = [shape.kinds for shape in given]
    if function in ("_&&_", "_||_", "!_", "_?_:_"):
        for shape, name in zip(
            given[: 2 if function in ("_&&_", "_||_") else 1], shown, strict=False
        ):
            if "boolean" not in shape.kinds:
                return (
                    f"{name} is {shape.words}, and a condition is true or false: compare it, for "
                    f"example `{_bare(name)} != null`"
                )
    elif function in _ORDERINGS:
        both = kinds[0] & kinds[1]
        if not both & set(_ORDERED):
            return (
                f"{shown[0]} is {given[0].words} and {shown[1]} is {given[1].words}: "
                f"`{symbol(function)}` cannot compare them{_conversion(kinds)}"
            )
    elif function in _ARITHMETIC and len(given) == 2:
        if not _results(function, kinds):
            return (
                f"{shown[0]} is {given[0].words} and {shown[1]} is {given[1].words}: "
                f"`{symbol(function)}` cannot take them{_conversion(kinds)}"
            )
    elif function == "@in" and not kinds[1] & {"array", "object"}:
        hint = f": write `{_bare(shown[1])}.contains({_bare(shown[0])})`"
        return (
            f"`in` looks into a list or the keys of a map, and {shown[1]} is {given[1].words}"
            f"{hint if 'string' in kinds[1] else ''}"
        )
    elif function in _TAKEN and given and not kinds[0] & _TAKEN[function]:
        hint = f": write `… in {_bare(shown[0])}`" if function == "contains" else ""
        return (
            f"`{function}` takes {words_of(_TAKEN[function])}, and {shown[0]} is "
            f"{given[0].words}{hint or _made_of_text(_TAKEN[function], given[0], shown[0])}"
        )
    return _call_fault(function, given, shown)


def _call_fault(function: str, given: Sequence[Shape], shown: Sequence[str]) -> str | None:
    known = LIBRARY.get(function)
    if known is None or function == "default":
        return None
    fitting = [o.parameters for o in known.overloads if len(o.parameters) == len(given)]
    if not fitting:
        return None
    for position, (shape, name) in enumerate(zip(given, shown, strict=True)):
        taken = frozenset().union(
            *(_OF_KIND.get(parameters[position], ANY) for parameters in fitting)
        )
        if not shape.kinds & taken:
            told = f"`{function}` takes {words_of(taken)}, and {name} is {shape.words}"
            return f"{told}{_made_of_text(taken, shape, name)}"
    return None


def result_of(function: str, given: Sequence[Shape], checked: Shape) -> Shape:
    """What an operator or a function gives; `checked` is what CEL's checker knows of it."""
    if function in _ARITHMETIC and len(given) == 2:
        results = _results(function, [shape.kinds for shape in given])
        if "array" in results:
            return Shape(results, items=union(shape.item() for shape in given))
        return Shape(results) if results and results != ANY else checked
    if not given:
        return checked
    match function:
        case "first" | "last" | "lookup":
            return union([given[0].item(), kind("null")])
        case "reverse" if "string" in given[0].kinds:
            return checked
        case "slice" | "sort" | "sortBy" | "reverse" | "distinct" | "compact" | "filter":
            return given[0] if given[0].kinds == {"array"} else checked
        case "dyn":
            return UNKNOWN
        case _:
            return checked


def never_equal(left: Shape, right: Shape) -> bool:
    """Whether two values differ whatever they are."""
    if not left.kinds & right.kinds:
        return True
    if left.values is None or right.values is None:
        return False
    return not any(_same(one, other) for one in left.values for other in right.values)


def is_null(shape: Shape) -> bool:
    """Whether a value is null; anything may be compared with it, as schemas seldom tell of null."""
    return shape.kinds == {"null"}


def comparison_fault(left: Shape, right: Shape, shown: Sequence[str]) -> str:
    """Says of two values that they are never equal."""
    if not left.kinds & right.kinds:
        return (
            f"{shown[0]} is {left.words} and {shown[1]} is {right.words}: they are never equal"
            f"{_conversion([left.kinds, right.kinds])}"
        )
    values, other, name = left.values or (), right.values or (), shown[0]
    if len(values) < len(other) or shown[0] == OWN:
        values, other, name = other, values, shown[1]
    known = [value for value in values if isinstance(value, str)]
    wanted = next((value for value in other if isinstance(value, str)), "")
    near = difflib.get_close_matches(wanted, known, 1)
    hint = f": did you mean `{near[0]}`?" if near else ""
    if len(known) > 1:
        told = ", ".join(f"`{value}`" for value in known[:10])
        return f"{name} is one of {told}, and never equal to this{hint}"
    return f"{shown[0]} and {shown[1]} are never equal"


def _results(function: str, kinds: Sequence[frozenset[str]]) -> frozenset[str]:
    rules = _ARITHMETIC[function]
    found = {given for pair, given in rules.items() if pair[0] in kinds[0] and pair[1] in kinds[1]}
    return frozenset(found)


def _conversion(kinds: Sequence[frozenset[str]]) -> str:
    text, number = frozenset({"string"}), frozenset({"number"})
    if set(kinds) == {text, number}:
        return "; `string(…)` makes text of a number, `double(…)` a number of text"
    if text in kinds and frozenset({"timestamp"}) in kinds:
        return "; `timestamp(…)` makes a timestamp of text"
    return ""


def _made_of_text(taken: frozenset[str], given: Shape, shown: str) -> str:
    """How to write a timestamp where text was given."""
    if given.kinds == {"string"} and "timestamp" in taken:
        return f": write `timestamp({_bare(shown)})`"
    return ""


def _bare(shown: str) -> str:
    return shown.strip("`") if shown.startswith("`") else "…"


def _same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)
