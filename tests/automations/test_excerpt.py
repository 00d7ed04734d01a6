"""One step of a draft can be run by itself, whatever the rest of the draft is like."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from automations.definition import Definition, walk
from automations.excerpt import excerpt, missing, with_items
from automations.host import Given, Stopped
from automations.interpreter import Interpreter
from automations.validation import validate_excerpt
from tests.automations.strategies import definitions
from tests.automations.test_expressions import JSON
from tests.automations.test_interpreter import Catalogue, NotingHost, app, url_of

DATA = {"n": 2, "items": [7, 8]}

NOW = datetime(2026, 1, 31, tzinfo=UTC)


@settings(max_examples=100, deadline=None)
@given(definitions())
async def test_any_step_of_a_valid_definition_can_be_run_alone(definition: dict[str, Any]) -> None:
    for step in walk(Definition.model_validate(definition).steps):
        part = excerpt(definition, step.id)
        assert part is not None
        assert validate_excerpt(part, Catalogue(), {}) == []
        held = with_items(part, DATA, None, Given(callbacks=list(part.callbacks)), {}, NOW)
        alone = Definition.model_validate(part.definition)
        # A loop over nothing has no first item, and nothing else is read that is not there.
        assert missing(alone.steps[0], DATA, None, held, NOW) == []
        interpreter = Interpreter(alone, NotingHost(), url_of, held)
        async with asyncio.timeout(60):
            try:
                await interpreter.run(data=DATA, event=None, run={"id": "r"})
            except Stopped as stop:
                assert stop.status in {"completed", "error"}  # noqa: PT017 - either is an end


@settings(max_examples=100, deadline=None)
@given(st.lists(JSON | st.dictionaries(st.sampled_from(["id", "type", "steps", "branches"]), JSON)))
def test_whatever_is_written_around_a_step_it_is_found(rubbish: list[Any]) -> None:
    step = {"id": "wanted", "type": "set", "values": {"v": "{{ item }}"}}
    branch = {"steps": [*rubbish, step]}
    check = {"type": "condition", "branches": [*rubbish, branch]}
    loop = {"type": "for-each", "itemName": 7, "steps": [*rubbish, check]}
    n = len(rubbish)
    for shape in ({**loop, "itemName": "item"}, {**loop, "itemName": None}):
        part = excerpt({"trigger": rubbish, "steps": [*rubbish, shape]}, "wanted")
        assert part is not None
        assert part.path == f"steps[{n}].steps[{n}].branches[{n}].steps[{n}]"
        assert validate_excerpt(part, Catalogue(), {}) == []
    assert excerpt({"steps": rubbish}, "wanted") is None
    assert excerpt({"steps": {"wanted": step}}, "wanted") is None


def test_a_step_may_read_what_may_have_run_before_it() -> None:
    inner = {"id": "each", "type": "for-each", "items": "[1]", "steps": [app("hidden")]}
    branches = [{"when": "true", "steps": [app("chosen")]}, {"when": "true", "steps": [app("x")]}]
    check = {"id": "check", "type": "condition", "branches": branches, "otherwise": [app("other")]}
    draft = {"steps": [app("first"), inner, check, app("last"), app("later")]}
    part = excerpt(draft, "last")
    assert part is not None
    assert set(part.before) == {"first", "each", "check", "chosen", "x", "other"}
    part = excerpt(draft, "x")
    assert part is not None
    assert set(part.before) == {"first", "each"}


async def test_what_is_given_is_read_as_if_the_run_had_come_there() -> None:
    host = NotingHost()
    step = app(
        "one",
        inputs={
            "step": "{{ steps.list.output.n }} {{ steps.list.status }} {{ steps.list.error }}",
            "vars": "{{ vars.total }}",
            "item": "{{ row }}/{{ at }}",
            "url": "{{ callbacks.wait }}",
        },
    )
    definition = Definition.model_validate({"steps": [step], "result": "{{ vars.total }}"})
    held = Given({"list": {"n": 3}}, {"total": 5}, {"row": "r", "at": 4}, ["wait"])
    interpreter = Interpreter(definition, host, url_of, held)
    assert await interpreter.run(data={}, event=None, run={}) == 5
    [(_, iteration, inputs)] = host.calls
    assert iteration == ""
    assert inputs == {
        "step": "3 completed ",
        "vars": 5,
        "item": "r/4",
        "url": "https://inlay.test/wait/",
    }
    assert held.vars == {"total": 5}


async def test_what_a_tested_step_sets_leaves_what_was_given_as_it_is() -> None:
    definition = Definition.model_validate(
        {"steps": [{"id": "s", "type": "set", "values": {"total": 1}}], "result": "{{ vars }}"}
    )
    held = Given(vars={"total": 5, "more": 6})
    interpreter = Interpreter(definition, NotingHost(), given=held)
    assert await interpreter.run(data={}, event=None, run={}) == {"total": 1, "more": 6}
    assert held.vars == {"total": 5, "more": 6}
