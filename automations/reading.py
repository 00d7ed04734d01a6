"""What an expression reads and gives, told without computing it: a walk over its checked tree.

Each part gets a shape; on the way it is told what cannot be there, what may not be, and what can
never be equal.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from automations.checker import TYPE_NAMES
from automations.evaluator import path_of
from automations.foreign import SIZES, field_hint, function_hint, name_hint
from automations.functions import LIBRARY
from automations.functions.moments import doubt_of
from automations.messages import Message, listed
from automations.rules import (
    OWN,
    comparison_fault,
    is_null,
    never_equal,
    operation_fault,
    result_of,
    symbol,
)
from automations.shapes import (
    UNKNOWN,
    Absent,
    Shape,
    kind,
    list_of,
    of_value,
    optional_of,
    record,
    union,
)

if TYPE_CHECKING:
    from google.api.expr.v1alpha1 import checked_pb2, syntax_pb2

Path = tuple[str, ...]
Tell = Callable[[Message, bool], None]
"""Takes note of a message; true: it is a warning."""


@dataclass(frozen=True)
class Sight:
    """What can be seen at one place in an expression."""

    names: Mapping[str, Shape]
    present: frozenset[Path] = frozenset()
    """Paths that a condition around the place has found to be there."""
    is_careful: bool = False
    """What is missing does no harm here: `default(x, …)`."""

    def has(self, path: Path | None) -> bool:
        """Whether a condition has found this path, or one inside it, to be there."""
        return path is not None and any(known[: len(path)] == path for known in self.present)

    def after(self, facts: frozenset[Path]) -> Sight:
        """With more paths that are there."""
        return replace(self, present=self.present | facts) if facts else self

    def binding(self, name: str, shape: Shape) -> Sight:
        """With one more name, which hides an outer one."""
        hidden = frozenset(path for path in self.present if path[0] != name)
        return replace(self, names={**self.names, name: shape}, present=hidden)


def read(checked: checked_pb2.CheckedExpr, sight: Sight, tell: Tell) -> Shape:
    """What an expression gives; tells what is wrong with it."""
    return _Reading(checked, tell).of(checked.expr, sight)


def facts(expr: syntax_pb2.Expr, truth: bool) -> frozenset[Path]:
    """The paths that are there, and not null, when a condition has this truth."""
    kind_of_expr = expr.WhichOneof("expr_kind")
    path = path_of(expr)
    if kind_of_expr == "select_expr" and expr.select_expr.test_only:
        return frozenset({path}) if truth and path else frozenset()
    if kind_of_expr != "call_expr":
        return frozenset()
    call = expr.call_expr
    arguments = ([call.target] if call.HasField("target") else []) + list(call.args)
    if call.function == "!_":
        return facts(arguments[0], not truth)
    if call.function in ("_&&_", "_||_"):
        left, right = (facts(part, truth) for part in arguments)
        return left | right if truth is (call.function == "_&&_") else left & right
    found: Path | None = None
    if call.function in ("_!=_", "_==_") and truth is (call.function == "_!=_"):
        for one, other in (arguments, arguments[::-1]):
            if other.const_expr.WhichOneof("constant_kind") == "null_value":
                found = path_of(one)
    elif truth and call.function == "@in":
        key = arguments[0].const_expr
        inside = path_of(arguments[1])
        if key.WhichOneof("constant_kind") == "string_value" and inside:
            found = (*inside, key.string_value)
    elif truth and call.function in ("hasValue", "orValue", "default"):
        falls_back = len(arguments) > 1 and arguments[1].const_expr.bool_value
        found = None if falls_back else path_of(arguments[0])
    return frozenset({found}) if found else frozenset()


class _Reading:
    def __init__(self, checked: checked_pb2.CheckedExpr, tell: Tell) -> None:
        self._types = checked.type_map
        self._tell = tell

    def of(self, expr: syntax_pb2.Expr, sight: Sight) -> Shape:
        match expr.WhichOneof("expr_kind"):
            case "const_expr":
                return _constant(expr.const_expr)
            case "ident_expr":
                return self._name(expr.ident_expr.name, sight)
            case "select_expr":
                return self._select(expr, sight)
            case "call_expr":
                return self._call(expr, sight)
            case "list_expr":
                items = [self.of(part, sight) for part in expr.list_expr.elements]
                return list_of(union(items)) if items else kind("array")
            case "struct_expr":
                return self._map(expr, sight)
            case _:
                return self._comprehension(expr, sight)

    def _name(self, name: str, sight: Sight) -> Shape:
        found = sight.names.get(name)
        if found is not None:
            return found
        if name in TYPE_NAMES:
            return kind("type")
        self._tell(_no_name(name, sight.names), False)
        return UNKNOWN

    def _select(self, expr: syntax_pb2.Expr, sight: Sight) -> Shape:
        select = expr.select_expr
        value = self.of(select.operand, sight)
        if select.test_only:
            self._field(value, select.operand, select.field, replace(sight, is_careful=True))
            return kind("boolean")
        return self._field(value, select.operand, select.field, sight)

    def _field(
        self,
        value: Shape,
        operand: syntax_pb2.Expr,
        name: str,
        sight: Sight,
        *,
        asked: bool = False,
    ) -> Shape:
        """The field of a value; `asked`: by `.?`, which gives an optional."""
        if value.inner is not None:
            inner = self._field(value.inner, operand, name, replace(sight, is_careful=True))
            return optional_of(inner)
        path = path_of(operand)
        whole = (*path, name) if path else None
        if sight.has(whole):
            sight = replace(sight, is_careful=True)
        careful = sight.is_careful or asked
        if value.kinds == {"null"} and (careful or sight.has(path)):
            return optional_of(UNKNOWN) if asked else UNKNOWN
        shown = f"`{'.'.join(path)}`" if path else "value"
        if "object" not in value.kinds:
            self._tell(_no_fields(shown, value, name), not value.sure)
            return UNKNOWN
        found = value.field(name)
        if isinstance(found, Absent):
            if found.certain or not careful:
                told = found.message or _no_field(shown, name, found)
                self._tell(told, not found.certain or (careful and found.may_be_asked))
            found = UNKNOWN
        elif found.is_unknown and name in SIZES and not careful:
            told = Message("field-or-size", name=name, hint=field_hint(name, _written(shown)))
            self._tell(told, True)
        elif found.maybe:
            if not careful:
                self._tell(found.maybe, True)
            found = replace(found, maybe=None)
        return optional_of(found) if asked else found

    def _call(self, expr: syntax_pb2.Expr, sight: Sight) -> Shape:
        call = expr.call_expr
        arguments = ([call.target] if call.HasField("target") else []) + list(call.args)
        match call.function:
            case "_&&_" | "_||_":
                # An error on one side does not count where the other decides.
                decisive = call.function == "_||_"
                for part, other in (arguments, arguments[::-1]):
                    shape = self.of(part, sight.after(facts(other, not decisive)))
                    self._fits(call.function, [shape], [part])
                return kind("boolean")
            case "_?_:_":
                self._fits(call.function, [self.of(arguments[0], sight)], arguments)
                yes = self.of(arguments[1], sight.after(facts(arguments[0], True)))
                return union([yes, self.of(arguments[2], sight.after(facts(arguments[0], False)))])
            case "default":
                first = self.of(arguments[0], replace(sight, is_careful=True))
                first = first.inner or first
                given = [choice for choice in first.choices or (first,) if choice.kinds != {"null"}]
                return union([*given, self.of(arguments[1], sight)])
            case "or" | "orValue":
                first, second = (self.of(part, sight) for part in arguments)
                return union([first.inner or UNKNOWN, second.inner or second])
            case "_[_]" | "_?._" | "_[?_]":
                return self._index(call.function, arguments, sight)
        given = [self.of(part, sight) for part in arguments]
        match call.function:
            case "_==_" | "_!=_":
                self._comparison(call.function, given, arguments)
                return kind("boolean")
            case "optional.of":
                return optional_of(given[0])
            case "value":
                return given[0].inner or UNKNOWN
        self._pattern(call.function, arguments)
        if self._fits(call.function, given, arguments) and call.function == "@in":
            self._contained(given, arguments)
        return result_of(call.function, given, self._checked(expr))

    def _index(self, function: str, arguments: Sequence[syntax_pb2.Expr], sight: Sight) -> Shape:
        value, key = self.of(arguments[0], sight), self.of(arguments[1], sight)
        asked = function != "_[_]"
        constant = arguments[1].const_expr
        if constant.WhichOneof("constant_kind") == "string_value":
            return self._field(value, arguments[0], constant.string_value, sight, asked=asked)
        value = value.inner or value
        shown = _shown(arguments[0])
        if not value.kinds & {"array", "object"}:
            told = Message("no-items", thing=shown, kinds=value.named)
            self._tell(told, not value.sure)
        elif key.kinds == {"number"} and "array" not in value.kinds:
            self._tell(Message("map-by-number", thing=shown), not value.sure)
        elif key.kinds == {"string"} and "object" not in value.kinds:
            self._tell(Message("list-by-name", thing=shown), not value.sure)
        elif constant.int64_value < 0 and "array" in value.kinds and not asked:
            self._tell(Message("negative-index", owner=_written(shown)), False)
        elif value.kinds == {"array"}:
            return optional_of(value.item()) if asked else value.item()
        return optional_of(UNKNOWN) if asked else UNKNOWN

    def _pattern(self, function: str, arguments: Sequence[syntax_pb2.Expr]) -> None:
        """Tells of a pattern that is written out and does not mean what it seems to."""
        if function in ("time.format", "time.parse") and len(arguments) > 1:
            pattern = arguments[1].const_expr.string_value
            if pattern and (doubt := doubt_of(pattern)):
                self._tell(doubt, True)

    def _fits(
        self, function: str, given: Sequence[Shape], parts: Sequence[syntax_pb2.Expr]
    ) -> bool:
        fault = operation_fault(function, given, [_shown(part) for part in parts])
        if fault is not None:
            self._tell(fault, not all(shape.sure for shape in given))
        return fault is None

    def _comparison(
        self, function: str, given: Sequence[Shape], parts: Sequence[syntax_pb2.Expr]
    ) -> None:
        if never_equal(*given) and not any(map(is_null, given)):
            always = None if function == "_==_" else Message("always-true")
            told = comparison_fault(given[0], given[1], [_shown(part) for part in parts], always)
            self._tell(told, not all(shape.sure for shape in given))

    def _contained(self, given: Sequence[Shape], parts: Sequence[syntax_pb2.Expr]) -> None:
        value, container = given
        if container.kinds == {"array"}:
            item = container.item()
            if never_equal(value, item) and not (is_null(value) or item.is_unknown):
                shown = [_shown(parts[0]), f"item {_shown(parts[1], 'list')}"]
                told = comparison_fault(value, item, shown)
                self._tell(told, not (value.sure and item.sure))
        elif container.kinds == {"object"} and "string" not in value.kinds:
            name = _shown(parts[0])
            told = Message("key-not-text", thing=name, kinds=value.named)
            self._tell(told, not value.sure)

    def _map(self, expr: syntax_pb2.Expr, sight: Sight) -> Shape:
        fields: dict[str, Shape] = {}
        is_known = True
        for entry in expr.struct_expr.entries:
            self.of(entry.map_key, sight)
            value = self.of(entry.value, sight)
            key = entry.map_key.const_expr
            if key.WhichOneof("constant_kind") == "string_value" and not entry.optional_entry:
                fields[key.string_value] = value
            else:
                is_known = False
        return record(**fields) if is_known else kind("object")

    def _comprehension(self, expr: syntax_pb2.Expr, sight: Sight) -> Shape:
        fold = expr.comprehension_expr
        collected = fold.accu_var
        start = self.of(fold.accu_init, sight)
        if fold.iter_range.HasField("list_expr") and not fold.iter_range.list_expr.elements:
            return self.of(fold.result, sight.binding(collected, start))
        source = self.of(fold.iter_range, sight)
        if not source.kinds & {"array", "object"}:
            shown = _shown(fold.iter_range)
            told = Message("not-gone-through", thing=shown, kinds=source.named)
            self._tell(told, not source.sure)
        item = UNKNOWN
        if source.kinds == {"array"}:
            item = source.item()
        elif source.kinds == {"object"}:
            item = kind("string")
        inside = sight.binding(fold.iter_var, item).binding(collected, UNKNOWN)
        if fold.accu_init.HasField("list_expr") and fold.result.HasField("ident_expr"):
            return self._gathered(fold.loop_step, collected, inside)
        inside = inside.binding(collected, replace(start, values=None))
        self.of(fold.loop_condition, inside)
        self.of(fold.loop_step, inside)
        return self._checked(expr)

    def _gathered(self, step: syntax_pb2.Expr, collected: str, inside: Sight) -> Shape:
        """The list that a `map` or a `filter` makes."""
        if step.call_expr.function == "_?_:_":
            condition, step, _ = step.call_expr.args
            self._fits("_?_:_", [self.of(condition, inside)], [condition])
            inside = inside.after(facts(condition, True))
        added = step.call_expr.args[1] if len(step.call_expr.args) == 2 else step
        if len(added.list_expr.elements) != 1:
            self.of(step, inside)
            return kind("array")
        return list_of(self.of(added.list_expr.elements[0], inside))

    def _checked(self, expr: syntax_pb2.Expr) -> Shape:
        return of_type(self._types[expr.id]) if expr.id in self._types else UNKNOWN


def of_type(checked: checked_pb2.Type) -> Shape:
    """What CEL's checker knows of a value."""
    match checked.WhichOneof("type_kind"):
        case "primitive":
            kinds = {"BOOL": "boolean", "STRING": "string", "BYTES": "bytes"}
            name = checked.PrimitiveType.Name(checked.primitive)
            return kind(kinds.get(name, "number"))
        case "list_type":
            return list_of(of_type(checked.list_type.elem_type))
        case "map_type":
            return kind("object")
        case "null":
            return kind("null")
        case "well_known":
            found = {2: "timestamp", 3: "duration"}.get(checked.well_known)
            return kind(found) if found else UNKNOWN
        case "abstract_type" if checked.abstract_type.name == "optional_type":
            parameters = checked.abstract_type.parameter_types
            return optional_of(of_type(parameters[0]) if parameters else UNKNOWN)
        case "type":
            return kind("type")
        case _:
            return UNKNOWN


