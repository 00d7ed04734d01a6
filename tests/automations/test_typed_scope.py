"""What an expression reads is looked at before it runs: names, kinds, and what may not be there."""

from __future__ import annotations

from typing import Any

import pytest

from automations.definition import Definition
from automations.faults import Fault
from automations.shapes import Shape, of_schema
from automations.validation import review
from connectors.catalogue import load_catalogue

CATALOGUE = load_catalogue()
ITEM = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "price": {"type": "number"}},
    "additionalProperties": False,
}
TRIGGER: dict[str, Any] = {
    "type": "manual",
    "input": {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "total": {"type": "number"},
            "state": {"enum": ["open", "closed"]},
            "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
            "person": {"type": "object", "properties": {"name": {"type": "string"}}},
        },
        "$defs": {"item": ITEM},
    },
}
Step = dict[str, Any]


def http(step_id: str, **inputs: Any) -> Step:
    inputs = {"url": "https://example.com"} | inputs
    return {"id": step_id, "type": "app", "component": "http.request", "inputs": inputs}


def put(step_id: str, **values: Any) -> Step:
    return {"id": step_id, "type": "set", "values": values}


def condition(step_id: str, when: str, then: list[Step], otherwise: list[Step]) -> Step:
    branch = {"when": when, "steps": then}
    return {"id": step_id, "type": "condition", "branches": [branch], "otherwise": otherwise}


def each(step_id: str, items: str, *steps: Step, **more: Any) -> Step:
    return {"id": step_id, "type": "for-each", "items": items, "steps": list(steps)} | more


def found(*steps: Step, trigger: Any = TRIGGER, result: Any = None) -> list[Fault]:
    definition = {"trigger": trigger, "steps": list(steps), "result": result}
    return review(definition, CATALOGUE, {})


def told(expression: str) -> tuple[str, list[str]]:
    """How bad an expression after the step `fetch` is, and what is said of it."""
    faults = found(http("fetch"), put("fresh", value="{{ " + expression + " }}"))
    worst = "error" if any(not fault.is_warning for fault in faults) else "warning"
    return worst if faults else "", [fault.message for fault in faults]


@pytest.mark.parametrize(
    ("expression", "level", "said"),
    [
        ("steps.fetch.body", "error", "`steps.fetch.output.body`"),
        ("steps.fetch.outptu", "error", "Did you mean `output`?"),
        ("steps.fetch.output.titel", "error", "no `titel`"),
        ("steps['fetch'].outptu", "error", "Did you mean `output`?"),
        ("steps.fetch.output.status.code", "warning", "is a number, so it has no `code`"),
        ("steps.ftech.output", "error", "Did you mean `fetch`?"),
        ("steps.fetch.error.message", "warning", "`onError`"),
        ("data.titel", "warning", "Did you mean `title`?"),
        ("data['titel']", "warning", "Did you mean `title`?"),
        ("data.person.nmae", "warning", "Did you mean `name`?"),
        ("data.items[0].prise", "error", "Did you mean `price`?"),
        ("data.items.map(i, i.prise)", "error", "Did you mean `price`?"),
        ("data.items.filter(i, i.prise > 1)", "error", "Did you mean `price`?"),
        ("data.items.first().prise", "error", "Did you mean `price`?"),
        ("data.items.id", "error", "is a list, so it has no `id`"),
        ("data.title.first", "error", "is text"),
        ("data.items.length", "error", "`size(data.items)`"),
        ("steps.fetch.output.body.length", "warning", "`size(steps.fetch.output.body)`"),
        ("run.foo", "error", "`startedAt`"),
        ("callbacks.nope", "error", "no `nope`"),
        ("event.title", "error", "the data of a call is `data`"),
        ("vars.totl", "error", "No step sets `vars.totl`"),
        ("title", "error", "write `data.title`"),
        ("fetch.output", "error", "write `steps.fetch`"),
        ("item.id", "error", "There is no `item` here"),
        ("None", "error", "write `null`"),
        ("data.total == undefined", "error", "write `null`"),
        ("True && False", "error", "write `true`"),
    ],
)
def test_names_that_are_not_there(expression: str, level: str, said: str) -> None:
    worst, messages = told(expression)
    assert worst == level
    assert said in " ".join(messages)


