"""What Inlay promises of the schemas that developers write: none multiplies into work."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.pace import slowness

if TYPE_CHECKING:
    from tests.api.conftest import Workshop

CPU_SECONDS = 2.0
"""Such a schema took eight and more, and the event loop with it."""


def twice(keyword: str) -> dict[str, Any]:
    """A kilobyte that is a quarter of a million schemas when it is applied."""
    steps: dict[str, Any] = {"a0": {"type": "string"}}
    for level in range(1, 19):
        steps[f"a{level}"] = {keyword: [{"$ref": f"#/$defs/a{level - 1}"}] * 2}
    return {"type": "object", "$defs": steps, "properties": {"x": {"$ref": "#/$defs/a18"}}}


@pytest.mark.parametrize("keyword", ["oneOf", "allOf"])
async def test_a_schema_that_multiplies_is_told_at_once_and_never_published(
    workshop: Workshop, keyword: str
) -> None:
    made = await workshop.developer.expect(
        201, "POST", f"{workshop.path}/automations", {"name": "Bomb"}
    )
    path = f"{workshop.path}/automations/{made['id']}"
    definition = {"trigger": {"type": "manual", "input": twice(keyword)}, "steps": []}
    before = slowness()
    began = time.process_time()
    body = {"definition": definition, "revision": made["revision"]}
    saved = await workshop.developer.expect(200, "PATCH", path, body)
    told = await workshop.developer.expect(200, "POST", f"{path}/validate")
    assert "checked in more than" in str(told["faults"])
    answer = await workshop.developer.call(
        "POST", f"{path}/publish", {"revision": saved["revision"]}
    )
    assert 400 <= answer.status_code < 500
    spent = time.process_time() - began
    assert spent < CPU_SECONDS * max(before, slowness())
