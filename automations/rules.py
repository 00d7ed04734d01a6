"""What operators and functions take and give, as far as shapes tell; says what cannot be."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from automations.functions import LIBRARY
from automations.messages import Message, listed
from automations.shapes import ANY, UNKNOWN, Shape, kind, named, union

if TYPE_CHECKING:
    from collections.abc import Sequence

OWN = "own"
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


def operation_fault(function: str, given: Sequence[Shape], shown: Sequence[str]) -> Message | None:
    """Why an operator or a function fails with what it is given, whatever the values are.

    `shown` names the arguments as they are written.
    """
    kinds = [shape.kinds for shape in given]
    if function in ("_&&_", "_||_", "!_", "_?_:_"):
        for shape, name in zip(
            given[: 2 if function in ("_&&_", "_||_") else 1], shown, strict=False
        ):
            if "boolean" not in shape.kinds:
                return Message("not-a-condition", thing=name, kinds=shape.named, write=_bare(name))
    elif function in _ORDERINGS:
        both = kinds[0] & kinds[1]
        if not both & set(_ORDERED):
            return _of_both("cannot-compare", given, shown, operator=symbol(function))
    elif function in _ARITHMETIC and len(given) == 2:
        if not _results(function, kinds):
            return _of_both("cannot-take", given, shown, operator=symbol(function))
    elif function == "@in" and not kinds[1] & {"array", "object"}:
        write = f"{_bare(shown[1])}.contains({_bare(shown[0])})"
        return Message(
            "in-takes-list",
            thing=shown[1],
            kinds=given[1].named,
            hint=Message("colon-write", write=write) if "string" in kinds[1] else None,
        )
    elif function in _TAKEN and given and not kinds[0] & _TAKEN[function]:
        write = f"… in {_bare(shown[0])}"
        hint = Message("colon-write", write=write) if function == "contains" else None
        return Message(
            "function-takes",
            function=function,
            wanted=named(_TAKEN[function]),
            thing=shown[0],
            kinds=given[0].named,
            hint=hint or _made_of_text(_TAKEN[function], given[0], shown[0]),
        )
    return _call_fault(function, given, shown)


def _of_both(
    code: str, given: Sequence[Shape], shown: Sequence[str], **params: str | Message | None
) -> Message:
    return Message(
        code,
        left=shown[0],
        left_kinds=given[0].named,
        right=shown[1],
        right_kinds=given[1].named,
        hint=_conversion([shape.kinds for shape in given]),
        **params,
    )


def _call_fault(function: str, given: Sequence[Shape], shown: Sequence[str]) -> Message | None:
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
            return Message(
                "function-takes",
                function=function,
                wanted=named(taken),
                thing=name,
                kinds=shape.named,
                hint=_made_of_text(taken, shape, name),
            )
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


def comparison_fault(
    left: Shape, right: Shape, shown: Sequence[str], always: Message | None = None
) -> Message:
    """Says of two values that they are never equal; `always` says what follows from it."""
    if not left.kinds & right.kinds:
        return _of_both("never-equal-kinds", [left, right], shown, always=always)
    values, other, name = left.values or (), right.values or (), shown[0]
    if len(values) < len(other) or shown[0] == OWN:
        values, other, name = other, values, shown[1]
    known = [value for value in values if isinstance(value, str)]
    wanted = next((value for value in other if isinstance(value, str)), "")
    near = difflib.get_close_matches(wanted, known, 1)
    if len(known) > 1:
        return Message(
            "never-one-of",
            thing=name,
            options=listed(known[:10]),
            hint=Message("or-near", near=near[0]) if near else None,
            always=always,
        )
    return Message("never-equal", left=shown[0], right=shown[1], always=always)


def _results(function: str, kinds: Sequence[frozenset[str]]) -> frozenset[str]:
    rules = _ARITHMETIC[function]
    found = {given for pair, given in rules.items() if pair[0] in kinds[0] and pair[1] in kinds[1]}
    return frozenset(found)


def _conversion(kinds: Sequence[frozenset[str]]) -> Message | None:
    text, number = frozenset({"string"}), frozenset({"number"})
    if set(kinds) == {text, number}:
        return Message("convert-number")
    if text in kinds and frozenset({"timestamp"}) in kinds:
        return Message("convert-timestamp")
    return None


def _made_of_text(taken: frozenset[str], given: Shape, shown: str) -> Message | None:
    """How to write a timestamp where text was given."""
    if given.kinds == {"string"} and "timestamp" in taken:
        return Message("colon-write", write=f"timestamp({_bare(shown)})")
    return None


def _bare(shown: str) -> str:
    return shown.strip("`") if shown.startswith("`") else "…"


def _same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)