@pytest.mark.parametrize(
    ("expression", "level", "said"),
    [
        ("steps.fetch.status == 200", "error", "never equal"),
        ("200 != steps.fetch.status", "error", "always true"),
        ("steps.fetch.status == 'ok'", "error", "one of `completed`, `error`"),
        ("steps.fetch.output.status == '200'", "warning", "never equal"),
        ("steps.fetch.status in [200, 404]", "error", "never equal"),
        ("data.total in ['a', 'b']", "error", "never equal"),
        ("data.state == 'opne'", "error", "did you mean `open`?"),
        ("data.state in ['opne', 'clsoed']", "error", "one of `open`, `closed`"),
        ("data.title > 5", "error", "cannot compare"),
        ("data.title + 1", "error", "`string(…)`"),
        ("data.items - 1", "error", "cannot take"),
        ("data.title && true", "error", "true or false"),
        ("data.total ? 1 : 2", "error", "true or false"),
        ("!data.title", "error", "true or false"),
        ("data.total.upper()", "error", "takes text"),
        ("data.title.sum()", "error", "takes a list"),
        ("size(data.total)", "error", "takes text or a list"),
        ("data.items.contains('a')", "error", "write `… in data.items`"),
        ("'a' in data.title", "error", "`data.title.contains("),
        ("data.title.map(x, x)", "error", "gone through"),
        ("data.total[0]", "error", "no items"),
        ("data.items.exists(i, i.price == 'x')", "error", "never equal"),
        ("b'abc'", "error", "base64.encode"),
    ],
)
def test_kinds_that_do_not_fit(expression: str, level: str, said: str) -> None:
    worst, messages = told(expression)
    assert worst == level
    assert said in " ".join(messages)


@pytest.mark.parametrize(
    "expression",
    [
        "steps.fetch.output.body.anything[0].deep",
        "steps.fetch.output.headers.etag",
        "steps.fetch.status == 'completed'",
        "steps.fetch.output.status == 200 || steps.fetch.output.status == null",
        "steps.fetch.error != null ? steps.fetch.error.message : ''",
        "data.?titel.orValue('')",
        "has(data.titel) ? data.titel : ''",
        "has(data.person) && data.person.name == 'x'",
        "data.items.map(i, i.price).sum() + data.total",
        "data.items.filter(i, i.price > 1).map(i, i.id).join(', ')",
        "data.items.sortBy('price').first().id",
        "data.items.groupBy('id').keys()",
        "default(data.title, 'x').upper()",
        "data.state == 'open' ? data.title : string(data.total)",
        "timestamp(run.startedAt) + duration('1h')",
        "cel.bind(x, data.items, x.size())",
        "{'a': data.title}.a",
        "json.decode(data.title).what",
        "event == null",
        "dyn(data.title) == 5",
        "[1, 'a'].exists(x, x == 'a')",
        "data.items[0].id == steps.fetch.output.body",
        "type(data.title) == string",
        "optional.of(data.title).value().upper()",
    ],
)
def test_what_is_right_is_not_spoken_of(expression: str) -> None:
    assert told(expression) == ("", [])


def at(faults: list[Fault], path: str) -> list[tuple[bool, str]]:
    return [(fault.is_warning, fault.message) for fault in faults if fault.path == path]


READ = "{{ steps.made.output.body }}"


def test_the_steps_of_another_branch_cannot_be_read() -> None:
    faults = found(condition("c", "data.total > 1", [http("made")], [put("x", v=READ)]))
    ((is_warning, said),) = at(faults, "steps[0].otherwise[0].values.v")
    assert not is_warning
    assert "another branch of “c”" in said


def test_the_steps_of_another_case_cannot_be_read() -> None:
    cases = [
        {"equals": "open", "steps": [http("made")]},
        {"equals": "closed", "steps": [put("x", v=READ)]},
    ]
    faults = found({"id": "s", "type": "switch", "value": "data.state", "cases": cases})
    ((is_warning, said),) = at(faults, "steps[0].cases[1].steps[0].values.v")
    assert not is_warning
    assert "another branch of “s”" in said


