"""Templates and expressions as fields of a manifest: compiled when the manifest is loaded.

The language is that of automations (CEL, in `{{ }}` in templates), so a manifest can compute no
more than an automation can. Which names are in scope is told in docs/connectors.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel
from pydantic_core import core_schema

from automations.expressions import (
    ExpressionError,
    compile_expression,
    compile_template,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import GetCoreSchemaHandler


class _Compiled:
    """What the manifest holds as source and the model holds compiled."""

    __slots__ = ("source",)

    source: Any
    accepts: ClassVar[core_schema.CoreSchema]
    """What editors are told of the source."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.source!r})"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """A manifest holds the source; the model holds what it was compiled to."""
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, cls) else _compiled(cls, value),
            json_schema_input_schema=cls.accepts,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value: value.source
            ),
        )


class Template(_Compiled):
    """A JSON value whose strings may hold expressions in `{{ }}`."""

    __slots__ = ("_compiled", "references")

    accepts = core_schema.any_schema(
        metadata={"pydantic_js_updates": {"description": "May hold {{ expressions }}."}}
    )

    def __init__(self, source: Any) -> None:
        self.source = source
        self._compiled = compile_template(source)
        self.references = self._compiled.references

    def resolve(self, scope: Mapping[str, Any]) -> Any:
        """The value in this scope; raises `ExpressionError`."""
        return self._compiled.resolve(scope)

    def resolve_declared(self, scope: Mapping[str, Any]) -> Any:
        """Like `resolve`, but keys written in the manifest whose value is null are left out.

        A null inside a value that one expression gave is kept: it is the user's own.
        """
        return _without_nulls(self.source, self.resolve(scope))


class Expression(_Compiled):
    """A bare CEL expression."""

    __slots__ = ("_compiled", "references")

    accepts = core_schema.str_schema(
        metadata={"pydantic_js_updates": {"description": "A CEL expression."}}
    )

    def __init__(self, source: str) -> None:
        if not isinstance(source, str):
            raise ExpressionError("an expression is written as text")
        self.source = source
        self._compiled = compile_expression(source)
        self.references = self._compiled.references

    def evaluate(self, scope: Mapping[str, Any]) -> Any:
        """The value in this scope; raises `ExpressionError`."""
        return self._compiled.evaluate(scope)

    def find(self, scope: Mapping[str, Any]) -> Any:
        """The value, or None where the expression does not apply (a key that is not there)."""
        try:
            return self._compiled.evaluate(scope)
        except ExpressionError:
            return None


def compiled_parts(part: Any) -> Iterator[Template | Expression]:
    """Every template and expression inside a model of a manifest."""
    if isinstance(part, _Compiled):
        assert isinstance(part, Template | Expression)  # noqa: S101 - tells the type
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from compiled_parts(getattr(part, name))
    elif isinstance(part, dict):
        for item in part.values():
            yield from compiled_parts(item)
    elif isinstance(part, list):
        for item in part:
            yield from compiled_parts(item)


def _compiled(kind: Any, source: Any) -> Any:
    try:
        return kind(source)
    except ExpressionError as error:
        where = f" in {source!r}" if isinstance(source, str) else ""
        raise ValueError(f"{error}{where}") from error


def _without_nulls(source: Any, value: Any) -> Any:
    if isinstance(source, dict) and isinstance(value, dict):
        kept = {
            key: _without_nulls(source.get(key), item)
            for key, item in value.items()
            if item is not None
        }
        return {
            key: item
            for key, item in kept.items()
            if item != {} or not isinstance(source.get(key), dict) or not source[key]
        }
    if isinstance(source, list) and isinstance(value, list) and len(source) == len(value):
        return [_without_nulls(part, item) for part, item in zip(source, value, strict=True)]
    return value