def _constant(constant: syntax_pb2.Constant) -> Shape:
    name = constant.WhichOneof("constant_kind")
    if name == "null_value":
        return of_value(None)
    if name == "bytes_value":
        return kind("bytes")
    return of_value(getattr(constant, str(name)))


def _shown(expr: syntax_pb2.Expr, otherwise: str = "") -> str:
    """A part of an expression as messages name it; constants are not repeated."""
    if path := path_of(expr):
        return f"`{'.'.join(path)}`"
    match expr.WhichOneof("expr_kind"):
        case "const_expr":
            return otherwise or OWN
        case "call_expr" if expr.call_expr.function.isidentifier():
            return f"`{expr.call_expr.function}(…)`"
        case "call_expr" if expr.call_expr.function.startswith("_"):
            return otherwise or f"result `{symbol(expr.call_expr.function)}`"
        case "list_expr":
            return otherwise or "list"
        case _:
            return otherwise or "value"


def _written(shown: str) -> str:
    """A part of an expression as it may be written in advice."""
    return shown.strip("`") if shown.startswith("`") else "x"


def _no_name(name: str, known: Mapping[str, Shape]) -> Message:
    if hint := name_hint(name):
        return Message("no-name-hint", name=name, hint=hint)
    if name in LIBRARY:
        hint = Message("call-parentheses", name=name)
        return Message("no-name-hint", name=name, hint=hint)
    for owner in ("steps", "vars", "data"):
        fields = known[owner].field(name) if owner in known else None
        if isinstance(fields, Shape) and not fields.is_unknown:
            hint = Message("write", write=f"`{owner}.{name}`")
            return Message("no-name-hint", name=name, hint=hint)
    near = difflib.get_close_matches(name, known, 1)
    if near:
        return Message("no-name-near", name=name, near=near[0])
    return Message("no-name", name=name, names=", ".join(sorted(known)))