@pytest.mark.parametrize(
    ("steps", "path", "said"),
    [
        ([put("x", v=READ), http("made")], "steps[0].values.v", "it runs later"),
        ([http("made", body=READ)], "steps[0].inputs.body", "this step itself"),
        (
            [each("made", "data.items", put("x", v=READ))],
            "steps[0].steps[0].values.v",
            "the step around this one",
        ),
        (
            [each("loop", "data.items", http("made")), put("x", v=READ)],
            "steps[1].values.v",
            "inside the loop “loop”, and outside of it only `steps.loop.output`",
        ),
        (
            [each("loop", "data.items", http("made", body="{{ steps.x.output }}"), put("x", v=1))],
            "steps[0].steps[0].inputs.body",
            "it runs later",
        ),
    ],
)
def test_steps_that_cannot_be_read_say_why(steps: list[Step], path: str, said: str) -> None:
    ((is_warning, message),) = at(found(*steps), path)
    assert not is_warning
    assert said in message


def test_a_step_of_a_branch_read_after_it_is_a_warning() -> None:
    faults = found(condition("c", "data.total > 1", [http("made")], []), put("x", v=READ))
    ((is_warning, said),) = at(faults, "steps[1].values.v")
    assert is_warning
    assert "only if branch 1 of “c” ran" in said
    assert "default(steps.made.output, …)" in said


@pytest.mark.parametrize(
    "careful",
    [
        "{{ default(steps.made.output.body, 1) }}",
        "{{ steps.?made.output.body.orValue(1) }}",
        "{{ has(steps.made) ? steps.made.output.body : 1 }}",
        "{{ 'made' in steps && steps.made.output.body == 'x' }}",
        "{{ !has(steps.made) || steps.made.output.body == 'x' }}",
    ],
)
def test_reading_with_care_is_no_warning(careful: str) -> None:
    branch = condition("c", "data.total > 1", [http("made")], [])
    assert found(branch, put("x", v=careful)) == []


def test_a_condition_that_asks_for_a_step_knows_it_inside() -> None:
    branch = condition("c", "data.total > 1", [http("made")], [])
    guarded = condition("d", "has(steps.made)", [put("x", v=READ)], [])
    assert found(branch, guarded) == []
    turned = condition("d", "!has(steps.made)", [], [put("x", v=READ)])
    assert found(branch, turned) == []
    wrong_side = condition("d", "has(steps.made)", [], [put("x", v=READ)])
    assert [fault.is_warning for fault in found(branch, wrong_side)] == [True]


def test_a_branch_that_ends_the_run_does_not_count() -> None:
    branch = condition("c", "data.total > 1", [http("made")], [{"id": "end", "type": "stop"}])
    assert found(branch, put("x", v=READ)) == []


def test_what_stands_behind_the_end_is_told() -> None:
    faults = found({"id": "end", "type": "stop"}, put("x", v=1))
    assert at(faults, "steps[1]") == [(True, "This is never reached: the run has ended before.")]


def test_variables_are_followed_through_the_branches() -> None:
    read = put("read", v="{{ vars.sum }}")
    one, two = put("one", sum=1), put("two", sum="{{ data.total }}")
    assert found(condition("c", "data.total > 1", [one], [two]), read) == []
    faults = found(condition("c", "data.total > 1", [one], []), read)
    ((is_warning, said),) = at(faults, "steps[1].values.v")
    assert is_warning
    assert "`vars.sum` is there only if" in said
    ((is_warning, said),) = at(found(read, one), "steps[0].values.v")
    assert (is_warning, "runs later" in said) == (False, True)
    ((_, said),) = at(found(each("l", "data.items", one), read), "steps[1].values.v")
    assert "inside the loop “l”" in said
    ((_, said),) = at(found(one, put("r", v="{{ vars.smu }}")), "steps[1].values.v")
    assert "Did you mean `vars.sum`?" in said


def test_a_variable_has_the_kind_of_what_was_set() -> None:
    faults = found(put("one", name="{{ data.title }}"), each("l", "vars.name", http("x")))
    assert at(faults, "steps[1].items") == [(False, "This gives text; it must be a list.")]


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ("data.title", "This gives text; it must be a list."),
        ("data.person", "This gives a map; it must be a list."),
        ("{{ data.items }}", "without braces"),
        ("size(data.items)", "This gives a number; it must be a list."),
    ],
)
def test_what_a_loop_goes_through_is_a_list(items: str, said: str) -> None:
    ((is_warning, message),) = at(found(each("l", items, http("x"))), "steps[0].items")
    assert not is_warning
    assert said in message


