"""Validation answers every fault at once, with its place and what to do, and never raises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automations.components import titles_in
from automations.definition import Definition
from automations.faults import located
from automations.validation import InvalidDefinition, parse, review, validate
from connectors.catalogue import load_catalogue
from tests.automations.strategies import definitions
from tests.automations.test_expressions import JSON

CATALOGUE = load_catalogue()
TRIGGER = {
    "type": "manual",
    "input": {"type": "object", "properties": {"title": {"type": "string"}}},
}


def faults(*steps: dict[str, Any], result: Any = None, **called: Definition) -> dict[str, str]:
    definition = {"trigger": TRIGGER, "steps": list(steps), "result": result}
    return {fault.path: fault.message for fault in validate(definition, CATALOGUE, called)}


def warnings(*steps: dict[str, Any], result: Any = None, **called: Definition) -> dict[str, str]:
    definition = {"trigger": TRIGGER, "steps": list(steps), "result": result}
    found = review(definition, CATALOGUE, called)
    return {fault.path: fault.message for fault in found if fault.is_warning}


def http(step_id: str, **inputs: Any) -> dict[str, Any]:
    inputs = {"url": "https://example.com"} | inputs
    return {"id": step_id, "type": "app", "component": "http.request", "inputs": inputs}


def test_a_sound_definition_has_no_faults() -> None:
    check = {
        "id": "check",
        "type": "condition",
        "branches": [{"when": "steps.a.output.status == 200", "steps": [http("b")]}],
    }
    each = {
        "id": "each",
        "type": "for-each",
        "items": "[1, 2]",
        "steps": [http("c", body="{{ item + index }}")],
        "output": "{{ steps.c.output.body }}",
    }
    assert (
        faults(http("a", body="{{ data.title }}"), check, each, result="{{ steps.each.output }}")
        == {}
    )


def test_every_fault_is_told_at_once() -> None:
    steps = [
        {"id": "a", "type": "app", "component": "http.requst", "inputs": {}},
        {"id": "b", "type": "app", "component": "nosuch.app", "inputs": {}},
        {"id": "c", "type": "app", "component": "http.request", "inputs": {"uri": "x"}},
        http("d", method="FETCH"),
        http("e", body="{{ data.titel }}"),
        http("f", body="{{ steps.later.output }} {{ steps.nosuch.output }}"),
        http("later", body="{{ 1 + }}"),
        {"id": "g", "type": "call", "automationId": "unknown"},
    ]
    found = faults(*steps)
    assert "Did you mean `http.request`" in found["steps[0].component"]
    assert "no app `nosuch`" in found["steps[1].component"]
    assert "needed" in found["steps[2].inputs.url"]
    assert "no input `uri`" in found["steps[2].inputs.uri"]
    assert "one of `GET`" in found["steps[3].inputs.method"]
    assert "Did you mean `title`" in warnings(*steps)["steps[4].inputs.body"]
    assert "steps[5].inputs.body" in found
    assert "steps[6].inputs.body" in found
    assert "no published automation" in found["steps[7].automationId"]


@pytest.mark.parametrize(
    ("step", "path"),
    [
        ({"id": "UPPER", "type": "stop"}, "steps[0].id"),
        ({"id": "x", "type": "nosuch"}, "steps[0]"),
        ({"id": "x", "type": "stop", "colour": 1}, "steps[0].colour"),
        ({"id": "x", "type": "for-each", "items": "[]", "steps": []}, "steps[0].steps"),
        ({"id": "x", "type": "set", "values": {"a": "{{ item }}"}}, "steps[0].values.a"),
    ],
)
def test_a_fault_of_shape_names_its_place(step: dict[str, Any], path: str) -> None:
    assert path in faults(step)


def test_what_a_loop_did_inside_cannot_be_read_outside() -> None:
    loop = {"id": "each", "type": "for-each", "items": "[1]", "steps": [http("inner")]}
    found = faults(loop, http("after", body="{{ steps.inner.output }}"))
    assert "inside the loop “each”" in found["steps[1].inputs.body"]
    assert "`steps.each.output`" in found["steps[1].inputs.body"]


def test_an_expression_that_gives_another_type_than_is_taken() -> None:
    check = {"id": "c", "type": "condition", "branches": [{"when": "size(data.title)"}]}
    loop = {"id": "l", "type": "for-each", "items": "1 + 1", "steps": [http("x")]}
    found = faults(http("a", query="{{ [1, 2] }}", expectedStatuses="{{ 200 }}"), check, loop)
    assert set(found) == {
        "steps[0].inputs.query",
        "steps[0].inputs.expectedStatuses",
        "steps[1].branches[0].when",
        "steps[2].items",
    }
    assert found["steps[0].inputs.query"].startswith("This gives a list; ")


def test_two_steps_with_one_id() -> None:
    assert "the id `a`" in faults(http("a"), http("a"))["steps"]


def test_a_circle_of_calls() -> None:
    back = Definition.model_validate(
        {"steps": [{"id": "x", "type": "call", "automationId": "one"}]}
    )
    found = faults({"id": "x", "type": "call", "automationId": "one"}, one=back)
    assert "never ends" in found["steps"]


def test_sizes_are_bounded() -> None:
    assert "500" in faults(*[http(f"s{n}") for n in range(501)])["steps"]
    assert "bytes" in faults(http("a", body="x" * 300_000))[""]
    many = "".join(f"{{{{{n}}}}}" for n in range(3_001))
    assert "3,000 expressions" in faults(http("a", body=many))["steps[0].inputs.body"]
    long = [f"{{{{ '{'x' * 4_000}' + '{n}' }}}}" for n in range(40)]
    assert "characters together" in faults(http("a", body=long))["steps[0].inputs.body[32]"]
    own = [f"{{{{ n{n} }}}}" for n in range(202)]
    assert "different sets of names" in faults(http("a", body=own))["steps[0].inputs.body[201]"]
    deep: dict[str, Any] = http("a")
    for n in range(20):
        deep = {"id": f"d{n}", "type": "for-each", "items": "[1]", "steps": [deep]}
    assert any("nested deeper" in message for message in faults(deep).values())


def test_parse_tells_faults() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        parse({"steps": 5})
    assert refused.value.faults[0].path == "steps"


@settings(max_examples=300)
@given(JSON)
def test_validation_never_raises(value: Any) -> None:
    validate(value, CATALOGUE, {})


STEP_PARTS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b"]),
        "type": st.sampled_from(["app", "set", "call", "delay", "x"]),
    },
    optional={
        "component": st.sampled_from(["http.request", "x", ""]),
        "inputs": st.dictionaries(st.text(max_size=5), JSON, max_size=3),
        "values": st.dictionaries(st.text(max_size=5), JSON, max_size=3),
        "seconds": JSON,
        "automationId": st.text(max_size=5),
        "onError": JSON,
    },
)


@settings(max_examples=300)
@given(st.lists(STEP_PARTS, max_size=4), JSON)
def test_validation_never_raises_on_nearly_right_steps(steps: list[Any], result: Any) -> None:
    validate({"steps": steps, "result": result, "trigger": TRIGGER}, CATALOGUE, {})


@st.composite
def nearly_valid(draw: st.DrawFn) -> Any:
    """A valid definition in which a few parts, wherever they are, are something else or missing."""
    definition = draw(definitions())
    for _ in range(draw(st.integers(1, 3))):
        here: Any = definition
        while isinstance(here, dict | list) and here:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            key = draw(st.sampled_from(keys))
            if not isinstance(here[key], dict | list) or draw(st.integers(0, 3)) == 0:
                here[key] = draw(JSON | st.sampled_from(["{{ a", "{{ in }}", "data.x.y", 10**30]))
                break
            here = here[key]
    return definition


@settings(max_examples=150, deadline=None)
@given(nearly_valid())
def test_a_definition_with_faulty_parts_is_told_them_in_order_and_once(definition: Any) -> None:
    found = review(definition, CATALOGUE, {})
    told = [(fault.path, fault.message) for fault in found]
    assert len(set(told)) == len(told)
    assert found == located(found, definition, titles_in(CATALOGUE))


@pytest.mark.parametrize("name", ["until", "when", "items", "value", "output", "foo"])
def test_a_field_too_many_hides_nothing_whatever_steps_of_other_types_call_theirs(
    name: str,
) -> None:
    wait = {"id": "wait", "type": "delay", "seconds": 1, name: "true"}
    found = faults(wait, http("a", body="{{ steps.nosuch.output }}"))
    assert found.keys() == {f"steps[0].{name}", "steps[1].inputs.body"}


def test_a_field_too_many_that_is_called_id_hides_nothing() -> None:
    branch = {"id": "yes", "when": "true", "steps": []}
    choice = {"id": "choice", "type": "condition", "branches": [branch]}
    found = faults(choice, http("a", body="{{ steps.nosuch.output }}"))
    assert found.keys() == {"steps[0].branches[0].id", "steps[1].inputs.body"}


def test_what_cannot_be_read_does_not_hide_the_faults_of_the_rest() -> None:
    found = faults(
        {"id": "UPPER", "type": "set", "values": {"a": "{{ nope }}"}},
        {"id": "b", "type": "foreach", "steps": [http("inside")]},
        {"id": "c", "type": "condition", "branches": [{"steps": [http("d", body="{{ 1 + }}")]}]},
        {"id": "e", "type": "stop", "mesage": "x", "result": "{{ steps.b.output }}"},
        {"id": "f", "type": "delay", "seconds": "soon"},
        result="{{ steps.inside.output }} {{ steps.nosuch.output }}",
    )
    assert list(found) == [
        "steps[0].id",
        "steps[0].values.a",
        "steps[1]",
        "steps[2].branches[0].steps[0].inputs.body",
        "steps[2].branches[0].when",
        "steps[3].mesage",
        "steps[4].seconds",
        "result",
    ]
    assert "Did you mean `for-each`?" in found["steps[1]"]
    assert "Did you mean `message`?" in found["steps[3].mesage"]
    assert "`nosuch`" in found["result"]


@pytest.mark.parametrize(
    ("step", "path", "said"),
    [
        ({"type": "delay", "seconds": "1 hour"}, "seconds", 'duration("1h")'),
        ({"type": "delay", "seconds": "60"}, "seconds", "a number of seconds"),
        ({"type": "delay", "seconds": -1}, "seconds", "at least 0"),
        ({"type": "delay", "seconds": 10**9}, "seconds", "a year"),
        ({"type": "delay", "seconds": True}, "seconds", "not true or false"),
        ({"type": "delay", "seconds": "{{ data.title }}"}, "seconds", "This gives text"),
        ({"type": "wait-until", "at": "tomorrow"}, "at", "2026-01-31T09:00:00+03:00"),
        ({"type": "wait-until", "at": "2026-01-31T09:00:00"}, "at", "with its offset"),
        ({"type": "wait-until", "at": 5}, "at", "as text"),
        ({"type": "wait-until", "at": "{{ 5 }}"}, "at", "This gives a number"),
        ({"type": "approval", "expiresIn": -1}, "expiresIn", "above 0"),
        ({"type": "approval", "expiresIn": 10**9}, "expiresIn", "at most"),
        ({"type": "stop", "status": "done"}, "status", "one of `completed`, `error`"),
        ({"type": "set", "values": {"a b": 1}}, "values.a b", "small letter"),
        ({"type": "condition", "branches": []}, "branches", "at least 1 item"),
        ({"type": "condition", "branches": [{"when": "{{ true }}"}]}, "branches[0].when", "braces"),
    ],
)
def test_a_constant_that_a_step_cannot_take(step: dict[str, Any], path: str, said: str) -> None:
    assert said in faults({"id": "x", **step})[f"steps[0].{path}"]


@pytest.mark.parametrize(
    ("inputs", "path", "said"),
    [
        ({"url": "example.com"}, "url", "with its scheme"),
        ({"url": None}, "url", "needed"),
        ({"method": "get"}, "method", "Did you mean `GET`?"),
        ({"query": "a=b"}, "query", "a map, not text"),
        ({"expectedStatuses": ["200"]}, "expectedStatuses[0]", "without quotes"),
        ({"expectedStatuses": [200.5]}, "expectedStatuses[0]", "whole number"),
        ({"expectedStatuses": [99]}, "expectedStatuses[0]", "at least 100"),
        ({"expectedStatuses": []}, "expectedStatuses", "at least 1 item"),
        ({"expectedStatuses": ["x", "{{ 200 }}"]}, "expectedStatuses[0]", "not text"),
        ({"headers": "{{ data.title }}"}, "headers", "This gives text"),
    ],
)
def test_a_constant_that_an_input_cannot_take(inputs: dict[str, Any], path: str, said: str) -> None:
    assert said in faults(http("x", **inputs))[f"steps[0].inputs.{path}"]


def test_a_refused_value_is_not_repeated() -> None:
    found = faults(
        http("a", method="hunter2", expectedStatuses=["hunter2"], url="hunter2"),
        {"id": "b", "type": "delay", "seconds": "hunter2"},
        {"id": "c", "type": "hunter2"},
    )
    assert len(found) == 5
    assert "hunter2" not in str(found)


@pytest.mark.parametrize("name", ["in", "true", "false", "null"])
def test_no_name_can_be_a_word_of_the_language(name: str) -> None:
    found = faults(
        {"id": name, "type": "set", "values": {name: 1}},
        {"id": "l", "type": "for-each", "items": "[1]", "itemName": name, "steps": [http("x")]},
    )
    assert set(found) == {"steps[0].id", f"steps[0].values.{name}", "steps[1].itemName"}
    assert all("keeps for itself" in message for message in found.values())


@pytest.mark.parametrize("name", ["as", "for", "if", "import", "loop", "var"])
def test_a_word_that_is_no_name_by_itself_can_name_a_step_and_a_variable(name: str) -> None:
    step = {"id": name, "type": "set", "values": {name: 1}}
    both = f"{{{{ [steps.{name}.status, vars.{name}] }}}}"
    read = {"id": "z", "type": "set", "values": {"x": both}}
    loop = {"id": "l", "type": "for-each", "items": "[1]", "itemName": name, "steps": [http("x")]}
    assert faults(step, read) == {}
    assert "keeps for itself" in faults(loop)["steps[0].itemName"]


@pytest.mark.parametrize("name", ["data", "steps", "vars", "run", "event", "callbacks", "string"])
def test_a_loops_names_hide_no_name_of_the_language(name: str) -> None:
    loop = {"id": "l", "type": "for-each", "items": "[1]", "steps": [http("x")]}
    found = faults({**loop, "itemName": name})
    assert "a name of the language" in found["steps[0].itemName"]
