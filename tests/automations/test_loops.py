"""Loops that hand a value on, and loops that go on until a condition holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from automations.definition import Definition
from automations.excerpt import excerpt, missing, with_items
from automations.host import Given, Stopped
from automations.validation import validate, validate_excerpt
from tests.automations.test_interpreter import NotingHost, app, run
from tests.automations.test_validation import CATALOGUE

SUM = {
    "id": "sum",
    "type": "for-each",
    "items": "data.items",
    "carry": {"start": 0, "next": "{{ carry + item }}"},
    "steps": [{"id": "s", "type": "set", "values": {"before": "{{ carry }}"}}],
    "output": "{{ vars.before }}",
}

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def faults(*steps: dict[str, Any]) -> list[str]:
    definition = {"trigger": {"type": "manual"}, "steps": [*steps]}
    return [f"{fault.path}: {fault.message}" for fault in validate(definition, CATALOGUE, {})]


async def test_a_for_each_hands_a_value_from_item_to_item() -> None:
    result = await run([SUM], "{{ steps.sum.output }}", items=[1, 2, 3])
    assert result == {"items": [0, 1, 3], "carry": 6}


async def test_what_is_handed_on_starts_as_it_is_where_there_is_no_item() -> None:
    result = await run([SUM], "{{ steps.sum.output }}", items=[])
    assert result == {"items": [], "carry": 0}


async def test_items_that_hand_on_a_value_come_one_after_the_other() -> None:
    host = NotingHost()
    loop = {**SUM, "steps": [app("call", inputs={"x": "{{ carry }}"})], "parallelism": 5}
    await run([{**loop, "output": None}], None, host, items=[1, 2, 3])
    assert host.most_active == 1
    assert [inputs["x"] for _, _, inputs in host.calls] == [0, 1, 3]


async def test_a_repeat_pages_through_a_list() -> None:
    host = NotingHost()
    pages = {
        "id": "pages",
        "type": "repeat",
        "carry": {
            "start": {"cursor": 0, "items": []},
            "next": {
                "cursor": "{{ steps.page.output.cursor + 2 }}",
                "items": "{{ carry.items + data.items.slice(carry.cursor, carry.cursor + 2) }}",
            },
        },
        "until": "carry.cursor >= size(data.items)",
        "steps": [app("page", inputs={"cursor": "{{ carry.cursor }}"})],
        "output": "{{ carry.items }}",
    }
    assert await run([pages], "{{ steps.pages.output }}", host, items=[1, 2, 3, 4, 5]) == [
        1,
        2,
        3,
        4,
        5,
    ]
    assert [(where, inputs["cursor"]) for _, where, inputs in host.calls] == [
        ("0", 0),
        ("1", 2),
        ("2", 4),
    ]


async def test_a_repeat_gives_what_it_carries_where_it_names_no_output() -> None:
    loop = {
        "id": "r",
        "type": "repeat",
        "carry": {"name": "n", "start": 1, "next": "{{ n * 2 }}"},
        "until": "n > 100 || index == 50",
        "steps": [{"id": "s", "type": "set", "values": {"x": "{{ n }}"}}],
    }
    assert await run([loop], "{{ steps.r.output }}") == 128


async def test_a_repeat_that_waits_for_a_job_waits_before_it_looks() -> None:
    host = NotingHost()
    loop = {
        "id": "job",
        "type": "repeat",
        "until": "steps.look.output.n == 3",
        "steps": [
            {"id": "rest", "type": "delay", "seconds": 5},
            app("look", inputs={"n": "{{ index + 1 }}"}),
        ],
        "output": "{{ steps.look.output.n }}",
    }
    assert await run([loop], "{{ steps.job.output }}", host) == 3
    assert [kind for kind, _ in host.waits] == ["delay"] * 3


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("false", "Step “Look” failed: `until` was not true after 3 times"),
        ("steps.s.output.x", "`until` must be true or false, not a number"),
        ("steps.s.output.y", "`until` of number 1: "),
    ],
)
async def test_a_repeat_that_cannot_end_well_says_why(until: str, said: str) -> None:
    loop = {
        "id": "r",
        "name": "Look",
        "type": "repeat",
        "until": until,
        "maxTimes": 3,
        "steps": [{"id": "s", "type": "set", "values": {"x": 1}}],
    }
    with pytest.raises(Stopped) as stopped:
        await run([loop])
    assert said in str(stopped.value.message)


async def test_a_repeat_that_is_exhausted_can_be_gone_on_from() -> None:
    loop = {
        "id": "r",
        "type": "repeat",
        "until": "false",
        "maxTimes": 2,
        "onError": {"action": "continue"},
        "steps": [{"id": "s", "type": "set", "values": {"x": 1}}],
    }
    assert await run([loop], "{{ steps.r.error.kind }}") == "exhausted"


def test_names_of_a_loop_are_seen_inside_and_nowhere_else() -> None:
    inside = {"id": "s", "type": "set", "values": {"x": "{{ carry }}{{ index }}"}}
    loop = {**SUM, "steps": [inside], "output": "{{ vars.x }}"}
    assert faults(loop) == []
    repeat = {"id": "r", "type": "repeat", "until": "index > 1", "steps": [inside]}
    assert "There is no `carry` here" in faults(repeat)[0]
    assert "There is no `item` here" in "".join(
        faults(
            {**repeat, "until": "item > 1", "steps": [{"id": "q", "type": "delay", "seconds": 1}]}
        )
    )
    outside = {"id": "after", "type": "set", "values": {"x": "{{ carry }}"}}
    assert "steps[1].values.x: There is no `carry` here" in faults(loop, outside)[0]
    assert (
        "There is no `carry` here"
        in faults({**SUM, "carry": {"start": "{{ carry }}", "next": 1}})[0]
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"parallelism": 2}, "sum.parallelism: With `carry` each item waits for the one before"),
        ({"carry": {"name": "item", "next": 1}}, "item, index and carry must differ"),
        ({"carry": {"name": "vars", "next": 1}}, "`vars` is a name of the language"),
    ],
)
def test_loops_that_cannot_be_are_told(changed: dict[str, Any], said: str) -> None:
    assert said.removeprefix("sum.") in "".join(faults({**SUM, **changed}))


def test_a_step_inside_is_tested_with_what_the_loop_starts_with() -> None:
    step = {"id": "s", "type": "set", "values": {"x": "{{ carry + index }}"}}
    draft = {
        "steps": [
            {
                "id": "r",
                "type": "repeat",
                "until": "true",
                "carry": {"start": "{{ data.n }}", "next": 1},
                "steps": [step],
            }
        ]
    }
    part = excerpt(draft, "s")
    assert part is not None
    assert validate_excerpt(part, CATALOGUE, {}) == []
    given = with_items(part, {"n": 5}, None, Given(), {}, NOW)
    assert given.names == {"index": 0, "carry": 5}
    parsed = Definition.model_validate(part.definition).steps[0]
    assert missing(parsed, {"n": 5}, None, given, NOW) == []