def _no_field(shown: str, name: str, absent: Absent) -> Message:
    near = difflib.get_close_matches(name, absent.known, 1, 0.55)
    if near:
        return Message("no-field-near", thing=shown, name=name, near=near[0])
    if hint := field_hint(name, _written(shown)):
        return Message("no-field-hint", thing=shown, name=name, hint=hint)
    if absent.known:
        return Message("no-field-but", thing=shown, name=name, names=listed(absent.known[:20]))
    return Message("no-field", thing=shown, name=name)


def _no_fields(shown: str, value: Shape, name: str) -> Message:
    if shown == "`event`" and value.kinds == {"null"}:
        return Message("no-event")
    if (hint := _instead(shown, value, name)) is not None:
        return Message("no-fields-hint", thing=shown, kinds=value.named, name=name, hint=hint)
    return Message("no-fields", thing=shown, kinds=value.named, name=name)


def _instead(shown: str, value: Shape, name: str) -> Message | None:
    """What to write instead of a field of what has none."""
    if value.kinds == {"null"} and shown.endswith(".error`"):
        return Message("error-stops-run")
    owner = _written(shown)
    if hint := field_hint(name, owner) or function_hint(name):
        return hint
    if name in LIBRARY or name in ("size", "contains", "startsWith", "endsWith", "matches"):
        return Message("parentheses-forgotten", owner=owner, name=name)
    if value.kinds == {"array"}:
        return Message("fields-of-items", owner=owner, name=name)
    return None
