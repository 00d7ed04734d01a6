"""A manual trigger's JSON Schema: what it has against the data of a run, in bounded time."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from api.errors import path_of
from automations.bounds import OutOfBoundsError, size_of
from automations.constants import message_for
from automations.messages import Message
from automations.schema_bounds import bound_checks, bound_schema

MAX_FAULTS = 100
MAX_TOLD_APART = 1_000
"""Places of the data, times schemas that look at each, up to which every fault is told: each takes
the validator some 50 µs, and it finds them all before it tells one."""
MAX_EXPLAINED = 50_000
"""Values in the data, up to which it is told what is wrong with them at all, by a schema without
alternatives: of each of those the validator keeps all that is wrong."""
PATTERN_BYTES = 100_000
"""Memory of a compiled regular expression, which also bounds the time that it takes."""


class InputSchema:
    """A schema (2020-12 unless it says another), compiled.

    Regular expressions are matched in linear time, and nothing is fetched. Raises ValueError for
    what is no valid schema; one of a version that is published already is kept, and refuses data.
    """

    def __init__(self, schema: dict[str, Any], *, is_published: bool = False) -> None:
        self._refusal: Message | None = None
        try:
            self._applied = bound_schema(schema)
        except OutOfBoundsError as error:
            # A version that was published before there were bounds: its runs are refused.
            self._refusal = Message("trigger-schema-too-much", reason=error.message)
            return
        try:
            self._validator = jsonschema_rs.validator_for(
                schema,
                validate_formats=True,
                offline=True,
                pattern_options=jsonschema_rs.RegexOptions(size_limit=PATTERN_BYTES),
            )
        except jsonschema_rs.ValidationError as error:
            if not is_published:
                raise ValueError(error.message) from None
            self._refusal = Message("trigger-schema-unusable")

    def faults_of(self, data: dict[str, Any]) -> list[tuple[str, Message]]:
        """What the schema has against `data`, as (path, message)."""
        if self._refusal:
            return [("data", self._refusal)]
        try:
            bound_checks(self._applied, data)
        except OutOfBoundsError as error:
            return [("data", Message("data-too-much", reason=error.message))]
        if self._validator.is_valid(data):
            return []
        if _has_at_most(data, MAX_TOLD_APART // self._applied):
            errors = self._validator.iter_errors(data)
            return [_told(error) for error, _ in zip(errors, range(MAX_FAULTS), strict=False)]
        if self._applied == 1 and _has_at_most(data, MAX_EXPLAINED):
            try:
                self._validator.validate(data)
            except jsonschema_rs.ValidationError as error:
                return [_told(error)]
        return [("data", Message("data-too-large-to-explain"))]


def _has_at_most(data: Any, values: int) -> bool:
    try:
        size_of(data, values=values)
    except OutOfBoundsError:
        return False
    return True


def _told(error: Any) -> tuple[str, Message]:
    told = error.kind.as_dict()
    limit = next((told[name] for name in told if name not in ("value", "context")), None)
    message = message_for(error.kind.name, limit, error.instance)
    return path_of(["data", *error.instance_path]), message