def test_an_item_has_the_fields_of_its_list() -> None:
    inside = put("x", a="{{ item.price + 1 }}", b="{{ item.prise }}", c="{{ index + 1 }}")
    faults = found(each("l", "data.items", inside))
    assert [fault.path for fault in faults] == ["steps[0].steps[0].values.b"]
    loop = each("l", "data.items", http("x"), output="{{ item }}")
    faults = found(loop, put("y", a="{{ steps.l.output[0].prise }}", b="{{ steps.l.output.id }}"))
    assert [fault.path for fault in faults] == ["steps[1].values.a", "steps[1].values.b"]


def test_the_fields_of_an_event_are_those_of_its_trigger() -> None:
    trigger = {"type": "app", "component": "webhook.received", "inputs": {}}
    assert found(put("x", v="{{ event.body.anything }}"), trigger=trigger) == []
    faults = found(put("x", v="{{ event.boddy }}"), trigger=trigger)
    ((is_warning, said),) = at(faults, "steps[0].values.v")
    assert (is_warning, "Did you mean `body`?" in said) == (True, True)


def test_what_waits_gives_what_the_documents_say() -> None:
    approval = {"id": "ask", "type": "approval"}
    values = {"a": "{{ steps.ask.output.aproved }}", "b": "{{ steps.ask.output.by }}"}
    faults = found(approval, put("x", **values))
    assert at(faults, "steps[1].values.a") == [
        (False, "`steps.ask.output` has no `aproved`. Did you mean `approved`?")
    ]
    assert len(faults) == 1


def test_the_cases_of_a_switch_can_be_equal_to_its_value() -> None:
    cases = [
        {"equals": "open"},
        {"equals": "opne"},
        {"equals": 1},
        {"equals": "open"},
        {"equals": None},
    ]
    faults = found({"id": "s", "type": "switch", "value": "data.state", "cases": cases})
    assert [(fault.path, fault.is_warning) for fault in faults] == [
        ("steps[0].cases[1].equals", False),
        ("steps[0].cases[2].equals", False),
        ("steps[0].cases[3].equals", True),
    ]


def test_what_a_called_automation_needs_is_a_warning_where_it_lacks() -> None:
    needs = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
    called = Definition.model_validate({"trigger": {"type": "manual", "input": needs}})
    steps = [{"id": "a", "type": "call", "automationId": "k", "data": {"title": 5, "x": 1}}]
    faults = review({"trigger": TRIGGER, "steps": steps}, CATALOGUE, {"k": called})
    assert [(fault.path, fault.is_warning) for fault in faults] == [("steps[0].data.title", True)]


def test_a_text_that_looks_like_an_expression_is_a_warning() -> None:
    for text in ("data.title", "{data.title}", "${data.title}", "steps.fetch.output"):
        ((is_warning, said),) = at(found(http("x", body=text)), "steps[0].inputs.body")
        assert is_warning
        assert "{{ " in said
    assert found(http("x", body="data.title is the title")) == []


def test_a_schema_of_references_is_read_within_bounds() -> None:
    schemas: dict[str, Any] = {"a0": {"type": "object", "properties": {"x": {}}}}
    for number in range(1, 25):
        twice = {"$ref": f"#/$defs/a{number - 1}"}
        schemas[f"a{number}"] = {"oneOf": [twice, twice], "allOf": [twice]}
    schemas["self"] = {"$ref": "#/$defs/self"}
    fields = {"bomb": {"$ref": "#/$defs/a24"}, "circle": {"$ref": "#/$defs/self"}}
    schema = {"type": "object", "properties": fields, "$defs": schemas}
    known = of_schema(schema, sure=True)
    for name in fields:
        field = known.field(name)
        assert isinstance(field, Shape)
        assert isinstance(field.field("y"), Shape), "nothing is said of what is not read"
    steps = put("x", v="{{ data.bomb.x }} {{ data.circle.y }}")
    faults = found(steps, trigger={"type": "manual", "input": schema})
    assert [fault.path for fault in faults] == ["trigger.input"]
