"""What Inlay promises of the schemas that developers write: none multiplies into work."""

from __future__ import annotations

import time
from typing import Any

import pytest

from automations.bounds import OutOfBoundsError
from automations.schema_bounds import bound_schema

CPU_SECONDS = 0.5
"""To apply such a schema takes eight and more."""


def twice(keyword: str) -> dict[str, Any]:
    """A kilobyte that is a quarter of a million schemas when it is applied."""
    parts: dict[str, Any] = {"a0": {"type": "string"}}
    for level in range(1, 19):
        parts[f"a{level}"] = {keyword: [{"$ref": f"#/$defs/a{level - 1}"}] * 2}
    return {"type": "object", "$defs": parts, "properties": {"x": {"$ref": "#/$defs/a18"}}}


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf", "allOf"])
def test_a_schema_that_multiplies_is_refused_before_it_is_applied(keyword: str) -> None:
    began = time.process_time()
    with pytest.raises(OutOfBoundsError, match="fewer"):
        bound_schema(twice(keyword))
    assert time.process_time() - began < CPU_SECONDS
