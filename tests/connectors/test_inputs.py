"""The inputs of a call are checked in bounded time: all calls of a worker share an event loop."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.executor import ComponentError
from connectors.inputs import prepare
from connectors.manifest import App, Component
from tests.connectors.test_executor import ACTION, APP
from tests.pace import assert_takes_at_most


def action(**properties: Any) -> Component:
    schema = {"type": "object", "properties": properties}
    app = App.model_validate(
        {
            **APP,
            "base_url": "https://shop.test",
            "components": [{**ACTION, "input_schema": schema, "request": REQUEST}],
        }
    )
    return app.components[0]


REQUEST = {"method": "GET", "path": "/"}
MANY = {"type": "array", "items": {"type": "object", "required": ["a"]}}
UNIQUE = {"type": "array", "uniqueItems": True}


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        (MANY, [{"b": 1}] * 50_000, "input 'x.0': `a` is needed"),
        (UNIQUE, [{"a": [n]} for n in range(5_000)] * 2, "input 'x'"),
        (UNIQUE, [{"a": [n]} for n in range(150)] * 2, "input 'x'"),
        (MANY, [{"a": 1}] * 50_000, None),
    ],
)
def test_large_inputs_are_checked_soon(schema: Any, value: Any, told: str | None) -> None:
    def check() -> None:
        if told is None:
            assert prepare(action(x=schema), {"x": value})["x"] == value
        else:
            with pytest.raises(ComponentError) as refused:
                prepare(action(x=schema), {"x": value})
            assert told in str(refused.value)

    assert_takes_at_most(0.6, check)
