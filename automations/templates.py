"""Templates: JSON values whose strings may hold expressions in `{{ }}`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from automations.bounds import MAX_DEPTH
from automations.messages import Message
from automations.values import OCCASION, Budget, ExpressionError, failure_of, joined, text_of

if TYPE_CHECKING:
    from automations.expressions import Expression

ESCAPED = r"\{{"
"""Stands for two braces that open no expression."""


def split(text: str) -> list[tuple[bool, str]]:
    """The pieces of a text: (is an expression, its source or the literal text).

    Braces and quotes inside an expression do not end it. Raises ExpressionError where an
    expression is not closed.
    """
    pieces: list[tuple[bool, str]] = []
    literal, position = "", 0
    while (start := text.find("{{", position)) >= 0:
        if text.startswith(ESCAPED, start - 1) and start > position:
            literal += text[position : start - 1] + "{{"
            position = start + 2
            continue
        end = _end(text, start + 2)
        if end is None:
            raise ExpressionError(Message("not-closed", position=start + 1))
        literal += text[position:start]
        if literal:
            pieces.append((False, literal))
        pieces.append((True, text[start + 2 : end].strip()))
        literal, position = "", end + 2
    literal += text[position:]
    if literal:
        pieces.append((False, literal))
    return pieces


def _end(text: str, position: int) -> int | None:
    depth = 0
    while position < len(text):
        character = text[position]
        if character in "\"'":
            position = _after_string(text, position)
            continue
        if character == "{":
            depth += 1
        elif character == "}":
            if depth == 0 and text.startswith("}}", position):
                return position
            depth = max(depth - 1, 0)
        position += 1
    return None


def _after_string(text: str, start: int) -> int:
    quote = text[start] * 3 if text.startswith(text[start] * 3, start) else text[start]
    raw = start > 0 and text[start - 1] in "rR" and not text[start - 2 : start - 1].isalnum()
    position = start + len(quote)
    while position < len(text):
        if text[position] == "\\" and not raw:
            position += 2
        elif text.startswith(quote, position):
            return position + len(quote)
        else:
            position += 1
    return len(text)


Resolver = Callable[[Mapping[str, Any], Budget], Any]


class Template:
    """A compiled template; immutable."""

    __slots__ = ("_resolve", "expressions", "references")

    def __init__(self, value: Any) -> None:
        found: list[tuple[str, Expression]] = []
        self._resolve = _compile(value, "", found, 0)
        self.expressions: tuple[tuple[str, Expression], ...] = tuple(found)
        """Each expression with its JSON path in the value, such as `body.items[0]`."""
        self.references: frozenset[tuple[str, ...]] = frozenset().union(
            *(expression.references for _, expression in found)
        )
        """The paths that the expressions read, such as `("data", "title")`."""

    def resolve(self, scope: Mapping[str, Any], budget: Budget | None = None) -> Any:
        """The value in a scope, within one budget; raises ExpressionError that names the place."""
        try:
            return self._resolve(scope, budget or Budget(occasion=scope.get(OCCASION)))
        except Exception as error:  # as in `Expression.evaluate`
            raise failure_of(error) from None


def child_path(path: str, key: str | int) -> str:
    """The JSON path of an item in a value at a path."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not key.replace("-", "_").isidentifier():
        return f"{path}[{text_of([key])[1:-1]}]"
    return f"{path}.{key}" if path else key


def texts(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Each text in a JSON value that holds an expression, with its JSON path."""
    if isinstance(value, str):
        if "{{" in value:
            yield path, value
    elif depth < MAX_DEPTH:
        if isinstance(value, dict):
            for key, item in value.items():
                yield from texts(item, child_path(path, str(key)), depth + 1)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from texts(item, child_path(path, index), depth + 1)


def _compile(value: Any, path: str, found: list[tuple[str, Expression]], depth: int) -> Resolver:
    if depth > MAX_DEPTH:
        raise ExpressionError(f"the value is nested more than {MAX_DEPTH} levels deep")
    before = len(found)
    if isinstance(value, str) and "{{" in value:
        return _text(value, path, found)
    if isinstance(value, dict):
        entries = [
            (key, _compile(item, child_path(path, str(key)), found, depth + 1))
            for key, item in value.items()
        ]
        if len(found) > before:
            return lambda scope, budget: {key: resolve(scope, budget) for key, resolve in entries}
    elif isinstance(value, list):
        items = [
            _compile(item, child_path(path, index), found, depth + 1)
            for index, item in enumerate(value)
        ]
        if len(found) > before:
            return lambda scope, budget: [resolve(scope, budget) for resolve in items]
    return lambda scope, budget: value


def _text(text: str, path: str, found: list[tuple[str, Expression]]) -> Resolver:
    try:
        pieces = _pieces(text)
    except ExpressionError as error:
        raise ExpressionError(f"{path}: {error}" if path else str(error)) from None
    found.extend((path, piece) for piece in pieces if not isinstance(piece, str))
    if len(pieces) == 1:
        only = pieces[0]
        if isinstance(only, str):
            return lambda scope, budget: only
        return _named(path, only.evaluate)
    return _named(path, lambda scope, budget: _mixed(pieces, scope, budget))


def type_of(text: str) -> str | None:
    """The JSON type of what a text with expressions gives; None: known only when it is run."""
    pieces = _pieces(text)
    if len(pieces) != 1:
        return "string"
    return "string" if isinstance(pieces[0], str) else pieces[0].type


def _mixed(pieces: tuple[str | Expression, ...], scope: Mapping[str, Any], budget: Budget) -> str:
    parts = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(piece)
            continue
        value = piece.evaluate(scope, budget)
        if isinstance(value, list | dict):
            # A plain path gives a value that nothing was charged for yet.
            budget.charge_deep(value)
        parts.append(text_of(value))
    for part in parts:
        budget.charge_for(part)
    return joined(parts)


def _named(path: str, resolve: Resolver) -> Resolver:
    if not path:
        return resolve

    def named(scope: Mapping[str, Any], budget: Budget) -> Any:
        try:
            return resolve(scope, budget)
        except ExpressionError as error:
            raise ExpressionError(f"{path}: {error}") from None

    return named


@lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[str | Expression, ...]:
    from automations.expressions import compile_expression

    # Space around the only expression of a text is no part of a value.
    pieces = split(text)
    expressions = [source for is_expression, source in pieces if is_expression]
    rest = "".join(source for is_expression, source in pieces if not is_expression)
    if len(expressions) == 1 and not rest.strip():
        return (compile_expression(expressions[0]),)
    return tuple(
        compile_expression(source) if is_expression else source for is_expression, source in pieces
    )
