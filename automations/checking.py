"""Looks at expressions and templates where they stand, and gives the shapes of what they give."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from automations.bounds import MAX_DEPTH
from automations.checker import MAX_LENGTH, RESERVED, check, expanded
from automations.evaluator import build, references
from automations.expressions import compile_expression, compile_template
from automations.messages import Message, message_of
from automations.reading import Sight, read
from automations.shapes import UNKNOWN, Shape, as_json, kind, list_of, of_value, record, union
from automations.templates import split
from automations.values import Budget, ExpressionError, Occasion, TooMuchWork

if TYPE_CHECKING:
    from google.api.expr.v1alpha1 import checked_pb2

MAX_EXPRESSIONS = 3000
"""Of one definition: checking each takes about a millisecond."""
MAX_CHARACTERS = 128 * 1024
"""Of all expressions of one definition, with their macros written out."""
_FAULTY = 250
"""Characters that a faulty expression counts more."""
CONSTANT_WORK = 2_000
"""Units of work after which a constant is none that is known: half a millisecond."""
MAX_NAMINGS = 200
"""Different sets of names of loops that the expressions of one definition use: each makes the
checker set itself up anew, in about 5 ms."""
_SOME_OCCASION = Occasion(datetime(2026, 1, 1, tzinfo=UTC), "")
Tell = Callable[[str, Message, bool], None]
"""Takes a path, a message, and whether it is a warning."""
_FAILURES = (ExpressionError, RecursionError, ValueError, TypeError)
_BARE = re.compile(
    r"\s*(?:\$\{|\{|=|<%=|\[\[|%)?\s*(data|event|steps|vars|run|callbacks)"
    r"((?:\.[A-Za-z_]\w*|\[\w+\])+)\s*(?:\}{1,2}|%>|\]\]|%)?\s*"
)


class Checking:
    """Checks expressions and templates, and tells what is wrong with them."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._left = MAX_EXPRESSIONS
        self._characters = 0
        self._namings: set[frozenset[str]] = set()

    def expression(
        self, source: str, path: str, sight: Sight, wanted: Shape = UNKNOWN
    ) -> tuple[checked_pb2.CheckedExpr | None, Shape]:
        """An expression that must give `wanted`: its tree, and its shape."""
        if self._is_too_much(source, path):
            return None, UNKNOWN
        try:
            checked = _checked(source)
        except _FAILURES as error:
            self._characters += _FAULTY
            self._tell(path, _of_failure(error), False)
            return None, UNKNOWN
        named = {path[0] for path in references(checked.expr)}
        self._namings.add(frozenset(named.difference(RESERVED)))
        found: list[Message] = []

        def tell(told: Message, soft: bool) -> None:
            found.append(told)
            self._tell(path, told.sentence, soft)

        shape = read(checked, sight, tell)
        if not found and not named and (failure := _failure_of(source)):
            self._tell(path, Message("always-fails", text=failure).sentence, True)
        if not shape.kinds & wanted.kinds:
            told = Message("gives-wrong-kind", kinds=shape.named, wanted=wanted.named)
            self._tell(path, told, not shape.sure)
        return checked, shape

    def _is_too_much(self, source: str, path: str) -> bool:
        """Whether no more is looked at; tells it once."""
        if self._left < 0:
            return True
        self._left -= 1
        # What is too long is refused before it is read.
        self._characters += expanded(source) if len(source) <= MAX_LENGTH else 0
        if self._left < 0:
            told = Message("too-many-expressions", limit=MAX_EXPRESSIONS)
        elif self._characters > MAX_CHARACTERS:
            told = Message("expressions-too-long", limit=MAX_CHARACTERS)
        elif len(self._namings) > MAX_NAMINGS:
            told = Message("too-many-namings", limit=MAX_NAMINGS)
        else:
            return False
        self._left = -1
        self._tell(path, told, False)
        return True

    def template(
        self, value: Any, path: str, sight: Sight, takes: Shape = UNKNOWN, depth: int = 0
    ) -> Shape:
        """A value whose texts may hold expressions, for what takes such a value."""
        if depth > MAX_DEPTH:
            self._tell(path, Message("value-too-deep", limit=MAX_DEPTH), False)
            return UNKNOWN
        if isinstance(value, dict):
            parts = {}
            for name, part in value.items():
                field = takes.field(name) if "object" in takes.kinds else UNKNOWN
                inside = field if isinstance(field, Shape) else UNKNOWN
                parts[name] = self.template(part, f"{path}.{name}", sight, inside, depth + 1)
            return record(**parts)
        if isinstance(value, list):
            item = takes.item() if "array" in takes.kinds else UNKNOWN
            shapes = [
                self.template(part, f"{path}[{index}]", sight, item, depth + 1)
                for index, part in enumerate(value)
            ]
            return list_of(union(shapes)) if shapes else kind("array")
        if not isinstance(value, str):
            return of_value(value)
        if "{{" not in value:
            self._forgotten(value, path, sight)
            return of_value(value)
        return self._text(value, path, sight, takes)

    def _text(self, value: str, path: str, sight: Sight, takes: Shape) -> Shape:
        try:
            pieces = split(value)
        except ExpressionError as error:
            self._tell(path, _of_failure(error), False)
            return UNKNOWN
        shapes = [self.expression(text, path, sight)[1] for is_code, text in pieces if is_code]
        rest = "".join(text for is_code, text in pieces if not is_code)
        if not shapes:
            return kind("string")
        if len(shapes) > 1 or rest.strip():
            for shape in shapes:
                self._can_leave(shape, path)
            shape = kind("string")
        else:
            shape = self._can_leave(shapes[0], path)
            constant = constant_of(value)
            shape = shape if constant is None else of_value(constant[0])
        self._fits(shape, takes, path)
        return shape

    def _can_leave(self, shape: Shape, path: str) -> Shape:
        """The shape of a value as JSON; bytes and types are none."""
        if shape.kinds == {"bytes"}:
            self._tell(path, Message("gives-bytes"), False)
        elif shape.kinds == {"type"}:
            self._tell(path, Message("gives-type"), False)
        return as_json(shape)

    def _fits(self, given: Shape, takes: Shape, path: str) -> None:
        """Tells where an expression gives what is not taken."""
        # Numbers and text are turned into each other where a component wants it.
        allowed = set(takes.kinds) | {"null"}
        if "string" in allowed:
            allowed.add("number")
        if allowed & {"number", "boolean"}:
            allowed.add("string")
        if not given.kinds & allowed:
            told = Message("gives-unfitting-kind", kinds=given.named, wanted=takes.named)
            self._tell(path, told, not (given.sure or given.fields is not None))

    def _forgotten(self, text: str, path: str, sight: Sight) -> None:
        found = _BARE.fullmatch(text) if len(text) < 300 else None
        if found and found[1] in sight.names:
            told = Message("braces-forgotten", source=f"{found[1]}{found[2]}")
            self._tell(path, told, True)


@lru_cache(maxsize=1024)
def constant_of(text: str) -> tuple[Any] | None:
    """The value of a text that is one expression which reads nothing and is soon computed, such as
    `{{ -5 }}` or `{{ duration("1h") }}`; None: of any other, and of one that fails."""
    try:
        pieces = split(text)
        template = compile_template(text)
        if sum(is_code for is_code, _ in pieces) != 1 or template.references:
            return None
        return (template.resolve({}, Budget(CONSTANT_WORK)),)
    except _FAILURES:
        return None


@lru_cache(maxsize=1024)
def _failure_of(source: str) -> str | None:
    """Why an expression that reads nothing cannot be computed; None: it can, or takes too long."""
    try:
        compile_expression(source).evaluate({}, Budget(CONSTANT_WORK, _SOME_OCCASION))
    except TooMuchWork:
        return None
    except ExpressionError as error:
        return str(error)
    return None


@lru_cache(maxsize=1024)
def _checked(source: str) -> checked_pb2.CheckedExpr:
    """The tree of an expression that can be computed; drafts are checked again and again."""
    checked = check(source)
    build(checked)
    return checked


def _of_failure(error: Exception) -> Message:
    return message_of(error.message if isinstance(error, ExpressionError) else str(error)).sentence
